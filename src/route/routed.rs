//! A request whose add-on is known.

use http::uri::PathAndQuery;

use super::table::Route;
use crate::config::PrefixMode;
use crate::http::Sanitized;

/// A sanitized request, the add-on that it goes to, and the path that the add-on will see.
#[derive(Debug)]
pub struct Routed {
    request: Sanitized,
    route: Route,
    prefix: String,
    forward: PathAndQuery,
}

impl Routed {
    pub(super) fn new(request: Sanitized, route: Route, prefix: &str, forward: PathAndQuery) -> Self {
        Self { request, route, prefix: prefix.to_owned(), forward }
    }

    /// The request.
    pub fn request(&self) -> &Sanitized {
        &self.request
    }

    /// The request, to read its body.
    pub(crate) fn request_mut(&mut self) -> &mut Sanitized {
        &mut self.request
    }

    /// The add-on and its place.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The prefix under which the browser sees the add-on; empty on a host of its own.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Path and query as the add-on will see them.
    pub fn forward(&self) -> &PathAndQuery {
        &self.forward
    }

    /// Whether the prefix was asked for without the slash that must end it: relative links on the page would resolve one
    /// level too high, so the browser is sent to the other address first.
    pub fn lacks_slash(&self) -> bool {
        let stripped = self.route.addon().prefix == PrefixMode::Strip && !self.prefix.is_empty();
        stripped && self.request.path().len() == self.prefix.len()
    }

    /// Takes out what was meant for us and not for the add-on.
    pub(crate) fn remove_authorization(&mut self) {
        self.request.remove_authorization();
    }

    pub(crate) fn into_parts(self) -> (Sanitized, Route, String, PathAndQuery) {
        (self.request, self.route, self.prefix, self.forward)
    }
}
