//! Who may open an add-on, which of its paths need more, and whether an access token counts as a session: `access`,
//! `default`, `[[addon.protect]]`, `[[addon.public]]`, `tokens`, `role`, `role_required`, `max_age`, `fresh` and
//! `second_factor`.

use std::time::Duration;

use super::access::{self, Access, RawAccess};
use super::protect::{Protect, RawProtect};
use super::public_paths::{PublicPath, RawPublic};
use super::roles::{RoleMap, Roles};
use super::route::Route;
use super::step_up::StepUp;
use crate::config::diagnostic::Diagnostic;
use crate::config::front::Front;
use crate::config::raw::section::{List, section_part};
use crate::config::raw::shape::TimeText;
use crate::config::resolve::context::{Context, flag};
use crate::manifest::Panel;

section_part! {
    /// The keys of it in `[[addon]]`.
    RawAuthorization {
        access: RawAccess,
        default: String,
        protect: List<RawProtect>,
        public: List<RawPublic>,
        tokens: bool,
        role: RoleMap,
        role_required: bool,
        max_age: TimeText,
        fresh: TimeText,
        second_factor: bool,
    }
}

/// Who may do what with an add-on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorization {
    /// Who may open it.
    pub access: Access,
    /// What its paths need besides; nothing when none of them is protected.
    pub protect: Option<Protect>,
    /// The paths that are open to everybody, for nobody in particular.
    pub public: Vec<PublicPath>,
    /// Home Assistant's access tokens are taken in the place of a session.
    pub tokens: bool,
    /// What part each user has in it; nothing where it has no roles.
    pub roles: Option<Roles>,
    /// After how long its users sign in again.
    pub max_age: MaxAge,
    /// What its users must have proved, whatever they ask of it.
    pub step_up: StepUp,
    /// What Home Assistant's own front goes by, where it is that.
    pub front: Option<Front>,
}

/// How long ago a user may have signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MaxAge {
    /// Whoever they are.
    pub everybody: Option<Duration>,
    /// Users of these groups: `max_age` under `[session]`, the same for all add-ons.
    pub groups: Vec<(String, Duration)>,
}

impl Authorization {
    /// The keys; rules are compared with what the add-on sees of its paths.
    pub(super) fn resolve(raw: &RawAuthorization, route: &Route, panel: Option<&Panel>, cx: &mut Context<'_>) -> Self {
        let protect = Protect::resolve(&raw.default, &raw.protect, route, cx);
        let access = access::access(&raw.access, panel, cx);
        let roles = Roles::resolve(&raw.role, &raw.role_required, cx);
        let everybody = raw.max_age.given().and_then(|text| cx.age(text));
        // Those of groups are filled in when all of the file is read.
        let max_age = MaxAge { everybody, groups: Vec::new() };
        let public = PublicPath::resolve(&raw.public, route, cx);
        let step_up = StepUp::resolve(&raw.fresh, &raw.second_factor, cx);
        let tokens = flag(&raw.tokens, false);
        if let Some(on) = raw.tokens.given().filter(|_| tokens && !step_up.is_nothing()) {
            let idle = Diagnostic::warning(on.span(), "no token opens this add-on");
            let hint = "nobody signs in with a token: put `fresh` and `second_factor` into [[addon.protect]], for the \
                        paths that need them";
            cx.add(idle.label("`fresh` or `second_factor` of the add-on refuses every token").hint(hint));
        }
        Self { access, protect, public, tokens, roles, max_age, step_up, front: None }
    }
}
