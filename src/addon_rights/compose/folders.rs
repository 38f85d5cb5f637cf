//! The folders of a service: its own data, those of `map`, and what its rights need of the machine.

use std::path::Path;

use super::HostPaths;
use super::yaml::{Map, Node, text};
use crate::addon_rights::protection::Granted;
use crate::config::Addon;
use crate::manifest::{FolderKind, Hardware, Manifest};

/// All of them, the add-on's own data first.
pub(super) fn volumes(addon: &Addon, manifest: &Manifest, granted: &Granted, places: HostPaths<'_>) -> Vec<Node> {
    let slug = addon.slug.as_str();
    let own = manifest.container.map.iter().find(|folder| folder.kind == FolderKind::Data);
    let data = own.map_or("/data", |folder| folder.path.as_str());
    let mut all = vec![bind(&format!("./data/{slug}"), data, false)];
    if addon.package.options.reveal().as_object().is_some_and(|options| !options.is_empty()) {
        // Over the folder that it lies in: what an operator chose the add-on may read and not change.
        all.push(options(slug, data));
    }
    for folder in manifest.container.map.iter().filter(|folder| folder.kind != FolderKind::Data) {
        let source = source(folder.kind, slug, places.home_assistant);
        all.push(bind(&source, &folder.path, folder.read_only));
    }
    let rights = granted.rights();
    let container = &manifest.container;
    let has = |hardware| container.hardware.contains(&hardware);
    // The nodes of devices; which of them may be opened, the control group says.
    let nodes = rights.full_access
        || has(Hardware::Uart)
        || has(Hardware::Video)
        || has(Hardware::Audio)
        || has(Hardware::Gpio);
    for (wanted, path, inside, read_only) in [
        (nodes, "/dev", "/dev", true),
        (has(Hardware::Usb), "/dev/bus/usb", "/dev/bus/usb", false),
        (has(Hardware::Gpio), "/sys/class/gpio", "/sys/class/gpio", false),
        (container.udev, "/run/udev", "/run/udev", true),
        (container.devicetree, "/sys/firmware/devicetree/base", "/device-tree", true),
        (container.journald, "/var/log/journal", "/var/log/journal", true),
        (container.journald, "/run/log/journal", "/run/log/journal", true),
        (rights.kernel_modules, "/lib/modules", "/lib/modules", true),
        (rights.host_dbus, "/run/dbus", "/run/dbus", true),
        // Read-only is only the file: whoever sees the socket can still ask the engine for anything.
        (rights.docker_api, "/run/docker.sock", "/run/docker.sock", true),
    ] {
        if wanted {
            all.push(bind(path, inside, read_only));
        }
    }
    all
}

/// Home Assistant's configuration is where it is; the others are beside the file for Compose.
fn source(kind: FolderKind, slug: &str, home_assistant: &Path) -> String {
    match kind {
        FolderKind::Config | FolderKind::HomeAssistantConfig => home_assistant.to_string_lossy().into_owned(),
        FolderKind::AddonConfig => format!("./addon_configs/{slug}"),
        FolderKind::AllAddonConfigs => "./addon_configs".to_owned(),
        FolderKind::Ssl => "./ssl".to_owned(),
        FolderKind::Addons => "./addons".to_owned(),
        FolderKind::Backup => "./backup".to_owned(),
        FolderKind::Share => "./share".to_owned(),
        FolderKind::Media => "./media".to_owned(),
        FolderKind::Data => format!("./data/{slug}"),
    }
}

/// A file that is not there is a mistake: without this word an engine makes a folder of that name.
fn options(slug: &str, data: &str) -> Node {
    let bind = Node::Map(Map::new().with("create_host_path", Node::Flag(false)));
    let volume = Map::new()
        .with("type", text("bind"))
        .with("source", text(&format!("./data/{slug}/options.json")))
        .with("target", text(&format!("{data}/options.json")))
        .with("read_only", Node::Flag(true))
        .with("bind", bind);
    Node::Map(volume)
}

fn bind(source: &str, target: &str, read_only: bool) -> Node {
    let volume = Map::new().with("type", text("bind")).with("source", text(source)).with("target", text(target));
    Node::Map(if read_only { volume.with("read_only", Node::Flag(true)) } else { volume })
}
