//! Who says nothing at Home Assistant's door (S-150).

use std::net::{IpAddr, Ipv4Addr};

use crate::door::EntryPoint;
use crate::support::{Ask, RawAddon, eventually};

/// Another program of the same home.
const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

#[test]
fn a_connection_without_a_whole_head_is_closed() {
    let door = EntryPoint::start(|config| {
        config.addon("a", &RawAddon::start());
        config.set("limits", "header_timeout", r#""1s""#);
    });
    for begun in ["", "GET /ingress/se"] {
        let mut client = door.connect();
        client.send(begun.as_bytes());
        client.await_end();
    }
}

#[test]
fn one_address_takes_its_share_of_connections_and_no_more() {
    let door = EntryPoint::start(|config| {
        config.addon("a", &RawAddon::start());
        config.set("limits", "header_timeout", r#""5m""#);
        config.set("limits", "home_assistant_connections_per_address", "8");
    });
    let silent: Vec<_> = (0..20).map(|_| door.connect()).collect();
    let limit = "vestibule_limit_refusals_total{limit=\"home_assistant_connections_per_address\"} 12\n";
    eventually(limit, || {
        let text = door.vestibule.ask_operations(&Ask::get("/metrics")).text();
        text.contains(limit).then_some(())
    });
    assert_eq!(door.ask_from(ANOTHER, &Ask::get("/")).status, 401, "another is answered");
    drop(silent);
}
