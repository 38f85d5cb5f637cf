//! What was admitted and is still open: everything that its admission went by, so that it is admitted again, whole,
//! with the configuration, the users and the sessions of a later moment (S-99, S-103, S-104).

use std::fmt;
use std::sync::Arc;

use super::admission::{Claim, admit, admits_anybody};
use super::answers::Answers;
use super::front;
use super::protect::{Protection, RequestIntent};
use super::question::{Question, Wish};
use super::user_attributes::UserAttributes;
use crate::conditions::Environment;
use crate::exchanges::Subject;
use crate::http::{Authority, RequestSource, Rules};
use crate::identity::Directory;
use crate::refusal::{Decision, Reason};
use crate::route::{FoundBy, Location, Route, Routed, Routes};
use crate::session::{Authenticated, Credential};

/// What a request was admitted for. Made for every request, so that it costs counts and hardly an allocation: what it
/// holds is shared with the head that was read.
#[derive(Debug)]
pub struct Admitted {
    /// Nothing where everybody may ask.
    credential: Option<Credential>,
    bears_token: Result<bool, Reason>,
    source: RequestSource,
    authority: Authority,
    found_by: FoundBy,
    route: Route,
    stripped: usize,
    intent: RequestIntent,
    attributes: Option<Arc<UserAttributes>>,
}

/// The configuration, the users and the sessions of one moment.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// Where add-ons are found.
    pub routes: &'a Routes,
    /// What browsers call us.
    pub rules: &'a Rules,
    /// What the paths of each add-on need, by its place; nothing where none is protected.
    pub protections: &'a [Option<Protection>],
    /// The users and what they may do, all of one snapshot.
    pub directory: &'a Directory,
    /// The time, and the states of entities.
    pub environment: &'a Environment,
    /// Whether a credential still counts. If so, it counts as seen.
    pub still_counts: &'a dyn Fn(&Credential) -> Result<(), Reason>,
}

impl Admitted {
    pub(super) fn new(
        authenticated: &Authenticated,
        intent: RequestIntent,
        attributes: Option<Arc<UserAttributes>>,
    ) -> Self {
        Self {
            credential: Some(authenticated.credential().clone()),
            bears_token: authenticated.bears_token(),
            attributes,
            ..Self::of_anybody(authenticated.routed(), intent)
        }
    }

    /// A request that everybody may ask.
    pub(super) fn of_anybody(routed: &Routed, intent: RequestIntent) -> Self {
        let request = routed.request();
        Self {
            credential: None,
            bears_token: Ok(false),
            source: request.source().clone(),
            authority: request.authority().clone(),
            found_by: routed.found_by(),
            route: routed.route().clone(),
            stripped: routed.stripped(),
            intent,
            attributes: None,
        }
    }

    /// What it wants of its add-on.
    pub(super) fn intent(&self) -> &RequestIntent {
        &self.intent
    }

    /// Whether what its user was known by is sent by a browser by itself, whichever page makes it ask; also where
    /// everybody may ask, since the add-on may know them by something of its own.
    pub fn is_ambient(&self) -> bool {
        self.credential.as_ref().is_none_or(|credential| credential.kind().is_ambient())
    }

    /// What its add-on was told of the user besides who they are.
    pub(super) fn attributes(&self) -> Option<&Arc<UserAttributes>> {
        self.attributes.as_ref()
    }

    /// Whether a request like this one would be admitted at this moment, to where this one went.
    pub fn admit_again(&self, moment: &Moment<'_>) -> Decision {
        match self.decide(moment) {
            Ok(()) => Decision::Permit,
            Err(reason) => Decision::Deny(reason),
        }
    }

    fn decide(&self, moment: &Moment<'_>) -> Result<(), Reason> {
        let route = self.route_of(moment.routes).ok_or(Reason::UnknownRoute)?;
        let (host, client_auth) = (self.authority.host(), moment.rules.client_auth.as_deref());
        // First: over a connection whose certificate is not believed any more nothing goes on, whoever is behind it.
        self.source.judge_certificate(host, client_auth)?;
        let certified = self.source.certified(host, client_auth);
        let question = Question {
            addon: route.addon(),
            entry_point: self.source.entry_point(),
            method: self.intent.method(),
            websocket: self.intent.is_websocket(),
            // From what was said then, judged by the proxies that are trusted now: a proxy that lost its trust no
            // longer vouches for an address.
            client: self.source.client().map_err(|_| Reason::MalformedForwarded)?,
            environment: moment.environment,
            provenance: self.source.provenance(&self.authority, &moment.rules.names),
            origin: self.source.origin(),
            bears_token: self.bears_token,
            certified: certified.as_ref(),
            wish: Wish::Path(Ok(&self.intent)),
        };
        let rules = moment.protections.get(route.place()).and_then(Option::as_ref);
        let Some(credential) = &self.credential else {
            return if admits_anybody(&question, rules) { Ok(()) } else { Err(Reason::NoSession) };
        };
        let claim = Claim::Kept(credential, moment.still_counts);
        let admission = admit(&question, &claim, moment.directory, rules).map_err(|refusal| refusal.reason)?;
        // Types of messages that the operator has taken back pass no more, nor what they have subscribed to. The
        // browser comes back and is held by the list of now.
        let is_held = admission.answers == Answers::Filtered && self.intent.is_websocket();
        if is_held && front::takes_back(self.route.addon(), route.addon()) {
            return Err(Reason::PathNeedsAdmin);
        }
        // The add-on was told of the user once and goes by that to the end: a role that is lost, or gained, ends what
        // was opened with the old one, and the browser opens it again.
        if admission.attributes == self.attributes { Ok(()) } else { Err(Reason::AttributesChanged) }
    }

    /// The route that it would take now, if that leads to the same place: the same add-on, which would see the same
    /// path. What was sent under another path was judged as another.
    fn route_of<'r>(&self, routes: &'r Routes) -> Option<&'r Route> {
        let addon = &self.route.addon().slug;
        match self.found_by {
            FoundBy::Name => routes.named(addon.as_str()),
            FoundBy::Address => {
                let host = self.authority.host();
                match routes.locate(self.source.entry_point(), Some(host), self.intent.sent_path()) {
                    Location::Addon(route, stripped) => {
                        // A path under another prefix is another path to the add-on, which no rule was asked about.
                        (route.addon().slug == *addon && stripped == self.stripped).then_some(route)
                    }
                    Location::Own | Location::Call | Location::Nowhere => None,
                }
            }
        }
    }
}

impl Subject for Admitted {
    fn user(&self) -> &str {
        self.credential.as_ref().map_or("", |credential| credential.user().as_str())
    }

    fn addon(&self) -> &str {
        self.route.addon().slug.as_str()
    }
}

impl fmt::Debug for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").finish_non_exhaustive()
    }
}
