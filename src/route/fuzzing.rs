//! Fuzz target: the path that is looked up, the path that was sent, and the path that goes on.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use http::uri::PathAndQuery;
use percent_encoding::percent_decode;

use super::table::{Location, OWN, Routes, forward_target};
use crate::config::{Addon, PrefixMode};
use crate::connection::EntryPoint;
use crate::http::judge_path;
use crate::ids::Upstream;

/// The add-on gets the bytes that were sent, less its prefix, and the longest prefix that the path has is its own. No
/// server finds a dot segment in it, however often it decodes.
pub(crate) fn request_target(bytes: &[u8]) {
    let Ok(target) = PathAndQuery::try_from(bytes) else { return };
    if bytes.first() != Some(&b'/') || judge_path(target.path()).is_err() {
        return;
    }
    let path = target.path();
    assert!(bytes.starts_with(target.as_str().as_bytes()), "the target was rewritten: {target}");
    let fits =
        |prefix: &&&str| path.strip_prefix(**prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let longest = PREFIXES.iter().filter(fits).max_by_key(|prefix| prefix.len());
    let forwarded = match ROUTES.locate(EntryPoint::Browsers, None, path) {
        Location::Addon(route, stripped) => {
            assert_eq!(Some(&route.prefix()), longest);
            let forwarded = forward_target(&target, stripped);
            let forwarded = forwarded.expect("what is left of a judged path is a path");
            assert_eq!(rejoined(path, stripped, &forwarded), target.as_str());
            forwarded
        }
        Location::Own => return assert!(path.starts_with(OWN)),
        Location::Call | Location::Nowhere => return assert_eq!(longest, None, "{path}"),
    };
    assert_eq!(judge_path(forwarded.path()), Ok(()), "{forwarded}");
    let mut read = Cow::Borrowed(forwarded.path().as_bytes());
    for _ in 0..DECODERS {
        let segments = read.split(|byte| matches!(byte, b'/' | b'\\'));
        let names = segments.map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default());
        assert!(!names.into_iter().any(|name| name == b"." || name == b".."), "a dot segment in {forwarded}");
        assert!(!read.iter().any(u8::is_ascii_control), "a control character in {forwarded}");
        read = Cow::Owned(percent_decode(&read).collect());
    }
}

/// The target that was sent, out of the prefix and what goes on.
fn rejoined(path: &str, stripped: usize, forwarded: &PathAndQuery) -> String {
    let prefix = path.get(..stripped).unwrap_or_default();
    // The prefix without its slash: the add-on gets its root.
    let rest = forwarded.as_str();
    let rest = if path.len() == stripped { rest.strip_prefix('/').unwrap_or(rest) } else { rest };
    format!("{prefix}{rest}")
}

/// More than any chain of servers decodes.
const DECODERS: usize = 5;

const PREFIXES: [&str; 5] = ["/ingress/a", "/ingress/a/b", "/ingress/a/b/c", "/ingress/ab", "/x"];

static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let addons = PREFIXES.iter().enumerate().map(|(place, prefix)| {
        let slug = format!("addon{place}").parse().expect("a slug");
        let mut addon = Addon::new(slug, Upstream::Whoami);
        addon.route.path = Some(prefix.parse().expect("a prefix"));
        addon.route.prefix = if place % 2 == 0 { PrefixMode::Strip } else { PrefixMode::Keep };
        Arc::new(addon)
    });
    Routes::new(&addons.collect::<Vec<_>>())
});
