//! A small POST that is refused before its body was read is answered whole over HTTP/2: case S-202.

use std::process::Command;

use crate::one_addon;
use crate::support::h2_frames::{
    DATA, END_HEADERS, END_STREAM, Frame, FrameClient, HEADERS, RST_STREAM, block, frame, pseudo,
};
use crate::support::tools::{Tool, find};

/// The head of a POST that is refused: there is no session.
fn refused(stream: u32, more: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut fields = pseudo("POST", "/ingress/a/");
    fields.extend(more);
    frame(HEADERS, END_HEADERS, stream, &block(&fields))
}

#[test]
fn s202_a_body_right_behind_a_refused_head_is_read_and_the_stream_ends_without_a_reset() {
    let (addon, vestibule, _) = one_addon();
    let mut client = FrameClient::connect(vestibule.https());
    for stream in (0..50).map(|number| 2 * number + 1) {
        let data = frame(DATA, END_STREAM, stream, &[b'x'; 1000]);
        if stream % 3 == 0 {
            client.send(&[refused(stream, &[]), data].concat());
        } else {
            client.send(&refused(stream, &[]));
            client.send(&data);
        }
        let heard = client.await_heard("the answer", |heard| heard.has_ended(stream));
        assert!(heard.of(stream).iter().any(|frame| frame.kind == HEADERS), "an answer: {heard:?}");
    }
    // What comes late would be heard before the answer to this one.
    client.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1001, &block(&pseudo("GET", "/.vestibule/session"))));
    let heard = client.await_heard("the last answer", |heard| heard.has_ended(1001));
    let resets: Vec<_> = heard.frames.iter().filter(|frame| frame.kind == RST_STREAM).collect();
    assert!(resets.is_empty(), "{resets:?}");
    addon.assert_no_request("no session");
}

#[test]
fn s202_a_body_that_never_ends_is_reset_without_error_behind_the_whole_answer() {
    let (addon, vestibule, _) = one_addon();
    for more in [&[][..], &[(&b"content-length"[..], &b"10000000"[..])], &[(b"expect", b"100-continue")]] {
        let mut client = FrameClient::connect(vestibule.https());
        client.send(&[refused(1, more), frame(DATA, 0, 1, &[b'x'; 1000])].concat());
        let heard = client.await_heard("the reset", |heard| heard.of(1).iter().any(|frame| frame.kind == RST_STREAM));
        let about = heard.of(1);
        assert_eq!(about.first().map(|frame| frame.kind), Some(HEADERS), "{about:?}");
        let end = about.iter().position(Frame::ends_stream).expect("a whole answer");
        let reset = about.iter().position(|frame| frame.kind == RST_STREAM).expect("a reset");
        assert!(end < reset, "{about:?}");
        assert_eq!(about[reset].code, Some(0), "NO_ERROR: {about:?}");
    }
    addon.assert_no_request("no session");
}

#[test]
fn s202_curl_reads_the_status_of_a_refused_post_every_time() {
    let Some(curl) = find(Tool::Curl) else { return };
    let (addon, vestibule, _) = one_addon();
    let https = vestibule.https();
    for round in 0..30 {
        let output = Command::new(&curl)
            .args(["--silent", "--show-error", "--insecure", "--http2", "--max-time", "20", "--output", "/dev/null"])
            .args(["--write-out", "%{http_code}", "--data", &"x".repeat(20_000)])
            .arg("--resolve")
            .arg(format!("p.test:{}:127.0.0.1", https.port()))
            .arg(format!("https://p.test:{}/ingress/a/", https.port()))
            .output()
            .expect("curl runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said, "401", "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
    }
    addon.assert_no_request("no session");
}
