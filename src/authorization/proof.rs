//! What a user has proved beside being signed in, and whether that is enough.
//!
//! Freshness is asked when a thing begins: a download or a WebSocket goes on when its user's sign-in has grown old
//! meanwhile. A second factor is asked again as long as it goes on.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::StepUp;
use crate::connection::EntryPoint;
use crate::refusal::{Decision, Reason};
use crate::session::{Credential, CredentialKind, Session};

/// What somebody has proved.
#[derive(Debug, Clone, Copy)]
pub struct Proof(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// In this way of being signed in there is no sign-in that could be old or new.
    None,
    Session {
        age: Age,
        second_factor: bool,
    },
    Supposed(SupposedProof),
}

/// How long ago somebody signed in.
#[derive(Debug, Clone, Copy)]
enum Age {
    /// Nobody asks, of what has begun.
    Begun,
    /// Nobody has signed in.
    Never,
    Of(Duration),
}

/// Whether the user of a session signed in less than this time ago; where nobody did, whether it was made then. The one
/// answer for `max_age`.
pub(super) fn is_younger(session: &Session, most: Duration) -> bool {
    is_within(age(session, session.authenticated().unwrap_or(session.created())), most)
}

/// How long ago this was, for a session that was just found to count. It was seen by that: its last sighting is now,
/// and no clock is read. Sightings never go back, so that a clock that does makes nobody younger.
fn age(session: &Session, at: Timestamp) -> Duration {
    session.last_seen().saturating_since(at)
}

/// The last millisecond counts and the next does not, as with the limits of sessions.
fn is_within(age: Duration, most: Duration) -> bool {
    age < most
}

/// What is supposed of a request that nobody has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SupposedProof {
    /// Its user has signed in a moment ago.
    pub fresh: bool,
    /// They have shown a second factor.
    pub second_factor: bool,
}

impl Proof {
    /// What a credential proves that was found a moment ago, for what begins with it.
    pub(super) fn at_begin(credential: &Credential, by_certificate: impl FnOnce(&Session) -> bool) -> Self {
        let age = |session: &Session| session.authenticated().map_or(Age::Never, |at| Age::Of(age(session, at)));
        Self::of(credential, age, by_certificate)
    }

    /// The same for what has begun with it.
    pub(super) fn of_begun(credential: &Credential, by_certificate: impl FnOnce(&Session) -> bool) -> Self {
        Self::of(credential, |_| Age::Begun, by_certificate)
    }

    /// `by_certificate` says whether the certificate of the connection is a second factor.
    fn of(
        credential: &Credential,
        age: impl FnOnce(&Session) -> Age,
        by_certificate: impl FnOnce(&Session) -> bool,
    ) -> Self {
        Self(match credential {
            // Home Assistant makes sessions of its own for its pages, and nobody signs in for one.
            Credential::Session(session) if session.entry_point() == EntryPoint::Browsers => {
                let second_factor = session.second_factor().is_some() || by_certificate(session);
                Kind::Session { age: age(session), second_factor }
            }
            Credential::Session(_) | Credential::Token(_) | Credential::Key(_) => Kind::None,
        })
    }

    /// What is supposed of a credential of this kind.
    pub(super) fn supposed(kind: CredentialKind, proof: SupposedProof) -> Self {
        Self(if kind == CredentialKind::Session { Kind::Supposed(proof) } else { Kind::None })
    }

    /// Whether it is enough.
    pub(super) fn satisfies(&self, asked: &StepUp) -> Decision {
        if asked.is_nothing() {
            return Decision::Permit;
        }
        if matches!(self.0, Kind::None) {
            return Decision::Deny(Reason::NoStepUp);
        }
        if asked.second_factor && !self.has_second_factor() {
            return Decision::Deny(Reason::NoSecondFactor);
        }
        match asked.fresh {
            Some(within) if !self.is_fresh(within) => Decision::Deny(Reason::NotFresh),
            Some(_) | None => Decision::Permit,
        }
    }

    fn has_second_factor(&self) -> bool {
        match self.0 {
            Kind::None => false,
            Kind::Session { second_factor, .. } | Kind::Supposed(SupposedProof { second_factor, .. }) => second_factor,
        }
    }

    fn is_fresh(&self, within: Duration) -> bool {
        match self.0 {
            Kind::None | Kind::Session { age: Age::Never, .. } => false,
            Kind::Supposed(SupposedProof { fresh, .. }) => fresh,
            Kind::Session { age: Age::Begun, .. } => true,
            Kind::Session { age: Age::Of(age), .. } => is_within(age, within),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(seconds: u64) -> StepUp {
        StepUp { fresh: Some(Duration::from_secs(seconds)), second_factor: false }
    }

    fn aged(age: Age) -> Proof {
        Proof(Kind::Session { age, second_factor: false })
    }

    #[test]
    fn a_sign_in_is_fresh_for_its_time() {
        let ask = |seconds| aged(Age::Of(Duration::from_secs(seconds))).satisfies(&fresh(300));
        assert_eq!(ask(299), Decision::Permit);
        assert_eq!(ask(300), Decision::Deny(Reason::NotFresh));
        assert_eq!(aged(Age::Never).satisfies(&fresh(300)), Decision::Deny(Reason::NotFresh), "nobody has signed in");
    }

    #[test]
    fn what_has_begun_is_not_asked_whether_it_is_fresh_but_for_a_second_factor() {
        assert_eq!(aged(Age::Begun).satisfies(&fresh(2)), Decision::Permit);
        let both = StepUp { second_factor: true, ..fresh(2) };
        assert_eq!(aged(Age::Begun).satisfies(&both), Decision::Deny(Reason::NoSecondFactor));
    }

    #[test]
    fn tokens_and_keys_prove_nothing_and_are_asked_for_nothing_where_nothing_is_asked() {
        for kind in [CredentialKind::Token, CredentialKind::Key] {
            let proof = Proof::supposed(kind, SupposedProof { fresh: true, second_factor: true });
            assert_eq!(proof.satisfies(&fresh(2)), Decision::Deny(Reason::NoStepUp));
            assert_eq!(proof.satisfies(&StepUp::default()), Decision::Permit);
        }
        let proof = Proof::supposed(CredentialKind::Session, SupposedProof { fresh: true, second_factor: false });
        assert_eq!(proof.satisfies(&fresh(2)), Decision::Permit);
        let both = fresh(2).and(StepUp { fresh: None, second_factor: true });
        assert_eq!(proof.satisfies(&both), Decision::Deny(Reason::NoSecondFactor));
    }
}
