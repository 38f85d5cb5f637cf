//! The start page: what this user may open, and the way out.

use askama::Template;
use http::StatusCode;

use super::document::{Page, html};

/// An add-on that the user may open.
#[derive(Debug)]
pub struct StartAddon {
    /// The add-on's title, as people read it.
    pub title: String,
    /// The address that leads to the add-on from the start page.
    pub href: String,
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    name: &'a str,
    addons: &'a [StartAddon],
}

/// The start page of a user: the add-ons that they may open.
pub fn start(name: &str, addons: &[StartAddon]) -> Page {
    html(StatusCode::OK, &StartPage { name, addons })
}
