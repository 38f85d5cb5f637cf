//! What a request is judged by besides itself: the rules of its add-on, the users of the moment, and the list of what is
//! open.

use std::sync::Arc;

use super::access::Decision;
use super::open::{Exchange, Open, OpenExchanges};
use super::protect::{Asked, BodyFacts, Errand, Protection, Standing};
use crate::http::Holding;
use crate::identity::{Directory, DirectoryCell, Identified, User};
use crate::refusal::Reason;

/// Where requests to one add-on are judged.
#[derive(Clone, Copy)]
pub struct Court<'a> {
    /// Every exchange that is open.
    pub exchanges: &'a Arc<OpenExchanges>,
    /// The users, always the current ones.
    pub directory: &'a DirectoryCell,
    /// What the add-on's paths need; nothing when none is protected.
    pub protection: Option<&'a Protection>,
    /// Says why a user may do what a rule asks about entities, or not.
    pub words: Words<'a>,
    /// By what a body that is judged is bounded and counted.
    pub holding: Holding<'a>,
}

/// Says why a user of these may do what a rule asks about entities, or not: for the operator.
pub type Words<'a> = &'a (dyn Fn(&Directory, &User, &Asked<'_>) -> String + Sync);

/// Why a request is refused: the reason that everybody counts by, and all of it for the operator.
#[derive(Debug)]
pub struct Refused {
    /// The reason.
    pub reason: Reason,
    /// What was asked and answered, where a protected path was judged.
    pub why: Option<String>,
}

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self { reason, why: None }
    }
}

impl Court<'_> {
    /// Judges what can be judged without the body. Whether the body is wanted too.
    pub(super) fn hear(&self, errand: &Errand, user: &User) -> Result<bool, Refused> {
        let Some(protection) = self.protection else { return Ok(false) };
        judge(errand, protection, user, &self.directory.load(), self.words)
    }

    /// Reads the body, unless the exchange is cut meanwhile, and judges by it: with the users of the moment after that.
    pub(super) async fn hear_body(&self, identified: &mut Identified, open: &Open) -> Result<(), Refused> {
        let Some(protection) = self.protection else { return Ok(()) };
        let user = identified.user().id.shared();
        let request = identified.routed_mut().request_mut();
        let body = tokio::select! {
            biased;
            () = open.cut() => return Err(open.exchange().why().unwrap_or(Reason::SessionEnded).into()),
            body = request.hold_body(self.holding, user) => body?,
        };
        let errand = open.exchange().errand();
        errand.knows_body(BodyFacts::read(request.headers(), &body, protection.pointers()));
        judge(errand, protection, identified.user(), &self.directory.load(), self.words).map(|_| ())
    }
}

/// Whether an exchange may go on as far as the rules of its add-on and its user's permissions go.
pub fn may_go_on(exchange: &Exchange, rules: Option<&Protection>, user: &User, directory: &Directory) -> Decision {
    let Some(rules) = rules else { return Decision::Permit };
    let label = |_: &Directory, _: &User, asked: &Asked<'_>| asked.refusal().map_or("", Reason::label).to_owned();
    match judge(exchange.errand(), rules, user, directory, &label) {
        Ok(_) => Decision::Permit,
        Err(refused) => Decision::Deny(refused.reason),
    }
}

fn judge(
    errand: &Errand,
    rules: &Protection,
    user: &User,
    directory: &Directory,
    words: Words<'_>,
) -> Result<bool, Refused> {
    let rights = directory.rights(&user.id).ok_or(Reason::UnknownUser)?;
    let judgement = errand.judge(rules, &Standing { user, rights });
    match judgement.decision() {
        Decision::Permit => Ok(judgement.wants_body()),
        Decision::Deny(reason) => {
            let why = judgement.refusals(|asked| words(directory, user, asked)).join("; ");
            Err(Refused { reason, why: Some(why) })
        }
    }
}
