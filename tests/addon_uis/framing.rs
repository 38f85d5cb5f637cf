//! What is shown, and where: pages byte for byte, in frames as the route says. spec/addon-uis.md section 3, points 14
//! and 15.

use crate::support::{Ask, BOTH, RawAddon};
use crate::{behind, saying};

#[test]
fn point_14_no_body_is_rewritten() {
    let page = "<a href=\"/login\">http://127.0.0.1/ https://p.test/ /ingress/a/</a>";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"e\"\r\nContent-Length: {}", page.len());
    let addon = RawAddon::answering(format!("{head}\r\n\r\n{page}"));
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!((answer.text().as_str(), answer.fields.one("etag").as_str()), (page, "\"e\""), "{protocol:?}");
        assert_eq!(answer.fields.one("content-length"), page.len().to_string());
    }
}

#[test]
fn point_15_who_may_frame_an_add_on_is_the_routes_to_say() {
    let policy = "default-src 'self'; frame-ancestors 'self'; script-src 'nonce-4fzzzx'";
    let addon = saying(&format!("X-Frame-Options: SAMEORIGIN\r\nContent-Security-Policy: {policy}\r\n"));
    let kept = "default-src 'self'; script-src 'nonce-4fzzzx'";
    let ours = "frame-ancestors 'self' https://ha.home.example";
    for (lines, options, policies) in [
        ("", Some("SAMEORIGIN"), vec![policy]),
        ("framing = \"remove\"", None, vec![kept]),
        ("framing = [\"https://ha.home.example\"]", None, vec![kept, ours]),
    ] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert_eq!(answer.fields.text("x-frame-options").as_deref(), options, "{protocol:?} {lines}");
            assert_eq!(answer.fields.texts("content-security-policy"), policies, "{protocol:?} {lines}");
        }
    }
}
