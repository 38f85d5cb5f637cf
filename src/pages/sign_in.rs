//! The sign-in page.

use askama::Template;
use http::StatusCode;

use super::document::{Page, html};

/// A way to sign in.
#[derive(Debug)]
pub enum SignInWay {
    /// Over Home Assistant's page, which begins here.
    Link {
        /// To begin.
        link: String,
        /// To begin, and to stay signed in afterwards.
        remembered: String,
    },
    /// With user name and password, in this page's form.
    Form,
}

/// What the sign-in page says.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// The ways to sign in, in order.
    pub ways: &'a [SignInWay],
    /// Why the last attempt came to nothing.
    pub message: Option<&'a str>,
    /// Whether the browser has a session all the same.
    pub signed_in: bool,
    /// The token that binds the form to this browser.
    pub csrf: &'a str,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// What was typed before.
    pub username: &'a str,
    /// Whether staying signed in is offered.
    pub remember: bool,
    /// Whether that is ticked.
    pub ticked: bool,
    /// Whether the form asks for the code of a second factor as well.
    pub asks_code: bool,
}

/// The sign-in page with this status.
pub fn sign_in(status: StatusCode, page: &SignInPage<'_>) -> Page {
    html(status, page)
}

/// What the page says on which a user signs in again.
#[derive(Debug, Template)]
#[template(path = "step_up.html")]
pub struct StepUpPage<'a> {
    /// The ways to do it, in order.
    pub ways: &'a [SignInWay],
    /// Why the last attempt came to nothing, or what is missing.
    pub message: Option<&'a str>,
    /// Who is signed in.
    pub name: &'a str,
    /// The name that their password belongs to.
    pub username: &'a str,
    /// The token that binds the form to this browser.
    pub csrf: &'a str,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// Whether the form asks for the code of a second factor as well.
    pub asks_code: bool,
}

/// The page for signing in again, with this status.
pub fn step_up(status: StatusCode, page: &StepUpPage<'_>) -> Page {
    html(status, page)
}
