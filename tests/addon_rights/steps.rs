//! The steps of docs/supervisor.md, run as they stand there: every block of commands but those that need a container
//! engine, which are marked so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::schema;
use crate::support::{RawAddon, Vestibule};

/// The blocks of the section, in order.
fn blocks() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/supervisor.md")).unwrap();
    let (_, section) = document.split_once("\n## Without a Supervisor, step by step\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (mut blocks, mut open): (Vec<String>, Option<usize>) = (Vec::new(), None);
    for line in section.lines() {
        let indent = line.len() - line.trim_start().len();
        match (open, line.trim()) {
            (None, "```sh") => {
                open = Some(indent);
                blocks.push(String::new());
            }
            (Some(_), "```") => open = None,
            (Some(indent), _) => {
                let block = blocks.last_mut().unwrap();
                block.push_str(line.get(indent..).unwrap_or_default());
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn every_step_of_the_documentation_that_needs_no_container_engine_works() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("first", &addon);
    });
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/addons/zigbee2mqtt");
    fs::create_dir_all(vestibule.path("examples/addons/zigbee2mqtt")).unwrap();
    fs::copy(examples.join("config.yaml"), vestibule.path("examples/addons/zigbee2mqtt/config.yaml")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_vestibule")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let blocks = blocks();
    for block in &blocks {
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", block]).current_dir(vestibule.folder()).env("PATH", &path);
        let ran = shell.output().unwrap();
        assert!(
            ran.status.success(),
            "{block}\n{}{}",
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr)
        );
    }
    assert!(blocks.len() >= 8, "{} blocks", blocks.len());
    println!("{} blocks of commands ran", blocks.len());
    let secret = vestibule.path("secrets/zigbee2mqtt.env");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let options: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(vestibule.path("data/zigbee2mqtt/options.json")).unwrap()).unwrap();
    assert_eq!(
        (&options["data_path"], &options["serial"]["port"]),
        (&"/config/zigbee2mqtt".into(), &"/dev/ttyACM0".into())
    );
    let service = schema::read(&fs::read_to_string(vestibule.path("zigbee2mqtt.yaml")).unwrap());
    assert_eq!(service["services"]["zigbee2mqtt"]["ports"][0], "127.0.0.1:8099:8099/tcp");
    let kept = vestibule.command_ok(&["addons", "list"]);
    assert!(kept.contains("zigbee2mqtt protection=on"), "{kept}");
}
