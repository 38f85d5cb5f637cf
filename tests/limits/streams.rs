//! How many streams an HTTP/2 connection has.

use crate::PATH;
use crate::support::h2_frames::{END_HEADERS, END_STREAM, FrameClient, HEADERS, RST_STREAM, block, frame, pseudo};
use crate::support::{Ask, H2Client, Keep, RawAddon, Vestibule, eventually};

/// `REFUSED_STREAM` (RFC 9113 section 7): the client may ask again.
const REFUSED: u32 = 7;

#[test]
fn s62_one_stream_more_than_the_limit_is_refused_and_may_come_again() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "http2_streams", "3").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let get = |stream: u32| {
        let mut fields = pseudo("GET", PATH);
        fields.push((b"cookie", cookie.as_bytes()));
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&fields))
    };
    let mut client = FrameClient::connect(vestibule.https());
    client.send(&[get(1), get(3), get(5)].concat());
    eventually("three at the add-on", || (addon.requests().len() == 3).then_some(()));
    client.send(&get(7));
    let heard = client.await_heard("a refusal", |heard| heard.has_ended(7) || heard.is_over());
    let refused = heard.of(7);
    assert!(refused.iter().any(|frame| frame.kind == RST_STREAM && frame.code == Some(REFUSED)), "{refused:?}");
    assert!(!heard.is_over(), "the others go on");
    assert_eq!(addon.requests().len(), 3);
    // One ends, and there is a place again.
    client.send(&frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()));
    eventually("its end", || (addon.open() == 2).then_some(()));
    client.send(&get(9));
    eventually("the next at the add-on", || (addon.requests().len() == 4).then_some(()));
    // Each connection has its own.
    let mut other = H2Client::connect(vestibule.https());
    assert_eq!(other.ask(&Ask::get("/.vestibule/session").cookie(&cookie)).status, 200);
}
