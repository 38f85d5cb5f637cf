//! TXT records by dynamic updates, which a real name server takes, and what is said where it does not.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use crate::client::{Client, believing};
use crate::named::{Named, SECRET};
use crate::support::{ConfigFile, Vestibule, eventually};
use crate::{Pebble, certificates, ordering};

/// Has records written by updates of this server, signed with this key.
fn updating(config: &mut ConfigFile, pebble: &Pebble, to: SocketAddr, key_name: &str, key: &tempfile::NamedTempFile) {
    ordering(config, pebble, r#"["home.example", "*.home.example"]"#, "dns-01");
    config.unset("listen", "http");
    let file = key.path().display();
    let update = format!(
        "{{ server = \"{to}\", zone = \"home.example\", key_name = \"{key_name}\", key = {{ file = \"{file}\" }} }}"
    );
    config.set("tls.acme", "dns_update", &update).set("tls.acme", "dns_wait", "\"0s\"");
}

fn key(secret: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), secret).unwrap();
    file
}

/// Why the first order has failed.
fn why(server: &Vestibule) -> String {
    eventually("a failure", || certificates(server)[0]["last_error"].as_str().map(str::to_owned))
}

#[test]
fn a_name_server_that_takes_updates_needs_no_command() {
    let Some(named) = Named::start() else { return };
    let Some(pebble) = Pebble::start_asking(named.address()) else { return };
    let key = key(SECRET);
    let server = Vestibule::start(|config| updating(config, &pebble, named.address(), "Vestibule", &key));
    let root = believing(&pebble.root());
    for host in ["home.example", "z2m.home.example"] {
        eventually(host, || Client::connect(server.https(), host, &root).ok());
    }
    let log = named.log();
    // One for each name, and more where an order met too many refused nonces.
    let added = log.matches("adding an RR").count();
    assert!(added >= 2 && log.matches("deleting an RR").count() == added, "{log}");
    assert_eq!(named.challenges(), 0, "the records are taken away");
    assert!(!server.stderr().contains(SECRET));
}

#[test]
fn a_name_server_that_says_no_is_told_of() {
    let Some(named) = Named::start() else { return };
    let Some(pebble) = Pebble::start_asking(named.address()) else { return };
    let (right, wrong) = (key(SECRET), key("YW5vdGhlciBzZWNyZXQgb2YgdGhlIHNhbWUgbGVuZ3Ro"));
    for (key_name, key, told) in [
        ("vestibule", &wrong, "the name server says BADSIG"),
        ("nobody", &right, "the name server says BADKEY"),
        ("other", &right, "the name server says REFUSED"),
    ] {
        let server = Vestibule::start_unready(|config| updating(config, &pebble, named.address(), key_name, key));
        let why = why(&server);
        assert!(why.contains("the name server did not write the record") && why.contains(told), "{why}");
    }
    assert_eq!(named.challenges(), 0);
}

/// What a name server makes of a question.
type Answering = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

#[test]
fn only_an_answer_with_the_key_says_that_a_record_is_written() {
    let Some(pebble) = Pebble::start() else { return };
    let key = key(SECRET);
    // The number of the question, and "done".
    let forged = |question: &[u8]| [&question[..2], &[0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    // The question itself, signature and all, marked as an answer.
    let reflected = |question: &[u8]| [&question[..2], &[0xa8, 0], &question[4..]].concat();
    let another = |question: &[u8]| [&[!question[0], question[1]], &[0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0][..]].concat();
    let cases: [(&str, Answering); 4] = [
        ("the answer of the name server is not signed with the key", Box::new(forged)),
        ("the answer of the name server is not signed with the key", Box::new(reflected)),
        ("the answer of the name server cannot be read", Box::new(another)),
        ("no answer from 127.0.0.1", Box::new(|_| Vec::new())),
    ];
    for (told, answer) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                let mut question = vec![0; u16::from_be_bytes(length).into()];
                stream.read_exact(&mut question).unwrap();
                let answer = answer(&question);
                if !answer.is_empty() {
                    let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                    stream.write_all(&[&length[..], &answer].concat()).unwrap();
                }
            }
        });
        let server = Vestibule::start_unready(|config| updating(config, &pebble, address, "vestibule", &key));
        let why = why(&server);
        assert!(why.contains(told), "{why} instead of {told}");
    }
}
