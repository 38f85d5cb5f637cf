//! For whatever anybody may say: the path that is served is the path that was judged, byte for byte, and no name that
//! only we may say leaves but ours. Cases S-24 to S-37, S-01 to S-06, S-102 and S-107.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::one_addon;
use crate::support::expectation::{BOB, is_reserved};
use crate::support::h2_frames::{self, Fate, pseudo};
use crate::support::path_spellings::astray;
use crate::support::{RawAddon, RawClient, Vestibule, assert_id};

/// What paths are made of when somebody wants two parsers to differ, and what they are made of otherwise.
const PIECES: [&str; 46] = [
    "/",
    "/",
    "/",
    "//",
    ".",
    "..",
    "...",
    "%2e",
    "%2E",
    "%252e",
    "%2f",
    "%2F",
    "%252F",
    "%5c",
    "\\",
    ";",
    ";v=1",
    "%3b",
    "%00",
    "%09",
    "%0a",
    "%7f",
    "%25",
    "%2525",
    "%",
    "%zz",
    "%u002e",
    "%c0%ae",
    "%ef%bc%8e",
    "%C3%A9",
    "?",
    "%3f",
    "#",
    "%23",
    "a",
    "b.c",
    "admin",
    "~",
    "|",
    "^",
    "{",
    "\"",
    "=",
    "&",
    "+",
    "%20",
];

/// What names are made of that some add-on takes for another's.
const STEMS: [&str; 22] = [
    "x-remote-user-id",
    "x-remote-user-name",
    "x-remote-user",
    "remote-user",
    "x-ingress-path",
    "x-hass-user-id",
    "x-hassio-key",
    "x-supervisor-token",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-prefix",
    "x-real-ip",
    "forwarded",
    "x-auth-request-user",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-script-name",
    "transfer-encoding",
    "content-length",
    "x-other",
    "accept",
];
const SEPARATORS: &[u8] = b"-_.!#$%&'*+^`|~";

fn path() -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..9).prop_map(|pieces| format!("/{}", pieces.concat()))
}

fn field() -> impl Strategy<Value = (String, String)> {
    let name = (select(&STEMS[..]), vec((select(SEPARATORS), any::<bool>()), 30)).prop_map(|(stem, spelling)| {
        let spelled = stem.bytes().zip(spelling).map(|(byte, (separator, upper))| match byte {
            b'-' if upper => char::from(separator),
            byte if upper => char::from(byte.to_ascii_uppercase()),
            byte => char::from(byte),
        });
        spelled.collect::<String>()
    });
    (name, "[a-zA-Z0-9 ,;=/.-]{0,20}").prop_filter("how a message is framed is told elsewhere", |(name, _)| {
        !matches!(name.to_ascii_lowercase().as_str(), "transfer-encoding" | "content-length")
    })
}

/// Whether a path may pass (DESIGN section 2, step 7), written again here in the plainest way: decoded again and again.
fn may_pass(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut decoded = path.as_bytes().to_vec();
    let query = served(target).split_once('?').map(|(_, query)| query);
    // A bare quotation mark in a query is no query's (RFC 3986 section 3.4): the HTTP library refuses it.
    if !well_encoded(&decoded) || query.is_some_and(|query| query.contains('"')) {
        return false;
    }
    loop {
        let next = decode(&decoded);
        if next == decoded {
            break;
        }
        decoded = next;
    }
    let dots = |segment: &[u8]| matches!(segment.split(|byte| *byte == b';').next(), Some(b"." | b".."));
    !decoded.iter().any(u8::is_ascii_control) && !decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(dots)
}

fn well_encoded(path: &[u8]) -> bool {
    let hex = |at: usize| path.get(at).is_some_and(u8::is_ascii_hexdigit);
    path.iter().enumerate().all(|(at, byte)| *byte != b'%' || hex(at + 1) && hex(at + 2))
}

/// One layer of encoding less.
fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let digits = path.get(at + 1..at + 3).filter(|two| path[at] == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        match digits {
            Some(two) => decoded.push(u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()),
            None => decoded.push(path[at]),
        }
        at += if digits.is_some() { 3 } else { 1 };
    }
    decoded
}

/// What the add-on must see of a target, without the prefix and without the fragment that no server gets.
fn served(target: &str) -> &str {
    target.split('#').next().unwrap_or_default()
}

/// Judges what became of a request: whether it passed as it should, and what the add-on got.
fn judge(addon: &RawAddon, passed: bool, target: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(passed, may_pass(target), "{}", target);
    if !passed {
        prop_assert!(addon.requests().is_empty(), "{}: {:#?}", target, addon.requests());
        return Ok(());
    }
    let request = addon.one();
    prop_assert_eq!(request.target(), served(target));
    assert_id(&request, &BOB);
    for (name, _) in &request.fields.0 {
        let squashed = crate::support::squash(name);
        let framing = matches!(squashed.as_str(), "transfer-encoding" | "content-length") && *name != squashed;
        prop_assert!(!framing, "{}", name);
    }
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn s102_over_http1_what_is_served_is_what_was_judged() {
    let (addon, vestibule, cookie) = one_addon();
    let mut client = RawClient::connect(vestibule.https());
    let (mut passed, mut refused) = (0, 0);
    let mut try_one = |target: &str, fields: &[(String, String)]| {
        addon.forget();
        let lines = fields.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
        let head = format!("GET /ingress/a{target} HTTP/1.1\r\nHost: p.test\r\n{lines}Cookie: {cookie}\r\n\r\n");
        client.send(head.as_bytes());
        let answer = client.answer();
        let ok = answer.status == 200;
        *if ok { &mut passed } else { &mut refused } += 1;
        if !ok {
            prop_assert!(matches!(answer.status, 400), "{}: {:#?}", target, answer);
            client = RawClient::connect(vestibule.https());
        }
        judge(&addon, ok, target)
    };
    let cases = std::cell::RefCell::new(&mut try_one);
    let result =
        runner(400).run(&(path(), vec(field(), 0..6)), |(target, fields)| (cases.borrow_mut())(&target, &fields));
    result.unwrap_or_else(|failed| panic!("{failed}"));
    assert!(passed > 40 && refused > 40, "both were tried: {passed} passed, {refused} were refused");
}

#[test]
fn s102_over_http2_what_is_served_is_what_was_judged() {
    let (addon, vestibule, cookie) = one_addon();
    let result = runner(80).run(&(path(), vec(field(), 0..6)), |(target, fields)| {
        addon.forget();
        let fate = over_http2(&vestibule, &cookie, &target, &fields);
        judge(&addon, fate == Fate::Answered { ok: true }, &target)
    });
    result.unwrap_or_else(|failed| panic!("{failed}"));
}

fn over_http2(vestibule: &Vestibule, cookie: &str, target: &str, fields: &[(String, String)]) -> Fate {
    let target = format!("/ingress/a{target}");
    let lower: Vec<(String, &str)> =
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
    let mut block = pseudo("GET", &target);
    block.extend(lower.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    block.push((b"cookie", cookie.as_bytes()));
    h2_frames::send(vestibule.https(), &block, None, None)
}

#[test]
fn the_judge_of_these_tests_knows_the_published_tricks() {
    assert!(!may_pass("/..") && !may_pass("/a\\..\\b"));
    for path in astray("/", "a") {
        assert!(!may_pass(&path), "{path}");
    }
    for path in ["/", "//", "/a%2Fb", "/a%252Fb", "/a;v=1/b", "/...", "/?q=../..", "/%25zz", "/a#/../b"] {
        assert!(may_pass(path), "{path}");
    }
    assert!(is_reserved("X_Remote.User~Id"));
}
