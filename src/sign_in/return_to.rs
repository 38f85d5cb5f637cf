//! Where to go after signing in: only to a path of our own (S-90).
//!
//! What a form or a query says becomes a path that no browser reads as another site's address, or nothing.

use std::fmt;

use crate::http::{Sanitized, judge_path};
use crate::pages::{self, Page, PageContext};
use crate::route::is_own;

/// A path and query on our own origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Accepts visible ASCII that begins with exactly one `/`, has no `\` and no control character in any encoding, and
    /// whose path has no dot segments. Our own pages are no place to return to, except the start page and the way to an
    /// add-on's own host.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        (Self::is_of_this_origin(text) && (!is_own(path) || path == HAND_OVER)).then(|| Self(text.to_owned()))
    }

    /// The same, and our own pages as well: where a page leads back to itself.
    pub fn to_any_page(text: &str) -> Option<Self> {
        Self::is_of_this_origin(text).then(|| Self(text.to_owned()))
    }

    fn is_of_this_origin(text: &str) -> bool {
        let visible = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let one_slash = text.starts_with('/') && !text.starts_with("//");
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let short = text.len() <= LONGEST;
        visible && one_slash && short && judge_path(path).is_ok() && !path.to_ascii_lowercase().contains("%5c")
    }

    /// Reads what [`fmt::Display`] writes: the start page as well, which need not be asked for.
    pub(super) fn read_back(text: &str) -> Option<Self> {
        let start = Self::default();
        if text == start.0 { Some(start) } else { Self::parse(text) }
    }

    /// The path and query.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The answer to a form that leads there.
    pub fn behind_form(&self, context: &PageContext) -> Page {
        let leaves = self.0.strip_prefix(HAND_OVER).is_some_and(|rest| rest.starts_with('?'));
        if leaves { pages::onward(&self.0, context) } else { pages::see_other(&self.0) }
    }
}

/// Where a user who asks for the sign-in page wants to go afterwards.
pub fn wanted_return(request: &Sanitized) -> ReturnTo {
    let query = request.query().unwrap_or_default();
    let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return_to");
    wanted.and_then(|(_, path)| ReturnTo::parse(&path)).unwrap_or_default()
}

/// The way from the main host to an add-on's own, and the arrival there.
pub const HAND_OVER: &str = "/.vestibule/hand-over";

/// The start page.
impl Default for ReturnTo {
    fn default() -> Self {
        Self("/.vestibule/".to_owned())
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As long as a target may be.
const LONGEST: usize = 8 * 1024;

/// The address of the sign-in page that leads back to this target.
pub fn sign_in_address(target: &str) -> String {
    let page = "/.vestibule/sign-in";
    ReturnTo::parse(target).map_or_else(|| page.to_owned(), |back| with_return_to(page, &back))
}

/// The address of a page of ours that leads back there.
pub(super) fn with_return_to(page: &str, back: &ReturnTo) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("return_to", back.as_str());
    format!("{page}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_where_one_may_return() {
        let own = "/.vestibule/sign-in?return_to=%2Fa";
        assert_eq!((ReturnTo::parse(own), ReturnTo::to_any_page(own).is_some()), (None, true));
        assert_eq!(ReturnTo::to_any_page("//e"), None);
        for path in [
            "/",
            "/ingress/x/",
            "/ingress/x/?a=/b&c=//d",
            "/a//b",
            "/x:1/y",
            "/a%20b",
            "/caf%C3%A9#top",
            "/?u=https://e.test/",
            "/.vestibule/hand-over?addon=a",
        ] {
            assert_eq!(ReturnTo::parse(path).map(|r| r.to_string()).as_deref(), Some(path));
        }
    }

    #[test]
    fn another_sites_address_is_not() {
        for path in [
            "",
            "e",
            "//e",
            "///e",
            "/\\e",
            "\\/e",
            "/ /e",
            "/\t/e",
            "/./\\e",
            "/./../\\e",
            "https:e",
            "https:/\\e",
            "https://e/",
            "javascript:alert(1)",
            "@e",
            "/%09/example.com",
            "/%0d%0aLocation:%20//e",
            "////x@google.com/%2f..",
            "/x:1/:///%01javascript:alert(1)/",
            "///\\;@example.com",
            "/a\r\nb",
            "/%5ce",
            "/%5C%5Ce",
            "/../e",
            "/%2e%2e/e",
            "/é",
            "/a\0",
            "/%",
            "/.vestibule/sign-in",
            "/.vestibule/sign-out",
            "/.vestibule",
            "/.vestibule/hand-over/x",
            "/.vestibule/hand-over/../sign-out",
        ] {
            assert_eq!(ReturnTo::parse(path), None, "{path:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn the_way_to_the_sign_in_page_keeps_the_way_back() {
        assert_eq!(sign_in_address("/a?b=c&d"), "/.vestibule/sign-in?return_to=%2Fa%3Fb%3Dc%26d");
        assert_eq!(sign_in_address("//e"), "/.vestibule/sign-in");
    }
}
