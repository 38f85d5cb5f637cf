//! The names of the cookies that are ours: no add-on sees them or sets them (S-78).

/// The names of our cookies, none of which an add-on sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCookies {
    /// The name of the session's cookie.
    pub session: &'static str,
    /// Carries the sign-in form's token.
    pub form: &'static str,
    /// Ties a sign-in that goes over Home Assistant's page to the browser that began it.
    pub oauth: &'static str,
    /// Says which browser a sign-in is handed over to.
    pub ticket: &'static str,
    /// Would carry the session if the configuration said otherwise: a browser may still have it.
    pub retired: &'static str,
}

/// Carries the session at Home Assistant's entry point. A page of Home Assistant's sets it with a script, under this
/// plain name.
pub const HOME_ASSISTANTS_COOKIE: &str = "ingress_session";

impl OwnCookies {
    /// All of them, in the order of the fields; last the one of Home Assistant's entry point, which no add-on sees at
    /// either.
    pub const fn names(&self) -> [&'static str; 6] {
        [self.session, self.form, self.oauth, self.ticket, self.retired, HOME_ASSISTANTS_COOKIE]
    }
}
