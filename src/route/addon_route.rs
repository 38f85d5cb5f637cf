//! One way to an add-on.

use std::sync::Arc;

use http::HeaderValue;

use crate::config::Addon;
use crate::http::fields::FieldLocation;

/// One way to an add-on, shared by all requests that take it.
#[derive(Debug, Clone)]
pub struct Route(Arc<RouteEntry>);

#[derive(Debug)]
struct RouteEntry {
    addon: Arc<Addon>,
    place: usize,
    prefix: String,
    prefix_header: Option<HeaderValue>,
    seen: FieldLocation,
}

impl Route {
    pub(super) fn new(addon: &Arc<Addon>, place: usize, prefix: &str, seen: FieldLocation) -> Self {
        let prefix_header = Some(prefix).filter(|prefix| !prefix.is_empty());
        let prefix_header = prefix_header.and_then(|prefix| HeaderValue::from_str(prefix).ok());
        Self(Arc::new(RouteEntry { addon: Arc::clone(addon), place, prefix: prefix.to_owned(), prefix_header, seen }))
    }

    /// The add-on that it leads to, with all of its settings.
    pub fn addon(&self) -> &Arc<Addon> {
        &self.0.addon
    }

    /// Its place in the configuration: what belongs to it elsewhere stands at the same place.
    pub fn place(&self) -> usize {
        self.0.place
    }

    /// The prefix under which the browser sees the add-on; empty on a host of its own.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// Whether its origin is the add-on's alone, which a prefix of nothing but the root does not say.
    pub fn seen(&self) -> FieldLocation {
        self.0.seen
    }

    /// The same as headers say it; nothing on a host of its own.
    pub fn prefix_header(&self) -> Option<&HeaderValue> {
        self.0.prefix_header.as_ref()
    }
}

/// How the route of a request was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// By the host and path of the request.
    Address,
    /// By the add-on's name: another proxy has hosts and paths of its own.
    Name,
}
