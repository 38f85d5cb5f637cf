//! What a configuration says of certificates, of Home Assistant and of who and what is known there is compared with the
//! world, and findings are added for what differs. Nothing is resolved here any more.

mod addresses;
mod certificates;
mod config_tests;
mod home;
mod people;
mod policy;
mod state;
mod unreadable;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;

use super::client_auth::ClientTrust;
use super::diagnostic::{SourceLocation, Span};
use super::findings::Findings;
use super::raw;
use super::resolve::Case;
use super::settings::Settings;
use super::world::World;

/// What was read, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Claims<'a> {
    pub(super) raw: &'a raw::Root,
    pub(super) settings: &'a Settings,
    pub(super) addresses: &'a [(SocketAddr, SourceLocation)],
    pub(super) certificates: &'a [(PathBuf, PathBuf, Span)],
    pub(super) client_trusts: &'a [(ClientTrust, Span, Span)],
    pub(super) authorities: &'a [(Arc<[u8]>, Span)],
}

/// Compares all of it with the world, and tries the cases when all that they go by is right.
pub(super) fn verify(claims: Claims<'_>, cases: &[Case], world: &dyn World, findings: &mut Findings) {
    certificates::certificates(&claims, world, findings);
    certificates::authorities(claims.authorities, world, findings);
    certificates::client_trusts(claims.client_trusts, world, findings);
    home::api(&claims, world, findings);
    if let Some(mut known) = home::known(&claims, world, findings) {
        people::groups(&claims, &known, findings);
        if let Some(registry) = &known.registry {
            let groups = claims.raw.group.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
            for policy in groups.iter().filter_map(|group| group.get_ref().policy.given()).map(Spanned::get_ref) {
                policy::compare_with(registry, policy, findings);
            }
        }
        known.groups.extend(claims.settings.permissions.groups.iter().map(|group| group.id.to_string()));
        people::client_certificates(&claims, &known, findings);
        people::emails(&claims, &known, findings);
        people::sessions(&claims, &known, findings);
        people::addons(&claims, &known, findings);
    }
    config_tests::run(cases, claims.settings, world, findings);
    // After the cases: they are decided all the same where a port is in use.
    addresses::addresses(&claims, world, findings);
    state::places(&claims, world, findings);
}

/// An error and what caused it, on one line.
fn one_line(err: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(err), |err| err.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
