//! What a client certificate proves of a session: that it is used where it was made, or a second factor.

use super::named::is_called;
use crate::config::CertificateRole;
use crate::http::Certified;
use crate::identity::User;
use crate::session::Session;

/// Whether a session counts on a connection with this certificate. One that was made with a certificate alone counts
/// only with the same one, as long as that stands for its user and is enough to sign in: its cookie alone is worth
/// nothing.
pub fn is_backed(session: &Session, certified: Option<&Certified>, user: &User) -> bool {
    let Some(made_with) = session.certificate() else { return true };
    certified.is_some_and(|certified| {
        certified.fingerprint.bytes() == made_with
            && certified.role == CertificateRole::SignIn
            && is_called(user, &certified.user)
    })
}

/// Whether the certificate is a second factor beside what the session was made with. A session that was made with a
/// certificate has it as its first.
pub(super) fn is_second_factor(session: &Session, certified: Option<&Certified>, user: &User) -> bool {
    session.certificate().is_none()
        && session.authenticated().is_some()
        && certified.is_some_and(|certified| is_called(user, &certified.user))
}
