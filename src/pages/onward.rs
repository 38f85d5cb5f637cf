//! A page that leads on by itself, for the one case in which a redirection cannot: behind a form, where the way goes on
//! to another host of ours. Browsers apply `form-action` to every redirection that a form leads to, and ours names this
//! host alone; a page that loads ends the form's way.

use askama::Template;
use http::StatusCode;

use super::context::PageContext;
use super::document::html;
use super::response::Page;

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage<'a> {
    context: &'a PageContext,
    location: &'a str,
}

/// The page. `location` is a path that the caller has proven to be ours.
pub fn onward(location: &str, context: &PageContext) -> Page {
    html(StatusCode::OK, context, &OnwardPage { context, location })
}
