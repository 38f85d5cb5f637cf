//! Bodies that are held to be judged: S-157.

use bytes::Bytes;

use crate::support::h2::RUNTIME;
use crate::support::{Ask, BOTH, H2Client, Protocol, RawAddon, RawClient, Vestibule};
use crate::{await_refusal, refusals};

const RULE: &str =
    "path = \"/ingress/a\"\n[[addon.protect]]\npath = \"/api/call\"\nbody = \"/entity_id\"\naccess = \"control\"";
const CALL: &str = "/ingress/a/api/call";

fn protected(addon: &RawAddon, limits: &[(&str, &str)]) -> Vestibule {
    let table = format!("slug = \"a\"\nupstream = \"{}\"\n{RULE}", addon.url());
    Vestibule::start(|config| {
        config.addon_table(&table);
        for (key, value) in limits {
            config.set("limits", key, value);
        }
    })
}

fn call(cookie: &str) -> Ask {
    Ask::post(CALL, r#"{"entity_id": "light.bed_light"}"#).field("Content-Type", "application/json").cookie(cookie)
}

/// Begins bodies that never end, over one connection each or on streams of one.
struct Begun(Vec<RawClient>, Vec<Box<dyn std::any::Any>>, Option<H2Client>);

fn begin(vestibule: &Vestibule, protocol: Protocol, cookie: &str, count: usize) -> Begun {
    let mut begun = Begun(Vec::new(), Vec::new(), None);
    match protocol {
        Protocol::H1 => {
            for _ in 0..count {
                let mut client = RawClient::connect(vestibule.https());
                let head = format!(
                    "POST {CALL} HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n\
                     Content-Length: 100\r\n\r\n{{"
                );
                client.send(head.as_bytes());
                begun.0.push(client);
            }
        }
        Protocol::H2 => {
            let mut client = H2Client::connect(vestibule.https());
            let ask = Ask::new("POST", CALL).field("Content-Type", "application/json").cookie(cookie);
            for _ in 0..count {
                let (mut stream, response) = client.open(&ask, false).unwrap();
                stream.send_data(Bytes::from_static(b"{"), false).unwrap();
                begun.1.push(Box::new((stream, response)));
            }
            begun.2 = Some(client);
        }
    }
    begun
}

#[test]
fn s157_bodies_of_one_user_have_a_sum_and_leave_room_to_others() {
    let limits =
        [("judged_body_size", "\"4KiB\""), ("judged_bytes_per_user", "\"16KiB\""), ("judged_bytes", "\"64KiB\"")];
    for protocol in BOTH {
        let addon = RawAddon::start();
        let vestibule = protected(&addon, &limits);
        let bob = vestibule.cookie("bob");
        let held = begin(&vestibule, protocol, &bob, 20);
        await_refusal(&vestibule, "judged_bytes_per_user");
        assert_eq!(refusals(&vestibule, "judged_bytes"), 0, "{protocol:?}");
        let alice = vestibule.cookie("alice");
        for other in BOTH {
            assert_eq!(vestibule.ask(other, &call(&alice)).status, 200, "{protocol:?}");
            assert_eq!(vestibule.ask(other, &call(&bob)).status, 429, "{protocol:?}");
        }
        drop(held);
    }
}

#[test]
fn s157_bodies_of_all_users_have_a_sum() {
    let limits =
        [("judged_body_size", "\"1KiB\""), ("judged_bytes_per_user", "\"8KiB\""), ("judged_bytes", "\"8KiB\"")];
    let addon = RawAddon::start();
    let vestibule = protected(&addon, &limits);
    let held = begin(&vestibule, Protocol::H2, &vestibule.cookie("bob"), 2);
    crate::eventually("the sum to be reached", || {
        let answer = vestibule.ask(Protocol::H1, &call(&vestibule.cookie("alice")));
        (answer.status == 503 && answer.fields.has("retry-after")).then_some(())
    });
    drop(held);
    crate::eventually("room again", || {
        (vestibule.ask(Protocol::H1, &call(&vestibule.cookie("alice"))).status == 200).then_some(())
    });
}

#[test]
fn s157_a_body_that_is_judged_has_a_deadline_whatever_it_sends() {
    let limits = [("judged_body_timeout", "\"1s\"")];
    let addon = RawAddon::start();
    let vestibule = protected(&addon, &limits);
    let bob = vestibule.cookie("bob");
    let mut begun = begin(&vestibule, Protocol::H1, &bob, 1);
    assert_eq!(begun.0[0].answer_to("POST").status, 408);
    let mut client = H2Client::connect(vestibule.https());
    let ask = Ask::new("POST", CALL).field("Content-Type", "application/json").cookie(&bob);
    let (_stream, response) = client.open(&ask, false).unwrap();
    assert_eq!(RUNTIME.block_on(response).unwrap().status(), 408);
    addon.assert_untouched("nothing was judged");
}
