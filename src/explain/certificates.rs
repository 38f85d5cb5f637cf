//! Which client certificates stand for a user, and whether a host needs one.

use serde::Serialize;

use crate::authorization::is_called;
use crate::config::{CertificateRole, ClientAuth, Demand};
use crate::identity::User;

/// What the configuration says of client certificates, about one user and one host.
#[derive(Debug, Serialize)]
pub(crate) struct Certificates {
    /// Each that stands for the user, and what it is good for.
    #[serde(rename = "certificates")]
    pub(crate) of_user: Vec<String>,
    /// Whether nobody comes to the host without one.
    #[serde(rename = "certificate_required")]
    pub(crate) required: bool,
}

impl Certificates {
    /// Nothing where there is nothing to say.
    pub(super) fn of(client_auth: &ClientAuth, user: &User, host: Option<&str>) -> Option<Self> {
        let own = client_auth.users.iter().filter(|entry| is_called(user, &entry.user));
        let of_user: Vec<_> = own
            .map(|entry| match entry.role {
                CertificateRole::SignIn => format!("{} (enough to sign in)", entry.matches),
                CertificateRole::SecondFactor => format!("{} (a second factor)", entry.matches),
            })
            .collect();
        let is_required =
            |host: &str| client_auth.hosts.iter().any(|it| it.host.as_str() == host && it.demand == Demand::Required);
        let required = host.is_some_and(is_required);
        (required || !of_user.is_empty()).then_some(Self { of_user, required })
    }
}
