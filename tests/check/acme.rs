//! `[tls.acme]`: each mistake at its place, and what stands elsewhere in the file that does not go together with it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use vestibule::config::{AcmeChallenge, DnsWriter, Settings, Trust};

use crate::harness::{Folder, HOME, accepted, refused, refused_in, warned};

/// A whole configuration in which these lines begin on line four.
fn with(lines: &str) -> String {
    format!("{HOME}[tls.acme]\n{lines}\n[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:8080\"\npath = \"/a\"\n")
}

/// The same with what every table needs, so that these lines begin on line seven.
fn also(lines: &str) -> String {
    with(&format!("domains = [\"home.example\"]\nchallenge = \"tls-alpn-01\"\nagree_to_terms = true\n{lines}"))
}

fn settings(lines: &str) -> Settings {
    accepted(&also(lines)).settings
}

#[test]
fn what_every_order_needs_is_asked_for() {
    let acme = settings("").tls.acme().unwrap().clone();
    assert_eq!(acme.directory.as_str(), "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!((&acme.challenge, &acme.trust), (&AcmeChallenge::TlsAlpn01, &Trust::System));
    assert!(acme.state.ends_with("state/acme"));
    let rest = "challenge = \"tls-alpn-01\"\nagree_to_terms = true";
    refused(&with(rest), "3:1", &["`domains` is missing"]);
    refused(&with("domains = [\"a.example\"]\nagree_to_terms = true"), "3:1", &["`challenge` is missing"]);
    let quiet = "domains = [\"a.example\"]\nchallenge = \"tls-alpn-01\"";
    refused(&with(quiet), "3:1", &["`agree_to_terms` is missing", "add agree_to_terms = true"]);
    refused(&with(&format!("{quiet}\nagree_to_terms = false")), "6:18", &["does not agree to its terms"]);
    refused(&also("chalenge = 1"), "7:1", &["unknown key `chalenge`", "did you mean `challenge`?"]);
    let word = "domains = [\"a.example\"]\nchallenge = \"tls-alpn-1\"\nagree_to_terms = true";
    refused(&with(word), "5:13", &["unknown word `tls-alpn-1`", "did you mean \"tls-alpn-01\"?"]);
}

#[test]
fn names_are_names_and_each_stands_there_once() {
    let domains = |list: &str| with(&format!("challenge = \"tls-alpn-01\"\nagree_to_terms = true\ndomains = {list}"));
    refused(&domains("[]"), "6:11", &["0 names", "expected 1 to 100 names"]);
    let names =
        |count: usize| format!("[{}]", (0..count).map(|n| format!("\"h{n}.example\"")).collect::<Vec<_>>().join(", "));
    assert_eq!(accepted(&domains(&names(100))).settings.tls.acme().unwrap().domains.len(), 100);
    refused(&domains(&names(101)), "6:11", &["101 names"]);
    for (name, words) in [
        ("192.0.2.1", ["an IP address", "give the address a DNS name"]),
        ("https://a.example", ["more than a host name", "write the name alone"]),
        ("a.example.", ["ends with a dot", "leave the last dot out"]),
        ("a.*.example", ["a wildcard", "the whole first label"]),
        ("höme.example", ["outside ASCII", "xn--"]),
        ("a_b.example", ["not a host name", "letters, digits"]),
    ] {
        refused(&domains(&format!("[\"{name}\"]")), "6:12", &words);
    }
    refused(&domains("[\"a.example\", \"A.example\"]"), "6:25", &["`a.example` twice", "here again"]);
}

#[test]
fn a_wildcard_is_proved_by_dns() {
    for challenge in ["tls-alpn-01", "http-01"] {
        let lines = format!(
            "challenge = \"{challenge}\"\nagree_to_terms = true\ndomains = [\"a.example\", \"*.a.example\"]\n[listen]\nhttp = [\"127.0.0.1:80\"]"
        );
        refused(&with(&lines), "6:25", &["a wildcard is proved by DNS alone", "needs challenge = \"dns-01\""]);
    }
}

#[test]
fn http_01_needs_somebody_who_listens() {
    let lines = "domains = [\"a.example\"]\nagree_to_terms = true\nchallenge = \"http-01\"";
    refused(&with(lines), "6:13", &["nobody listens", "set http = [\"0.0.0.0:80\"] under [listen]"]);
    refused(&with(&format!("{lines}\n[listen]\nhttp = []")), "6:13", &["nobody listens"]);
    accepted(&with(&format!("{lines}\n[listen]\nhttp = [\"127.0.0.1:80\"]")));
}

#[test]
fn dns_01_needs_a_command_that_can_be_run() {
    let folder = Folder::new();
    let dns = |lines: &str| {
        with(&format!("domains = [\"*.a.example\"]\nchallenge = \"dns-01\"\nagree_to_terms = true\n{lines}"))
    };
    refused(&dns(""), "3:1", &["`dns_hook` is missing"]);
    refused(&dns("dns_hook = []"), "7:12", &["no command"]);
    let hook = "dns_hook = [\"hook\", \"x\"]";
    refused_in(&folder, &dns(hook), "7:13", &["cannot be found: No such file", "no shell looks for it"]);
    let file = folder.write("hook", "#!/bin/sh\n");
    refused_in(&folder, &dns(hook), "7:13", &["not a program that can be run", "chmod +x"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    let loaded = folder.load(dns(hook)).unwrap();
    let AcmeChallenge::Dns01(found) = loaded.settings.tls.acme().unwrap().challenge.clone() else { panic!() };
    let DnsWriter::Hook(command) = found.writer else { panic!() };
    assert_eq!((&command.program, &*command.arguments), (&file, &["x".to_owned()][..]));
    assert_eq!((command.timeout, found.wait), (Duration::from_mins(2), Duration::from_secs(30)));
    for (key, good, bad) in
        [("dns_hook_timeout", ["1s", "30m"], ["999ms", "1801s"]), ("dns_wait", ["0s", "60m"], ["", "3601s"])]
    {
        for time in good {
            assert!(folder.load(dns(&format!("{hook}\n{key} = \"{time}\""))).is_ok(), "{key} {time}");
        }
        for time in bad.iter().filter(|time| !time.is_empty()) {
            let at = format!("8:{}", key.len() + 4);
            refused_in(&folder, &dns(&format!("{hook}\n{key} = \"{time}\"")), &at, &["out of bounds"]);
        }
    }
    refused_in(&folder, &also(hook), "7:12", &["nobody writes DNS records for this challenge"]);
    refused(&also("dns_wait = \"1s\""), "7:12", &["nobody writes DNS records for this challenge"]);
}

#[test]
fn an_external_account_is_an_id_and_a_key() {
    let folder = Folder::new();
    folder.write("good", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n");
    folder.write("padded", "AAAAAAAAAAAAAAAAAAAAAA==");
    folder.write("short", "AAAAAAAAAAAAAAAAAAAA");
    folder.write("bad", "zWNDZM6e+GHWpSRTPal5eIUYFTu7EajV");
    let eab = |file: &str| also(&format!("eab_key_id = \"kid\"\neab_hmac_key = {{ file = \"{file}\" }}"));
    let loaded = folder.load(eab("good")).unwrap();
    let external = loaded.settings.tls.acme().unwrap().external_account.clone().unwrap();
    assert_eq!((&*external.key_id, external.hmac_key.reveal().len()), ("kid", 48));
    assert!(format!("{external:?}").contains("redacted"));
    assert!(folder.load(eab("padded")).is_ok());
    for file in ["short", "bad"] {
        refused_in(&folder, &eab(file), "8:25", &["no key of an external account", "base64url"]);
    }
    refused_in(&folder, &eab("none"), "8:25", &["cannot be read"]);
    refused(&also("eab_key_id = \"kid\""), "7:14", &["half of an external account", "needs `eab_hmac_key`"]);
    refused_in(&folder, &also("eab_hmac_key = { file = \"good\" }"), "7:16", &["needs `eab_key_id`"]);
}

#[test]
fn a_server_has_an_address_and_mail_too() {
    refused(&also("directory = \"http://acme.example/\""), "7:13", &["another scheme", "https://host/path"]);
    refused(&also("directory = \"https://u:p@acme.example/\""), "7:13", &["a user or a password"]);
    assert_eq!(
        settings("directory = \"https://ca.lan:9000/acme/dir\"").tls.acme().unwrap().directory.as_str(),
        "https://ca.lan:9000/acme/dir"
    );
    for email in ["me", "@home.example", "a@b, c@d", "mailto:a@b@c", "a@b?x"] {
        refused(&also(&format!("email = \"{email}\"")), "7:9", &["not an address for mail"]);
    }
    assert_eq!(settings("email = \"me@home.example\"").tls.acme().unwrap().email.as_deref(), Some("me@home.example"));
    let folder = Folder::new();
    folder.write("ca.pem", "no certificate");
    refused_in(&folder, &also("directory_ca = \"ca.pem\""), "7:16", &["these certificates cannot be used"]);
    refused_in(&folder, &also("state = \"ca.pem\""), "7:9", &["not a folder"]);
}

#[test]
fn a_host_that_nothing_will_cover_is_told() {
    let urls = |url: &str| also(&format!("[listen]\npublic_urls = [\"{url}\"]"));
    accepted(&urls("https://home.example"));
    let told = ["no certificate covers `other.example`", "add this host to `domains` under [tls.acme]"];
    warned(&urls("https://other.example"), "8:16", &told);
}

#[test]
fn a_name_server_that_takes_updates_needs_a_zone_and_a_key() {
    let folder = Folder::new();
    folder.write("key", "MDEyMzQ1Njc4OWFiY2RlZg==\n");
    folder.write("short", "MDEyMzQ1Njc4OWFiY2Rl\n");
    folder.write("no-base64", "secret \"MDEyMzQ1Njc4OWFiY2RlZg==\";\n");
    let file = |name: &str| format!("key = {{ file = \"{name}\" }}");
    let dns = |domain: &str, table: &str, more: &str| {
        let needed = format!("domains = [\"{domain}\"]\nchallenge = \"dns-01\"\nagree_to_terms = true");
        with(&format!("{needed}\ndns_update = {{ {table} }}\n{more}"))
    };
    let table = |server: &str, zone: &str, name: &str, key: &str| {
        format!("server = \"{server}\", zone = \"{zone}\", key_name = \"{name}\", {key}")
    };
    let good = table("192.0.2.53", "A.example.", "Home.", &file("key"));
    for domain in ["*.a.example", "a.example", "z.a.example"] {
        let loaded = folder.load(dns(domain, &good, "")).unwrap_or_else(|found| panic!("{found}"));
        let AcmeChallenge::Dns01(found) = loaded.settings.tls.acme().unwrap().challenge.clone() else { panic!() };
        let DnsWriter::Update(update) = found.writer else { panic!() };
        assert_eq!((&*update.zone, &*update.key_name), ("a.example", "home"));
        assert_eq!(
            (update.server.to_string(), &**update.key.reveal()),
            ("192.0.2.53:53".into(), &b"0123456789abcdef"[..])
        );
    }
    for domain in ["b.example", "ba.example", "example"] {
        refused_in(&folder, &dns(domain, &good, ""), "4:12", &["this name is not in the zone `a.example`"]);
    }
    for (table, told) in [
        ("server = \"192.0.2.53:5353\"".to_owned(), "`zone` is missing"),
        ("zone = \"a.example\"".to_owned(), "`server` is missing"),
        (table("ns.a.example", "a.example", "k", &file("key")), "this is not an address: `ns.a.example`"),
        (table("192.0.2.53:0x", "a.example", "k", &file("key")), "this is not an address"),
        (table("192.0.2.53", "a..example", "k", &file("key")), "this is not a zone"),
        (table("192.0.2.53", "a.example", "", &file("key")), "this is not the name of a key"),
        (table("192.0.2.53", "a.example", &"k".repeat(64), &file("key")), "this is not the name of a key"),
        (table("192.0.2.53", "a.example", "k", &file("short")), "this file holds no key for updates"),
        (table("192.0.2.53", "a.example", "k", &file("no-base64")), "expected 16 bytes or more in base64"),
    ] {
        let found = folder.load(dns("a.example", &table, "")).unwrap_err().to_string();
        assert!(found.contains(told), "{found} instead of {told}");
    }
    let both = "dns_hook = [\"x\"]";
    refused_in(
        &folder,
        &dns("a.example", &good, both),
        "8:12",
        &["two ways to write a TXT record", "take one of them"],
    );
    let time = "dns_hook_timeout = \"1s\"";
    refused_in(&folder, &dns("a.example", &good, time), "8:20", &["there is no command that could take time"]);
    let idle = also(&format!("dns_update = {{ {good} }}"));
    refused_in(&folder, &idle, "7:14", &["nobody writes DNS records for this challenge"]);
}
