//! The table of routes: made once from the configuration, looked up without an allocation or a lock.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use http::uri::PathAndQuery;

use super::addon_route::{FoundBy, Route};
use super::by_token::{HOME_ASSISTANTS, front_token_in, token_in};
use super::front_tokens::FrontTokens;
use super::routed::Routed;
use crate::config::{Addon, BelowFront, PrefixMode};
use crate::connection::EntryPoint;
use crate::http::fields::FieldLocation;
use crate::http::{Sanitized, decode, is_same_look};
use crate::ids::AddonSlug;

/// All routes.
#[derive(Debug, Default)]
pub struct Routes {
    hosts: ByText,
    prefixes: ByText,
    /// By token, at Home Assistant's entry point.
    tokens: ByText,
    deepest: usize,
    /// The host of Home Assistant's front, on which we have no pages.
    front: Option<String>,
    /// The add-ons in its pages, by what the Supervisor calls them; those that no `[[addon]]` names; and those of which
    /// nothing is known.
    below_front: ByText,
    unnamed_below_front: Option<Route>,
    unknown_below_front: Option<Route>,
    /// Which of them a token stands for.
    front_tokens: Arc<FrontTokens>,
}

/// The operator alone fills the maps, so that a fast hasher will do.
type ByText = HashMap<String, Route, RandomState>;

/// Where a request goes.
#[derive(Debug)]
pub enum Destination {
    /// To an add-on, with the path that it will see.
    Addon(Routed),
    /// To a page of ours, under [`OWN`].
    Own(Box<Sanitized>),
    /// At Home Assistant's entry point: to no add-on, so that it is a call of Home Assistant's own or nothing.
    Call(Box<Sanitized>),
    /// Nowhere: there is nothing at this host and path.
    Nowhere(Box<Sanitized>),
}

/// What is at an address.
#[derive(Debug, Clone, Copy)]
pub enum Location<'r> {
    /// An add-on, and how many bytes at the start of the path it does not see.
    Addon(&'r Route, usize),
    /// A page of ours, under [`OWN`].
    Own,
    /// At Home Assistant's entry point, a path that names no add-on.
    Call,
    /// Nothing of ours or of an add-on.
    Nowhere,
}

/// Our own pages, on every host.
pub const OWN: &str = "/.vestibule";

impl Routes {
    /// The table for these add-ons. That no two share a host or a prefix is the configuration's to see to.
    pub fn new(addons: &[Arc<Addon>]) -> Self {
        let mut routes = Self::default();
        for (place, addon) in addons.iter().enumerate() {
            let of_place = || Some(Route::new(addon, place, "", FieldLocation::OwnHost));
            match addon.route.below_front {
                Some(BelowFront::Unknown) => routes.unknown_below_front = of_place(),
                Some(BelowFront::Unnamed) => routes.unnamed_below_front = of_place(),
                Some(BelowFront::Named) => {
                    let slug = addon.route.supervisor_slug.iter().map(ToString::to_string);
                    routes.below_front.extend(slug.zip(of_place()));
                }
                None => {}
            }
            if let Some(host) = addon.route.host.as_ref().filter(|_| addon.authorization.front.is_some()) {
                routes.front = Some(host.as_str().to_owned());
            }
            if let Some(host) = &addon.route.host {
                routes.hosts.insert(host.as_str().to_owned(), Route::new(addon, place, "", FieldLocation::OwnHost));
            }
            if let Some(prefix) = &addon.route.path {
                routes.deepest = routes.deepest.max(prefix.as_str().matches('/').count());
                routes.prefixes.insert(
                    prefix.as_str().to_owned(),
                    Route::new(addon, place, prefix.as_str(), FieldLocation::SharedOrigin),
                );
            }
        }
        routes
    }

    /// Gives an add-on of the table a token, by which it is found at Home Assistant's entry point. Its pages are seen
    /// under that, and it sees none of it.
    #[must_use]
    pub fn with_token(mut self, addon: &Arc<Addon>, place: usize, token: String) -> Self {
        let route = Route::new(addon, place, &format!("{HOME_ASSISTANTS}{token}"), FieldLocation::SharedOrigin);
        self.tokens.insert(token, route);
        self
    }

    /// With what is learned of the tokens in addresses of Home Assistant's own pages.
    #[must_use]
    pub fn with_front_tokens(self, front_tokens: Arc<FrontTokens>) -> Self {
        Self { front_tokens, ..self }
    }

    /// Where this request goes.
    pub fn route(&self, request: Box<Sanitized>) -> Destination {
        match self.locate(request.entry_point(), Some(request.authority().host()), request.path()) {
            Location::Addon(route, stripped) => routed(request, route.clone(), stripped, FoundBy::Address),
            Location::Own => Destination::Own(request),
            Location::Call => Destination::Call(request),
            Location::Nowhere => Destination::Nowhere(request),
        }
    }

    /// What is at this address: the one look-up, for requests, for what is open, and for those who only ask.
    ///
    /// A host of an add-on's own serves that add-on and our pages, and nothing else: that is what keeps the add-ons
    /// apart there (S-95). Elsewhere the longest prefix wins, segment by segment, compared with the bytes that were
    /// sent (S-31, S-33).
    pub fn locate(&self, entry_point: EntryPoint, host: Option<&str>, path: &str) -> Location<'_> {
        match entry_point {
            // Before any add-on: one at the root must not answer for our sign-in page.
            // Not at Home Assistant's front, whose scripts would have the origin of our sign-in page.
            EntryPoint::Browsers if is_own(path) && !self.is_front(host) => Location::Own,
            EntryPoint::Browsers if let Some((route, stripped)) = self.find_below_front(host, path) => {
                Location::Addon(route, stripped)
            }
            EntryPoint::Browsers => self.find(host, path).map_or(Location::Nowhere, |route| {
                let strips = route.addon().route.prefix == PrefixMode::Strip;
                Location::Addon(route, if strips { route.prefix().len() } else { 0 })
            }),
            EntryPoint::HomeAssistant => match token_in(path) {
                None => Location::Call,
                Some((token, stripped)) => {
                    self.tokens.get(token).map_or(Location::Nowhere, |route| Location::Addon(route, stripped))
                }
            },
        }
    }

    fn is_front(&self, host: Option<&str>) -> bool {
        self.front.is_some() && self.front.as_deref() == host
    }

    /// The add-on in Home Assistant's own pages that this path leads to.
    fn find_below_front(&self, host: Option<&str>, path: &str) -> Option<(&Route, usize)> {
        let (token, stripped) = if self.is_front(host) { front_token_in(path)? } else { return None };
        let known = |slug: &AddonSlug| self.below_front.get(slug.as_str()).or(self.unnamed_below_front.as_ref());
        let route = match self.front_tokens.with_slug(token, known) {
            Some(route) => route,
            None => self.unknown_below_front.as_ref(),
        };
        Some((route?, stripped))
    }

    /// The route of this host and path.
    fn find(&self, host: Option<&str>, path: &str) -> Option<&Route> {
        host.and_then(|host| self.hosts.get(host)).or_else(|| self.longest(path))
    }

    /// Whether a proxy that takes letters of either case for the same (Caddy does, also beyond ASCII: S-207) would find
    /// another route for it.
    pub fn is_other_in_other_case(&self, host: Option<&str>, path: &str) -> bool {
        if host.is_some_and(|host| self.hosts.contains_key(host)) {
            return false;
        }
        let fits = |prefix: &str| {
            let mut segments = path.split('/').map(decode);
            let is_next = |part| segments.next().flatten().is_some_and(|segment| is_same_look(part, &segment));
            prefix.split('/').all(is_next)
        };
        let found = self.longest(path).map_or(0, |route| route.prefix().len());
        // A shorter prefix would lose against the one that was found, whatever a proxy takes for the same.
        self.prefixes.keys().any(|prefix| fits(prefix) && prefix.len() >= found && !path.starts_with(prefix.as_str()))
    }

    /// To the add-on of this name, wherever the request seems to go: its path is the add-on's own.
    pub fn to(&self, slug: &str, request: Box<Sanitized>) -> Destination {
        let Some(found) = self.named(slug) else {
            return Destination::Nowhere(request);
        };
        let route = Route::new(found.addon(), found.place(), "", found.seen());
        routed(request, route, 0, FoundBy::Name)
    }

    /// A route of the add-on of this name.
    pub fn named(&self, slug: &str) -> Option<&Route> {
        let mut all = self.hosts.values().chain(self.prefixes.values());
        all.find(|route| route.addon().slug.as_str() == slug)
    }

    /// The route to the add-on that has this host to itself.
    pub fn to_host(&self, host: &str) -> Option<&Route> {
        self.hosts.get(host)
    }

    /// The add-on that has this host to itself.
    pub fn of_host(&self, host: &str) -> Option<&Arc<Addon>> {
        self.hosts.get(host).map(Route::addon)
    }

    /// The route whose prefix is the longest in this path.
    pub fn longest(&self, path: &str) -> Option<&Route> {
        let mut found = self.prefixes.get("");
        // As deep as the deepest prefix and no deeper, so that a path of a thousand slashes costs no more than any
        // other.
        // Without the first slash: what ends there is the root, which stands in `found` already.
        let segments = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]).take(self.deepest);
        for end in segments {
            let prefix = path.get(..end).unwrap_or_default();
            found = self.prefixes.get(prefix).or(found);
        }
        found
    }
}

/// Whether a path is one of our own pages.
pub fn is_own(path: &str) -> bool {
    path.strip_prefix(OWN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// To an add-on, which is to see all but the first `stripped` bytes of the path.
fn routed(request: Box<Sanitized>, route: Route, stripped: usize, found_by: FoundBy) -> Destination {
    // Home Assistant takes the token off itself.
    let hidden = if route.addon().route.below_front.is_some() { 0 } else { stripped };
    match forward_target(request.target(), hidden) {
        Some(forward) => Destination::Addon(Routed::new(request, (route, found_by), stripped, forward)),
        None => Destination::Nowhere(request),
    }
}

/// Path and query as the add-on is to see them: the bytes that were sent, less the prefix.
pub(super) fn forward_target(target: &PathAndQuery, stripped: usize) -> Option<PathAndQuery> {
    if stripped == 0 {
        return Some(target.clone());
    }
    let rest = target.as_str().get(stripped..)?;
    // `/ingress/addon` without its slash leaves nothing, and `/ingress/addon?x` a query: the add-on gets its root.
    if rest.starts_with('/') { rest.parse().ok() } else { format!("/{rest}").parse().ok() }
}
