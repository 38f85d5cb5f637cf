//! A permission that is lost holds from the next request on, and ends what is open within two seconds, and only that:
//! S-99, S-103, S-104.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tunnel::{Tunnel, accept, echo_bytes, switching};
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, RawClient, Stopwatch, Vestibule, eventually};
use crate::{RULES, protected};

/// What the issue promises.
const SOON: Duration = Duration::from_secs(2);

/// An add-on whose WebSockets echo, and whose `/stream/...` never ends.
fn long_lived() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        if let Some(accept) = accept(request) {
            let _ = wire.write(&switching(&accept, ""));
            echo_bytes(wire);
            return Keep::Closed;
        }
        if request.target().starts_with("/stream") || request.target().starts_with("/state") {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            while wire.write(b"1\r\n.\r\n").is_ok() {
                // The pace of a stream without end, so that it does not fill the machine.
                std::thread::sleep(Duration::from_millis(50));
            }
            return Keep::Closed;
        }
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    })
}

fn until_end(client: &mut RawClient) {
    while !client.some().is_empty() {}
}

#[test]
fn s99_a_websocket_is_cut_when_its_entity_is_lost_and_the_others_go_on() {
    let (_addon, vestibule) = protected(long_lived(), RULES);
    let (grace, bob) = (vestibule.cookie("grace"), vestibule.cookie("bob"));
    let open = |user: &str, path: &str| {
        BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, &format!("/ingress/a{path}"), user))
    };
    let mut lost = open(&grace, "/ws/bed_light");
    let mut kept: Vec<Tunnel> =
        [open(&grace, "/ws-free"), open(&grace, "/ws/kitchen_lights"), open(&bob, "/ws/bed_light")]
            .into_iter()
            .flatten()
            .collect();
    // The group gives control of all lights; afterwards of one alone.
    let change = Stopwatch::start();
    vestibule.home().edit("auth", |file| {
        let groups = file["data"]["groups"].as_array_mut().unwrap();
        let lights = groups.iter_mut().find(|group| group["id"] == "custom-lights").unwrap();
        lights["policy"] = json!({"entities": {"entity_ids": {"light.kitchen_lights": {"control": true}}}});
    });
    lost.iter_mut().for_each(Tunnel::await_end);
    change.assert_within(SOON, "cut");
    for (number, tunnel) in kept.iter_mut().enumerate() {
        tunnel.assert_alive(&format!("still here {number}"));
    }
    let ask = Ask::get("/ingress/a/panel").cookie(&grace);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 403, "and the next request is refused");
}

#[test]
fn s103_an_area_that_changes_takes_what_it_gave_from_streams_that_are_open() {
    let (_addon, vestibule) = protected(long_lived(), RULES);
    let frank = vestibule.cookie("frank");
    let stream = |entity: &str| {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&Ask::get(&format!("/ingress/a/state?entity_id={entity}")).cookie(&frank).to_bytes());
        assert_eq!(client.head().status, 200);
        client
    };
    let (mut lost, mut kept) = (stream("cover.living_room_window"), stream("light.kitchen_ceiling"));
    let change = Stopwatch::start();
    move_device(&vestibule, "dce36a4a8830e700a3330cc98112e772", "bedroom");
    until_end(&mut lost);
    change.assert_within(SOON, "cut");
    assert_eq!(kept.up_to(50).len(), 50, "the other stream goes on");
    let ask = Ask::get("/ingress/a/state?entity_id=cover.living_room_window").cookie(&frank);
    assert_eq!(vestibule.ask(Protocol::H2, &ask).status, 403);
}

fn move_device(vestibule: &Vestibule, id: &str, area: &str) {
    vestibule.home().edit("core.device_registry", |file| {
        let devices: &mut Vec<Value> = file["data"]["devices"].as_array_mut().unwrap();
        devices.iter_mut().find(|device| device["id"] == id).unwrap()["area_id"] = json!(area);
    });
}

#[test]
fn s104_an_upload_whose_rule_is_new_is_cut_and_one_that_it_is_not_for_goes_on() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let bob = vestibule.cookie("bob");
    let upload = |path: &str| {
        let mut client = RawClient::connect(vestibule.https());
        let head = format!(
            "PUT /ingress/a{path} HTTP/1.1\r\nHost: p.test\r\nCookie: {bob}\r\nContent-Length: 100\r\n\r\nhello"
        );
        client.send(head.as_bytes());
        client
    };
    let (mut lost, mut by_body, mut kept) = (upload("/settings/x"), upload("/call"), upload("/free"));
    eventually("the uploads at the add-on", || (addon.requests().len() == 3).then_some(()));
    let change = Stopwatch::start();
    vestibule.reconfigure(|config| {
        let rules = "[[addon.protect]]\npath = \"/settings/{*rest}\"\nrequire = \"admin\"\n\
                     [[addon.protect]]\npath = \"/call\"\nbody = \"/entity_id\"\naccess = \"read\"\n";
        config.clear_addons().addon_with("a", &addon, rules);
    });
    assert_eq!(lost.answer().status, 403);
    change.assert_within(SOON, "cut");
    assert_eq!(by_body.answer().status, 400, "what its body said is not known any more");
    kept.send(&[b'x'; 95]);
    assert_eq!(kept.answer().status, 200);
}

#[test]
fn s103_a_group_that_is_given_holds_from_the_next_request() {
    let (_addon, vestibule) = protected(long_lived(), RULES);
    let heidi = vestibule.cookie("heidi");
    let ask = Ask::get("/ingress/a/panel").cookie(&heidi);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 403);
    let change = Stopwatch::start();
    vestibule.home().edit_user("heidi", |user| user["group_ids"] = json!(["custom-kitchen", "custom-lights"]));
    eventually("heidi's new groups", || (vestibule.ask(Protocol::H1, &ask).status == 200).then_some(()));
    change.assert_within(SOON, "held");
}

#[test]
fn a_stream_that_was_judged_by_its_body_is_judged_by_it_again() {
    let rules = "[[addon.protect]]\npath = \"/stream\"\nbody = \"/entity_id\"\naccess = \"control\"\n";
    let (_addon, vestibule) = protected(long_lived(), rules);
    let grace = vestibule.cookie("grace");
    let stream = |entity: &str| {
        let mut client = RawClient::connect(vestibule.https());
        let body = json!({ "entity_id": entity }).to_string();
        let ask = Ask::post("/ingress/a/stream", body).field("Content-Type", "application/json").cookie(&grace);
        client.send(&ask.to_bytes());
        assert_eq!(client.head().status, 200);
        client
    };
    let (mut lost, mut kept) = (stream("cover.garage_door"), stream("light.bed_light"));
    let change = Stopwatch::start();
    move_device(&vestibule, "9c5ea066edd58afdb83931a3db3ea81c", "garden");
    until_end(&mut lost);
    change.assert_within(SOON, "cut");
    assert_eq!(kept.up_to(50).len(), 50, "the other stream goes on");
}

#[test]
fn a_reload_with_a_test_that_fails_leaves_the_old_configuration_in_force() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, RULES);
    });
    let bob = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/settings").cookie(&bob);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 403);
    let open = "\n[[test]]\nuser = \"bob\"\nurl = \"/ingress/a/settings\"\nexpect = \"deny\"\n";
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, open);
    });
    vestibule.await_line(&["a test fails: permitted, because the user may open a"]);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 403, "the rules in force stay");
    let shut = format!("{RULES}{open}");
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, &shut);
    });
    vestibule.await_line(&["configuration reloaded"]);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 403);
}
