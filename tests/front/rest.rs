//! REST: who gets what, and that nothing else comes to Home Assistant.

use serde_json::json;

use crate::bed::{Bed, HOST};
use crate::support::minted::{minted, now};
use crate::support::tunnel::{Tunnel, handshake};
use crate::support::{Ask, Protocol, RawAddon};

#[test]
fn strangers_get_the_front_end_and_its_sign_in_and_nothing_of_the_house() {
    let bed = Bed::new();
    let manifest = Ask::get("/manifest.json").field("Sec-Fetch-Dest", "manifest");
    assert!(bed.ask(&manifest).text().contains("jammed"), "Home Assistant's, and not an empty one of ours");
    for target in
        ["/", "/lovelace/0", "/frontend_latest/app.js", "/static/x/y.png", "/manifest.json", "/auth/authorize?x=1"]
    {
        assert_eq!(bed.ask(&Ask::get(target)).status, 200, "{target}");
    }
    let seen = bed.home.heads().len();
    for target in [
        "/api/",
        "/api/states",
        "/api/states/light.bed_light",
        "/api/config",
        "/api/error_log",
        "/api/%73tates",
        "/api//states",
        "//api/states",
        "/API/states",
        "/api/states?authSig=x",
        "/lovelace/0?authSig=x",
        "/?authSig=x.y.z",
        "/.vestibule/",
        "/.vestibule/sign-in",
        "/hacsfiles/x.js",
        "/media/local/x.mp4",
    ] {
        let answer = bed.ask(&Ask::get(target));
        assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{target}");
    }
    for target in [
        "/api/states/light.bed_light",
        "/api/services/light/turn_on",
        "/api/webhook/0123456789abcdef",
        "/api/onboarding/users",
    ] {
        assert_eq!(bed.ask(&Ask::post(target, "{}")).status, 401, "{target}");
    }
    assert_eq!(bed.home.heads().len(), seen, "not a byte of it went on");
}

#[test]
fn an_administrator_gets_what_home_assistant_answers() {
    let bed = Bed::new();
    let answer = bed.ask_as("alice", Ask::get("/api/states"));
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("lock.front_door") && answer.text().contains("\"new\""), "as it is");
    assert_eq!(bed.ask_as("alice", Ask::get("/api/error_log")).status, 200);
    assert_eq!(bed.ask_as("owner", Ask::post("/api/template", "{}")).status, 200);
    let head = bed.home.heads().last().unwrap().to_ascii_lowercase();
    assert!(head.contains("authorization: bearer "), "Home Assistant judges the same token: {head}");
    assert!(head.contains("x-forwarded-for: 127.0.0.1") && head.contains(&format!("host: {HOST}")), "{head}");
}

#[test]
fn a_user_who_is_held_gets_states_of_permitted_entities_and_nothing_that_is_not_filtered() {
    let bed = Bed::new();
    let answer = bed.ask_as("grace", Ask::get("/api/states").field("Accept-Encoding", "gzip"));
    assert_eq!(answer.status, 200);
    let states = answer.json();
    assert_eq!(states.as_array().unwrap().len(), 3, "{states}");
    assert!(!answer.text().contains("lock.") && !answer.text().contains("alarm") && !answer.text().contains("camera"));
    assert!(!bed.home.heads().last().unwrap().to_ascii_lowercase().contains("accept-encoding"));
    let seen = bed.home.heads().len();
    for target in [
        "/api/error_log",
        "/api/stream",
        "/api/states/lock.front_door",
        "/api/camera_proxy/camera.front_door",
        "/api/history/period",
        "/api/%73tates",
        "/lovelace/0",
        "/any-custom/view",
    ] {
        let answer = bed.ask_as("grace", Ask::get(target));
        assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{target}");
    }
    assert_eq!(bed.ask_as("grace", Ask::post("/api/template", "{\"template\": \"{{ states }}\"}")).status, 401);
    assert_eq!(bed.home.heads().len(), seen);
    assert_eq!(bed.ask_as("heidi", Ask::get("/api/states")).json(), json!([]));
    assert_eq!(bed.ask_as("grace", Ask::get("/api/config")).status, 200);
}

#[test]
fn what_has_been_is_told_of_entities_that_are_named_and_may_be_read() {
    let bed = Bed::new();
    let histories =
        bed.ask_as("grace", Ask::get("/api/history/period/2026-11-30T00:00:00+00:00?filter_entity_id=light.bed_light"));
    assert_eq!(histories.status, 200);
    let states = histories.json();
    assert_eq!(states[0].as_array().map(Vec::len), Some(3), "of what Home Assistant tells, and no more: {states}");
    assert!(!histories.text().contains("lock."), "{states}");
    let seen = bed.home.heads().len();
    for target in [
        "/api/history/period",
        "/api/history/period?filter_entity_id=lock.front_door",
        "/api/history/period?filter_entity_id=light.bed_light,lock.front_door",
        "/api/history/period?filter_entity_id=light.bed_light&filter_entity_id=lock.front_door",
        "/api/logbook",
        "/api/logbook?entity=lock.front_door",
        "/api/calendars/calendar.work?start=1&end=2",
    ] {
        assert_eq!(bed.ask_as("grace", Ask::get(target)).status, 401, "{target}");
    }
    assert_eq!(bed.home.heads().len(), seen);
}

#[test]
fn a_service_is_called_on_permitted_entities_alone() {
    let bed = Bed::new();
    let call =
        |user: &str, target: &str, body: serde_json::Value| bed.ask_as(user, Ask::post(target, body.to_string()));
    let good = call("grace", "/api/services/light/turn_on", json!({"entity_id": "light.bed_light"}));
    assert_eq!(good.status, 200);
    assert!(!good.text().contains("lock."), "{}", good.text());
    let seen = bed.heads("POST /api/services");
    for (target, body) in [
        ("/api/services/lock/unlock", json!({"entity_id": "lock.front_door"})),
        ("/api/services/light/turn_on", json!({"entity_id": ["light.bed_light", "lock.front_door"]})),
        ("/api/services/light/turn_on", json!({"area_id": "kitchen"})),
        ("/api/services/light/turn_on", json!({})),
        ("/api/services/homeassistant/restart", json!({})),
        ("/api/services/script/open_the_door", json!({})),
    ] {
        assert_eq!(call("grace", target, body.clone()).status, 401, "{target} {body}");
    }
    assert_eq!(
        call("carol", "/api/services/light/turn_on", json!({"entity_id": "light.bed_light"})).status,
        401,
        "reads only"
    );
    assert_eq!(bed.heads("POST /api/services"), seen);
}

#[test]
fn who_may_not_come_in_gets_nothing_here_either() {
    let bed = Bed::new();
    let seen = bed.home.heads().len();
    assert_eq!(bed.ask_as("erin", Ask::get("/api/config")).status, 401, "inactive");
    let home = bed.vestibule.home();
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let old = minted(home, "alice", header, |issuer| json!({"iss": issuer, "iat": now() - 4000, "exp": now() - 2000}));
    for token in [old.as_str(), "x", "a.b.c", ""] {
        let ask = Ask::get("/api/states").field("Authorization", format!("Bearer {token}"));
        assert_eq!(bed.ask(&ask).status, 401, "{token}");
    }
    // A session of ours is no credential of Home Assistant's.
    let cookie = bed.vestibule.cookie("alice");
    assert_eq!(bed.ask(&Ask::get("/api/states").cookie(cookie)).status, 401);
    assert_eq!(bed.home.heads().len(), seen);
}

#[test]
fn a_signed_path_is_judged_as_its_users() {
    let bed = Bed::new();
    let home = bed.vestibule.home();
    let signed = |user: &str, path: &str| {
        let claims = |issuer: &str| json!({"iss": issuer, "path": path, "params": [], "iat": now(), "exp": now() + 30});
        minted(home, user, r#"{"alg":"HS256","typ":"JWT"}"#, claims)
    };
    let get = |path: &str, signature: &str| bed.ask(&Ask::get(&format!("{path}?authSig={signature}")));
    let download = "/api/backup/download/1";
    assert_eq!(get(download, &signed("alice", download)).status, 200);
    let seen = bed.home.heads().len();
    assert_eq!(get(download, &signed("grace", download)).status, 401, "for administrators");
    assert_eq!(get(download, &signed("alice", "/api/other")).status, 401, "another path");
    // What asks for nobody at Home Assistant would not be asked whether it was signed.
    for path in ["/api/webhook/0123456789abcdef", "/api/websocket", "/api/states", "/lovelace/0"] {
        assert_eq!(get(path, &signed("alice", path)).status, 401, "{path}");
    }
    let path = "/api/websocket";
    let ask = handshake(Protocol::H1, &format!("{path}?authSig={}", signed("alice", path))).host(HOST);
    assert_eq!(Tunnel::open(&bed.vestibule, Protocol::H1, &ask).0.status, 401);
    let camera = "/api/camera_proxy/camera.front_door";
    assert_eq!(get(camera, &signed("grace", camera)).status, 401);
    let both = Ask::get(&format!("{download}?authSig={}", signed("alice", download)));
    assert_eq!(bed.ask_as("grace", both).status, 400, "whose is it?");
    let post = Ask::post(&format!("{download}?authSig={}", signed("alice", download)), "");
    assert_eq!(bed.ask(&post).status, 401, "Home Assistant would not look at it");
    assert_eq!(bed.home.heads().len(), seen);
}

#[test]
fn the_front_is_no_addon_and_no_other_proxys() {
    let addon = RawAddon::start();
    let bed = Bed::with(|config| {
        config.addon("a", &addon).set("listen", "trusted_proxies", r#"["127.0.0.1"]"#);
    });
    let cookie = bed.vestibule.cookie("alice");
    for target in ["/.vestibule/verify", "/.vestibule/verify?addon=home_assistant"] {
        let ask = Ask::get(target)
            .field("X-Forwarded-Method", "GET")
            .field("X-Forwarded-Proto", "https")
            .field("X-Forwarded-Host", HOST)
            .field("X-Forwarded-Uri", "/api/states")
            .cookie(&cookie);
        assert_ne!(bed.vestibule.ask(Protocol::H1, &ask).status, 200, "{target}");
    }
    let page = bed.vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/").cookie(&cookie));
    assert!(page.status == 200 && !page.text().contains("home_assistant"), "{}", page.text());
}

#[test]
fn guessing_passwords_of_home_assistant_has_our_limits() {
    let bed = Bed::with(|config| {
        config.set("sign_in", "attempts_per_user", "3");
    });
    let guess = Ask::post("/auth/login_flow/0a1b", r#"{"username":"alice","password":"x"}"#).host(HOST);
    for _ in 0..3 {
        assert_eq!(bed.vestibule.ask(Protocol::H1, &guess).status, 200);
    }
    let answer = bed.vestibule.ask(Protocol::H1, &guess);
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(bed.heads("POST /auth/login_flow"), 3);
}

/// Whoever has an account of their own signs in with it between two guesses of another's.
#[test]
fn signing_in_forgives_guesses_of_ones_own_account_alone() {
    let bed = Bed::with(|config| {
        config.set("sign_in", "attempts_per_user", "3");
    });
    let step =
        |body: &str| bed.vestibule.ask(Protocol::H1, &Ask::post("/auth/login_flow/0a1b", body).host(HOST)).status;
    let own = r#"{"username":"grace","password":"right"}"#;
    for _ in 0..3 {
        assert_eq!(step(r#"{"username":"alice","password":"x"}"#), 200);
        assert_eq!(step(own), 200);
    }
    assert_eq!(step(r#"{"username":"Alice ","password":"x"}"#), 429, "one spelling");
    assert_eq!(
        step(r#"{"username":"grace","username":"alice","password":"x"}"#),
        429,
        "the name that Home Assistant reads"
    );
    assert_eq!(step(own), 200);
    // A code names nobody: it counts for the sign-in that it is a step of.
    for _ in 0..3 {
        assert_eq!(step(r#"{"code":"x"}"#), 200);
    }
    assert_eq!(step(r#"{"code":"x"}"#), 429);
    assert_eq!(step("username=alice"), 400);
}

#[test]
fn the_operator_opens_files_and_webhooks() {
    let bed = Bed::with(|config| {
        config.set("home_assistant.front", "open_paths", r#"["/hacsfiles/{*rest}"]"#);
        config.set("home_assistant.front", "webhooks", r#"["0123456789abcdef"]"#);
    });
    assert_eq!(bed.ask(&Ask::get("/hacsfiles/x/y.js")).status, 200);
    assert_eq!(bed.ask(&Ask::post("/api/webhook/0123456789abcdef", "{}")).status, 200);
    assert_eq!(bed.ask(&Ask::post("/api/webhook/0123456789abcdee", "{}")).status, 401);
    assert_eq!(bed.ask(&Ask::post("/hacsfiles/x/y.js", "")).status, 401);
}

#[test]
fn the_operator_asks_what_becomes_of_a_request_and_what_the_rules_are() {
    let bed = Bed::new();
    let explain = |user: &str, path: &str| {
        let url = format!("https://{HOST}{path}");
        let output = bed.vestibule.command(&["explain", "--user", user, "--url", &url]);
        String::from_utf8(output.stdout).unwrap()
    };
    for (user, path, words) in [
        ("grace", "/api/states", "what they may read of the answer"),
        ("grace", "/api/error_log", "for administrators alone"),
        ("alice", "/api/error_log", "the user may open home_assistant"),
        ("grace", "/lovelace/0", "everybody may ask this"),
        ("grace", "/api/camera_proxy/camera.front_door?authSig=x", "may not read the entity"),
    ] {
        let told = explain(user, path);
        assert!(told.contains(words), "{user} {path}: {told}");
    }
    let rules = bed.vestibule.command_ok(&["front", "rules"]);
    for line in ["GET HEAD /frontend_latest/*", "GET /api/states ", "call_service", "config/device_registry/list"] {
        assert!(rules.contains(line), "{line}: {rules}");
    }
    assert!(!rules.contains("zwave_js"), "what is for administrators alone is not listed: {rules}");
}
