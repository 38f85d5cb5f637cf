//! Without a Supervisor behind us, what is known is told, and the rest is 501 in the API's own shape.

use crate::supervised::Supervised;
use crate::support::Ask;

#[test]
fn what_is_known_is_told() {
    let api = Supervised::start(None);
    assert_eq!(api.ask_as("plain", Ask::get("/supervisor/ping")).json()["result"], "ok");
    let info = api.ask_as("plain", Ask::get("/info")).json();
    assert_eq!(info["data"]["state"], "running");
    let list = api.ask_as("manager", Ask::get("/addons")).json();
    let slugs: Vec<_> = list["data"]["addons"].as_array().unwrap().iter().map(|addon| addon["slug"].clone()).collect();
    assert!(slugs.contains(&"plain".into()) && slugs.contains(&"admin".into()));
    assert_eq!(
        api.ask_as("manager", Ask::get("/v2/apps")).json()["data"]["apps"].as_array().unwrap().len(),
        slugs.len()
    );
    let own = api.ask_as("plain", Ask::get("/addons/self/info")).json();
    assert_eq!((&own["data"]["slug"], &own["data"]["auth_api"]), (&"plain".into(), &true.into()));
    assert_eq!(own["data"]["protected"], true);
    let other = api.ask_as("default", Ask::get("/addons/admin/info")).json();
    assert_eq!((&other["data"]["hassio_role"], &other["data"]["protected"]), (&"admin".into(), &false.into()));
    assert_eq!(api.ask_as("default", Ask::get("/addons/nowhere/info")).status, 404);
    assert_eq!(api.ask_as("plain", Ask::get("/services")).json()["data"]["services"], serde_json::json!([]));
    let panels = api.ask_as("admin", Ask::get("/ingress/panels")).json();
    assert_eq!(panels["data"]["panels"]["plain"]["enable"], true);
    assert_eq!(api.ask_as("manager", Ask::get("/addons/plain/options/config")).status, 403);
}

/// Case 76: options are for the add-on itself and for those who manage.
#[test]
fn options_are_told_to_those_whom_they_concern() {
    let api = Supervised::start_with(None, |config| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/addons/zigbee2mqtt/config.yaml");
        config.addon_table(&format!("manifest = \"{manifest}\"\npath = \"/ingress/z2m\"\nslug = \"z2m\"\n"));
    });
    let token = api.vestibule.command_ok(&["addons", "token", "z2m"]);
    let as_itself = Ask::get("/addons/self/info").field("Authorization", format!("Bearer {}", token.trim()));
    let own = api.ask(&as_itself).json()["data"]["options"].clone();
    assert!(!own.as_object().unwrap().is_empty(), "{own}");
    assert_eq!(api.ask_as("manager", Ask::get("/addons/z2m/info")).json()["data"]["options"], own);
    assert_eq!(api.ask_as("default", Ask::get("/addons/z2m/info")).json()["data"]["options"], serde_json::json!({}));
    let config = Ask::get("/addons/self/options/config").field("Authorization", format!("Bearer {}", token.trim()));
    assert_eq!(api.ask(&config).json()["data"], own);
}

/// The Supervisor's own client demands every field, and that it is of its type.
#[test]
fn every_field_that_clients_demand_is_there() {
    let api = Supervised::start(None);
    assert!(api.ask_as("plain", Ask::get("/info")).json()["data"].as_object().unwrap().contains_key("machine_id"));
    let own = api.ask_as("plain", Ask::get("/addons/self/info")).json()["data"].clone();
    for name in ["network", "network_description", "webui", "schema", "audio_input", "audio_output", "url", "version"] {
        assert!(own.as_object().unwrap().contains_key(name), "{name}");
    }
    for name in ["version_latest", "boot", "boot_config", "startup", "ip_address", "log_format", "hostname"] {
        assert!(own[name].is_string(), "{name}");
    }
    for name in ["dns", "machine", "devices", "services", "discovery", "privileged"] {
        assert!(own[name].is_array(), "{name}");
    }
    for name in ["signed", "documentation", "stdin", "gpio", "usb", "uart", "devicetree", "udev", "video", "audio"] {
        assert!(own[name].is_boolean(), "{name}");
    }
}

/// What an operator chose is what the add-on gets, wherever it asks.
#[test]
fn options_of_the_operator_are_what_an_addon_gets() {
    let api = Supervised::start_with(None, |config| {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/addons/mosquitto/config.yaml");
        let logins = r#"[{ username = "una", password = "a-long-one" }]"#;
        config.addon_table(&format!("manifest = \"{manifest}\"\noptions = {{ logins = {logins} }}\n"));
    });
    let token = api.vestibule.command_ok(&["addons", "token", "mosquitto"]);
    let asked = |target: &str| {
        let ask = Ask::get(target).field("Authorization", format!("Bearer {}", token.trim()));
        api.ask(&ask).json()["data"].clone()
    };
    let options = asked("/addons/self/options/config");
    assert_eq!(options["logins"][0]["password"], "a-long-one");
    assert_eq!(options["certfile"], "fullchain.pem", "the manifest's default");
    assert_eq!(asked("/addons/self/info")["options"], options);
    let printed = api.vestibule.command_ok(&["addons", "options", "mosquitto"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), options, "what goes into its container");
    let others = api.ask_as("default", Ask::get("/addons/mosquitto/info"));
    assert!(!others.text().contains("a-long-one") && !api.vestibule.stderr().contains("a-long-one"));
}

#[test]
fn what_is_not_known_is_501() {
    let api = Supervised::start(None);
    for ask in [Ask::get("/os/info"), Ask::post("/core/restart", ""), Ask::get("/backups"), Ask::get("/v2/jobs/info")] {
        let answer = api.ask_as("manager", ask);
        assert_eq!((answer.status, &answer.json()["result"]), (501, &"error".into()));
    }
}
