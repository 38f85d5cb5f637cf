//! `health` of an add-on: how it is asked whether it is well. In comes a path, out comes a request's target.

use std::time::Duration;

use http::Uri;

use super::findings::Explained;

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

/// The path of a probe, alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProbePath(pub(super) Uri);

/// Why a text is not a path to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path that can be asked for")]
pub(super) struct BadProbePath;

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
