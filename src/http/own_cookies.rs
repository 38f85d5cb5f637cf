//! The names of the cookies that are ours: no add-on sees them or sets them (S-78).

/// Our cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCookies {
    /// Carries the session.
    pub session: &'static str,
    /// Carries the sign-in form's token.
    pub form: &'static str,
    /// Ties a sign-in that goes over Home Assistant's page to the browser that began it.
    pub journey: &'static str,
    /// Says which browser a sign-in is handed over to.
    pub hand_over: &'static str,
    /// Would carry the session if the configuration said otherwise: a browser may still have it.
    pub retired: &'static str,
}

impl OwnCookies {
    /// All of them, in the order of the fields.
    pub const fn names(&self) -> [&'static str; 5] {
        [self.session, self.form, self.journey, self.hand_over, self.retired]
    }
}
