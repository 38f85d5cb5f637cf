//! Client certificates: who gets in without one or with a bad one (S-40 to S-43), what one is good for, and how soon it
//! is good for nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod handshakes;
mod hosts;
mod reloading;
mod resumption;
mod second_factor;
mod sign_in;

use crate::support::client_certificate::{ClientAuthority, ClientIdentity, Connected};
use crate::support::{Answer, Ask, ConfigFile, Protocol, RawAddon, Vestibule};

/// The host that needs a certificate.
const TABLET: &str = "tablet.p.test";

/// An authority, and a vestibule that asks for its certificates: at `tablet.p.test` nobody gets in without.
struct House {
    authority: ClientAuthority,
    addon: RawAddon,
    vestibule: Vestibule,
}

impl House {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    fn with(configure: impl FnOnce(&mut ConfigFile, &ClientAuthority)) -> Self {
        Self::furnished(configure, |_, _| {})
    }

    /// Where there are more files.
    fn furnished(
        configure: impl FnOnce(&mut ConfigFile, &ClientAuthority),
        furnish: impl FnOnce(&std::path::Path, &ClientAuthority),
    ) -> Self {
        let (authority, addon) = (ClientAuthority::new("Home"), RawAddon::start());
        let folder_of = |config: &mut ConfigFile| {
            config.set("tls", "client_ca", "\"home/clients.crt\"");
            config.set("tls", "client_auth", &format!("[{{ host = \"{TABLET}\" }}]"));
            config.addon("a", &addon);
            configure(config, &authority);
        };
        let vestibule = Vestibule::start_at_home(folder_of, |home| {
            authority.write_to(home.folder(), "clients.crt");
            furnish(home.folder(), &authority);
        });
        Self { authority, addon, vestibule }
    }

    fn connect(&self, protocol: Protocol, host: &'static str, identity: Option<&ClientIdentity>) -> Option<Connected> {
        Connected::to(self.vestibule.https(), protocol, host, identity)
    }

    /// The answer over a connection of its own; status 0 where the handshake fails.
    fn ask(&self, protocol: Protocol, host: &'static str, identity: Option<&ClientIdentity>, ask: &Ask) -> Answer {
        let asked = ask.clone().host(host);
        self.connect(protocol, host, identity).map_or_else(Answer::default, |mut client| client.ask(&asked))
    }
}

/// The value of `client_certificate` with these entries.
fn mapped(entries: &[(&str, &str, &str)]) -> String {
    let entries = entries.iter().map(|(what, user, more)| format!("{{ {what}, user = \"{user}\"{more} }}"));
    format!("[{}]", entries.collect::<Vec<_>>().join(", "))
}
