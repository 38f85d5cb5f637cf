//! Whether what is kept can be written where it is to be kept.

use std::path::Path;

use toml::Spanned;

use super::{Claims, one_line};
use crate::config::diagnostic::{Diagnostic, SourceLocation};
use crate::config::findings::Findings;
use crate::config::raw::{Key, StoreText};
use crate::config::settings::{SessionStore, Tls};
use crate::config::world::{Purpose, World};

/// Each place that is written to with these settings. One folder that nothing can be made in is one finding.
pub(super) fn places(claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) {
    let mut told = Vec::new();
    for (path, at) in written(claims) {
        let found = match world.check_writable(path) {
            Err(error) => {
                let what = one_line(&*error);
                let hint = "name a folder that the user who runs vestibule may write to, as in state_dir = \
                            \"/var/lib/vestibule\" at the top of the file, or give it to them";
                // A process that runs goes on with a full or read-only disk, and one that starts says itself what it
                // cannot do without.
                let found = match world.purpose() {
                    Purpose::Check => Diagnostic::mistake(at, format!("nothing can be kept here: {what}")),
                    Purpose::Serve => Diagnostic::warning(at, format!("nothing can be kept here: {what}")),
                };
                (what, found.label("a place to write to").hint(hint))
            }
            Ok(()) if is_configuration(path) && world.purpose() == Purpose::Check => {
                let hint = "write state_dir = \"/var/lib/vestibule\" at the top of the file; the unit in packaging/systemd \
                            lets the service write there and nowhere else";
                let found = Diagnostic::warning(
                    at,
                    "what vestibule keeps would be under /etc, which services may not write to",
                );
                ("/etc".to_owned(), found.label("a place to write to").hint(hint))
            }
            Ok(()) => continue,
        };
        if !told.contains(&found.0) {
            told.push(found.0);
            findings.add(found.1);
        }
    }
}

/// What is written, and where the file says so.
fn written<'a>(claims: &Claims<'a>) -> Vec<(&'a Path, SourceLocation)> {
    let (raw, settings) = (claims.raw, claims.settings);
    let by = |key: Option<&Key<String>>| at(key.and_then(Key::given).or(raw.state_dir.given()));
    let listen = raw.listen.given().map(Spanned::get_ref);
    let mut places = vec![(&*settings.listen.control, by(listen.map(|listen| &listen.control)))];
    if let SessionStore::File(path) = &settings.session.store {
        let store =
            raw.session.given().and_then(|session| session.get_ref().store.given()).map(Spanned::<StoreText>::span);
        places.push((path, store.map_or_else(|| by(None), SourceLocation::from)));
    }
    if let Tls::Development { folder } = &settings.tls {
        places.push((folder, by(raw.tls.given().map(|tls| &tls.get_ref().development))));
    }
    if let Some(acme) = settings.tls.acme() {
        let table = raw.tls.given().and_then(|tls| tls.get_ref().acme.given());
        places.push((&acme.state, by(table.map(|acme| &acme.get_ref().state))));
    }
    if settings.addons.iter().any(|addon| addon.headers.assertion) {
        places.push((&settings.assertion.keys, by(raw.assertion.given().map(|it| &it.get_ref().keys))));
    }
    // Tokens of add-ons are what it is written for first, and so is the key of Home Assistant's pages.
    if settings.supervisor.listen.is_some() || settings.supervisor.ingress_api.is_some() {
        places.push((&settings.supervisor.state, by(raw.supervisor.given().map(|it| &it.get_ref().state))));
    }
    places
}

fn at(text: Option<&Spanned<String>>) -> SourceLocation {
    text.map_or(SourceLocation::File, |text| text.span().into())
}

/// The Filesystem Hierarchy Standard's place for what does not change by itself.
fn is_configuration(path: &Path) -> bool {
    path.starts_with("/etc")
}
