//! The container of an add-on as a service for Compose: the text grants exactly what the add-on is granted here.
//!
//! Ports are published on 127.0.0.1 alone, folders are read-only where the manifest does not ask for more, and whatever
//! its protection keeps back is not in it. The manifest is not trusted: every text of it goes into the file in quotes
//! and with its `$` doubled, so that it is never anything but text.

mod access;
mod folders;
mod yaml;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::path::Path;

use crate::addon_rights::protection::Granted;
use crate::config::Addon;
use crate::ids::Address;
use crate::ids::Upstream;
use crate::manifest::{AppArmor, Manifest, Protocol};
use yaml::{Map, Node, text, texts};

/// What is known of the machine that the container will run on.
#[derive(Debug, Clone, Copy)]
pub struct HostPaths<'a> {
    /// Home Assistant's configuration folder.
    pub home_assistant: &'a Path,
    /// The kind of machine, as manifests name it.
    pub arch: &'a str,
}

/// Why there is no service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Its author made it for other machines.
    #[error("its manifest does not list the machine `{0}`")]
    OtherMachine(String),
}

/// The file with the one service.
pub fn compose(
    addon: &Addon,
    manifest: &Manifest,
    granted: &Granted,
    places: HostPaths<'_>,
) -> Result<String, ComposeError> {
    if !manifest.arch.iter().any(|arch| arch == places.arch) {
        return Err(ComposeError::OtherMachine(places.arch.to_owned()));
    }
    let service = service(addon, manifest, granted, places);
    let services = Map::new().with("services", Node::Map(Map::new().with(addon.slug.as_str(), Node::Map(service))));
    Ok(format!("{}{}", remarks(addon, granted), yaml::written(&services)))
}

/// What a reader should know before they run it.
fn remarks(addon: &Addon, granted: &Granted) -> String {
    let mut lines = vec![
        format!("# Made by `vestibule addons compose {}`: what its manifest asks for and it is granted.", addon.slug),
        format!("# Its token, once: (umask 077; vestibule addons token {0} --env > secrets/{0}.env)", addon.slug),
    ];
    if addon.package.options.reveal().as_object().is_some_and(|options| !options.is_empty()) {
        let slug = &addon.slug;
        lines.push(format!(
            "# Its options, before it starts: vestibule addons options {slug} > data/{slug}/options.json"
        ));
    }
    for line in granted.compared(&addon.package.rights).iter().filter(|line| line.asked != line.granted) {
        lines.push(format!("# Asked for and not granted: {} = {} ({})", line.right, line.asked, line.why));
    }
    if granted.rights().host_network {
        lines.push(
            "# On the machine's network, its ports are open to other machines: let a firewall guard them.".to_owned(),
        );
    }
    if let AppArmor::Profile(name) = &granted.rights().apparmor {
        lines.push(format!("# Load the AppArmor profile {} first: apparmor_parser -r apparmor.txt", name.as_str()));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn service(addon: &Addon, manifest: &Manifest, granted: &Granted, places: HostPaths<'_>) -> Map {
    let container = &manifest.container;
    let slug = addon.slug.as_str();
    let mut environment = Map::new();
    for (name, value) in &container.environment {
        environment = environment.with(name, text(value));
    }
    let service = match &container.image {
        Some(image) => {
            let image = image.replace("{arch}", places.arch);
            // A name that brings its own tag keeps it.
            // A colon before the last slash is that of a registry's port.
            let tagged = image.rsplit('/').next().is_some_and(|last| last.contains(':'));
            let image = if tagged { image } else { format!("{image}:{}", manifest.version) };
            Map::new().with("image", text(&image))
        }
        None => Map::new().with("build", Node::Map(build(manifest, places))),
    };
    let service = service
        .with("restart", text(if manifest.life.startup == "once" { "no" } else { "unless-stopped" }))
        .with("init", Node::Flag(container.init))
        .with("stop_grace_period", text(&format!("{}s", container.timeout)))
        // Its token stands in a file of its own, so that this text holds no secret.
        .with("env_file", texts([format!("secrets/{slug}.env")]))
        .with("environment", Node::Map(environment))
        .with("extra_hosts", texts(["supervisor:host-gateway".to_owned()]))
        .with("ports", texts(ports(addon, manifest, granted)))
        .with("volumes", Node::List(folders::volumes(addon, manifest, granted, places)));
    let service = access::access(service, manifest, granted);
    let service = if container.tmpfs { service.with("tmpfs", texts(["/tmp".to_owned()])) } else { service };
    if container.stdin { service.with("stdin_open", Node::Flag(true)) } else { service }
}

fn build(manifest: &Manifest, places: HostPaths<'_>) -> Map {
    let folder = manifest.path.parent().unwrap_or(Path::new("."));
    let arguments = Map::new().with("BUILD_ARCH", text(places.arch)).with("BUILD_VERSION", text(&manifest.version));
    Map::new().with("context", text(&folder.to_string_lossy())).with("args", Node::Map(arguments))
}

/// On 127.0.0.1 alone; none on the machine's own network, where nothing is mapped.
fn ports(addon: &Addon, manifest: &Manifest, granted: &Granted) -> Vec<String> {
    if granted.rights().host_network {
        return Vec::new();
    }
    let mut ports: Vec<String> = Vec::new();
    if let Some(port) = manifest.ingress.as_ref().and_then(|ingress| ingress.port) {
        // Published where the configuration looks for the add-on.
        let outside = match addon.backend.upstream {
            Upstream::At(Address::Http { port, .. } | Address::Https { port, .. }) => port,
            Upstream::At(Address::Unix(_)) | Upstream::Whoami | Upstream::Nowhere => port,
        };
        ports.push(published(outside, port, Protocol::Tcp));
    }
    for port in &manifest.container.ports {
        let entry = port.host.map(|host| published(host, port.container, port.protocol));
        ports.extend(entry.filter(|entry| !ports.contains(entry)));
    }
    ports
}

fn published(host: u16, container: u16, protocol: Protocol) -> String {
    format!("127.0.0.1:{host}:{container}/{protocol}")
}
