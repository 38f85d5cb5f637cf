//! A home whose files cannot be read: users and flags from Home Assistant's API, passwords asked of it, and sign-ins
//! followed over WebSockets.

use serde_json::json;

use crate::offering;
use crate::support::expectation::{ALICE, BOB};
use crate::support::form::new_session;
use crate::support::journey::Browser;
use crate::support::process::COOKIE;
use crate::support::there::{LONG_LIVED, Mischief};
use crate::support::{Ask, ConfigFile, Extra, Protocol, RawAddon, There, Vestibule, assert_id, eventually};

/// Without `config_dir`, with a token in a file.
pub(crate) fn start(there: &There, addon: &RawAddon, configure: impl FnOnce(&mut ConfigFile)) -> Vestibule {
    Vestibule::start_with(
        |config| {
            offering(config, there).addon("a", addon);
            config.addon_table(&format!(
                "slug = \"b\"\nupstream = \"{}\"\npath = \"/ingress/b\"\naccess = {{ admin_only = true }}",
                addon.url()
            ));
            config.unset("home_assistant", "config_dir");
            config.set("home_assistant", "token", r#"{ file = "long-lived" }"#);
            configure(config);
        },
        |_| {},
        |folder| {
            use std::os::unix::fs::PermissionsExt;
            let file = folder.join("long-lived");
            std::fs::write(&file, format!("{LONG_LIVED}\n")).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            Extra::default()
        },
    )
}

fn started() -> (RawAddon, There, Vestibule) {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let vestibule = start(&there, &addon, |_| {});
    (addon, there, vestibule)
}

#[test]
fn users_and_administrators_are_what_the_api_says() {
    let (addon, there, vestibule) = started();
    for (name, user, status) in [("bob", BOB, 403), ("alice", ALICE, 200)] {
        let cookie = new_session(&vestibule.sign_in(name, &format!("{name}-pass-1")));
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        assert_id(&addon.one(), &user);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/b/").cookie(&cookie)).status, status, "{name}");
        addon.forget();
    }
    for name in ["bob", "nobody"] {
        assert_eq!(vestibule.sign_in(name, "wrong").status, 401, "{name}");
    }
    assert_eq!(vestibule.sign_in("erin", "erin-pass-1").status, 403, "deactivated");
    eventually("no token of a password stays there", || there.tokens().is_empty().then_some(()));
    there.state().second_factors.push("bob".to_owned());
    let answer = vestibule.sign_in("bob", "bob-pass-1");
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("Sign in with Home Assistant instead"), "{}", answer.text());
}

#[test]
fn what_changes_there_holds_here() {
    let (_, there, vestibule) = started();
    let bob = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    there.change_user("bob", |user| user["name"] = json!("Robert"));
    eventually("the new name", || {
        let who = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&bob)).json();
        (who["user"]["display_name"] == "Robert").then_some(())
    });
    there.change_user("bob", |user| user["is_active"] = json!(false));
    vestibule.await_ended(&bob);
}

#[test]
fn s75_without_files_a_sign_in_that_is_ended_there_ends_here() {
    let (_, there, vestibule) = started();
    let mut browser = Browser::new();
    assert_eq!(browser.sign_in(&vestibule, &there, BOB.id).status, 303);
    let session = browser.session().unwrap();
    assert!(vestibule.is_live(&session));
    there.revoke_all();
    vestibule.await_ended(&session);
    vestibule.await_line(&["event=revoked", "by=home_assistant"]);
    assert!(!there.calls_to("/auth/token").is_empty());
}

#[test]
fn without_files_a_restart_ends_what_home_assistant_s_page_made_and_nothing_else() {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let mut vestibule = start(&there, &addon, |config| {
        config.set("session", "store", r#""sessions.redb""#);
    });
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    let (made_there, ours) = (browser.session().unwrap(), new_session(&vestibule.sign_in("alice", "alice-pass-1")));
    vestibule.kill_9();
    vestibule.start_again();
    vestibule.await_ended(&made_there);
    assert!(vestibule.is_live(&ours));
}

#[test]
fn a_home_assistant_that_is_away_keeps_the_last_good_copy_for_a_bounded_time() {
    let (addon, there) = (RawAddon::start(), There::with_people());
    let vestibule = start(&there, &addon, |config| {
        config.set("home_assistant", "max_stale", r#""4s""#);
    });
    let bob = new_session(&vestibule.sign_in("bob", "bob-pass-1"));
    there.state().mischief.insert("/api/websocket".to_owned(), Mischief::Bytes(b"HTTP/1.1 503 X\r\n\r\n".to_vec()));
    there.state().long_lived = "another".to_owned();
    vestibule.await_line(&["ERROR", "Home Assistant cannot be asked"]);
    assert!(vestibule.is_live(&bob), "the last good copy");
    eventually("the end of the last good copy", || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&bob));
        (answer.status == 503).then_some(())
    });
    there.state().mischief.clear();
    there.state().long_lived = LONG_LIVED.to_owned();
    eventually("all is well again", || vestibule.is_live_at_all(&bob).then_some(()));
    assert!(vestibule.sign_in("bob", "bob-pass-1").set_cookie(COOKIE).is_some());
}
