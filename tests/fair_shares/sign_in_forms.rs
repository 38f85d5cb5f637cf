//! Sign-in forms that never end, from one address: S-158.

use std::net::IpAddr;

use crate::support::{Ask, BOTH, RawClient, Vestibule, eventually};
use crate::{addon, await_refusal, behind};

const FORM: &str = "/.vestibule/sign-in";

fn post() -> Ask {
    Ask::post(FORM, "username=bob").field("Content-Type", "application/x-www-form-urlencoded")
}

#[test]
fn s158_forms_of_one_address_leave_places_to_others() {
    let addon = addon();
    let vestibule = behind(&addon, "", &[("sign_in_forms_per_address", "2"), ("sign_in_forms", "4")]);
    let held: Vec<_> = (0..4).map(|_| begun(&vestibule)).collect();
    await_refusal(&vestibule, "sign_in_forms_per_address");
    for protocol in BOTH {
        let refused = vestibule.ask(protocol, &post());
        assert_eq!((refused.status, refused.fields.has("retry-after")), (429, true), "{protocol:?}: {refused:#?}");
    }
    let elsewhere = IpAddr::from([127, 0, 0, 2]);
    assert_ne!(vestibule.ask_from(elsewhere, &post()).status, 429);
    drop(held);
    eventually("a place", || (vestibule.ask(BOTH[0], &post()).status != 429).then_some(()));
}

fn begun(vestibule: &Vestibule) -> RawClient {
    let mut client = RawClient::connect(vestibule.https());
    let head = format!(
        "POST {FORM} HTTP/1.1\r\nHost: p.test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nu"
    );
    client.send(head.as_bytes());
    client
}
