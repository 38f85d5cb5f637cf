//! What would make a start fail, or serve nothing.

use crate::harness::{Folder, accepted, addon, refused, refused_in, warned};

/// A configuration in which these lines stand behind everything else; the first of them is line 8.
fn with(lines: &str) -> String {
    addon(&format!("\n{lines}"))
}

#[test]
fn a_port_in_use_is_a_mistake_where_it_is_surely_another_ones() {
    let told = ["127.0.0.1:7: this port is in use", "write another port"];
    refused(&with("[listen]\nhttps = [\"127.0.0.1:1\", \"127.0.0.1:7\"]"), "9:25", &told);
    refused(&with("[listen]\nhttps = [{ address = \"127.0.0.1:7\" }]"), "9:22", &told);
    refused(&with("[listen]\noperations = \"127.0.0.1:7\""), "9:14", &told);
    refused(&with("[supervisor]\nlisten = \"127.0.0.1:7\""), "9:10", &told);
    warned(&with("[listen]\noperations = \"127.0.0.1:9\""), "9:14", &["127.0.0.1:9: this port is in use"]);
}

#[test]
fn a_place_that_cannot_be_written_to_is_a_mistake_and_told_once() {
    let told = ["nothing can be kept here: `/sealed` cannot be written to", "state_dir = \"/var/lib/vestibule\""];
    refused(&format!("state_dir = \"/sealed\"\n{}", addon("")), "1:13", &told);
    refused(&with("[listen]\ncontrol = \"/sealed/socket\""), "9:11", &told);
    refused(&with("[session]\nstore = \"/sealed/s.redb\""), "9:9", &told);
    refused(&with("[tls]\ndevelopment = \"/sealed/certs\""), "9:15", &told);
    refused(&with("[supervisor]\nlisten = \"127.0.0.1:1\"\nstate = \"/sealed/s.json\""), "10:9", &told);
    let acme = "[tls.acme]\ndomains = [\"home.example\"]\nchallenge = \"tls-alpn-01\"\nagree_to_terms = true\n";
    refused(&with(&format!("{acme}state = \"/sealed/acme\"")), "12:9", &told);
    let elsewhere = "[listen]\ncontrol = \"/1\"\n[session]\nstore = \"memory\"";
    refused(&format!("state_dir = \"/sealed\"\n{}", with(&format!("{elsewhere}\n{acme}"))), "1:13", &told);
    let signed = format!("{}\n[assertion]\nkeys = \"/sealed/keys\"", addon("assertion = true"));
    refused(&signed, "10:8", &told);
}

#[test]
fn a_place_that_nothing_is_written_to_is_not_looked_at() {
    accepted(&with("[assertion]\nkeys = \"/sealed/keys\""));
    accepted(&with("[supervisor]\nstate = \"/sealed/s.json\""));
    accepted(&with("[session]\nstore = \"memory\""));
}

#[test]
fn what_changes_does_not_belong_under_etc() {
    let text = format!("state_dir = \"/etc/vestibule/state\"\n{}", addon(""));
    warned(&text, "1:13", &["would be under /etc", "state_dir = \"/var/lib/vestibule\""]);
}

#[test]
fn an_add_on_is_not_vestibule_itself() {
    let told = ["this is vestibule itself", "at which the add-on itself listens"];
    let at = |upstream: &str, lines: &str| with(lines).replace("http://127.0.0.1:8080", upstream);
    for own in ["https://127.0.0.1:8443", "http://localhost:8443", "https://0.0.0.0:8443"] {
        refused(&at(own, ""), "5:12", &told);
    }
    let all = "[listen]\nhttps = [\"0.0.0.0:1\"]";
    refused(&at("http://127.0.0.1:1", all), "5:12", &told);
    refused(&at("http://127.0.0.1:2", "[supervisor]\nlisten = \"127.0.0.1:2\""), "5:12", &told);
    refused(&at("unix:run/s", "[supervisor]\nlisten = \"unix:run/s\""), "5:12", &told);
    let named = "[listen]\npublic_urls = [\"https://home.example\"]";
    warned(&at("https://home.example", named), "5:12", &["browsers reach vestibule itself"]);
    for other in ["http://127.0.0.1:8444", "http://127.0.0.2:8443", "http://10.0.0.1:8443", "http://home.example"] {
        accepted(&at(other, named));
    }
    // Our own numbers may be shown to administrators.
    accepted(&at("http://127.0.0.1:9443", ""));
}

#[test]
fn a_log_filter_names_something() {
    let filter = |text: &str| with(&format!("[log]\nfilter = \"{text}\""));
    warned(&filter("inof"), "9:10", &["vestibule would say nothing", "did you mean \"info\"?"]);
    warned(
        &filter("h2=debug"),
        "9:10",
        &["vestibule would say nothing", "write a level first, as in \"info,h2=debug\""],
    );
    warned(&filter("vestibul=debug"), "9:10", &["`vestibul=debug` is no part of it"]);
    warned(&filter("vestibule::http=debug"), "9:10", &["errors of all other parts", "\"info,vestibule::http=debug\""]);
    for good in ["off", "warn", "INFO", "3", "info,h2=debug", "h2=debug,info", "vestibule=debug", "vestibule", ""] {
        accepted(&filter(good));
    }
}

#[test]
fn all_addresses_of_both_families_can_be_listened_on_together() {
    let only = |list: &str| -> Vec<bool> {
        let settings = accepted(&with(&format!("[listen]\nhttps = {list}"))).settings;
        settings.listen.https.iter().map(|listener| listener.ipv6_only).collect()
    };
    assert_eq!(only("[\"0.0.0.0:443\", \"[::]:443\"]"), [false, true]);
    assert_eq!(only("[\"[::]:443\", \"0.0.0.0:443\"]"), [true, false]);
    assert_eq!(only("[\"[::]:443\", \"0.0.0.0:444\", \"[::1]:444\"]"), [false, false, false]);
    refused_in(&Folder::new(), &with("[listen]\nhttps = [\"[::]:443\", \"[::]:443\"]"), "9:22", &["two listeners"]);
}
