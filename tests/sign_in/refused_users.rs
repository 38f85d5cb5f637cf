//! Users who may not come in, with the right password.

use serde_json::json;

use crate::ELSEWHERE;
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, Protocol, RawAddon, Vestibule};

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
