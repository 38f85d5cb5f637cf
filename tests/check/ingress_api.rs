//! `home_assistant_listen` and its token: both or neither, and a token that nobody guesses or has already.

use crate::harness::{Folder, addon, refused_in, warned_in};

const LISTEN: &str = "home_assistant_listen = \"127.0.0.1:8125\"";
const TOKEN: &str = "home_assistant_listen_token = { file = \"door\" }";

fn supervisor(lines: &[&str]) -> String {
    addon(&format!("[supervisor]\n{}", lines.join("\n")))
}

#[test]
fn address_and_token_come_together() {
    let folder = Folder::new();
    folder.write("door", "0".repeat(32));
    refused_in(
        &folder,
        &supervisor(&[LISTEN]),
        "8:25",
        &["could make a session of any user", "home_assistant_listen_token"],
    );
    refused_in(&folder, &supervisor(&[TOKEN]), "8:31", &["not said where it calls", "needs `home_assistant_listen`"]);
    refused_in(&folder, &supervisor(&[LISTEN, "home_assistant_listen_token = {}"]), "9:31", &["`file` is missing"]);
    let door = folder.load(supervisor(&[LISTEN, TOKEN])).unwrap().settings.supervisor.ingress_api;
    assert_eq!(door.unwrap().at.to_string(), "127.0.0.1:8125");
}

#[test]
fn an_address_is_one_and_home_assistants_own() {
    let folder = Folder::new();
    folder.write("door", "0".repeat(32));
    for every in ["0.0.0.0:8125", "[::]:8125"] {
        let open = supervisor(&[&LISTEN.replace("127.0.0.1:8125", every), TOKEN]);
        warned_in(&folder, &open, "8:25", &["in the clear over every network", "listen on 127.0.0.1"]);
    }
    let bad = LISTEN.replace("127.0.0.1:8125", "localhost");
    refused_in(&folder, &supervisor(&[&bad, TOKEN]), "8:25", &["neither an address with a port nor a socket"]);
    refused_in(
        &folder,
        &supervisor(&[LISTEN, TOKEN, "listen = \"127.0.0.1:8125\""]),
        "8:25",
        &["cannot have the address that add-ons have", "first here"],
    );
}

#[test]
fn a_token_is_long_and_its_own() {
    let folder = Folder::new();
    folder.write("door", "hunter2-hunter2-hunter2-hunter2");
    refused_in(&folder, &supervisor(&[LISTEN, TOKEN]), "9:31", &["can be guessed", "openssl rand -hex 32"]);
    folder.write("door", "hunter2 hunter2 hunter2 hunter2 hunter2");
    refused_in(&folder, &supervisor(&[LISTEN, TOKEN]), "9:40", &["is no token"]);
    folder.write("door", "hunter2-hunter2-hunter2-hunter2-hunter2");
    let upstream = "upstream = \"http://172.30.32.2\"\nupstream_token = { file = \"door\" }";
    refused_in(&folder, &supervisor(&[LISTEN, TOKEN, upstream]), "9:31", &["the token of `upstream_token` as well"]);
    let (_, out, err) = folder.check(supervisor(&[LISTEN, TOKEN, upstream]));
    assert!(!out.contains("hunter2") && !err.contains("hunter2"), "{err}");
}

/// `[listen] trusted_proxies` once held for Home Assistant as well.
#[test]
fn an_old_configuration_learns_that_each_listener_has_its_own_proxies() {
    let folder = Folder::new();
    folder.write("door", "0".repeat(32));
    let with =
        |trusted: &str, lines: &[&str]| format!("{}[listen]\n{trusted}\n", supervisor(&[LISTEN, TOKEN]) + &own(lines));
    let old = "trusted_proxies = [\"127.0.0.1/32\"]";
    refused_in(
        &folder,
        &with(old, &[]),
        "8:25",
        &[
            "whose word on browsers' addresses counts",
            "needs `home_assistant_listen_trusted_proxies`",
            "first here",
            "add home_assistant_listen_trusted_proxies = [\"127.0.0.1/32\"]",
        ],
    );
    let trusted = |text: &str| {
        let settings = folder.load(text).unwrap_or_else(|found| panic!("{found}")).settings;
        settings.supervisor.ingress_api.unwrap().trusted_proxies.networks().len()
    };
    assert_eq!(trusted(&with(old, &["home_assistant_listen_trusted_proxies = []"])), 0);
    assert_eq!(trusted(&with(old, &["home_assistant_listen_trusted_proxies = [\"127.0.0.1\"]"])), 1);
    assert_eq!(trusted(&with("", &[])), 0, "where nobody was trusted, nobody is");
    let everybody = "home_assistant_listen_trusted_proxies = [\"0.0.0.0/0\"]";
    refused_in(&folder, &supervisor(&[LISTEN, TOKEN, everybody]), "10:42", &["holds everybody"]);
    let alone = "home_assistant_listen_trusted_proxies = [\"127.0.0.1\"]";
    refused_in(&folder, &supervisor(&[alone]), "8:41", &["not said where it calls", "needs `home_assistant_listen`"]);
}

fn own(lines: &[&str]) -> String {
    format!("\n{}\n", lines.join("\n"))
}
