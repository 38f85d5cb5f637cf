//! The keys of a manifest: they make the [`Manifest`], with a finding for every key that is wrong, missing, retired or
//! unknown.

use std::path::Path;

use serde_json::Value as Json;

use super::rights::{Capability, Rights, Role};
use super::scalar::{Scalar, json, kind};
use super::section::{Section, bad, missing, text, word, wrong};
use super::source::Beside;
use super::yaml::{Node, Value};
use super::{Life, Manifest, Signed, container_keys, panel, profile};
use crate::diagnostic::findings::Findings;
use crate::diagnostic::{Diagnostic, SourceLocation, quoted};

/// Reads the manifest; `None` when there is no mapping to read.
pub(super) fn manifest(
    path: &Path,
    node: &Node,
    beside: &Beside,
    signed: Signed,
    findings: &mut Findings,
) -> Option<Manifest> {
    let Value::Map(entries) = &node.value else {
        let message = format!("a manifest is a mapping, and this is {}", kind(node));
        findings.add(
            Diagnostic::mistake(SourceLocation::File, message)
                .hint("is it the right file? it has `name: ...` and so on"),
        );
        return None;
    };
    let mut map = Section::new(entries);
    let name = map.required("name", findings);
    if let Some(text) = name.as_ref().filter(|text| !panel::is_title(text.get_ref())) {
        findings.add(bad(text.span(), "not a name", "expected 1 to 100 characters on one line", "make it shorter"));
    }
    let name = name.map(|text| text.get_ref().trim().to_owned()).unwrap_or_default();
    let manifest = Manifest {
        path: path.to_owned(),
        slug: slug(&mut map, findings),
        version: version(&mut map, findings),
        description: map.required("description", findings).map(toml::Spanned::into_inner).unwrap_or_default(),
        url: map.text("url", findings).map(toml::Spanned::into_inner),
        arch: arch(&mut map, findings),
        life: life(&mut map, findings),
        panel: panel::panel(&mut map, &name, findings),
        ingress: panel::ingress(&mut map, findings),
        rights: rights(&mut map, beside, findings),
        container: container_keys::container(&mut map, findings),
        services: services(&mut map, findings),
        discovery: inner(map.texts("discovery", findings)),
        options: map.get("options").map_or_else(|| Json::Object(<_>::default()), json),
        schema: map.get("schema").map_or(Json::Bool(false), json),
        name,
        signed,
    };
    no_concern_of_ours(&mut map);
    retired(&mut map, findings);
    map.finish(findings);
    Some(manifest)
}

fn inner(texts: Vec<toml::Spanned<String>>) -> Vec<String> {
    texts.into_iter().map(toml::Spanned::into_inner).collect()
}

/// Letters, digits, `-`, `_` and `.`, as the API's paths have it (spec/supervisor.md section 2.2).
fn slug(map: &mut Section<'_>, findings: &mut Findings) -> String {
    let Some(text) = map.required("slug", findings) else { return String::new() };
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.get_ref().is_empty() || text.get_ref().len() > 64 || !text.get_ref().bytes().all(legal) {
        let expected = "expected 1 to 64 letters, digits, `-`, `_` or `.`";
        findings.add(bad(text.span(), "not a slug", expected, "as in `zigbee2mqtt`; `name` is what people read"));
    }
    text.into_inner()
}

/// A text, or a number that somebody forgot to quote: Home Assistant takes it, and reads 1.10 as 1.1.
fn version(map: &mut Section<'_>, findings: &mut Findings) -> String {
    if let Some(node) = map.get("version")
        && let Value::Scalar { text, plain } = &node.value
        && let Scalar::Int(_) | Scalar::Float(_) = Scalar::of(text, *plain)
    {
        let number = Diagnostic::warning(node.span.clone(), "a version that is a number");
        findings.add(number.label("1.10 is read as 1.1").hint(format!("put it in quotes: \"{text}\"")));
        return text.clone();
    }
    let Some(text) = map.required("version", findings) else { return String::new() };
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    if text.get_ref().is_empty() || text.get_ref().len() > 64 || !text.get_ref().bytes().all(legal) {
        findings.add(bad(text.span(), "not a version", "expected a version", "as in \"1.42.0-1\""));
    }
    text.into_inner()
}

fn arch(map: &mut Section<'_>, findings: &mut Findings) -> Vec<String> {
    if map.get("arch").is_none() {
        findings.add(missing("arch", "name the machines it runs on, as in `arch: [amd64, aarch64]`"));
    }
    let words = ["aarch64", "amd64", "armhf", "armv7", "i386"].map(|arch| (arch, arch));
    let texts = map.texts("arch", findings);
    texts.iter().filter_map(|text| word(text, &words, findings)).map(str::to_owned).collect()
}

fn life(map: &mut Section<'_>, findings: &mut Findings) -> Life {
    fn same<const N: usize>(words: [&'static str; N]) -> [(&'static str, &'static str); N] {
        words.map(|word| (word, word))
    }
    let startup = same(["application", "initialize", "system", "services", "once"]);
    Life {
        startup: map.word("startup", "application", &startup, findings),
        boot: map.word("boot", "auto", &same(["auto", "manual", "manual_only"]), findings),
        stage: map.word("stage", "stable", &same(["stable", "experimental", "deprecated"]), findings),
    }
}

fn rights(map: &mut Section<'_>, beside: &Beside, findings: &mut Findings) -> Rights {
    let roles = Role::ALL.map(|role| (role.as_str(), role));
    Rights {
        hassio_api: map.flag("hassio_api", false, findings),
        role: map.word("hassio_role", Role::Default, &roles, findings),
        homeassistant_api: map.flag("homeassistant_api", false, findings),
        auth_api: map.flag("auth_api", false, findings),
        full_access: map.flag("full_access", false, findings),
        docker_api: map.flag("docker_api", false, findings),
        host_network: map.flag("host_network", false, findings),
        host_pid: map.flag("host_pid", false, findings),
        host_ipc: map.flag("host_ipc", false, findings),
        host_uts: map.flag("host_uts", false, findings),
        host_dbus: map.flag("host_dbus", false, findings),
        privileged: privileged(map, findings),
        kernel_modules: map.flag("kernel_modules", false, findings),
        apparmor: profile::apparmor(map, &beside.profile, findings),
    }
}

fn privileged(map: &mut Section<'_>, findings: &mut Findings) -> Vec<Capability> {
    let words = Capability::ALL.map(|capability| (capability.as_str(), capability));
    let texts = map.texts("privileged", findings);
    let mut found: Vec<_> = texts.iter().filter_map(|text| word(text, &words, findings)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// `name:function`
fn services(map: &mut Section<'_>, findings: &mut Findings) -> Vec<String> {
    let list = map.list("services", findings);
    let texts = list.iter().filter_map(|node| {
        let service = text(node, findings)?;
        let function = service.get_ref().split_once(':').map(|(_, function)| function);
        if !matches!(function, Some("provide" | "want" | "need")) {
            findings.add(wrong(node, "expected a service and what it is to it", "as in `mqtt:want`"));
        }
        Some(service.into_inner())
    });
    texts.collect()
}

/// Keys for those who install, start, watch and back up add-ons, which we do not.
fn no_concern_of_ours(map: &mut Section<'_>) {
    for key in [
        "machine",
        "webui",
        "ports_description",
        "homeassistant",
        "legacy",
        "advanced",
        "watchdog",
        "backup",
        "backup_pre",
        "backup_post",
        "backup_exclude",
        "breaking_versions",
        "translations",
    ] {
        map.get(key);
    }
}

/// Keys that Home Assistant once heeded.
fn retired(map: &mut Section<'_>, findings: &mut Findings) {
    for (key, hint) in [
        ("codenotary", "Home Assistant gave it up in 2025; sign the manifest with minisign, and it counts again"),
        ("auto_uart", "write `uart: true`"),
        ("snapshot", "write `backup`"),
        ("snapshot_pre", "write `backup_pre`"),
        ("snapshot_post", "write `backup_post`"),
        ("snapshot_exclude", "write `backup_exclude`"),
    ] {
        if let Some(node) = map.get(key) {
            let old = Diagnostic::warning(node.span.clone(), format!("the key {} is retired", quoted(key)));
            findings.add(old.label("counts nothing").hint(hint));
        }
    }
}
