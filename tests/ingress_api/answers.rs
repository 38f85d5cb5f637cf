//! What an add-on answers, as Home Assistant's pages get it: cases 5 to 10, and section 10.1.

use crate::door::{EntryPoint, passed_on};
use crate::support::{Answer, Ask, Keep, RawAddon};

fn answer_of(bytes: &str, method: &str) -> Answer {
    let addon = RawAddon::answering(bytes);
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let answer = door.ask(&passed_on(Ask::new(method, &format!("/ingress/{token}/")), &token, &session));
    assert_eq!(addon.one().line, format!("{method} / HTTP/1.1"));
    answer
}

#[test]
fn types_are_kept_and_one_is_added_only_where_there_is_a_body() {
    for (bytes, method, status, content_type, body) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, None, ""),
        ("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n", "GET", 304, None, ""),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n", "HEAD", 200, Some("text/html"), ""),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok",
            "GET",
            200,
            Some("text/plain"),
            "ok",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET", 200, Some("application/octet-stream"), "ok"),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 9\r\n\r\n{\"a\": 1}\n",
            "GET",
            200,
            Some("application/json; charset=utf-8"),
            "{\"a\": 1}\n",
        ),
    ] {
        let answer = answer_of(bytes, method);
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{bytes}");
        assert_eq!(answer.fields.text("content-type").as_deref(), content_type, "{bytes}");
        assert!(!answer.fields.has("x-accel-buffering"), "{bytes}");
    }
}

/// Server-sent events leave at once, and no proxy is to hold them back.
#[test]
fn a_stream_leaves_at_once_and_is_not_held_back() {
    let addon = RawAddon::scripted(|_, wire| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = wire.write(format!("{head}a\r\ndata: 1\n\n\n\r\n").as_bytes());
        while !wire.some().is_empty() {}
        Keep::Closed
    });
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let mut client = door.connect();
    client.send(&passed_on(Ask::get(&format!("/api/hassio_ingress/{token}/events")), &token, &session).to_bytes());
    let head = client.head();
    assert_eq!((head.status, head.fields.one("x-accel-buffering").as_str()), (200, "no"), "{head:#?}");
    assert_eq!(head.fields.one("content-type"), "text/event-stream");
    let mut events = Vec::new();
    while !String::from_utf8_lossy(&events).contains("data: 1\n") {
        events.extend(client.some());
    }
    door.vestibule.revoke("bob");
    client.await_end();
}

/// DESIGN section 2, step 8: confined to where the browser sees the add-on.
#[test]
fn addresses_and_cookies_stay_under_the_token() {
    let addon = RawAddon::answering(
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: ingress_session=x; Path=/\r\n\
         Set-Cookie: __Host-ingress_session=x\r\nX-Remote-User-Id: root\r\nClear-Site-Data: \"cookies\"\r\n\
         Content-Length: 0\r\n\r\n",
    );
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let answer = door.ask(&passed_on(Ask::get(&format!("/ingress/{token}/")), &token, &session));
    let prefix = format!("/api/hassio_ingress/{token}");
    assert_eq!((answer.status, answer.location()), (302, format!("{prefix}/login")));
    assert_eq!(answer.fields.texts("set-cookie"), [format!("a=1; Path={prefix}/")], "kept on a page in the clear");
    assert!(!answer.fields.has("x-remote-user-id") && !answer.fields.has("clear-site-data"), "{answer:#?}");
}

/// Uploads of any size stream, and their length stays (sections 1.8 and 10.1).
#[test]
fn an_upload_keeps_its_length() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let body = vec![b'x'; 3 * 1024 * 1024];
    let answer = door.ask(&passed_on(Ask::post(&format!("/ingress/{token}/up"), body.clone()), &token, &session));
    assert_eq!(answer.status, 200);
    let seen = addon.one();
    assert_eq!((seen.fields.one("content-length"), seen.body.len()), (body.len().to_string(), body.len()));
}
