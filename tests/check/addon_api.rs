//! The keys of the add-on API: where it listens, whom it asks with which token, and what add-ons are held to.

use std::time::Duration;

use crate::harness::{Folder, HOME, accepted, addon, refused, refused_in, warned};
use vestibule::config::ApiAddress;
use vestibule::ids::Address;

/// A configuration whose `[supervisor]` has these lines, the first of them line 5.
fn supervisor(lines: &str) -> String {
    let addon = "[[addon]]\nslug = \"a\"\nupstream = \"http://127.0.0.1:8080\"\npath = \"/a\"";
    format!("{HOME}\n[supervisor]\n{lines}\n{addon}\n")
}

/// With a place where Home Assistant is; the first line of `[supervisor]` is line 6.
fn with_url(lines: &str) -> String {
    format!("home_assistant.url = \"http://127.0.0.1:8123\"\n{}", supervisor(lines))
}

/// A folder with good tokens, and files that hold none.
fn folder() -> Folder {
    let folder = Folder::new();
    for (name, content) in [("good", "abc.def"), ("spaced", "two words"), ("empty", ""), ("binary", "\u{7f}")] {
        folder.write(&format!("secrets/{name}"), content);
    }
    folder
}

#[test]
fn where_add_ons_reach_the_api_is_an_address_or_a_socket() {
    for bad in ["8124", "localhost:8124", "127.0.0.1", "127.0.0.1:99999", "unix:", "http://127.0.0.1:80"] {
        let words = ["neither an address with a port nor a socket", "127.0.0.1:8124"];
        refused(&supervisor(&format!("listen = \"{bad}\"")), "5:10", &words);
    }
    for open in ["0.0.0.0:80", "[::]:80"] {
        warned(&supervisor(&format!("listen = \"{open}\"")), "5:10", &["browsers and other machines", "172.17.0.1:80"]);
    }
    refused(&supervisor("listen = 8124"), "5:10", &["wrong type", "expected a string"]);
    refused(&supervisor("lisen = \"127.0.0.1:8124\""), "5:1", &["unknown key", "listen"]);
    let tcp = accepted(&supervisor("listen = \"172.30.32.1:80\"")).settings.supervisor;
    assert_eq!(tcp.listen, Some(ApiAddress::Tcp("172.30.32.1:80".parse().unwrap())));
    let unix = accepted(&supervisor("listen = \"unix:run/supervisor.sock\"")).settings.supervisor;
    assert!(matches!(unix.listen, Some(ApiAddress::Unix(path)) if path.is_absolute()));
    assert_eq!(accepted(&addon("")).settings.supervisor.listen, None, "there is none unless it is asked for");
}

#[test]
fn a_supervisor_behind_needs_a_place_and_a_token() {
    let missing = ["`upstream_token` is missing", "secrets/supervisor"];
    refused(&supervisor("upstream = \"http://172.30.32.2\""), "5:12", &missing);
    let token = "upstream_token = { file = \"secrets/good\" }";
    refused_in(&folder(), &supervisor(token), "5:18", &["`upstream` does not say where it is", "http://172.30.32.2"]);
    let both = |url: &str| supervisor(&format!("upstream = \"{url}\"\n{token}"));
    refused_in(&folder(), &both("builtin:whoami"), "5:12", &["this is no Supervisor", "http://172.30.32.2"]);
    refused_in(&folder(), &both("172.30.32.2"), "5:12", &["another scheme"]);
    refused_in(&folder(), &both("http://172.30.32.2/api"), "5:12", &["a path, a query or a fragment"]);
    let loaded = folder().load(both("unix:/run/supervisor.sock")).unwrap();
    let upstream = loaded.settings.supervisor.upstream.unwrap();
    assert!(matches!(&upstream.at, Address::Unix(path) if path.is_absolute()));
    assert_eq!(upstream.token.reveal(), "abc.def");
    assert!(!format!("{upstream:?}").contains("abc"), "a token is shown nowhere");
}

#[test]
fn a_token_is_one_word_in_a_file_of_its_own() {
    for key in ["home_assistant_token", "password_reset_token"] {
        let at = |lead: usize| format!("6:{}", key.len() + lead);
        let token = |file: &str| with_url(&format!("{key} = {{ file = \"secrets/{file}\" }}"));
        let folder = folder();
        for (file, words) in [
            ("nowhere", "the file of this value cannot be read"),
            ("empty", "the file of this value is empty"),
            ("spaced", "what is in this file is no token"),
            ("binary", "what is in this file"),
        ] {
            refused_in(&folder, &token(file), &at(13), &[words]);
        }
        refused(&with_url(&format!("{key} = \"abc.def\"")), &at(4), &["wrong type"]);
        refused(&with_url(&format!("{key} = {{}}")), &at(4), &["`file` is missing", "secrets/token"]);
        let nowhere = supervisor(&format!("{key} = {{ file = \"secrets/good\" }}"));
        let words = ["it is not said where that is", "add url = \"http://127.0.0.1:8123\" under [home_assistant]"];
        refused_in(&folder, &nowhere, &format!("5:{}", key.len() + 4), &words);
        let supervisor = folder.load(token("good")).unwrap().settings.supervisor;
        let given = [supervisor.home_assistant_token, supervisor.password_reset_token].into_iter().flatten().next();
        assert_eq!(given.unwrap().reveal(), "abc.def");
    }
}

#[test]
fn a_password_is_remembered_for_a_bounded_time() {
    refused(&supervisor("auth_cache = \"500ms\""), "5:14", &["out of bounds", "1s to 7d"]);
    refused(&supervisor("auth_cache = \"8d\""), "5:14", &["out of bounds", "1s to 7d"]);
    refused(&supervisor("auth_cache = 60"), "5:14", &["expected a time with its unit"]);
    refused(&supervisor("auth_cache = \"an hour\""), "5:14", &["hint"]);
    let loaded = accepted(&supervisor("auth_cache = \"7d\"")).settings.supervisor;
    assert_eq!(loaded.auth_cache, Some(Duration::from_hours(7 * 24)));
    assert_eq!(accepted(&addon("")).settings.supervisor.auth_cache, None);
}

#[test]
fn one_add_on_has_a_bounded_number_of_websockets() {
    refused(&supervisor("websockets = 0"), "5:14", &["out of bounds", "1 to 1024", "the default is 64"]);
    refused(&supervisor("websockets = 1025"), "5:14", &["out of bounds"]);
    assert_eq!(accepted(&supervisor("websockets = 1024")).settings.supervisor.websockets, 1024);
}

#[test]
fn a_group_that_add_ons_are_held_to_exists_and_holds_something() {
    let held = |lines: &str| addon(&format!("rights = {{ homeassistant_api = true }}\n{lines}"));
    refused(
        &held("entities = \"custom-gests\""),
        "8:12",
        &["no group with this id", "did you mean \"custom-guests\"?"],
    );
    refused(&held("entities = \"elsewhere\""), "8:12", &["no group with this id", "[[group]]"]);
    refused(&held("entities = [\"custom-guests\"]"), "8:12", &["wrong type", "expected a string"]);
    warned(&addon("entities = \"custom-guests\""), "7:12", &["needs `homeassistant_api`", "homeassistant_api = true"]);
    let settings = accepted(&held("entities = \"custom-guests\"")).settings;
    assert_eq!(settings.addons[0].entity_filter.group.as_deref(), Some("custom-guests"));
}

#[test]
fn messages_that_pass_unfiltered_are_types_that_may() {
    let held = |list: &str| {
        let lines = format!("entities = \"custom-guests\"\nentity_messages = {list}");
        addon(&format!("rights = {{ homeassistant_api = true }}\n{lines}"))
    };
    let for_people =
        ["auth/sign_path", "auth/refresh_tokens", "config/auth/create", "config/auth_provider/homeassistant/create"];
    for bad in
        ["supervisor/api", "hassio/update/core", "auth", "Get_Config", "get config", ""].into_iter().chain(for_people)
    {
        let words = ["not a type of message that may pass", "users and for tokens never passes"];
        refused(&held(&format!("[\"get_services\", \"{bad}\"]")), "9:36", &words);
    }
    refused(&held("\"get_config\""), "9:19", &["expected a list"]);
    let alone = addon("rights = { homeassistant_api = true }\nentity_messages = [\"get_config\"]");
    assert_eq!(accepted(&alone).settings.addons[0].entity_filter.messages.len(), 1, "held to no group");
    warned(&addon("entity_messages = [\"get_config\"]"), "7:19", &["needs `homeassistant_api`"]);
    let settings = accepted(&held("[\"get_config\", \"get_services\"]")).settings;
    assert_eq!(settings.addons[0].entity_filter.messages.len(), 2);
}
