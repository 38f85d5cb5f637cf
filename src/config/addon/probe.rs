//! `health` of an add-on: how it is asked whether it is well. In comes a path, out comes a request's target.

use std::time::Duration;

use http::Uri;

use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Explained;
use crate::config::part::seconds;
use crate::config::raw::section::{Key, section};
use crate::config::raw::shape::TimeText;
use crate::config::resolve::context::Context;

section! {
    /// `health` of an add-on.
    RawProbe {
        path: String,
        interval: TimeText,
        timeout: TimeText,
    }
}

/// A request that an add-on answers while it is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The path as the add-on sees it.
    pub path: Uri,
    /// From one to the next.
    pub interval: Duration,
    /// How long an answer may take; not longer than the interval.
    pub timeout: Duration,
}

impl Probe {
    /// `health`, or nothing when there is none.
    pub(in crate::config) fn resolve(key: &Key<RawProbe>, cx: &mut Context<'_>) -> Option<Self> {
        let section = key.given()?;
        let raw = section.get_ref();
        let path = match raw.path.given() {
            Some(text) => cx.findings.parse(text).map(|ProbePath(path)| path),
            None => None,
        };
        let interval = cx.time(&raw.interval, seconds(10), seconds(1)..=Duration::from_hours(1));
        let timeout =
            cx.time(&raw.timeout, interval.min(seconds(2)), Duration::from_millis(10)..=Duration::from_mins(1));
        if timeout > interval {
            let late = Diagnostic::mistake(section.span(), "a probe that takes longer than the time between two");
            cx.add(late.label("`timeout` is longer than `interval`").hint("shorten `timeout`, or lengthen `interval`"));
        }
        Some(Self { path: path.unwrap_or_default(), interval, timeout })
    }
}

/// The path of a probe, alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct ProbePath(pub(in crate::config) Uri);

/// Why a text is not a path to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path that can be asked for")]
pub(in crate::config) struct BadProbePath;

impl std::str::FromStr for ProbePath {
    type Err = BadProbePath;

    /// RFC 9112 section 3.2.1, origin-form: an absolute path and perhaps a query.
    fn from_str(text: &str) -> Result<Self, BadProbePath> {
        let uri: Uri = text.parse().map_err(|_| BadProbePath)?;
        let origin_form = text.starts_with('/') && !text.starts_with("//") && !text.contains('#');
        if origin_form { Ok(Self(uri)) } else { Err(BadProbePath) }
    }
}

impl Explained for BadProbePath {
    fn expected(&self) -> &'static str {
        "expected a path that begins with `/`"
    }

    fn hint(&self) -> String {
        "write the path as the add-on sees it, as in \"/\" or \"/api/health\"".to_owned()
    }
}
