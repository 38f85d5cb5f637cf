//! An add-on's places, and those that one user may have of them: in come the four keys, out come numbers.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::{self, Key};

/// The places of an add-on.
pub(super) struct Shares {
    pub(super) connections: usize,
    pub(super) connections_per_user: usize,
    pub(super) websockets: usize,
    pub(super) websockets_per_user: usize,
}

/// Reads them.
pub(super) fn shares(raw: &raw::Addon, cx: &mut Context<'_>) -> Shares {
    let connections = cx.number(&raw.connections, 256, PLACES);
    let websockets = cx.number(&raw.websockets, 1024, PLACES);
    Shares {
        connections: places(connections),
        connections_per_user: share(("connections_per_user", &raw.connections_per_user), connections, cx),
        websockets: places(websockets),
        websockets_per_user: share(("websockets_per_user", &raw.websockets_per_user), websockets, cx),
    }
}

/// Half of all, unless it is said: whoever takes more than that leaves nobody else as much.
fn share((name, key): (&str, &Key<u64>), all: u32, cx: &mut Context<'_>) -> usize {
    let share = cx.number(key, all.div_ceil(2), PLACES);
    if let Some(at) = key.given().map(Spanned::span).filter(|_| share > all) {
        let more = Diagnostic::warning(at, "one user may take all places of the add-on");
        let hint = format!("there are {all} for all: allow one user fewer");
        cx.add(more.label(format!("`{name}` never counts")).hint(hint));
    }
    places(share)
}

fn places(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

const PLACES: RangeInclusive<u32> = 1..=100_000;
