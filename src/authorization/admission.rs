//! The one admission: whether a request may go to its add-on. Requests, another proxy's questions, hand-overs, what is
//! open and `explain` are all decided here, each with its own source of credentials; there is no second way.
//!
//! From what is asked ([`Question`]), who claims to ask ([`Claim`]), the users of one moment and the add-on's rules it
//! makes an [`Admission`], or says why there is none ([`Refusal`]). Pure: it looks nothing up that it is not given.

use std::sync::Arc;

use super::access::{Act, judge_own_will, may_enter, may_open};
use super::answers::Answers;
use super::certified::{is_backed, is_second_factor};
use super::cors::is_vouched_for;
use super::front;
use super::named::max_age;
use super::proof::{Proof, SupposedProof, is_younger};
use super::protect::{Evaluation, Protection, UserRights, is_named_path, is_public};
use super::question::{Question, Wish};
use super::user_attributes::UserAttributes;
use crate::conditions::{Circumstances, Unmet};
use crate::config::{Authorization, Conditions, StepUp};
use crate::connection::EntryPoint;
use crate::identity::{Directory, User, user_behind};
use crate::ids::{GroupId, KnownMethod};
use crate::refusal::{Decision, Reason};
use crate::session::{Credential, CredentialKind, KeyBounds, Pass, Session};

/// Who claims to ask.
pub(super) enum Claim<'a> {
    /// The user behind this credential, which was found a moment ago.
    Found(&'a Credential),
    /// The user behind this credential, which was found a while ago, if it still counts.
    Kept(&'a Credential, &'a (dyn Fn(&Credential) -> Result<(), Reason> + 'a)),
    /// This user, with a credential of this kind and this proof: nobody has shown one.
    Supposed(&'a Arc<User>, CredentialKind, SupposedProof),
}

pub(super) struct Admission<'r> {
    pub(super) user: Arc<User>,
    /// What the add-on is told of them besides, where it is told anything.
    pub(super) attributes: Option<Arc<UserAttributes>>,
    /// What the rules said, where the add-on has some and a path is wanted.
    pub(super) evaluation: Option<Evaluation<'r>>,
    /// What becomes of what Home Assistant answers, at its front.
    pub(super) answers: Answers,
}

pub(super) struct Refusal<'r> {
    pub(super) reason: Reason,
    /// Who is refused, if that is known.
    pub(super) user: Option<Arc<User>>,
    /// What the rules said, where it came to that.
    pub(super) evaluation: Option<Evaluation<'r>>,
    /// Which circumstances are not those that were asked for, for the operator.
    pub(super) why: Option<String>,
    /// All that its user would have to prove, where they may go on with that.
    pub(super) step_up: Option<StepUp>,
}

impl From<Reason> for Refusal<'_> {
    fn from(reason: Reason) -> Self {
        Self { reason, user: None, evaluation: None, why: None, step_up: None }
    }
}

impl Admission<'_> {
    /// Whether a rule reads the body, which is not known yet.
    pub(super) fn wants_body(&self) -> bool {
        self.evaluation.as_ref().is_some_and(Evaluation::wants_body)
    }
}

/// Decides, in the order of spec/permissions.md section 6: the credential counts here, its user is known and may come
/// in from where they are, the request is their own will (which is asked of what browsers send by themselves), they may
/// open the add-on, they signed in lately enough, every rule for the path permits it, and they have proved what is
/// asked for besides. That comes last: nobody signs in again for what they may not do.
pub(super) fn admit<'r>(
    question: &Question<'_>,
    claim: &Claim<'_>,
    directory: &Directory,
    rules: Option<&'r Protection>,
) -> Result<Admission<'r>, Refusal<'r>> {
    let circumstances = Circumstances::new(question.client, question.environment);
    // From here on they are in no group that does not count now: roles, lists, rules and rights all go by this user.
    let user = directory.in_circumstances(claimant(question, claim, directory)?, &circumstances)?;
    // Who may come in is asked before whose will it is and what they may open, so that a refusal does not tell a user
    // who may not come in which add-ons there are.
    let decision = may_enter(&user, question.client)
        .and(|| wills(question, claim))
        .and(|| may_open(&user, &question.addon.authorization));
    if let Decision::Deny(reason) = decision {
        let why = not_counting(&user, &circumstances);
        return Err(Refusal { user: Some(user), why, ..reason.into() });
    }
    // The owner is no exception: who has their password only, is elsewhere or comes at another time.
    if let Err(Unmet { reason, why }) = circumstances.meet(&question.addon.authorization.access.conditions) {
        return Err(Refusal { user: Some(user), why: Some(why), ..reason.into() });
    }
    if let Decision::Deny(reason) = is_recent(&user, claim, &question.addon.authorization) {
        return Err(Refusal { user: Some(user), ..reason.into() });
    }
    if let Some(Err(Unmet { reason, why })) = claim.pass().map(|pass| circumstances.meet(&pass.conditions)) {
        return Err(Refusal { user: Some(user), why: Some(why), ..reason.into() });
    }
    let attributes = UserAttributes::of(&user, question.addon);
    let (evaluation, answers) = judge_wish(question, claim, &user, &circumstances, directory, rules)?;
    Ok(Admission { user, attributes, evaluation, answers })
}

/// Judges what is wanted by the rules for it, and then whether its user has proved enough.
fn judge_wish<'r>(
    question: &Question<'_>,
    claim: &Claim<'_>,
    user: &Arc<User>,
    circumstances: &Circumstances<'_>,
    directory: &Directory,
    rules: Option<&'r Protection>,
) -> Result<(Option<Evaluation<'r>>, Answers), Refusal<'r>> {
    let refusal = |reason: Reason| Refusal { user: Some(Arc::clone(user)), ..reason.into() };
    let lacking = |reason: Reason, asked| Refusal { step_up: reason.asks_again().then_some(asked), ..refusal(reason) };
    let proof = claim.proof(question, user);
    // Only now is an unreadable target a refusal: a stranger learns nothing from how we read paths.
    let intent = match question.wish {
        Wish::Path(Ok(intent)) => intent,
        Wish::Path(Err(reason)) => return Err(refusal(reason)),
        Wish::Entrance(asked) => {
            return proof
                .satisfies(&asked)
                .into_result()
                .map(|()| (None, Answers::Whole))
                .map_err(|reason| lacking(reason, asked));
        }
    };
    if let Some(rules) = &question.addon.authorization.front {
        let pass = claim.pass();
        let rights = directory.rights_within(user, pass.map(|pass| &pass.group));
        let answers = front::judge(rules, intent, user, rights, pass.is_some());
        return answers
            .map(|answers| (None, answers))
            .map_err(|reason| Refusal { why: not_counting(user, circumstances), ..refusal(reason) });
    }
    let evaluation = match rules {
        None => None,
        Some(rules) => {
            // The same snapshot gave the user. If it has no rights for them, nothing can be judged, and that is a
            // refusal.
            let rights = directory.rights(user).ok_or_else(|| refusal(Reason::UnknownUser))?;
            Some(intent.judge(rules, &UserRights { user, rights, circumstances, proof }))
        }
    };
    let of_addon = question.addon.authorization.step_up;
    let by_rules = evaluation.as_ref().map_or(Decision::Permit, Evaluation::decision);
    match by_rules.and(|| proof.satisfies(&of_addon)) {
        Decision::Permit => Ok((evaluation, Answers::Whole)),
        Decision::Deny(reason) => {
            let why = evaluation.as_ref().and_then(|_| not_counting(user, circumstances));
            let of_rules = evaluation.as_ref().map(Evaluation::step_up).unwrap_or_default();
            Err(Refusal { evaluation, why, ..lacking(reason, of_addon.and(of_rules)) })
        }
    }
}

impl Claim<'_> {
    /// What it is held to besides, where a pass is shown.
    fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Found(credential) | Self::Kept(credential, _) => credential.pass(),
            Self::Supposed(..) => None,
        }
    }

    /// What the claimant has proved beside being signed in.
    fn proof(&self, question: &Question<'_>, user: &User) -> Proof {
        let by_certificate = |session: &Session| is_second_factor(session, question.certified, user);
        match self {
            Self::Found(credential) => Proof::at_begin(credential, by_certificate),
            Self::Kept(credential, _) => Proof::of_begun(credential, by_certificate),
            Self::Supposed(_, kind, proof) => Proof::supposed(*kind, *proof),
        }
    }
}

/// Which groups of a user do not count now, and why, where there are any.
pub(crate) fn not_counting(user: &User, circumstances: &Circumstances<'_>) -> Option<String> {
    let why = |(group, conditions): &(GroupId, Conditions)| {
        let unmet = circumstances.meet(conditions).err()?;
        Some(format!("the membership of {group} does not count: {}", unmet.why))
    };
    let all: Vec<String> = user.conditional_groups.iter().filter_map(why).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Decides whether everybody may ask this, whoever they are: by the paths that the operator has opened, at the entry
/// point of browsers. Nothing that a request shows of itself is looked at.
pub(super) fn admits_anybody(question: &Question<'_>, rules: Option<&Protection>) -> bool {
    if let Some(rules) = &question.addon.authorization.front {
        let is_browsers = question.entry_point == EntryPoint::Browsers;
        let shows_token = question.bears_token != Ok(false);
        let opens = |intent| is_browsers && front::opens(rules, intent, shows_token);
        return matches!(question.wish, Wish::Path(Ok(intent)) if opens(intent));
    }
    let public = &question.addon.authorization.public;
    // Most add-ons have none, and nothing is read for them.
    if public.is_empty() || question.websocket || question.entry_point != EntryPoint::Browsers {
        return false;
    }
    let Wish::Path(Ok(intent)) = question.wish else { return false };
    is_public(public, rules, question.method, intent.path())
}

/// The user whom the claim stands for, if it counts at this entry point and for this add-on.
fn claimant(question: &Question<'_>, claim: &Claim<'_>, directory: &Directory) -> Result<Arc<User>, Reason> {
    match claim {
        Claim::Found(credential) => {
            counts(credential, question)?;
            backed(credential, question, user_behind(credential, directory)?)
        }
        Claim::Kept(credential, still_counts) => {
            // Sessions end and tokens are revoked while an exchange is open; `Found` ones were looked up a moment ago.
            still_counts(credential)?;
            counts(credential, question)?;
            backed(credential, question, user_behind(credential, directory)?)
        }
        // A token that nobody shows is still refused where none counts: `explain` must say what a request would get.
        // Nobody has one in mind: a key is held to what it was made for.
        Claim::Supposed(_, CredentialKind::Key, _) => Err(Reason::NoSession),
        Claim::Supposed(_, CredentialKind::Token, _) if !takes_tokens(question) => Err(Reason::NoSession),
        Claim::Supposed(_, CredentialKind::Session, _) if question.addon.authorization.front.is_some() => {
            Err(Reason::NoSession)
        }
        Claim::Supposed(user, _, _) => Ok(Arc::clone(user)),
    }
}

/// The user, unless their session was made with a certificate that this connection has not.
fn backed(credential: &Credential, question: &Question<'_>, user: Arc<User>) -> Result<Arc<User>, Reason> {
    let is_good = credential.session().is_none_or(|session| is_backed(session, question.certified, &user));
    if is_good { Ok(user) } else { Err(Reason::SessionEnded) }
}

/// Whether a credential that is good counts for this.
fn counts(credential: &Credential, question: &Question<'_>) -> Result<(), Reason> {
    match credential {
        // Where tokens do not count none is looked at, so that there is no session.
        Credential::Token(_) if !takes_tokens(question) => Err(Reason::NoSession),
        // Home Assistant's own token, or a pass, in whose place one is shown to it: a page of another site has nothing
        // to act with.
        Credential::Session(_) if question.addon.authorization.front.is_some() => Err(Reason::NoSession),
        Credential::Key(key) if question.addon.authorization.front.is_some() != key.about().pass.is_some() => {
            Err(Reason::NoSession)
        }
        // A session that is bound to one add-on opens no other (S-79).
        Credential::Session(session) if session.addon().is_some_and(|bound| *bound != question.addon.slug) => {
            Err(Reason::SessionBoundElsewhere)
        }
        Credential::Session(session) if session.entry_point() != question.entry_point => Err(Reason::NoSession),
        // Elsewhere it is no credential, as if there were none: its holder learns nothing of what there is.
        Credential::Key(key)
            if key.about().addon != question.addon.slug || question.entry_point != EntryPoint::Browsers =>
        {
            Err(Reason::NoSession)
        }
        // Where no token counts, one that is meant for Home Assistant must not go on to the add-on either.
        Credential::Session(_) | Credential::Key(_)
            if question.addon.authorization.tokens && question.bears_token? =>
        {
            Err(Reason::AmbiguousCredentials)
        }
        Credential::Key(key) if !is_within(&key.about().bounds, question) => Err(Reason::KeyOutOfBounds),
        Credential::Token(_) | Credential::Session(_) | Credential::Key(_) => Ok(()),
    }
}

/// Whether a key was made for this.
fn is_within(bounds: &KeyBounds, question: &Question<'_>) -> bool {
    let Wish::Path(Ok(intent)) = question.wish else { return false };
    let by_kind = bounds.websockets || !question.websocket;
    let from_there = bounds.admits_from(question.client);
    by_kind && from_there && is_named_path(&bounds.paths, question.method, intent.path())
}

/// Whether access tokens count. At Home Assistant's entry point nothing but a session does (docs/design/supervisor.md
/// section 10.1).
fn takes_tokens(question: &Question<'_>) -> bool {
    question.addon.authorization.tokens && question.entry_point == EntryPoint::Browsers
}

/// Whether the user of a session signed in as lately as the add-on and their groups ask. Tokens and keys are no sign-in
/// that grows old: each has an end of its own. A session that is only supposed is a new one.
fn is_recent(user: &User, claim: &Claim<'_>, authorization: &Authorization) -> Decision {
    let (Claim::Found(credential) | Claim::Kept(credential, _)) = claim else { return Decision::Permit };
    let Some(most) = max_age(user, &authorization.max_age) else { return Decision::Permit };
    let Some(session) = credential.session() else { return Decision::Permit };
    if is_younger(session, most) { Decision::Permit } else { Decision::Deny(Reason::SignInTooOld) }
}

/// Whether the request is its user's own will.
fn wills(question: &Question<'_>, claim: &Claim<'_>) -> Decision {
    let kind = match claim {
        Claim::Found(credential) | Claim::Kept(credential, _) => credential.kind(),
        Claim::Supposed(_, kind, _) => *kind,
    };
    // Only what a browser sends by itself can be abused by another site's page (CSRF). A token has to be put there by a
    // program that knows it.
    if !kind.is_ambient() || is_vouched_for(question) {
        return Decision::Permit;
    }
    let act = match (question.websocket, question.addon.cross_origin.allow_missing_origin) {
        (true, true) => Act::WebSocketOfProgram,
        (true, false) => Act::WebSocket,
        (false, _) if KnownMethod::is_safe(question.method) => Act::Read,
        (false, _) => Act::Change,
    };
    judge_own_will(question.provenance, act)
}
