//! All keys of a store as one JSON text: in a file, or in one note of Redis.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use super::record::{ApiKey, KeyBounds, NewKey, Pass};
use crate::clock::Timestamp;
use crate::config::Conditions;
use crate::session::SessionDigest;

/// The keys by what they are looked up under.
pub(super) type Table = HashMap<SessionDigest, Arc<ApiKey>>;

/// Why a text is none of ours: a key that is not understood is not left out, since it may be the one that was revoked.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not the JSON that this version writes.
    #[error("the keys are not written as this version writes them")]
    Malformed(#[from] serde_json::Error),
    /// What a key is held to cannot be read.
    #[error("a key has bounds that this version does not know")]
    Bounds,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    v: u32,
    keys: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    digest: String,
    name: String,
    user: String,
    addon: String,
    methods: Vec<String>,
    paths: Vec<String>,
    networks: Vec<String>,
    websockets: bool,
    created: u64,
    expires: u64,
    last_used: u64,
    revoked: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hours: Vec<String>,
}

pub(super) fn write(table: &Table) -> Vec<u8> {
    let mut keys: Vec<Line> = table.values().map(|key| line(key)).collect();
    // The same keys are the same text: proxies compare what they have read with what they would write.
    keys.sort_by(|a, b| a.digest.cmp(&b.digest));
    serde_json::to_vec(&Version1 { v: 1, keys }).expect("texts, numbers and lists of them are always JSON")
}

pub(super) fn read(text: &[u8]) -> Result<Table, DocumentError> {
    let document: Version1 = serde_json::from_slice(text)?;
    if document.v != 1 {
        return Err(DocumentError::Bounds);
    }
    document
        .keys
        .into_iter()
        .map(|line| Some((SessionDigest::from_hex(&line.digest)?, Arc::new(key(line)?))))
        .collect::<Option<Table>>()
        .ok_or(DocumentError::Bounds)
}

fn line(key: &ApiKey) -> Line {
    let NewKey { name, user, addon, bounds, expires, pass } = key.about();
    let hours = pass.iter().flat_map(|pass| &pass.conditions.hours);
    Line {
        digest: key.digest.hex(),
        name: name.clone(),
        user: user.to_string(),
        addon: addon.to_string(),
        methods: bounds.methods(),
        paths: bounds.paths(),
        networks: bounds.networks.iter().map(ToString::to_string).collect(),
        websockets: bounds.websockets,
        created: key.created.as_millis(),
        expires: expires.as_millis(),
        last_used: key.last_used().map_or(0, Timestamp::as_millis),
        revoked: key.revoked.map(Timestamp::as_millis),
        group: pass.as_ref().map(|pass| pass.group.to_string()),
        hours: hours.map(ToString::to_string).collect(),
    }
}

fn key(line: Line) -> Option<ApiKey> {
    let bounds = KeyBounds::parse(&line.methods, &line.paths, &line.networks, line.websockets).ok()?;
    let pass = match line.group {
        Some(group) => Some(Pass {
            group: group.into(),
            conditions: Conditions {
                hours: line.hours.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
                ..Conditions::default()
            },
        }),
        // Hours without a group would be those of no pass, and hold nothing.
        None if line.hours.is_empty() => None,
        None => return None,
    };
    let about = NewKey {
        name: line.name,
        user: line.user.parse().ok()?,
        addon: line.addon.parse().ok()?,
        bounds,
        expires: Timestamp::from_millis(line.expires),
        pass,
    };
    Some(ApiKey {
        digest: SessionDigest::from_hex(&line.digest)?,
        about,
        created: Timestamp::from_millis(line.created),
        last_used: AtomicU64::new(line.last_used),
        revoked: line.revoked.map(Timestamp::from_millis),
    })
}
