//! A request that may pass: the only thing that `upstream` sends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE};

use super::admission::{Admission, Claim, Refusal, admit, admits_anybody};
use super::admitted::Admitted;
use super::answers::Answers;
use super::protect::{BodyFacts, Protection, RequestIntent, RuleQuery};
use super::question::{Question, Wish};
use super::rates::{self, Counting};
use super::user_attributes::UserAttributes;
use super::why;
use crate::budget::{Holder, TooOften};
use crate::conditions::Environment;
use crate::config::{Addon, StepUp};
use crate::exchanges::{Open, OpenExchanges};
use crate::http::{BufferLimits, Origin, Sanitized, Site};
use crate::identity::{Directory, DirectoryCell, Identified, User};
use crate::ids::GroupId;
use crate::refusal::Reason;
use crate::route::Routed;
use crate::session::{Authenticated, Credential, Session, bears_token, remove_keys};

/// A request that was admitted, with its place among the open exchanges: an identified one, or one that everybody may
/// ask.
#[derive(Debug)]
pub struct Permitted {
    routed: Routed,
    user: Option<Arc<User>>,
    attributes: Option<Arc<UserAttributes>>,
    answers: Answers,
    /// The group that the user is held to, where a pass was shown.
    within: Option<GroupId>,
    open: Open,
}

/// A user who may come in to an add-on with a session, where no path of it is asked for yet.
#[derive(Debug)]
pub struct Entrant {
    user: Arc<User>,
}

/// What requests are admitted by besides themselves.
#[derive(Clone, Copy)]
pub struct AuthorizationContext<'a> {
    /// Every exchange that is open.
    pub exchanges: &'a Arc<OpenExchanges>,
    /// The users, always the current ones.
    pub directory: &'a DirectoryCell,
    /// The time, and the states of entities.
    pub environment: &'a Environment,
    /// What the paths of each add-on need, by its place; nothing where none is protected.
    pub protections: &'a [Option<Protection>],
    /// Says why a user may do what a rule asks about entities, or not.
    pub describe: Description<'a>,
    /// The limits and the count of bodies that are held to be judged, and of requests.
    pub holding: BufferLimits<'a>,
    /// Whether what is admitted counts as a request.
    pub counting: Counting,
}

/// Says why a user of these may do what a rule asks about entities, or not: for the operator.
pub type Description<'a> = &'a (dyn Fn(&Directory, &User, &RuleQuery<'_>) -> String + Sync);

/// Why a request is refused: the reason that status and metrics go by, and all of it for the operator.
#[derive(Debug)]
pub struct Refused {
    /// What status, page, log level and label follow from.
    pub reason: Reason,
    /// Who is refused, if that is known.
    pub user: Option<Arc<User>>,
    /// What was asked and answered, where a protected path was judged.
    pub why: Option<String>,
    /// When it may be tried again, where that is known.
    pub retry_after: Option<Duration>,
    /// What they would have to prove, where they may go on with that.
    pub step_up: Option<StepUp>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, user: None, why: None, retry_after: None, step_up: None }
    }
}

impl From<TooOften> for Refused {
    fn from(too_often: TooOften) -> Self {
        let TooOften { limit, retry_after } = too_often;
        Self { retry_after: Some(retry_after), ..Reason::from(limit).into() }
    }
}

impl Permitted {
    /// The request and where it goes.
    pub fn routed(&self) -> &Routed {
        &self.routed
    }

    /// The user, as the snapshot of the admission has them; nobody where everybody may ask, whoever is behind it.
    pub fn user(&self) -> Option<&Arc<User>> {
        self.user.as_ref()
    }

    /// What the add-on is told of the user besides who they are, where it is told anything.
    pub fn attributes(&self) -> Option<&UserAttributes> {
        self.attributes.as_deref()
    }

    /// What becomes of what it is answered.
    pub fn answers(&self) -> Answers {
        self.answers
    }

    /// The group whose policy the user is held to, where a pass was shown in the place of their own token.
    pub fn within(&self) -> Option<&GroupId> {
        self.within.as_ref()
    }

    /// The request, to put what was judged of its body in the place of what came.
    pub(crate) fn routed_mut(&mut self) -> &mut Routed {
        &mut self.routed
    }

    /// The request alone, with its place among what is open: to be admitted again as somebody's, who is not known yet.
    pub(crate) fn into_unknown(self) -> (Routed, Open) {
        (self.routed, self.open)
    }

    pub(crate) fn into_parts(self) -> PermittedParts {
        let Self { routed, user, attributes, open, .. } = self;
        PermittedParts { routed, user, attributes, open }
    }
}

/// The same in pieces.
pub(crate) struct PermittedParts {
    pub(crate) routed: Routed,
    pub(crate) user: Option<Arc<User>>,
    pub(crate) attributes: Option<Arc<UserAttributes>>,
    pub(crate) open: Open,
}

impl Entrant {
    /// The user whom the session is for.
    pub fn user(&self) -> &Arc<User> {
        &self.user
    }
}

impl AuthorizationContext<'_> {
    /// The one way to a [`Permitted`] request.
    ///
    /// A body that a rule reads is read here, and held, and then all of it is decided again by the users of that
    /// moment. The request is on the list of what is open by then: a permission that is lost meanwhile ends it (S-104).
    pub async fn admit(&self, mut authenticated: Authenticated) -> Result<Permitted, Refused> {
        let routed = authenticated.routed();
        let intent = RequestIntent::of(routed);
        let rules = self.protections.get(routed.route().place()).and_then(Option::as_ref);
        let (user, attributes, answers, wants_body) = {
            // In a scope of its own: the snapshot must not be held while a body is read, or the decision after it would
            // be by the old one.
            let directory = self.directory.load();
            let admission =
                self.decide(&authenticated, intent.as_ref().map_err(|reason| *reason), &directory, rules)?;
            let wants_body = admission.wants_body();
            (admission.user, admission.attributes, admission.answers, wants_body)
        };
        // An unreadable target was refused by `decide` already, together with its user; this only unwraps it.
        let intent = intent?;
        // Said now, so that a rule that a reload brings later finds a body that says nothing, and refuses.
        if !wants_body {
            intent.knows_body(BodyFacts::default());
        }
        // Before a body is read: what is too much must not be held either.
        self.count(routed, Some(&user))?;
        let abort_handle = routed.request().abort_handle().clone();
        // On the list before the body is read: uploading may take minutes, and a permission that is lost meanwhile must
        // end it.
        let open = self.exchanges.begin(Admitted::new(&authenticated, intent, attributes.clone()), abort_handle);
        let user = if wants_body {
            let judged = Box::pin(self.admit_body(&mut authenticated, &user, &open, rules)).await;
            judged.map_err(|refused| Refused { user: refused.user.or(Some(user)), ..refused })?
        } else {
            user
        };
        let within = authenticated.credential().pass().map(|pass| GroupId::clone(&pass.group));
        let (routed, user) = Identified::new(authenticated, user)?.into_parts();
        Ok(Permitted { routed, user: Some(user), attributes, answers, within, open: open.of_any() })
    }

    /// The way to a [`Permitted`] request that everybody may ask. Whoever asks stays unknown, whatever the request
    /// shows: no session and no token is looked at. Gives the request back where its path is not open to everybody.
    pub fn admit_anybody(&self, mut routed: Routed) -> Result<Result<Permitted, Refused>, Routed> {
        let addon = routed.route().addon();
        if addon.authorization.public.is_empty() && addon.authorization.front.is_none() {
            return Err(routed);
        }
        let Ok(intent) = RequestIntent::of(&routed) else { return Err(routed) };
        let rules = self.protections.get(routed.route().place()).and_then(Option::as_ref);
        let question = Question {
            bears_token: Ok(addon.authorization.front.is_some() && bears_token(routed.request())),
            ..self.question(routed.request(), addon, Wish::Path(Ok(&intent)))
        };
        if !admits_anybody(&question, rules) {
            return Err(routed);
        }
        if let Err(refused) = self.count(&routed, None) {
            return Ok(Err(refused));
        }
        // One that is meant for us: the add-on must not see it where nobody looks at it either.
        if addon.authorization.tokens && bears_token(routed.request()) {
            routed.remove_header(&AUTHORIZATION);
        }
        remove_keys(&mut routed);
        // Nobody's will is asked here: a page of another site must not act with what the add-on knows its user by.
        let provenance = routed.request().provenance();
        if provenance.origin == Origin::Foreign || provenance.site == Site::Other {
            routed.remove_header(&AUTHORIZATION);
            routed.remove_header(&COOKIE);
        }
        // A rule that a reload brings finds a body that says nothing.
        intent.knows_body(BodyFacts::default());
        let abort_handle = routed.request().abort_handle().clone();
        let open = self.exchanges.begin(Admitted::of_anybody(&routed, intent), abort_handle);
        let (user, attributes, within) = (None, None, None);
        Ok(Ok(Permitted { routed, user, attributes, answers: Answers::Whole, within, open: open.of_any() }))
    }

    /// Counts it as a request, if it is one.
    fn count(&self, routed: &Routed, user: Option<&Arc<User>>) -> Result<(), Refused> {
        match self.counting {
            Counting::Reading => Ok(()),
            Counting::Request => {
                let spent = rates::spend(routed.route().addon(), user.map(AsRef::as_ref), self.holding);
                spent.map_err(|too_often| Refused { user: user.cloned(), ..too_often.into() })
            }
        }
    }

    /// Reads the body, unless the exchange is cut meanwhile, and decides again.
    async fn admit_body(
        &self,
        authenticated: &mut Authenticated,
        user: &User,
        open: &Open<Admitted>,
        rules: Option<&Protection>,
    ) -> Result<Arc<User>, Refused> {
        let request = authenticated.routed_mut().request_mut();
        let body = tokio::select! {
            biased;
            // Before the body in any case: one that is complete must not pass on a permission that is gone.
            () = open.cut() => return Err(open.exchange().why().unwrap_or(Reason::SessionEnded).into()),
            body = request.buffer_body(self.holding, Holder::User(user.id.shared())) => body?,
        };
        let pointers = rules.map(Protection::pointers).unwrap_or_default();
        let intent = open.exchange().subject().intent();
        intent.knows_body(BodyFacts::read(request.headers(), &body, pointers));
        // All of it again and not only the rule that read the body: the user may have changed while it came.
        let admission = self.decide(authenticated, Ok(intent), &self.directory.load(), rules)?;
        // What stands on the list is what it was admitted for, and this would be told otherwise.
        if admission.attributes.as_ref() != open.exchange().subject().attributes() {
            return Err(Reason::AttributesChanged.into());
        }
        Ok(admission.user)
    }

    fn decide<'r>(
        &self,
        authenticated: &Authenticated,
        intent: Result<&RequestIntent, Reason>,
        directory: &Directory,
        rules: Option<&'r Protection>,
    ) -> Result<Admission<'r>, Refused> {
        let routed = authenticated.routed();
        let question = Question {
            bears_token: authenticated.bears_token(),
            ..self.question(routed.request(), routed.route().addon(), Wish::Path(intent))
        };
        let claim = Claim::Found(authenticated.credential());
        admit(&question, &claim, directory, rules)
            .map_err(|refusal| self.explained(refusal, directory, routed.request(), routed.route().addon()))
    }

    /// Whether a session that was just found lets its user come in to an add-on: for a sign-in that is handed over to
    /// it. Every request after that is admitted by itself. `step_up` is what the add-on's host has found to be wanting.
    pub fn admit_entrance(
        &self,
        request: &Sanitized,
        addon: &Addon,
        session: &Arc<Session>,
        step_up: StepUp,
    ) -> Result<Entrant, Refused> {
        let credential = Credential::Session(Arc::clone(session));
        let directory = self.directory.load();
        let question = self.question(request, addon, Wish::Entrance(step_up));
        match admit(&question, &Claim::Found(&credential), &directory, None) {
            Ok(admission) => Ok(Entrant { user: admission.user }),
            Err(refusal) => Err(self.explained(refusal, &directory, request, addon)),
        }
    }

    fn explained(&self, refusal: Refusal<'_>, directory: &Directory, request: &Sanitized, addon: &Addon) -> Refused {
        let Refusal { reason, user, evaluation, why, step_up } = refusal;
        let who_was_wanted = why::why(reason, user.as_deref(), request, addon);
        let ruled = evaluation
            .zip(user.as_ref())
            .map(|(evaluation, user)| evaluation.refusals(|asked| (self.describe)(directory, user, asked)).join("; "));
        let all: Vec<String> =
            ruled.into_iter().filter(|why| !why.is_empty()).chain(who_was_wanted).chain(why).collect();
        Refused { reason, user, why: (!all.is_empty()).then(|| all.join("; ")), retry_after: None, step_up }
    }

    /// What a request asks of an add-on.
    fn question<'q>(&'q self, request: &'q Sanitized, addon: &'q Addon, wish: Wish<'q>) -> Question<'q> {
        Question {
            addon,
            entry_point: request.entry_point(),
            method: request.method(),
            websocket: request.handshake().is_some(),
            client: request.client(),
            environment: self.environment,
            provenance: request.provenance(),
            origin: request.source().origin(),
            // Who only comes in sends nothing to the add-on, so no token could get there; for other requests `decide`
            // says it.
            bears_token: Ok(false),
            certified: request.certified(),
            wish,
        }
    }
}

impl fmt::Debug for AuthorizationContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationContext").finish_non_exhaustive()
    }
}
