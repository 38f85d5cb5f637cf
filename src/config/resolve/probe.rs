//! `health` of an add-on: in comes the raw table, out comes a probe, or nothing when there is none.

use std::time::Duration;

use super::context::Context;
use crate::config::diagnostic::Diagnostic;
use crate::config::part::seconds;
use crate::config::probe::{Probe, ProbePath};
use crate::config::raw::{self, Key};

/// Resolves `health`.
pub(super) fn probe(key: &Key<raw::Probe>, cx: &mut Context<'_>) -> Option<Probe> {
    let section = key.given()?;
    let raw = section.get_ref();
    let path = match raw.path.given() {
        Some(text) => cx.findings.parse(text).map(|ProbePath(path)| path),
        None => None,
    };
    let interval = cx.time(&raw.interval, seconds(10), seconds(1)..=Duration::from_hours(1));
    let timeout = cx.time(&raw.timeout, interval.min(seconds(2)), Duration::from_millis(10)..=Duration::from_mins(1));
    if timeout > interval {
        let late = Diagnostic::mistake(section.span(), "a probe that takes longer than the time between two");
        cx.add(late.label("`timeout` is longer than `interval`").hint("shorten `timeout`, or lengthen `interval`"));
    }
    Some(Probe { path: path.unwrap_or_default(), interval, timeout })
}
