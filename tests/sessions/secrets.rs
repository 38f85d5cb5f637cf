//! No secret in the log and no address to strangers: case S-83.

use crate::support::form::{Form, new_session};
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Answer, Ask, BOTH, RawAddon, Vestibule};
use crate::{token, two_addons};

#[test]
fn s83_no_secret_stands_in_the_log() {
    for format in ["text", "json"] {
        let addon = RawAddon::start();
        let vestibule = Vestibule::start(|config| {
            config.set("log", "format", &format!("\"{format}\"")).set("log", "filter", "\"info,vestibule=trace\"");
            config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
        });
        let made = vestibule.cookie("carol");
        let form =
            Form::open_at(&vestibule, LOOPBACK, "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F%3Fcode%3DsEcret1");
        let signed_in = new_session(&form.submit(&vestibule, "bob", "bob-pass-1"));
        assert_eq!(form.submit(&vestibule, "bob", "wR0ng-word").status, 401);
        for protocol in BOTH {
            let target = "/ingress/a/x?code=sEcret2&state=ok&authSig=sEcret3&token=sEcret4&ingress_token=sEcret5\
                          &access_token=sEcret6&CODE=sEcret7&auth%53ig=sEcret8";
            let ask = Ask::get(target)
                .field("Authorization", "Bearer sEcret-authorization")
                .field("Referer", "https://p.test/?code=sEcret-referer")
                .field("X-Hassio-Key", "sEcret-stripped")
                .cookie(&signed_in);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200);
            vestibule.ask(protocol, &Ask::navigate(target));
            vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(format!("{COOKIE}=sEcret-cookie")));
            vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(format!("{made}; {signed_in}")));
        }
        vestibule.command_ok(&["sessions", "list"]);
        vestibule.revoke("bob");
        let log = vestibule.stderr();
        assert!(log.contains("/ingress/a/"), "there is an access line to be redacted");
        let csrf = form.csrf.as_str();
        for secret in ["sEcret", "bob-pass-1", "wR0ng-word", token(&made), token(&signed_in), csrf] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{format}: {secret:?} is in the log");
        }
        assert!(form.cookie.split_once('=').is_none_or(|(_, value)| !log.contains(value)), "the form's cookie");
        if format == "json" {
            for line in log.lines().filter(|line| line.contains("/ingress/a/")) {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "one JSON object a line: {line}");
            }
        }
    }
}

#[test]
fn s83_our_pages_send_no_address_to_other_sites() {
    let (_, _, vestibule) = two_addons();
    for protocol in BOTH {
        let page = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-in"));
        let refused = vestibule.ask(protocol, &Ask::navigate("/ingress/a/").cookie(format!("{COOKIE}=x; {COOKIE}=y")));
        let not_found = vestibule.ask(protocol, &Ask::navigate("/ingress/none/").cookie(vestibule.cookie("bob")));
        for answer in [page, refused, not_found] {
            let policy = answer.fields.text("referrer-policy");
            let good = ["no-referrer", "same-origin"];
            assert!(policy.as_deref().is_some_and(|p| good.contains(&p)) || is_redirect(&answer), "{answer:#?}");
        }
    }
}

fn is_redirect(answer: &Answer) -> bool {
    answer.status == 303
}
