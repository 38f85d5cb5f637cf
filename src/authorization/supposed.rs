//! What would be decided about a request that nobody has sent: for `explain` and the tests of the configuration, by the
//! admission that decides about those that are sent.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method};

use super::admission::{Admission, Claim, Refusal, admit, admits_anybody};
use super::answers::Answers;
use super::proof::SupposedProof;
use super::protect::{BodyFacts, Evaluation, Protection, RequestIntent};
use super::question::{Question, Wish};
use super::user_attributes::UserAttributes;
use crate::conditions::Environment;
use crate::connection::EntryPoint;
use crate::http::{ClientAddr, Provenance};
use crate::identity::{Directory, User};
use crate::refusal::Reason;
use crate::route::{Route, Transfer};
use crate::session::CredentialKind;

/// A request at the browsers' entry point, that was not sent.
#[derive(Debug)]
pub struct Supposition<'a> {
    /// The user who would ask.
    pub user: &'a Arc<User>,
    /// What it is signed in with.
    pub with: CredentialKind,
    /// What its user has proved besides.
    pub proof: SupposedProof,
    /// Where the client is.
    pub client: ClientAddr,
    /// The time, and the states of entities.
    pub environment: &'a Environment,
    /// Whose page sent it.
    pub provenance: Provenance,
    /// The origin that it names, where that matters.
    pub origin: Option<HeaderValue>,
    /// The route that it would take.
    pub route: &'a Route,
    /// The method; GET for a WebSocket.
    pub method: Method,
    /// Path and query as the browser would send them.
    pub target: PathAndQuery,
    /// How many bytes of the path the add-on does not see.
    pub stripped: usize,
    /// Whether it asks for a WebSocket.
    pub websocket: bool,
    /// What its `Depth` says; nothing where it has none.
    pub depth: Option<HeaderValue>,
    /// Its `Destination`; nothing where it has none.
    pub destination: Option<Transfer>,
    /// What its body says where rules read it; nothing when no body was given.
    pub body: Option<BodyFacts>,
}

/// What was decided about it.
#[derive(Debug)]
pub struct Supposed<'r> {
    /// The path, as the add-on would see it.
    pub path: String,
    /// Whether everybody may ask it, and the add-on is told of nobody.
    pub is_public: bool,
    /// What the add-on would be told of the user besides who they are, where it would get the request.
    pub attributes: Option<Arc<UserAttributes>>,
    /// What becomes of what it would be answered.
    pub answers: Answers,
    /// Why it is refused, if it is.
    pub refusal: Option<Reason>,
    /// Which circumstances are not those that were asked for, where it came to that.
    pub why: Option<String>,
    /// What the rules said, where it came to that.
    pub evaluation: Option<Evaluation<'r>>,
    /// Whether a rule reads the body, and none was given: a request would be judged by the one that it has.
    pub wants_body: bool,
}

impl Supposition<'_> {
    /// Decides it by the admission that decides about requests that are sent.
    pub fn decide<'r>(self, directory: &Directory, rules: Option<&'r Protection>) -> Supposed<'r> {
        let intent = RequestIntent::new(self.method.clone(), self.target, self.stripped, self.websocket);
        let intent = intent.reaching(self.depth, self.destination.as_ref().map(Transfer::addon));
        let intent = match self.body {
            Some(facts) => intent.with_body(facts),
            None => intent,
        };
        let path = intent.path().to_owned();
        let question = Question {
            addon: self.route.addon(),
            entry_point: EntryPoint::Browsers,
            method: &self.method,
            websocket: self.websocket,
            client: self.client,
            environment: self.environment,
            provenance: self.provenance,
            origin: self.origin.as_ref(),
            // One credential is supposed, and nothing beside it.
            bears_token: Ok(false),
            certified: None,
            wish: Wish::Path(Ok(&intent)),
        };
        let nothing = Supposed {
            path,
            is_public: admits_anybody(&question, rules),
            attributes: None,
            answers: Answers::Whole,
            refusal: None,
            why: None,
            evaluation: None,
            wants_body: false,
        };
        if nothing.is_public {
            return nothing;
        }
        match admit(&question, &Claim::Supposed(self.user, self.with, self.proof), directory, rules) {
            Ok(admission) => {
                let wants_body = admission.wants_body();
                let Admission { attributes, evaluation, answers, .. } = admission;
                Supposed { attributes, answers, evaluation, wants_body, ..nothing }
            }
            Err(Refusal { reason, evaluation, why, .. }) => {
                Supposed { refusal: Some(reason), evaluation, why, ..nothing }
            }
        }
    }
}
