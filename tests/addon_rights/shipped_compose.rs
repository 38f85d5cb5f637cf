//! The Compose file that ships: Compose takes it, and only vestibule reaches the add-ons.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema;

const FILE: &str = include_str!("../../packaging/container/compose/compose.yaml");

#[test]
fn compose_takes_it_and_nobody_but_vestibule_and_the_broker_shares_a_network_with_an_add_on() {
    let file = schema::read(FILE);
    let services = file["services"].as_object().unwrap();
    let declared: BTreeSet<_> = file["networks"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, service) in services {
        assert!(service["network_mode"].is_null(), "{name} is on a network of somebody else's");
        for network in service["networks"].as_array().unwrap() {
            members.entry(network.as_str().unwrap()).or_default().insert(name);
        }
    }
    assert_eq!(members.keys().copied().collect::<BTreeSet<_>>(), declared);
    let beside = |service: &str| -> BTreeSet<&str> {
        members
            .values()
            .filter(|all| all.contains(service))
            .flatten()
            .copied()
            .filter(|name| *name != service)
            .collect()
    };
    assert_eq!(beside("zigbee2mqtt"), BTreeSet::from(["mosquitto", "vestibule"]));
    // Node-RED asks Home Assistant for states; Home Assistant says who people are.
    assert_eq!(beside("node-red"), BTreeSet::from(["home-assistant", "mosquitto", "vestibule"]));
    for addon in ["zigbee2mqtt", "node-red", "mosquitto"] {
        assert!(services[addon]["ports"].is_null(), "{addon} is published");
    }
    let vestibule = &services["vestibule"];
    assert_eq!((&vestibule["read_only"], &vestibule["cap_drop"][0]), (&true.into(), &"ALL".into()));
    assert!(vestibule["cap_add"].is_null() && vestibule["privileged"].is_null());
    for volume in vestibule["volumes"].as_array().unwrap().iter().map(|volume| volume.as_str().unwrap()) {
        assert!(volume.ends_with(":ro") || volume.ends_with(":/var/lib/vestibule"), "{volume} can be written");
    }
}
