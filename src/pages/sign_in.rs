//! The sign-in page.

use askama::Template;
use http::StatusCode;

use super::document::{Page, html};

/// What the sign-in page says.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// Why the last attempt came to nothing.
    pub message: Option<&'a str>,
    /// The form's token.
    pub csrf: &'a str,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// What was typed before.
    pub username: &'a str,
}

/// The page.
pub fn sign_in(status: StatusCode, page: &SignInPage<'_>) -> Page {
    html(status, page)
}
