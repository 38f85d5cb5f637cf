//! `[presence]`: it needs to be said where Home Assistant is and with which token, and links need a host.

use std::time::Duration;

use vestibule::config::PresenceEvent;

use crate::harness::{Folder, addon, refused_in};

const URL: &str = "home_assistant.url = \"http://127.0.0.1:8123\"\n";
const TOKEN: &str = "token = { file = \"long-lived\" }";

fn presence(lines: &[&str]) -> String {
    // The URL in the place of the empty second line, so that the lines keep their numbers.
    addon(&format!("[presence]\n{}", lines.join("\n"))).replacen("\n\n", &format!("\n{URL}"), 1)
}

#[test]
fn off_until_something_is_told() {
    let folder = Folder::new();
    for text in [addon(""), presence(&[]), presence(&["events = []"])] {
        let settings = folder.load(text).unwrap().settings;
        assert!(!settings.presence.is_on());
    }
    folder.write("long-lived", "abc.def");
    let told = presence(&["events = [\"sign_in\", \"banned\"]", TOKEN, "certificate_warning = \"90d\""]);
    let settings = folder.load(told).unwrap().settings.presence;
    assert!(settings.tells(PresenceEvent::SignIn) && !settings.tells(PresenceEvent::NewDevice));
    assert_eq!(settings.certificate_warning, Duration::from_hours(90 * 24));
}

#[test]
fn it_says_where_and_with_what() {
    let folder = Folder::new();
    folder.write("long-lived", "abc.def");
    let without_url = presence(&["events = [\"banned\"]"]).replacen(URL, "\n", 1);
    refused_in(&folder, &without_url, "7:1", &["it is not said where that is", "add url = "]);
    refused_in(&folder, &presence(&["entities = true"]), "7:1", &["there is no token for that", "add token = "]);
    let shared = presence(&["entities = true"]) + "\n[supervisor]\nhome_assistant_token = { file = \"long-lived\" }\n";
    assert!(folder.load(shared).unwrap().settings.presence.token.is_some());
    refused_in(
        &folder,
        &presence(&["events = [\"signin\"]", TOKEN]),
        "8:11",
        &["unknown word", "did you mean \"sign_in\"?"],
    );
    refused_in(&folder, &presence(&["certificate_warning = \"1h\""]), "8:23", &["out of bounds"]);
}

#[test]
fn links_need_an_event_to_stand_in_and_a_host_to_lead_to() {
    let folder = Folder::new();
    folder.write("long-lived", "abc.def");
    let with = |lines: &[&str]| presence(&[&["not_me = \"24h\"", TOKEN], lines].concat());
    let banned = with(&["events = [\"banned\"]"]) + "\n[listen]\npublic_urls = [\"https://home.example\"]\n";
    refused_in(&folder, &banned, "8:10", &["links for events that are not told"]);
    refused_in(&folder, &with(&["events = [\"sign_in\"]"]), "8:10", &["what browsers call vestibule", "public_urls"]);
    let named = with(&["events = [\"sign_in\"]"]) + "\n[listen]\npublic_urls = [\"https://home.example\"]\n";
    assert!(folder.load(named).unwrap().settings.presence.not_me.is_some());
    let long = with(&["events = [\"sign_in\"]"]).replace("24h", "31d");
    refused_in(&folder, &(long + "\n[listen]\npublic_urls = [\"https://home.example\"]\n"), "8:10", &["out of bounds"]);
}
