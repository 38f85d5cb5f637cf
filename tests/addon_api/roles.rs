//! Who may ask for what (docs/design/supervisor.md section 2 and case 29).

use crate::supervised::{ROLES, Supervised};
use crate::support::{Ask, RawAddon};

/// Case 29. Answers of 200 come from the Supervisor behind us, or are ours.
#[test]
fn the_role_matrix_holds_for_both_versions() {
    let supervisor = RawAddon::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let api = Supervised::start(Some(&supervisor));
    let rows: &[(&str, &str, &[&str])] = &[
        ("POST", "/auth/reset", &["admin"]),
        ("GET", "/auth/list", &["admin"]),
        ("DELETE", "/auth/cache", &["admin", "manager"]),
        ("GET", "/backups/info", &ROLES),
        ("GET", "/core/info", &ROLES),
        ("GET", "/addons/self/options/config", &ROLES),
        ("POST", "/addons/self/options", &ROLES),
        ("POST", "/addons/self/restart", &ROLES),
        ("GET", "/backups/abc123/download", &["admin", "manager", "backup"]),
        ("POST", "/backups/new/full", &["admin", "manager", "backup"]),
        ("POST", "/backups/abc123/restore/full", &["admin", "manager", "backup"]),
        ("POST", "/core/update", &["admin", "manager", "homeassistant"]),
        ("POST", "/core/restart", &["admin", "manager", "homeassistant"]),
        ("POST", "/os/datadisk/wipe", &["admin"]),
        ("GET", "/addons/abc123/options/config", &["admin", "manager"]),
        ("POST", "/addons/abc123/options", &["admin", "manager"]),
        ("POST", "/addons/abc123/restart", &["admin", "manager"]),
        ("POST", "/addons/self/sys_options", &[]),
        ("POST", "/addons/abc123/sys_options", &[]),
    ];
    let mut compared = 0;
    for (method, path, allowed) in rows {
        for path in [(*path).to_owned(), format!("/v2{}", path.replace("/addons/", "/apps/"))] {
            for role in ROLES {
                let ask = if *method == "POST" { Ask::post(&path, "{}") } else { Ask::new(method, &path) };
                let status = api.ask_as(role, ask).status;
                let expected = if allowed.contains(&role) { 200 } else { 403 };
                assert_eq!(status, expected, "{method} {path} as {role}");
                compared += 1;
            }
        }
    }
    println!("role matrix: {compared} answers compared");
}

/// Both rows of case 29 that change something here: only `admin` may switch protection.
#[test]
fn protection_is_switched_by_the_admin_role_alone_and_audited() {
    let api = Supervised::start(None);
    for slug in ["self", "plain"] {
        for prefix in ["/addons", "/v2/apps"] {
            for role in ROLES {
                let ask = Ask::post(&format!("{prefix}/{slug}/security"), r#"{"protected": false}"#);
                let status = api.ask_as(role, ask.field("Content-Type", "application/json")).status;
                assert_eq!(status, if role == "admin" { 200 } else { 403 }, "{prefix}/{slug} as {role}");
            }
        }
    }
    api.vestibule.await_line(&["event=protection", "addon=plain", "result=off", "by=admin"]);
    assert!(api.vestibule.command_ok(&["addons", "show", "plain"]).contains("off"));
    // It is `admin` no longer than its own protection is off.
    let back = Ask::post("/addons/self/security", r#"{"protected": true}"#);
    assert_eq!(api.ask_as("admin", back).status, 200);
    assert_eq!(api.ask_as("admin", Ask::post("/addons/self/security", r#"{"protected": false}"#)).status, 403);
}

/// Section 2.1: three places, in this order, and none of them.
#[test]
fn a_token_is_found_in_three_places() {
    let api = Supervised::start(None);
    let token = api.token("default");
    for (name, value) in [
        ("X-Supervisor-Token", token.to_owned()),
        ("X-Hassio-Key", token.to_owned()),
        ("Authorization", format!("Bearer {token}")),
    ] {
        assert_eq!(api.ask(&Ask::get("/info").field(name, &value)).status, 200, "{name}");
        let wrong = value.replace(token, &"0".repeat(token.len()));
        let answer = api.ask(&Ask::get("/info").field(name, wrong));
        assert_eq!((answer.status, answer.text().as_str()), (403, "403: Forbidden"), "{name}");
    }
    let answer = api.ask(&Ask::get("/info"));
    assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"));
    assert_eq!(api.ask(&Ask::get("/supervisor/ping")).status, 200);
}

#[test]
fn a_rotated_token_is_good_no_longer() {
    let api = Supervised::start(None);
    assert_eq!(api.ask_as("default", Ask::get("/info")).status, 200);
    let token = api.vestibule.command_ok(&["addons", "token", "default", "--rotate"]);
    assert_eq!(api.ask_as("default", Ask::get("/info")).status, 403);
    let ask = Ask::get("/info").field("Authorization", format!("Bearer {}", token.trim()));
    assert_eq!(api.ask(&ask).status, 200);
}

/// Every call is counted, by an add-on that is configured and an outcome of ours: whoever makes tokens up makes no
/// labels.
#[test]
fn calls_are_counted_by_addon_and_outcome() {
    let api = Supervised::start(None);
    assert_eq!(api.ask_as("default", Ask::get("/info")).status, 200);
    assert_eq!(api.ask_as("default", Ask::post("/core/restart", "")).status, 403);
    assert_eq!(api.ask_as("manager", Ask::post("/core/restart", "")).status, 501);
    assert_eq!(api.ask_as("default", Ask::get("/addons/nowhere/info")).status, 404);
    for made_up in ["zero", "one"] {
        assert_eq!(api.ask(&Ask::get("/info").field("X-Supervisor-Token", made_up)).status, 403);
    }
    let wrong =
        Ask::post("/auth", "username=alice&password=wrong").field("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(api.ask(&wrong.field("X-Supervisor-Token", api.token("plain"))).status, 401);
    let metrics = api.vestibule.ask_operations(&Ask::get("/metrics")).text();
    for (name, addon, outcome, count) in [
        ("requests", "default", "answered", 1),
        ("requests", "default", "refused", 1),
        ("requests", "default", "mistaken", 1),
        ("requests", "manager", "not_here", 1),
        ("requests", ".nobody", "refused", 2),
        ("password_checks", "plain", "wrong_password", 1),
    ] {
        let line = format!("vestibule_addon_api_{name}_total{{addon=\"{addon}\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("zero"), "{metrics}");
    assert!(metrics.contains("vestibule_sign_ins_total{outcome=\"wrong_password\"} 0\n"), "nobody signed in");
}

/// A token of the API opens nothing for browsers, and a browser's session nothing here.
#[test]
fn the_two_sides_know_nothing_of_each_other() {
    let api = Supervised::start(None);
    let cookie = api.vestibule.cookie("alice");
    assert_eq!(api.ask(&Ask::get("/info").cookie(&cookie)).status, 401);
    let mut client = crate::support::RawClient::connect(api.vestibule.https());
    let bearer = format!("Bearer {}", api.token("admin"));
    assert_eq!(client.ask(&Ask::get("/ingress/plain/").field("Authorization", bearer)).status, 401);
}
