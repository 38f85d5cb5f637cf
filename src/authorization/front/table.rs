//! The paths of Home Assistant's REST API and its front end that are known here, of 2024.3 to 2026.11.
//!
//! Left out, and so for administrators alone: what makes users and devices, what tells of the whole house in a form
//! that is not filtered here, and what belongs to the Supervisor.

use super::FrontRule;
use FrontRule::{Filtered, Open, Proof, SignedIn, Webhook};

/// A row of the table; the first one that fits counts.
pub(super) struct Row {
    pub(super) methods: &'static [&'static str],
    pub(super) path: &'static str,
    pub(super) rule: FrontRule,
}

const fn row(methods: &'static [&'static str], path: &'static str, rule: FrontRule) -> Row {
    Row { methods, path, rule }
}

const READ: &[&str] = &["GET", "HEAD"];
const POST: &[&str] = &["POST"];
/// `OPTIONS` is a browser's question before a request of another origin (Fetch standard section 3.2.5).
const ASKED_ABROAD: &[&str] = &["POST", "OPTIONS"];

pub(super) const TABLE: &[Row] = &[
    // The front end's own files.
    row(READ, "/", Open),
    row(READ, "/frontend_latest/*", Open),
    row(READ, "/frontend_es5/*", Open),
    row(READ, "/static/*", Open),
    row(READ, "/local/*", Open),
    row(READ, "/service_worker.js", Open),
    row(READ, "/sw-modern.js", Open),
    row(READ, "/sw-modern.js.map", Open),
    row(READ, "/sw-legacy.js", Open),
    row(READ, "/sw-legacy.js.map", Open),
    row(READ, "/manifest.json", Open),
    row(READ, "/robots.txt", Open),
    row(READ, "/favicon.ico", Open),
    row(READ, "/onboarding.html", Open),
    row(READ, "/.well-known/oauth-authorization-server", Open),
    row(READ, "/.well-known/oauth-protected-resource", Open),
    row(READ, "/.well-known/change-password", Open),
    // Home Assistant's own sign-in.
    row(READ, "/auth/authorize", Open),
    row(&["GET", "HEAD", "OPTIONS"], "/auth/providers", Open),
    row(&["GET", "POST", "OPTIONS"], "/auth/login_flow", Open),
    row(&["GET", "POST", "DELETE", "OPTIONS"], "/auth/login_flow/{}", Open),
    row(ASKED_ABROAD, "/auth/token", Open),
    row(ASKED_ABROAD, "/auth/revoke", Open),
    row(READ, "/auth/external/callback", Open),
    row(POST, "/auth/link_user", SignedIn),
    // Whether somebody has set it up.
    row(READ, "/api/onboarding", Open),
    row(READ, "/api/onboarding/installation_type", Open),
    // What has a token, or an id that nobody guesses, in its address.
    row(READ, "/api/camera_proxy/{}", Proof),
    row(READ, "/api/camera_proxy_stream/{}", Proof),
    row(READ, "/api/image_proxy/{}", Proof),
    row(READ, "/api/image_proxy_stream/{}", Proof),
    row(READ, "/api/media_player_proxy/{}", Proof),
    row(READ, "/api/media_player_proxy/{}/browse_media/*", Proof),
    row(READ, "/api/hls/*", Open),
    row(READ, "/api/tts_proxy/{}", Open),
    row(READ, "/api/image/serve/{}/{}", Open),
    row(READ, "/api/brands/*", Open),
    row(READ, "/api/map_tiles/*", Open),
    row(&["GET", "HEAD", "POST", "PUT"], "/api/webhook/{}", Webhook),
    // Of Home Assistant itself.
    row(READ, "/api/", SignedIn),
    row(READ, "/api/config", SignedIn),
    row(READ, "/api/core/state", SignedIn),
    // Entities.
    row(&["GET"], "/api/states", Filtered),
    row(&["GET"], "/api/states/{}", Filtered),
    row(POST, "/api/services/{}/{}", Filtered),
    row(&["GET"], "/api/services", Filtered),
    row(&["GET"], "/api/history/period", Filtered),
    row(&["GET"], "/api/history/period/{}", Filtered),
    row(&["GET"], "/api/logbook", Filtered),
    row(&["GET"], "/api/logbook/{}", Filtered),
    row(&["GET"], "/api/calendars", Filtered),
    row(&["GET"], "/api/calendars/{}", Filtered),
];

/// The first names of the front end's own pages.
pub(super) const PAGES: &[&str] = &[
    "_my_redirect",
    "app",
    "calendar",
    "climate",
    "config",
    "energy",
    "hassio",
    "history",
    "home",
    "light",
    "logbook",
    "lovelace",
    "maintenance",
    "map",
    "marketplace",
    "notfound",
    "profile",
    "security",
    "todo",
];
