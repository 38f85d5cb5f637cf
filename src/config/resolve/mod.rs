//! From raw to real: in come the raw types, out come [`Settings`] with every default filled in and every value checked,
//! and findings for all that is wrong. Files are looked at and secrets are read; nothing is written and no port is
//! bound.

mod acme;
mod addon_api;
mod api_alone;
mod assertion;
mod client_auth;
pub(in crate::config) mod context;
mod dns_records;
mod emails;
mod front;
mod groups;
mod followed;
mod headers;
mod home_assistant;
mod ingress_api;
mod hosts;
mod listen;
mod log;
pub(in crate::config) mod network;
mod own_address;
mod pages;
mod policy;
mod presence;
pub(super) mod readable;
mod sections;
mod store;
mod supervisor;
pub(in crate::config) mod tls;
mod config_tests;
pub(in crate::config) mod trust;
pub(in crate::config) mod unique;

pub(super) use context::STATE_DIR;
pub(super) use listen::CONTROL;

use std::ops::Deref;
use std::sync::Arc;

use super::addon;
use super::diagnostic::{Diagnostic, SourceLocation};
use super::limits::Limits;
use super::pages::Pages;
use super::presence::Presence;
use super::raw::{self, Key};
use super::settings::Settings;
use crate::ids::PublicUrl;
pub(super) use config_tests::{Case, Expected};
pub(super) use context::Context;
pub(super) use followed::hours;
pub(super) use groups::is_taken;
pub(super) use home_assistant::name_the_folder;
pub(super) use policy::{is_slug, rules_of};

/// Resolves the whole file; the cases of `[[test]]` are not settings.
pub(super) fn resolve(raw: &raw::Root, cx: &mut Context<'_>) -> (Settings, Vec<Case>) {
    cx.keep_state_in(&raw.state_dir);
    let home_assistant = home_assistant::home_assistant(&raw.home_assistant, cx);
    // Before the add-ons: each takes what it tells of them.
    cx.emails = Arc::new(emails::emails(&section(&raw.home_assistant).emails, cx));
    let permissions = groups::permissions(raw, cx);
    let addons = raw.addon.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let has_front = raw.home_assistant.given().is_some_and(|home| home.get_ref().front.given().is_some());
    if matches!(raw.addon, Key::Absent) && !has_front {
        let none = Diagnostic::warning(SourceLocation::File, "no add-on is configured");
        cx.add(none.hint("add one under `[[addon]]` with slug, upstream and path"));
    }
    api_alone::refuse_what_the_api_cannot_tell(raw, addons, &home_assistant, &permissions, cx);
    api_alone::tell_that_passwords_are_not_followed(raw, &home_assistant, cx);
    let supervisor =
        supervisor::supervisor(&section(&raw.supervisor), &section(&raw.listen), home_assistant.api.is_some(), cx);
    let session = sections::session(&section(&raw.session), &home_assistant, cx);
    let of_groups = |addon: addon::Addon| Arc::new(addon.with_ages_of_groups(&session.max_age));
    let all: Vec<_> = addon::addons(addons, &supervisor.signing_keys, cx).into_iter().map(of_groups).collect();
    let front = front::front(raw, addons, &home_assistant, cx).map(Arc::new);
    let front_addons = front::addons(raw, addons, (front.as_deref(), &all), cx);
    let followed = followed::followed(raw, (&home_assistant, &supervisor), (&all, &permissions), cx);
    let mut settings = Settings {
        state_dir: cx.state_dir.clone(),
        sandbox: context::flag(&raw.sandbox, true),
        front,
        front_addons,
        listen: listen::listen(&section(&raw.listen), &raw.state_dir, cx),
        tls: tls::tls(&section(&raw.tls), &section(&raw.listen), cx),
        hsts: tls::hsts(&section(&raw.tls), cx),
        ocsp_stapling: context::flag(&section(&raw.tls).ocsp_stapling, true),
        client_auth: client_auth::client_auth(&section(&raw.tls), cx).map(Arc::new),
        permissions,
        session,
        sign_in: sections::sign_in(&section(&raw.sign_in), &home_assistant, cx),
        home_assistant,
        limits: Limits::checked(&section(&raw.limits).limits, cx),
        log: log::log(&section(&raw.log), cx),
        reserved_headers: headers::reserved(&section(&raw.headers).reserved, cx),
        assertion: assertion::assertion(&section(&raw.assertion), cx),
        addons: all,
        followed,
        supervisor,
        pages: Pages::default(),
        // Below: they need to know what browsers call us, and where Home Assistant is.
        presence: Presence::default(),
    };
    for role in addons.iter().filter_map(|addon| addon.get_ref().authorization.role.given()) {
        addon::warn_of_memberships(role.get_ref(), &settings.permissions.groups, cx);
    }
    let has_certificates = settings.client_auth.as_ref().is_some_and(|client_auth| !client_auth.users.is_empty());
    api_alone::tell_that_no_factor_is_known(addons, &settings.home_assistant, has_certificates, cx);
    hosts::warn(addons, &settings, cx);
    own_address::refuse(addons, &settings, cx);
    let (token, has_main_origin) = (settings.supervisor.home_assistant_token.clone(), settings.main_origin().is_some());
    settings.presence =
        presence::presence(&raw.presence, &settings.home_assistant, token.as_ref(), has_main_origin, cx);
    settings.pages = pages::pages(&section(&raw.pages), &settings.home_assistant, cx);
    let cases = config_tests::cases(&raw.test, cx);
    if settings.assertion.issuer.is_empty() {
        settings.assertion.issuer = settings.main_origin().map_or_else(|| "vestibule".to_owned(), PublicUrl::origin);
    }
    (settings, cases)
}

/// The section, or one without any key: every key of it then has its default.
fn section<T: Default>(key: &Key<T>) -> Section<'_, T> {
    key.given().map_or_else(|| Section::Absent(T::default()), |section| Section::Given(section.get_ref()))
}

enum Section<'r, T> {
    Given(&'r T),
    Absent(T),
}

impl<T> Deref for Section<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Given(section) => section,
            Self::Absent(section) => section,
        }
    }
}
