//! The table of routes: made once from the configuration, looked up without an allocation or a lock.

use std::collections::HashMap;
use std::sync::Arc;

use http::uri::PathAndQuery;

use super::routed::Routed;
use crate::config::{Addon, PrefixMode};
use crate::http::Sanitized;

/// One add-on and its place in the table: what belongs to it elsewhere stands at the same place.
#[derive(Debug, Clone)]
pub struct Route {
    addon: Arc<Addon>,
    place: usize,
}

impl Route {
    /// The add-on.
    pub fn addon(&self) -> &Arc<Addon> {
        &self.addon
    }

    /// Its place in the configuration.
    pub fn place(&self) -> usize {
        self.place
    }
}

/// All routes.
#[derive(Debug, Default)]
pub struct Routes {
    hosts: HashMap<String, Route>,
    prefixes: HashMap<String, Route>,
    deepest: usize,
}

/// Where a request goes.
#[derive(Debug)]
pub enum Destination {
    /// To an add-on.
    Addon(Box<Routed>),
    /// To a page of ours, under [`OWN`].
    Own(Box<Sanitized>),
    /// Nowhere: there is nothing at this host and path.
    Nowhere(Box<Sanitized>),
}

/// Our own pages, on every host.
pub const OWN: &str = "/.vestibule";

impl Routes {
    /// The table for these add-ons. That no two share a host or a prefix is the configuration's to see to.
    pub fn new(addons: &[Arc<Addon>]) -> Self {
        let mut routes = Self::default();
        for (place, addon) in addons.iter().enumerate() {
            let route = Route { addon: Arc::clone(addon), place };
            if let Some(host) = &addon.host {
                routes.hosts.insert(host.as_str().to_owned(), route.clone());
            }
            if let Some(prefix) = &addon.path {
                routes.deepest = routes.deepest.max(prefix.as_str().matches('/').count());
                routes.prefixes.insert(prefix.as_str().to_owned(), route);
            }
        }
        routes
    }

    /// Where this request goes. A host of an add-on's own serves that add-on and our pages, and nothing else: that is
    /// what keeps the add-ons apart there (S-95). Elsewhere the longest prefix wins, segment by segment, compared with
    /// the bytes that were sent (S-31, S-33).
    pub fn route(&self, request: Sanitized) -> Destination {
        if is_own(request.path()) {
            return Destination::Own(Box::new(request));
        }
        let Some((prefix, route)) = self.find(Some(request.authority().host()), request.path()) else {
            return Destination::Nowhere(Box::new(request));
        };
        let Some(forward) = forward_target(request.target(), prefix, route.addon.prefix) else {
            return Destination::Nowhere(Box::new(request));
        };
        let routed = Routed::new(request, route.clone(), prefix, forward);
        Destination::Addon(Box::new(routed))
    }

    /// The route of this host and path, and the prefix that it was found by; none on a host of its own.
    pub fn find(&self, host: Option<&str>, path: &str) -> Option<(&str, &Route)> {
        let own = host.and_then(|host| self.hosts.get(host));
        own.map_or_else(|| self.longest(path), |route| Some(("", route)))
    }

    /// To the add-on of this name, wherever the request seems to go: its path is the add-on's own.
    pub fn to(&self, slug: &str, request: Sanitized) -> Destination {
        let mut all = self.hosts.values().chain(self.prefixes.values());
        let Some(route) = all.find(|route| route.addon.slug.as_str() == slug).cloned() else {
            return Destination::Nowhere(Box::new(request));
        };
        let forward = request.target().clone();
        Destination::Addon(Box::new(Routed::new(request, route, "", forward)))
    }

    /// The add-on that has this host to itself.
    pub fn of_host(&self, host: &str) -> Option<&Arc<Addon>> {
        self.hosts.get(host).map(Route::addon)
    }

    /// The prefix of the table that is longest in this path, and its route.
    pub fn longest(&self, path: &str) -> Option<(&str, &Route)> {
        let mut found = self.prefixes.get_key_value("");
        let segments = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]).take(self.deepest);
        for end in segments {
            let prefix = path.get(..end).unwrap_or_default();
            found = self.prefixes.get_key_value(prefix).or(found);
        }
        found.map(|(prefix, route)| (prefix.as_str(), route))
    }
}

/// Whether a path is one of our own pages.
pub fn is_own(path: &str) -> bool {
    path.strip_prefix(OWN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Path and query as the add-on is to see them: the bytes that were sent, less the prefix.
fn forward_target(target: &PathAndQuery, prefix: &str, mode: PrefixMode) -> Option<PathAndQuery> {
    if mode == PrefixMode::Keep || prefix.is_empty() {
        return Some(target.clone());
    }
    let rest = target.as_str().strip_prefix(prefix)?;
    if rest.starts_with('/') { rest.parse().ok() } else { format!("/{rest}").parse().ok() }
}
