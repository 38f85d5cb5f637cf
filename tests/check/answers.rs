//! How often an add-on may be asked.

use crate::harness::{accepted, addon, refused, warned};

#[test]
fn a_rate_is_a_number_and_a_time() {
    for (key, burst) in [("rate", "burst"), ("rate_per_user", "burst_per_user")] {
        let at = format!("7:{}", key.len() + 4);
        refused(&addon(&format!("{key} = \"50\"")), &at, &["a rate without its time", "\"50/s\""]);
        refused(&addon(&format!("{key} = \"50/d\"")), &at, &["not a rate"]);
        refused(&addon(&format!("{key} = \"0/s\"")), &at, &["out of bounds"]);
        refused(&addon(&format!("{key} = \"1000001/s\"")), &at, &["out of bounds"]);
        refused(&addon(&format!("{key} = 50")), &at, &["expected a string"]);
        accepted(&addon(&format!("{key} = \"1/h\"\n{burst} = 1")));
        accepted(&addon(&format!("{key} = \"1000000/s\"\n{burst} = 1000000")));
        let place = burst.len() + 4;
        refused(&addon(&format!("{key} = \"1/s\"\n{burst} = 0")), &format!("8:{place}"), &["out of bounds"]);
        refused(&addon(&format!("{key} = \"1/s\"\n{burst} = 1000001")), &format!("8:{place}"), &["out of bounds"]);
        let alone = format!("`{burst}` without `{key}`");
        refused(&addon(&format!("{burst} = 5")), &format!("7:{place}"), &[&alone]);
    }
    let transport =
        &accepted(&addon("rate = \"600/m\"\nrate_per_user = \"5/s\"\nburst_per_user = 7")).settings.addons[0].transport;
    assert_eq!((transport.burst, transport.burst_per_user), (600, 7), "a burst is what its time may have");
    warned(&addon("rate = \"1/s\"\nrate_per_user = \"61/m\""), "8:17", &["never counts"]);
    accepted(&addon("rate = \"1/s\"\nrate_per_user = \"60/m\""));
    refused(&addon("[limits]\nburst_per_user = 3"), "8:18", &["`burst_per_user` without `rate_per_user`"]);
}
