//! The sign-in page: the ways that the configuration offers, in its order, and what went wrong the last time.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER, SET_COOKIE};
use std::time::Duration;

use super::form_token::FormToken;
use super::return_to::{ReturnTo, sign_in_address, wanted_return, with_return_to};
use crate::config::SignInMethod;
use crate::http::{Presented, Sanitized};
use crate::identity::Health;
use crate::pages::{self, Page, PageContext, SignInNotice, SignInPage, SignInWay};

/// What the page shows.
pub(super) struct View<'a> {
    /// Language and look.
    pub(super) context: &'a PageContext,
    /// The ways to sign in.
    pub(super) methods: &'a [SignInMethod],
    /// What was in the form's cookie.
    pub(super) form_token: &'a Presented,
    /// Where to go afterwards.
    pub(super) return_to: &'a ReturnTo,
    /// What was typed before.
    pub(super) username: &'a str,
    /// What it tells first.
    pub(super) notice: Option<SignInNotice>,
    /// How long to wait before the next one.
    pub(super) wait: Option<Duration>,
    /// Whether the browser has a session all the same.
    pub(super) signed_in: bool,
    /// Whether staying signed in is offered, and ticked.
    pub(super) remember: Option<Ticked>,
    /// Whether the form asks for the code of a second factor as well.
    pub(super) asks_code: bool,
}

/// Whether the box is ticked when the page opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticked {
    /// It is.
    Yes,
    /// It is not: nobody stays signed in by accident.
    No,
}

impl From<bool> for Ticked {
    fn from(ticked: bool) -> Self {
        if ticked { Self::Yes } else { Self::No }
    }
}

/// The page for GET. Without users nobody can sign in: it says so, in the place of a form that would fail.
/// `notice` is why its reader is here.
pub fn sign_in_page(
    request: &Sanitized,
    context: &PageContext,
    (methods, users): (&[SignInMethod], Health),
    remember: Option<Ticked>,
    notice: Option<SignInNotice>,
) -> Page {
    let is_possible = users == Health::Good;
    let return_to = wanted_return(request);
    let view = View {
        context,
        methods: if is_possible { methods } else { &[] },
        form_token: request.form_token(),
        return_to: &return_to,
        username: "",
        notice: if is_possible { notice } else { Some(SignInNotice::NotNow) },
        wait: (!is_possible).then_some(COME_AGAIN),
        signed_in: false,
        remember,
        asks_code: false,
    };
    page(if is_possible { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &view)
}

pub(super) fn page(status: StatusCode, view: &View<'_>) -> Page {
    let token = FormToken::of_browser(view.form_token);
    let way = |method: &SignInMethod| match method {
        SignInMethod::HomeAssistant => {
            let link = with_return_to(START, view.return_to);
            SignInWay::Link { remembered: format!("{link}&{REMEMBER}"), link }
        }
        SignInMethod::Password => SignInWay::Form,
    };
    let ways: Vec<SignInWay> = view.methods.iter().map(way).collect();
    // Whoever chooses another language comes back to this page by GET, and goes where they wanted to go.
    let context = view.context.at(sign_in_address(view.return_to.as_str()));
    let mut page = pages::sign_in(
        status,
        &SignInPage {
            context: &context,
            ways: &ways,
            notice: view.notice,
            signed_in: view.signed_in,
            csrf: token.as_str(),
            return_to: view.return_to.as_str(),
            username: view.username,
            remember: view.remember.is_some(),
            ticked: view.remember == Some(Ticked::Yes),
            asks_code: view.asks_code,
        },
    );
    page.headers_mut().append(SET_COOKIE, token.set());
    retry_after(&mut page, view.wait);
    page
}

pub(super) fn retry_after(page: &mut Page, wait: Option<Duration>) {
    if let Some(wait) = wait {
        // Rounded up: who comes back a moment too early is told to wait again.
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
    }
}

/// Files are looked at every two seconds while they cannot be read.
const COME_AGAIN: Duration = Duration::from_secs(9);

/// What the way over Home Assistant's page is told by a browser whose user wants to stay signed in.
pub(super) const REMEMBER: &str = "remember=on";

/// Where the way over Home Assistant's page begins.
pub(super) const START: &str = "/.vestibule/sign-in/home-assistant";
