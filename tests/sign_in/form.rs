//! The form signs in only the browser that opened it.

use crate::one_addon;
use crate::support::form::{FORM_COOKIE, Form, new_session};
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{BOTH, Protocol, RawClient, wire};

#[test]
fn a_form_without_its_own_cookie_signs_nobody_in() {
    let (_, vestibule) = one_addon();
    let (mine, theirs) = (Form::open(&vestibule, LOOPBACK), Form::open(&vestibule, LOOPBACK));
    assert_ne!(mine.csrf, theirs.csrf, "every form has a token of its own");
    let wrong = [
        Form { csrf: theirs.csrf.clone(), ..mine.clone() },
        Form { csrf: String::new(), ..mine.clone() },
        Form { cookie: "unrelated=1".to_owned(), ..mine.clone() },
        Form { cookie: format!("{FORM_COOKIE}="), csrf: String::new(), ..mine.clone() },
        Form { cookie: format!("{}; {}", mine.cookie, theirs.cookie), ..mine.clone() },
    ];
    for form in wrong {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &form.post("bob", "bob-pass-1"));
            assert!(matches!(answer.status, 400 | 401 | 403), "{form:?}: {answer:#?}");
            assert!(answer.set_cookie(COOKIE).is_none(), "{form:?}: {answer:#?}");
        }
    }
    new_session(&mine.submit(&vestibule, "bob", "bob-pass-1"));
}

#[test]
fn a_form_posted_by_another_site_signs_nobody_in() {
    let (_, vestibule) = one_addon();
    for (name, value) in [("Origin", "https://evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        let form = Form::open(&vestibule, LOOPBACK);
        let mut ask = form.post("bob", "bob-pass-1");
        ask.fields.retain(|(n, _)| n != name && (name != "Origin" || n != "Sec-Fetch-Site"));
        let answer = vestibule.ask(Protocol::H1, &ask.field(name, value));
        assert_eq!(answer.status, 403, "{name}: {value}: {answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none());
    }
}

#[test]
fn the_form_takes_a_limited_body_of_the_right_kind() {
    let (_, vestibule) = one_addon();
    let form = Form::open(&vestibule, LOOPBACK);
    let huge = form.post(&"x".repeat(1024 * 1024), "x");
    let answer = vestibule.ask(Protocol::H1, &huge);
    assert!(matches!(answer.status, 0 | 413), "{answer:#?}");
    let mut json = form.post("bob", "bob-pass-1");
    json.fields.retain(|(name, _)| name != "Content-Type");
    let answer = vestibule.ask(Protocol::H1, &json.field("Content-Type", "application/json"));
    assert!((400..500).contains(&answer.status), "{answer:#?}");
    assert!(answer.set_cookie(COOKIE).is_none());
    let mut twice = form.post("bob", "bob-pass-1");
    twice.body = Some([twice.body.unwrap(), b"&username=alice".to_vec()].concat());
    let answer = vestibule.ask(Protocol::H1, &twice);
    assert!((400..500).contains(&answer.status), "two user names: {answer:#?}");
}

#[test]
fn a_request_that_follows_a_refused_form_gets_its_own_answer() {
    let (_, vestibule) = one_addon();
    let form = Form::open(&vestibule, LOOPBACK);
    let mut client = RawClient::connect(vestibule.https());
    let mut both = form.post("bob", "wrong-pass").to_bytes();
    both.extend(wire("GET /.vestibule/session HTTP/1.1|Host: p.test||"));
    client.send(&both);
    assert_eq!(client.answer_to("POST").status, 401);
    let next = client.answer();
    assert!(next.status == 0 || next.fields.one("content-type").starts_with("application/problem+json"), "{next:#?}");
}
