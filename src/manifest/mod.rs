//! Manifests: an add-on's own `config.yaml` (or `.json`), in which its author says what it is and what it asks for.
//!
//! Reads one into a [`Manifest`], with findings in its own lines, by the published key reference and as strict as Home
//! Assistant's own reader, which refuses a wrong type and ignores a key that it does not know. A manifest comes from
//! somebody else: its size, its nesting and what its aliases unfold to are bounded, and nothing here grants anything.
//! `options` judges what an operator chooses by what a manifest says of it. The configuration reads manifests, so that
//! this module stands below it and imports none of its types.

mod container;
mod container_keys;
mod keys;
pub(crate) mod options;
mod panel;
mod profile;
mod rights;
mod scalar;
mod section;
mod signature;
mod source;
mod yaml;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

pub use container::{Container, Folder, FolderKind, Hardware, Port, Protocol};
pub use panel::is_entry;
pub use rights::{AppArmor, BadProfileName, Capability, ProfileName, Rights, Role};
pub use signature::{BadKey, Signed, SigningKey};
pub(crate) use yaml::{Node, Value};

use crate::diagnostic::Diagnostics;
use crate::diagnostic::findings::Findings;

/// What an add-on's author says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Where it was read.
    pub path: PathBuf,
    /// `slug`
    pub slug: String,
    /// `name`
    pub name: String,
    /// `version`
    pub version: String,
    /// `description`
    pub description: String,
    /// `url`
    pub url: Option<String>,
    /// `arch`
    pub arch: Vec<String>,
    /// `startup`, `boot` and `stage`
    pub life: Life,
    /// `panel_title`, `panel_icon` and `panel_admin`
    pub panel: Panel,
    /// `ingress` and its keys, when it has a web UI for people who are signed in.
    pub ingress: Option<Ingress>,
    /// What it asks to be allowed.
    pub rights: Rights,
    /// What its container is made of.
    pub container: Container,
    /// `services`, as in `mqtt:need`.
    pub services: Vec<String>,
    /// `discovery`
    pub discovery: Vec<String>,
    /// `options`: their defaults.
    pub options: Json,
    /// `schema` of the options; `false` when anything goes.
    pub schema: Json,
    /// Whether somebody named in the configuration stands by this file.
    pub signed: Signed,
}

/// How the manifest looks in a sidebar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// `panel_title`, or the name.
    pub title: String,
    /// `panel_icon`
    pub icon: String,
    /// `panel_admin`
    pub admin: bool,
}

/// `ingress: true`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// `ingress_port`; nothing when it is 0, chosen anew by what runs the add-on.
    pub port: Option<u16>,
    /// `ingress_entry`: where its first page is, without a slash in front.
    pub entry: String,
    /// `ingress_stream`. Bodies are always streamed here, so that it changes nothing.
    pub stream: bool,
}

/// When it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// `startup`
    pub startup: &'static str,
    /// `boot`
    pub boot: &'static str,
    /// `stage`
    pub stage: &'static str,
}

/// What came of reading a manifest.
#[derive(Debug)]
pub struct Reading {
    /// The manifest, unless it has a mistake.
    pub manifest: Option<Manifest>,
    /// What was found, in its own lines; notes the files that were looked at.
    pub found: Diagnostics,
}

/// A manifest and the files beside it that count with it, there or not.
pub fn files(path: &Path) -> Vec<PathBuf> {
    source::Beside::of(path).all(path)
}

/// Reads a manifest, and whatever stands beside it: its signature and its AppArmor profile.
pub fn read(path: &Path, keys: &[SigningKey]) -> Reading {
    let beside = source::Beside::of(path);
    let looked_at = beside.all(path);
    let (text, mut findings) = match source::read(path, "manifest") {
        Ok(text) => (text, Findings::default()),
        Err(unreadable) => {
            let found = Diagnostics::new(path, "", &[], vec![*unreadable]).looking_at(looked_at);
            return Reading { manifest: None, found };
        }
    };
    // The signature is over the bytes of the file, so it is judged before anything is made of them.
    let signed = signature::judge(&beside.signature, text.as_bytes(), keys, &mut findings);
    let manifest = match yaml::parse(&text) {
        Ok(node) => keys::manifest(path, &node, &beside, signed, &mut findings),
        Err(unreadable) => {
            findings.add(*unreadable);
            None
        }
    };
    let found = Diagnostics::new(path, &text, &[], findings.list).looking_at(looked_at);
    Reading { manifest: manifest.filter(|_| found.mistakes() == 0), found }
}
