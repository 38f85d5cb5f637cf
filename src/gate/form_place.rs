//! How many forms may be read at once: they are held in memory, and anybody may send one.

use super::stages::{Services, Stages};
use crate::budget::{Claim, Holder, Limit, Permit};
use crate::http::Sanitized;
use crate::refusal::Reason;

/// A place for a form that is read and checked: whoever sends one is not signed in yet.
pub(super) fn form_place(request: &Sanitized, stages: &Stages, services: &Services) -> Result<Permit, Reason> {
    let limits = &stages.settings.limits;
    let client = Holder::from(request.client().ip());
    let claims = [
        Claim::new(Limit::SignInFormsPerAddress, client, limits.sign_in_forms_per_address),
        Claim::new(Limit::SignInForms, Holder::All, limits.sign_in_forms),
    ];
    Ok(services.budget.take(1, &claims)?)
}
