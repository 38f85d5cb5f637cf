//! The keys of a manifest about its container: they make the [`Container`]. Whatever of it reaches a command line or
//! another program's file is checked letter by letter here.

use std::path::{Component, Path};

use toml::Spanned;

use super::container::{Container, Folder, FolderKind, Hardware, Port, Protocol};
use super::scalar::{Scalar, json};
use super::section::{Section, bad, number, text, word, wrong};
use super::yaml::{Node, Value};
use crate::diagnostic::findings::Findings;

/// All keys about the container but those that are rights.
pub(super) fn container(map: &mut Section<'_>, findings: &mut Findings) -> Container {
    Container {
        image: image(map, findings),
        ports: ports(map, findings),
        map: map.list("map", findings).iter().filter_map(|node| folder(node, findings)).collect(),
        devices: devices(map, findings),
        environment: environment(map, findings),
        hardware: Hardware::ALL.into_iter().filter(|key| map.flag(key.as_str(), false, findings)).collect(),
        udev: map.flag("udev", false, findings),
        devicetree: map.flag("devicetree", false, findings),
        journald: map.flag("journald", false, findings),
        realtime: map.flag("realtime", false, findings),
        tmpfs: map.flag("tmpfs", false, findings),
        stdin: map.flag("stdin", false, findings),
        init: map.flag("init", true, findings),
        timeout: map.number("timeout", 10, (10, 300), findings),
    }
}

fn image(map: &mut Section<'_>, findings: &mut Findings) -> Option<String> {
    let text = map.text("image", findings)?;
    // Judged with a machine put in: the placeholder's braces may not stand in the name of an image.
    let plain = text.get_ref().replace("{arch}", "amd64");
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':');
    if plain.is_empty() || plain.len() > 255 || !plain.bytes().all(legal) {
        findings.add(bad(
            text.span(),
            "not an image",
            "expected the name of an image",
            "as in `ghcr.io/name/{arch}-addon`",
        ));
    }
    Some(text.into_inner())
}

/// `80/tcp: 8080`, with `null` for a port that is switched off.
fn ports(map: &mut Section<'_>, findings: &mut Findings) -> Vec<Port> {
    let mut ports = Vec::new();
    for (key, value) in map.map("ports", findings) {
        let (port, protocol) = key.get_ref().split_once('/').unwrap_or((key.get_ref(), "tcp"));
        let container = port.parse::<u16>().ok().filter(|port| *port != 0);
        let protocol = match protocol {
            "tcp" => Some(Protocol::Tcp),
            "udp" => Some(Protocol::Udp),
            _ => None,
        };
        let host = match &value.value {
            Value::Scalar { text, plain } if Scalar::of(text, *plain) == Scalar::Null => Some(None),
            _ => number(value).and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0).map(Some),
        };
        match (container, protocol, host) {
            (Some(container), Some(protocol), Some(host)) => ports.push(Port { container, protocol, host }),
            (Some(_), Some(_), None) => {
                findings.add(wrong(value, "expected a port from 1 to 65535", "write `null` to switch the mapping off"));
            }
            _ => findings.add(bad(
                key.span(),
                "not a port",
                "expected a port and what it speaks",
                "as in `1883/tcp: 1883`",
            )),
        }
    }
    ports
}

/// `share:rw`, or a mapping with `type`, `read_only` and `path`.
fn folder(node: &Node, findings: &mut Findings) -> Option<Folder> {
    let kinds = FolderKind::ALL.map(|kind| (kind.as_str(), kind));
    if let Value::Map(entries) = &node.value {
        let mut map = Section::new(entries);
        let kind = map.required("type", findings).and_then(|text| word(&text, &kinds, findings));
        let read_only = map.flag("read_only", true, findings);
        let path = map.text("path", findings);
        map.finish(findings);
        let kind = kind?;
        let path = path.map_or_else(|| kind.usual_path().to_owned(), |text| in_container(text, findings));
        // An add-on may write its own data, whatever stands there.
        return Some(Folder { kind, read_only: read_only && kind != FolderKind::Data, path });
    }
    let text = text(node, findings)?;
    let (name, mode) = text.get_ref().split_once(':').unwrap_or((text.get_ref(), "ro"));
    let kind = word(&Spanned::new(text.span(), name.to_owned()), &kinds, findings)?;
    let read_only = word(&Spanned::new(text.span(), mode.to_owned()), &[("ro", true), ("rw", false)], findings)?;
    Some(Folder { kind, read_only: read_only && kind != FolderKind::Data, path: kind.usual_path().to_owned() })
}

/// An absolute path in the container, not its root.
fn in_container(text: Spanned<String>, findings: &mut Findings) -> String {
    if !is_absolute(text.get_ref()) || text.get_ref() == "/" {
        findings.add(bad(text.span(), "not a folder's path", "expected an absolute path", "as in `/config`"));
    }
    text.into_inner()
}

/// Absolute, on one line, without what Compose reads as something else, and without `..`.
fn is_absolute(path: &str) -> bool {
    let legal = |c: char| !c.is_control() && !matches!(c, ':' | '\\');
    let usual = |part| matches!(part, Component::RootDir | Component::Normal(_));
    path.starts_with('/') && path.len() <= 255 && path.chars().all(legal) && Path::new(path).components().all(usual)
}

fn devices(map: &mut Section<'_>, findings: &mut Findings) -> Vec<String> {
    let texts = map.texts("devices", findings);
    let devices = texts.into_iter().map(|text| {
        // The older spelling names the device twice, and what may be done with it.
        let device = text.get_ref().split(':').next().unwrap_or_default().to_owned();
        if !is_absolute(&device) || !device.starts_with("/dev/") {
            findings.add(bad(text.span(), "not a device", "expected a path below /dev", "as in `/dev/ttyUSB0`"));
        }
        device
    });
    devices.collect()
}

fn environment(map: &mut Section<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (key, value) in map.map("environment", findings) {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if key.get_ref().is_empty() || !key.get_ref().bytes().all(legal) {
            let expected = "expected letters, digits and `_`";
            findings.add(bad(key.span(), "not the name of a variable", expected, "as in `LOG_LEVEL: info`"));
        }
        match &value.value {
            Value::Scalar { text, .. } if !text.contains(char::is_control) => {
                let shown = json(value);
                let value = shown.as_bool().map_or_else(|| text.clone(), |flag| flag.to_string());
                all.push((key.get_ref().clone(), value));
            }
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => {
                findings.add(wrong(value, "expected one line of text", "a variable is text"));
            }
        }
    }
    all
}
