//! Paths that are open to everybody: a method and a path that the operator has named, read by all servers alike.
//!
//! Stricter than a rule that asks for something: what a rule fits in doubt is closed in doubt, and what is public in
//! doubt would be open.

use http::Method;

use super::matching::Fit;
use super::segments::Segments;
use super::{Protection, speaks_of};
use crate::config::PublicPath;

/// Whether one of these is meant by a request with this method and this path, as the add-on sees it. A path for which a
/// rule stands, too, is not public: the rule asks for something that nobody can answer who is not known.
pub(in crate::authorization) fn is_public(
    public: &[PublicPath],
    rules: Option<&Protection>,
    method: &Method,
    path: &str,
) -> bool {
    is_named_path(public, method, path) && !speaks_of(rules, method, &Segments::of(path))
}

/// Whether one of these names this method and this path, read by all servers alike.
pub(in crate::authorization) fn is_named_path(named: &[PublicPath], method: &Method, path: &str) -> bool {
    // Encoded bytes are decoded by some servers once, by some twice, and by some never: what fits here could be another
    // path there. The same holds for raw ones beyond ASCII, among which some servers find a dot or a slash. No webhook
    // needs either.
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return false;
    }
    let segments = Segments::of(path);
    let is_meant = |one: &PublicPath| {
        // HEAD is not GET here: a method is meant if it is named.
        let by_method = one.methods.contains(method);
        // A slash at the end can make another path of it, which the pattern does not name.
        let whole = one.path.rest().is_some() || path == "/" || !path.ends_with('/');
        by_method && whole && Fit::of(&one.path, &segments) == Some(Fit::Exact)
    };
    !segments.is_ambiguous() && named.iter().any(is_meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PathPattern, Protect, ProtectAsk, ProtectRule, Unlisted};

    fn open(methods: &[&str], path: &str) -> PublicPath {
        let methods = methods.iter().map(|method| method.parse().unwrap()).collect();
        PublicPath { methods, path: path.parse().unwrap() }
    }

    #[test]
    fn what_is_named_is_public_and_nothing_beside_it() {
        let public =
            [open(&["POST"], "/hook/{id}"), open(&["GET", "HEAD"], "/health"), open(&["GET"], "/static/{*rest}")];
        let asked = |method: &str, path: &str| is_public(&public, None, &method.parse().unwrap(), path);
        for (method, path) in [
            ("POST", "/hook/a-1"),
            ("GET", "/health"),
            ("HEAD", "/health"),
            ("GET", "/static"),
            ("GET", "/static/"),
            ("GET", "/static/a/b.css"),
        ] {
            assert!(asked(method, path), "{method} {path}");
        }
        for (method, path) in [
            ("GET", "/hook/a"),
            ("PUT", "/hook/a"),
            ("POST", "/hook"),
            ("POST", "/hook/"),
            ("POST", "/hook/a/"),
            ("POST", "/hook/a/b"),
            ("POST", "/HOOK/a"),
            ("POST", "/hook/a;x=1"),
            ("POST", "/hook//a"),
            ("POST", "//hook/a"),
            ("POST", "/hook/a."),
            ("POST", "/hook/%61"),
            ("POST", "/%68ook/a"),
            ("POST", "/hook/a%2Fb"),
            ("POST", "/hook/a\u{ff0f}b"),
            ("GET", "/static/\u{ff0e}\u{ff0e}/admin"),
            ("GET", "/static/\u{e9}"),
            ("HEAD", "/static/x"),
            ("GET", "/healthy"),
            ("GET", "/health/"),
            ("GET", "/health/x"),
            ("GET", "/Health"),
            ("GET", "/he\u{430}lth"),
            ("GET", "/static/a\\b"),
            ("GET", "/static/~/x.."),
            ("GET", "/"),
            ("OPTIONS", "*"),
        ] {
            assert!(!asked(method, path), "{method} {path}");
        }
    }

    #[test]
    fn a_rule_closes_what_is_public_by_its_method_alone() {
        let public = [open(&["GET", "HEAD", "POST"], "/{*rest}")];
        let rule = |methods: &[&str], path: &str, websocket| ProtectRule {
            methods: methods.iter().map(|method| method.parse().unwrap()).collect(),
            websocket,
            path: path.parse::<PathPattern>().unwrap(),
            allow_ambiguous_path: true,
            asks: vec![ProtectAsk::Admin],
        };
        let rules = vec![rule(&["GET"], "/a", None), rule(&[], "/b/{*rest}", None), rule(&[], "/ws", Some(true))];
        let rules = Protection::new(&Protect::new(Unlisted::Deny, rules));
        let asked = |method: &str, path: &str| is_public(&public, Some(&rules), &method.parse().unwrap(), path);
        for (method, path) in [("GET", "/a"), ("HEAD", "/A"), ("POST", "/b"), ("GET", "/B/x/y")] {
            assert!(!asked(method, path), "{method} {path}");
        }
        for (method, path) in [("POST", "/a"), ("GET", "/c"), ("GET", "/ws"), ("GET", "/a/x")] {
            assert!(asked(method, path), "{method} {path}");
        }
    }
}
