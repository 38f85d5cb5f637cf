//! Calls of gRPC: S-159.

use bytes::Bytes;

use crate::eventually;
use crate::support::h2_addon::H2Addon;
use crate::support::{Ask, H2Client, Protocol, Vestibule};

fn call(cookie: &str) -> Ask {
    Ask::post("/ingress/a/pkg.Service/Echo", b"\0\0\0\0\x02hi".to_vec())
        .field("Content-Type", "application/grpc")
        .field("TE", "trailers")
        .cookie(cookie)
}

#[test]
fn s159_calls_of_which_nobody_takes_the_answers_leave_the_add_on_to_others() {
    let addon = H2Addon::start();
    let table = addon.table("connections = 64\nqueue_timeout = \"300ms\"\nresponse_timeout = \"2s\"");
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table);
    });
    let mut client = H2Client::connect_with_window(vestibule.https(), 0);
    let ask = call(&vestibule.cookie("bob"));
    // Each holds what its window takes, and all of them more than that of a connection.
    let held: Vec<_> = (0..32)
        .map(|_| {
            let (mut stream, response) = client.open(&ask, false).unwrap();
            for _ in 0..32 {
                let _ = stream.send_data(Bytes::from(vec![b'x'; 8 * 1024]), false);
            }
            (stream, response)
        })
        .collect();
    let received = || addon.calls().iter().map(|call| call.body.len()).sum::<usize>();
    eventually("more than a connection's window", || (received() > 5 * 1024 * 1024).then_some(()));
    let alice = vestibule.cookie("alice");
    for _ in 0..3 {
        let answer = vestibule.ask(Protocol::H2, &call(&alice));
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"\0\0\0\0\x02hi"[..]), "{answer:#?}");
    }
    drop(held);
}
