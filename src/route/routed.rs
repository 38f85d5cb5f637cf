//! A request whose add-on is known.

use http::HeaderName;
use http::uri::PathAndQuery;

use super::addon_route::{FoundBy, Route};
use crate::http::Sanitized;

/// A sanitized request, the add-on that it goes to, and the path that the add-on will see.
#[derive(Debug)]
pub struct Routed {
    request: Box<Sanitized>,
    route: Route,
    found_by: FoundBy,
    stripped: usize,
    forward: PathAndQuery,
}

impl Routed {
    pub(super) fn new(
        request: Box<Sanitized>,
        (route, found_by): (Route, FoundBy),
        stripped: usize,
        forward: PathAndQuery,
    ) -> Self {
        Self { request, route, found_by, stripped, forward }
    }

    /// The request, with its path as it was sent.
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

    /// How the add-on was found.
    pub fn found_by(&self) -> FoundBy {
        self.found_by
    }

    /// The prefix under which the browser sees the add-on; empty on a host of its own.
    pub fn prefix(&self) -> &str {
        self.route.prefix()
    }

    /// How many bytes at the start of the path the add-on does not see.
    pub fn stripped(&self) -> usize {
        self.stripped
    }

    /// Path and query as the add-on will see them.
    pub fn forward(&self) -> &PathAndQuery {
        &self.forward
    }

    /// Whether the prefix was asked for without the slash that must end it: relative links on the page would resolve
    /// one level too high, so the browser is sent to the other address first.
    pub fn lacks_slash(&self) -> bool {
        self.stripped > 0 && self.request.path().len() == self.stripped
    }

    /// Takes out what was meant for us and not for the add-on.
    pub(crate) fn remove_header(&mut self, name: &HeaderName) {
        self.request.remove_header(name);
    }

    pub(crate) fn into_parts(self) -> (Box<Sanitized>, Route, PathAndQuery) {
        (self.request, self.route, self.forward)
    }
}
