//! What becomes of an add-on's answers, and how often it may be asked.

use crate::harness::{accepted, addon, refused, warned};
use vestibule::config::{Compress, HeaderRule};

fn set(name: &str, value: &str) -> String {
    addon(&format!("response_headers = {{ set = {{ \"{name}\" = \"{value}\" }} }}"))
}

fn remove(name: &str) -> String {
    addon(&format!("response_headers = {{ remove = [\"{name}\"] }}"))
}

#[test]
fn rules_for_answers_are_compiled_in_the_order_of_the_file() {
    let settings = accepted(&addon(
        "response_headers = { set = { \"X-Frame-Options\" = \"DENY\", \"Cache-Control\" = \"no-store\" }, \
         remove = [\"Server\"] }",
    ))
    .settings;
    let [HeaderRule::Set(first, value), HeaderRule::Set(second, _), HeaderRule::Remove(third)] =
        &settings.addons[0].answers.rules[..]
    else {
        panic!("{:?}", settings.addons[0].answers)
    };
    assert_eq!((first.as_str(), value.to_str().unwrap()), ("x-frame-options", "DENY"));
    assert_eq!((second.as_str(), third.as_str()), ("cache-control", "server"));
}

#[test]
fn what_messages_are_made_of_is_not_the_operators() {
    for name in ["Content-Length", "transfer_encoding", "Connection", "Set-Cookie", "Content-Type", "Date", "Upgrade"] {
        refused(&set(name, "x"), "7:30", &["belongs to the message itself"]);
        refused(&remove(name), "7:32", &["belongs to the message itself"]);
    }
    for name in ["Content-Encoding", "ETag", "Vary", "content_range"] {
        refused(&set(name, "x"), "7:30", &["says what the body is"]);
        refused(&remove(name), "7:32", &["says what the body is"]);
    }
    for name in ["X-Remote-User-Id", "X-Forwarded-For", "X_Real_Ip"] {
        refused(&set(name, "x"), "7:30", &["only vestibule's to say"]);
    }
}

#[test]
fn what_acts_beyond_the_add_ons_answers_cannot_be_set() {
    let origin = ["acts beyond the add-on's own answers"];
    for name in
        ["Clear-Site-Data", "Service-Worker-Allowed", "Location", "Alt-Svc", "Sec-Something", "WWW-Authenticate"]
    {
        refused(&set(name, "x"), "7:30", &origin);
    }
    refused(&set("Strict-Transport-Security", "max-age=1"), "7:30", &["`hsts` under [tls]"]);
    refused(&set("Access-Control-Allow-Origin", "*"), "7:30", &["pages of other origins", "`cors`"]);
    accepted(&remove("Access-Control-Allow-Origin"));
    accepted(&remove("Clear-Site-Data"));
}

#[test]
fn what_restricts_can_be_set_and_not_taken_out() {
    for name in ["X-Frame-Options", "Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Embedder-Policy"]
    {
        refused(&remove(name), "7:32", &["more would be possible", "`framing`"]);
        accepted(&set(name, "x"));
    }
    let both = |line: &str| addon(&format!("framing = \"remove\"\nresponse_headers = {{ set = {{ {line} }} }}"));
    refused(&both("\"X-Frame-Options\" = \"DENY\""), "8:30", &["`framing` says already"]);
    refused(&both("\"Content-Security-Policy\" = \"Frame-Ancestors *\""), "8:30", &["`framing` says already"]);
    accepted(&both("\"Content-Security-Policy\" = \"default-src 'self'\""));
}

#[test]
fn a_rule_has_a_name_and_a_value() {
    refused(&set("X-*", "x"), "7:30", &["a pattern", "write out each name"]);
    refused(&set("X Y", "x"), "7:30", &["is not the name of a header"]);
    refused(&set("X-Y", ""), "7:38", &["is empty", "`remove`"]);
    refused(&set("X-Y", "a\\nb"), "7:38", &["a line break"]);
    refused(&set("X-Y", " a"), "7:38", &["a blank"]);
    refused(&addon("response_headers = { set = { \"X-Y\" = 1 } }"), "7:38", &["expected a string"]);
    refused(&addon("response_headers = { add = { \"X-Y\" = \"1\" } }"), "7:22", &["unknown key", "set, remove"]);
    refused(&addon("response_headers = [\"Server\"]"), "7:20", &["expected a table"]);
    let twice = addon("response_headers = { set = { Server = \"x\" }, remove = [\"server\"] }");
    refused(&twice, "7:56", &["two rules for the header"]);
}

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

#[test]
fn compress_is_yes_no_or_all() {
    let compress = |text: &str| accepted(&addon(&format!("compress = {text}"))).settings.addons[0].answers.compress;
    assert_eq!([compress("false"), compress("true")], [Compress::Never, Compress::Assets]);
    assert_eq!(compress("\"all\""), Compress::Text);
    refused(&addon("compress = \"everything\""), "7:12", &["unknown word", "expected \"all\""]);
    refused(&addon("compress = 5"), "7:12", &["expected `true`, `false` or \"all\""]);
    refused(&addon("compress = true\nprotocol = \"grpc\""), "7:12", &["calls of gRPC are not compressed here"]);
    accepted(&addon("compress = false\nprotocol = \"grpc\""));
    let limits = |line: &str| addon(&format!("[limits]\n{line}"));
    for key in ["compressions", "compressions_per_user"] {
        accepted(&limits(&format!("{key} = 0")));
        accepted(&limits(&format!("{key} = 10000")));
        refused(&limits(&format!("{key} = 10001")), &format!("8:{}", key.len() + 4), &["out of bounds"]);
    }
}
