//! The start page: what this user may open, and the way out.

use askama::Template;
use http::StatusCode;

use super::document::{Page, html};

/// An add-on that the user may open.
#[derive(Debug)]
pub struct StartAddon {
    /// What people read.
    pub title: String,
    /// Where it is.
    pub href: String,
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    name: &'a str,
    addons: &'a [StartAddon],
}

/// The page.
pub fn start(name: &str, addons: &[StartAddon]) -> Page {
    html(StatusCode::OK, &StartPage { name, addons })
}
