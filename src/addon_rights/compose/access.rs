//! What a service may reach of the machine besides folders: namespaces, capabilities, devices and its AppArmor profile.

use super::yaml::{Map, Node, text, texts};
use crate::addon_rights::protection::Granted;
use crate::manifest::{AppArmor, Capability, Hardware, Manifest};

/// Adds it to the service.
pub(super) fn access(service: Map, manifest: &Manifest, granted: &Granted) -> Map {
    let rights = granted.rights();
    let mut service = service
        .with("cap_add", texts(capabilities(manifest, granted).into_iter().map(|it| it.to_string())))
        .with("devices", texts(manifest.container.devices.iter().map(|device| format!("{device}:{device}"))))
        .with("device_cgroup_rules", texts(devices(manifest, granted)))
        .with("security_opt", texts(profile(&rights.apparmor)));
    for (key, granted) in [
        ("network_mode", rights.host_network),
        ("pid", rights.host_pid),
        ("ipc", rights.host_ipc),
        ("uts", rights.host_uts),
    ] {
        if granted {
            service = service.with(key, text("host"));
        }
    }
    if manifest.container.realtime {
        let limits = Map::new().with("rtprio", Node::Number(90)).with("memlock", Node::Number(128 << 20));
        service = service.with("ulimits", Node::Map(limits));
    }
    service
}

fn capabilities(manifest: &Manifest, granted: &Granted) -> Vec<Capability> {
    let rights = granted.rights();
    let mut all = rights.privileged.clone();
    if rights.kernel_modules {
        all.push(Capability::SysModule);
    }
    if manifest.container.realtime {
        all.push(Capability::SysNice);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Rules of the devices' control group, by the kernel's numbers for kinds of devices.
fn devices(manifest: &Manifest, granted: &Granted) -> Vec<String> {
    if granted.rights().full_access {
        return vec!["a *:* rwm".to_owned()];
    }
    let numbers = manifest.container.hardware.iter().flat_map(|hardware| majors(*hardware));
    numbers.map(|number| format!("c {number}:* rwm")).collect()
}

const fn majors(hardware: Hardware) -> &'static [u16] {
    match hardware {
        Hardware::Usb => &[189],
        // USB serial converters, USB modems, the serial ports of ARM boards.
        Hardware::Uart => &[188, 166, 204],
        Hardware::Gpio => &[254],
        // Frame buffers, cameras, graphics cards.
        Hardware::Video => &[29, 81, 226],
        Hardware::Audio => &[116],
    }
}

fn profile(apparmor: &AppArmor) -> Option<String> {
    match apparmor {
        AppArmor::Disabled => Some("apparmor=unconfined".to_owned()),
        AppArmor::Default => None,
        AppArmor::Profile(name) => Some(format!("apparmor={}", name.as_str())),
    }
}
