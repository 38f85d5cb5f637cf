//! Keys for programs: what one opens and what it does not, that no add-on and no log ever sees one, and how it ends.

use serde_json::{Value, json};

use crate::support::minted::token;
use crate::support::path_spellings::astray;
use crate::support::tunnel::{Tunnel, echo, handshake};
use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule, assert_problem, eventually};

const RULES: &str = "[[addon.protect]]\npath = \"/api/settings/{*rest}\"\nrequire = \"admin\"\n";

const TOKENS: &str = "tokens = true\n[[addon.public]]\nmethods = [\"GET\"]\npath = \"/hook\"\n";

fn bench(addon: RawAddon) -> (RawAddon, Vestibule) {
    let vestibule = Vestibule::start(|config| {
        config.set("log", "format", "\"json\"");
        config.set("session", "store", "\"state/sessions.redb\"");
        config.addon_with("a", &addon, RULES).addon("b", &addon).addon_with("t", &addon, TOKENS);
    });
    (addon, vestibule)
}

/// A key of bob for `/api/...` of the add-on `a`, with more arguments.
#[track_caller]
fn key(vestibule: &Vestibule, more: &[&str]) -> String {
    let usual = ["keys", "new", "--addon", "a", "--as", "bob", "--paths", "/api/{*rest}", "--methods", "GET,POST"];
    vestibule.command_ok(&[&usual, more].concat()).trim().to_owned()
}

fn listed(vestibule: &Vestibule) -> Vec<Value> {
    let text = vestibule.command_ok(&["keys", "list", "--json"]);
    serde_json::from_str::<Value>(&text).unwrap()["keys"].as_array().unwrap().clone()
}

fn with(ask: Ask, key: &str) -> [Ask; 2] {
    [ask.clone().field("Authorization", format!("Bearer {key}")), ask.field("X-Api-Key", key)]
}

fn reason(vestibule: &Vestibule, answer: &Answer) -> String {
    let problem = answer.json();
    let line = vestibule.await_line(&["\"event\":\"refused\"", problem["request_id"].as_str().unwrap()]);
    serde_json::from_str::<Value>(&line).unwrap()["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_asks_in_its_users_name_and_the_add_on_never_sees_it() {
    let (addon, vestibule) = bench(RawAddon::start());
    let key = key(&vestibule, &["--name", "grocy app"]);
    assert!(key.starts_with("vstk_") && key.len() == 48, "{key}");
    for ask in [Ask::get("/ingress/a/api/stock?x=1"), Ask::post("/ingress/a/api/stock", "{}")] {
        for ask in with(ask, &key) {
            for protocol in BOTH {
                assert_eq!(vestibule.ask(protocol, &ask).status, 200);
                let request = addon.one();
                assert_eq!(request.fields.one("x-remote-user-name"), "bob");
                assert!(!request.fields.has("authorization") && !request.fields.has("x-api-key"), "{request:#?}");
            }
        }
    }
    let [line] = listed(&vestibule).try_into().unwrap();
    assert_eq!(
        (&line["name"], &line["state"], &line["user_name"]),
        (&json!("grocy app"), &json!("live"), &json!("bob"))
    );
    assert!(line["last_used"].is_string(), "{line}");
    vestibule.await_line(&["\"event\":\"key_made\"", "grocy app"]);
    vestibule.await_line(&["vestibule::access", "\"key\":\"grocy app\""]);
    let secret = key.trim_start_matches("vstk_");
    let stored = std::fs::read(vestibule.path("state/sessions.keys")).unwrap();
    assert!(!String::from_utf8_lossy(&stored).contains(secret), "a digest alone is kept");
    assert!(!vestibule.stderr().contains(secret), "and nothing of it is logged");
}

#[test]
fn a_key_opens_nothing_beyond_what_it_was_made_for() {
    let (addon, vestibule) = bench(RawAddon::start());
    let key = key(&vestibule, &[]);
    for path in
        ["/", "/API/x", "/api/%61", "/%61pi/x", "/api2", "/api/x;y", "/api//x", "/api/x%2Fy", "/free", "/apix/y"]
    {
        for ask in with(Ask::get(&format!("/ingress/a{path}")), &key) {
            for protocol in BOTH {
                let status = vestibule.ask(protocol, &ask).status;
                assert!(matches!(status, 400 | 403), "{path}: {status}");
            }
        }
    }
    for path in [astray("/ingress/a/api/", "../free"), astray("/ingress/a/free/", "../api/x")].concat() {
        let status = vestibule.ask(Protocol::H1, &Ask::get(&path).field("X-Api-Key", key.clone())).status;
        assert!(matches!(status, 400 | 403), "{path}: {status}");
    }
    for method in ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        let ask = Ask { method: method.to_owned(), ..Ask::get("/ingress/a/api/x") };
        for ask in with(ask, &key) {
            assert_eq!(vestibule.ask(Protocol::H2, &ask).status, 403, "{method}");
        }
    }
    // Of its user's own rights nothing is gained, and to other add-ons and our own pages it is no credential.
    for (path, status) in [("/ingress/a/api/settings/x", 403), ("/ingress/b/api/x", 401), ("/nowhere", 401)] {
        for ask in with(Ask::get(path), &key) {
            assert_problem(&vestibule.ask(Protocol::H1, &ask), status);
        }
    }
    for ask in with(Ask::get("/.vestibule/session"), &key) {
        assert_problem(&vestibule.ask(Protocol::H1, &ask), 401);
    }
    for protocol in BOTH {
        let ask = handshake(protocol, "/ingress/a/api/ws").field("X-Api-Key", key.clone());
        assert_eq!(Tunnel::open(&vestibule, protocol, &ask).0.status, 403, "WebSockets are not among it");
    }
    addon.assert_untouched("beyond its bounds");
}

#[test]
fn a_key_beside_another_credential_is_refused() {
    let (addon, vestibule) = bench(RawAddon::start());
    let key_of_a = key(&vestibule, &[]);
    let cookie = vestibule.cookie("alice");
    let name = cookie.split('=').next().unwrap();
    // A session that has ended, or a key that is none, is refused all the same: what is meant cannot be told.
    for cookie in [&cookie, &format!("{name}={}", "A".repeat(43))] {
        for key in [&key_of_a, &format!("{key_of_a}x"), "vstk_"] {
            for ask in with(Ask::get("/ingress/a/api/x").cookie(cookie), key) {
                assert_problem(&vestibule.ask(Protocol::H1, &ask), 400);
            }
        }
    }
    let other = key(&vestibule, &["--name", "other"]);
    let in_api_key = Ask::get("/ingress/a/api/x").field("X-Api-Key", key_of_a.clone());
    for second in [
        ("Authorization", format!("Bearer {key_of_a}")),
        ("Authorization", format!("Bearer {other}")),
        ("Authorization", format!("bearer\t{other}")),
        ("X-Api-Key", other.clone()),
        ("X-Api-Key", "their-own".to_owned()),
    ] {
        assert_problem(&vestibule.ask(Protocol::H2, &in_api_key.clone().field(second.0, second.1)), 400);
    }
    // Where access tokens count, one beside a key is a second credential, and must not reach the add-on.
    let usual = ["keys", "new", "--addon", "t", "--as", "bob", "--paths", "/api/x", "--methods", "GET"];
    let key_of_t = vestibule.command_ok(&usual).trim().to_owned();
    let token = token(vestibule.home(), "bob");
    let ask = Ask::get("/ingress/t/api/x").field("X-Api-Key", key_of_t.clone());
    assert_problem(&vestibule.ask(Protocol::H1, &ask.clone().field("Authorization", format!("Bearer {token}"))), 400);
    addon.assert_untouched("whose request it is cannot be told");
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
    addon.one();
}

#[test]
fn a_public_path_asks_for_no_key_and_passes_none_on() {
    let (addon, vestibule) = bench(RawAddon::start());
    let key = key(&vestibule, &[]);
    for shown in [key.clone(), "vstk_x".to_owned(), key.replace("vstk_", "vstk_-")] {
        for ask in with(Ask::get("/ingress/t/hook"), &shown) {
            assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
            let request = addon.one();
            assert!(!String::from_utf8_lossy(&request.head).contains("vstk_"), "{request:#?}");
            assert!(!request.fields.has("x-remote-user-name"), "{request:#?}");
        }
    }
}

#[test]
fn a_key_counts_in_its_networks_alone() {
    let (addon, vestibule) = bench(RawAddon::start());
    let (elsewhere, here) =
        (key(&vestibule, &["--networks", "192.168.0.0/16"]), key(&vestibule, &["--networks", "10.0.0.1,127.0.0.0/8"]));
    let ask = |key: &str| vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key));
    let refused = ask(&elsewhere);
    assert_problem(&refused, 403);
    assert_eq!(reason(&vestibule, &refused), "key_out_of_bounds");
    let claimed = Ask::get("/ingress/a/api/x").field("X-Api-Key", elsewhere.clone());
    let claimed = claimed.field("X-Forwarded-For", "192.168.1.1").field("Forwarded", "for=192.168.1.1");
    assert_problem(&vestibule.ask(Protocol::H1, &claimed), 403);
    // A proxy that nobody trusts: behind it could be anybody.
    let through = Ask::get("/ingress/a/api/x").field("X-Api-Key", here.clone()).field("X-Forwarded-For", "10.0.0.1");
    assert_problem(&vestibule.ask(Protocol::H1, &through), 403);
    addon.assert_untouched("another network");
    assert_eq!(ask(&here).status, 200);
}

#[test]
fn an_end_holds_at_once_and_cuts_what_is_open() {
    let (_addon, vestibule) = bench(echo());
    let key = key(&vestibule, &["--websockets"]);
    let mut open = BOTH.map(|protocol| {
        let ask = handshake(protocol, "/ingress/a/api/ws").field("X-Api-Key", key.clone());
        Tunnel::open(&vestibule, protocol, &ask).1.expect("a tunnel")
    });
    for tunnel in &mut open {
        tunnel.assert_alive("with its key");
    }
    let id = listed(&vestibule)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(vestibule.command_ok(&["keys", "revoke", &id]).trim(), "1 revoked");
    open.iter_mut().for_each(Tunnel::await_end);
    let refused = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key.clone()));
    assert_problem(&refused, 401);
    assert_eq!(reason(&vestibule, &refused), "bad_key");
    assert_eq!(listed(&vestibule)[0]["state"], "revoked");
    assert!(!vestibule.command(&["keys", "revoke", &id]).status.success(), "it has ended");
    vestibule.await_line(&["\"event\":\"key_revoked\""]);
}

#[test]
fn a_key_outlives_a_restart_and_so_does_its_end() {
    let (_addon, mut vestibule) = bench(RawAddon::start());
    let (kept, ended) = (key(&vestibule, &["--name", "kept"]), key(&vestibule, &["--name", "ended"]));
    let id = listed(&vestibule).iter().find(|key| key["name"] == "ended").unwrap()["id"].as_str().unwrap().to_owned();
    vestibule.command_ok(&["keys", "revoke", &id]);
    vestibule.kill_9();
    vestibule.start_again();
    let status = |key: &str| vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key)).status;
    assert_eq!((status(&kept), status(&ended)), (200, 401));
}

#[test]
fn a_user_who_is_deactivated_or_gone_has_no_key() {
    let (_addon, vestibule) = bench(echo());
    let key = key(&vestibule, &["--websockets"]);
    let ask = handshake(Protocol::H2, "/ingress/a/api/ws").field("X-Api-Key", key.clone());
    let mut open = Tunnel::open(&vestibule, Protocol::H2, &ask).1.expect("a tunnel");
    open.assert_alive("with its user");
    let status = || vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key.clone())).status;
    assert_eq!(status(), 200);
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    eventually("bob is deactivated", || (status() == 403).then_some(()));
    open.await_end();
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(true));
    eventually("bob is back", || (status() == 200).then_some(()));
    vestibule.home().delete_user("bob");
    eventually("bob is gone", || (status() == 401).then_some(()));
}

#[test]
fn guessing_counts_and_the_program_of_an_ended_key_bans_nobody() {
    let (addon, vestibule) = bench(RawAddon::start());
    let good = key(&vestibule, &["--name", "good"]);
    let ended = key(&vestibule, &["--name", "ended"]);
    let id = listed(&vestibule).iter().find(|key| key["name"] == "ended").unwrap()["id"].as_str().unwrap().to_owned();
    vestibule.command_ok(&["keys", "revoke", &id]);
    let status =
        |key: String| vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/api/x").field("X-Api-Key", key)).status;
    for _ in 0..30 {
        assert_eq!(status(ended.clone()), 401);
    }
    assert!(vestibule.command_ok(&["bans", "list"]).is_empty());
    // 20 attempts for each address, eight for each name: the ninth key is one too many.
    let guess = |n: usize| format!("vstk_{}{n:02}A", "A".repeat(40));
    let answers: Vec<u16> = (0..12).map(|n| status(guess(n))).collect();
    assert_eq!(answers[..8], [401; 8], "{answers:?}");
    assert_eq!(answers[8..], [429; 4], "{answers:?}");
    addon.assert_untouched("no key");
    let mut more = 12..100;
    eventually("a ban of who goes on", || {
        status(guess(more.next().expect("fewer are enough")));
        vestibule.command_ok(&["bans", "list"]).contains("a key").then_some(())
    });
    assert_eq!(status(good), 200, "what is no guess is not counted as one");
    assert_eq!(status("vstk_short".to_owned()), 401);
    assert_eq!(status("their-own".to_owned()), 401, "no key of ours, and no session");
}

#[test]
fn what_makes_no_key_is_said() {
    let (_addon, vestibule) = bench(RawAddon::start());
    let usual = [("--addon", "a"), ("--as", "bob"), ("--paths", "/api"), ("--methods", "GET"), ("--expires", "1d")];
    let with = |name: &str, value: &str| {
        let mut arguments = vec!["keys", "new"];
        for (key, usual) in usual {
            arguments.extend([key, if key == name { value } else { usual }]);
        }
        if !usual.iter().any(|(key, _)| *key == name) {
            arguments.extend([name, value]);
        }
        let output = vestibule.command(&arguments);
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    for (name, value, says) in [
        ("--addon", "nobody", "there is no add-on `nobody`"),
        ("--as", "nobody", "there is no user `nobody`"),
        ("--paths", "api", "does not begin with `/`"),
        ("--methods", "get", "\"get\" is no method"),
        ("--methods", "MOVE", "\"MOVE\" is no method"),
        ("--networks", "home", "\"home\" is no network"),
        ("--expires", "3651d", "10 years at most"),
        ("--expires", "0s", "10 years at most"),
        ("--expires", "soon", "a number with its unit"),
        ("--name", "", "1 to 64 characters"),
    ] {
        let (done, said) = with(name, value);
        assert!(!done && said.contains(says), "{name} {value}: {said}");
    }
    assert!(with("--expires", "3650d").0 && with("--name", &"n".repeat(64)).0);
    assert!(!with("--name", &"n".repeat(65)).0);
    assert_eq!(listed(&vestibule).len(), 2);
}
