//! What another proxy's question says of itself, in its query.

use http::{HeaderName, StatusCode, Uri};

use crate::http::VERIFY;
use crate::refusal::Reason;

/// Where the proxy may send a browser that goes to a page and is not signed in.
pub(super) const SIGN_IN: HeaderName = HeaderName::from_static("x-vestibule-sign-in");

/// What the question says of itself.
#[derive(Debug, Default)]
pub(super) struct VerifyRequest {
    /// The add-on, where the other proxy's hosts and paths are not ours.
    pub(super) addon: Option<String>,
    /// Whether the browser gets the answer to a refusal as it is: then it can be sent to the sign-in page.
    redirect: bool,
}

impl VerifyRequest {
    /// The question that this address is, if it is one.
    pub(super) fn at(uri: &Uri) -> Option<Self> {
        (uri.path() == VERIFY).then(|| Self::read(uri.query().unwrap_or_default()))
    }

    /// Whether the browser gets the answer as it is.
    pub(super) fn redirects(&self) -> bool {
        self.redirect
    }

    /// The reason that is shown. nginx understands 401 and 403 and makes a 500 of all else, so that where the browser
    /// does not get the answer itself every refusal of a request is one of the two.
    pub(super) fn shown(&self, reason: Reason) -> Reason {
        let status = reason.row().status;
        let understood = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if self.redirect || understood || status.is_server_error() { reason } else { Reason::UntrustedProxy }
    }

    pub(super) fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                // Of two names none is the right one.
                "addon" if asked.addon.is_some() => asked.addon = Some(String::new()),
                "addon" => asked.addon = Some(value.into_owned()),
                "redirect" => asked.redirect = value == "true",
                _ => {}
            }
        }
        asked
    }
}
