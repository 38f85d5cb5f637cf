//! Users who may not come in, with the right password.

use serde_json::json;

use crate::ELSEWHERE;
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, Protocol, RawAddon, Vestibule, eventually};

#[test]
fn inactive_and_system_users_cannot_sign_in_with_the_right_password() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.edit_user("carol", |user| user["system_generated"] = json!(true)),
    );
    for name in ["erin", "carol"] {
        let answer = vestibule.sign_in(name, &password_of(name));
        assert!(matches!(answer.status, 401 | 403), "{name}: {answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none(), "{name}: {answer:#?}");
    }
    for name in ["erin", "carol", "bec8ee10ae0943ae8e505c8abf6ee05a"] {
        let made = vestibule.command(&["sessions", "new", "--user", name]);
        if made.status.success() {
            let cookie = String::from_utf8(made.stdout).unwrap();
            let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(cookie.trim()));
            assert_eq!(answer.status, 403, "{name}: {answer:#?}");
        }
    }
    addon.assert_untouched("inactive and system users");
}

#[test]
fn a_local_user_is_refused_from_outside() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.2/32"]"#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("dave");
    let get = || Ask::get("/ingress/a/").cookie(&cookie);
    assert_eq!(vestibule.ask_from(LOOPBACK, &get()).status, 200, "from this machine");
    addon.one();
    let home = get().field("X-Forwarded-For", "192.168.1.20");
    assert_eq!(vestibule.ask_from(ELSEWHERE, &home).status, 200, "from the home, through the trusted proxy");
    assert_eq!(addon.one().fields.one("x-forwarded-for"), "192.168.1.20");
    for public in ["203.0.113.7", "2001:db8::7", "192.168.1.20, 203.0.113.7"] {
        let answer = vestibule.ask_from(ELSEWHERE, &get().field("X-Forwarded-For", public));
        assert_eq!(answer.status, 403, "{public}: {answer:#?}");
    }
    let claimed = vestibule.ask_from(LOOPBACK, &get().field("X-Forwarded-For", "203.0.113.7"));
    assert_eq!(claimed.status, 403, "a proxy that nobody trusts, on this machine: never counts as local: {claimed:#?}");
    addon.assert_no_request("not local");
    let form = Form { forwarded_for: Some("203.0.113.7".to_owned()), ..Form::open(&vestibule, ELSEWHERE) };
    let outside = form.submit(&vestibule, "dave", "dave-pass-1");
    assert!(matches!(outside.status, 401 | 403), "{outside:#?}");
    assert!(outside.set_cookie(COOKIE).is_none());
    new_session(&vestibule.sign_in("dave", "dave-pass-1"));
}

#[test]
fn s85_a_name_that_resembles_another_is_not_that_user_and_a_name_that_moves_takes_nobody_along() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
        config.addon("a", &addon);
    });
    let who = |cookie: &str| {
        let who = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie)).json();
        who["user"]["id"].as_str().unwrap_or_default().to_owned()
    };
    let (bob, zoe) = (vestibule.home().user_id("bob"), vestibule.home().user_id("zo\u{eb}"));
    for twin in ["bob\0", "bob\u{200b}", "b\u{43e}b", "\u{ff42}ob", "bob@home.test", "carol@evil.test@home.test", &bob]
    {
        let answer = vestibule.sign_in(twin, &password_of("bob"));
        assert_eq!(answer.status, 401, "{twin:?}: {answer:#?}");
    }
    assert_eq!(vestibule.sign_in("zoe\u{308}", &password_of("zo\u{eb}")).status, 401, "decomposed");
    // Home Assistant takes a user name in any case: it is the same user, by the id.
    assert_eq!(who(&new_session(&vestibule.sign_in(" BOB ", &password_of("bob")))), bob);
    let (bobs, zoes) = (vestibule.cookie("bob"), vestibule.cookie("zo\u{eb}"));
    vestibule.home().edit("auth", |file| {
        for credential in file["data"]["credentials"].as_array_mut().unwrap() {
            let other = match credential["data"]["username"].as_str() {
                Some("bob") => "zo\u{eb}",
                Some("zo\u{eb}") => "bob",
                _ => continue,
            };
            credential["data"]["username"] = json!(other);
        }
    });
    let named = |cookie: &str| {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie));
        (answer.status == 200).then(|| answer.json()["user"]["name"].as_str().unwrap_or_default().to_owned())
    };
    eventually("the names changed", || (named(&vestibule.cookie("bob")).as_deref() == Some("bob")).then_some(()));
    // Whose password it was has changed with the name: a session may end of that, and is never the other user's.
    for (cookie, id) in [(&bobs, &bob), (&zoes, &zoe)] {
        // In this order: a session that ends between the two questions is over at the second one.
        assert!(who(cookie) == *id || named(cookie).is_none(), "a session goes with the id");
    }
    eventually("bob is the other one now", || (who(&vestibule.cookie("bob")) == zoe).then_some(()));
}
