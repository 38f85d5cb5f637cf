//! What one configuration makes of the stages, and what outlives it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderValue;

use super::configuration_record::ConfigurationRecord;
use super::refusals::Refusals;
use crate::addon_rights::ingress_key::{IngressKey, is_reached};
use crate::addon_rights::state::AddonStates;
use crate::authorization::protect::Protection;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::{Addon, Settings};
use crate::connection::EntryPoint;
use crate::exchanges::OpenExchanges;
use crate::home_assistant::HomeAssistant;
use crate::http::{Names, OwnCookies, Reserved, Rules};
use crate::ids::AddonSlug;
use crate::pages::Site;
use crate::presence::NotMeLinks;
use crate::route::{FrontTokens, Routes};
use crate::session::{ApiKeys, SessionCookie, Sessions};
use crate::sign_in::{CrossHostTickets, FORM_COOKIE, Guard, OAUTH_COOKIE, OAuthLogins, TICKET_COOKIE, TokenStore};
use crate::telemetry::{AddonMetrics, Telemetry};
use crate::tls::ClientAuth;
use crate::upstream::{Condition, Keyring, Means, Upstreams};

/// The stages as one configuration makes them. Never changed, only replaced.
#[derive(Debug)]
pub struct Stages {
    /// The configuration that these stages were made from.
    pub settings: Arc<Settings>,
    pub(super) rules: Rules,
    pub(super) routes: Routes,
    pub(super) upstreams: Upstreams,
    pub(super) cookie: SessionCookie,
    pub(super) keyring: Option<Arc<Keyring>>,
    pub(super) metrics: Vec<AddonMetrics>,
    pub(super) own_metrics: AddonMetrics,
    pub(super) protections: Vec<Option<Protection>>,
    pub(super) telemetry: Telemetry,
    pub(super) site: Arc<Site>,
    pub(super) refusals: Arc<Refusals>,
    front_tokens: Arc<FrontTokens>,
    hsts: Option<HeaderValue>,
}

/// What outlives a configuration.
#[derive(Debug)]
pub struct Services {
    /// All live sessions; they outlive a reload.
    pub sessions: Arc<Sessions>,
    /// The keys of programs.
    pub api_keys: Arc<ApiKeys>,
    /// The users and Home Assistant itself; replaced when a reload names another one.
    pub home: ArcSwap<HomeAssistant>,
    /// What was permitted and still goes on.
    pub exchanges: Arc<OpenExchanges>,
    /// The places and bytes that are taken.
    pub budget: Arc<Budget>,
    /// The codes with which a sign-in goes from the main host to an add-on's own.
    pub hand_overs: CrossHostTickets,
    /// The limits on attempts to sign in.
    pub guard: Guard,
    /// The links with which people end a session that is not theirs.
    pub not_me: NotMeLinks,
    /// Who is away on Home Assistant's sign-in page.
    pub oauth_logins: OAuthLogins,
    /// Home Assistant's tokens of live sessions.
    pub token_store: Arc<TokenStore>,
    /// What operators decided about add-ons, and digests of their tokens.
    pub addon_states: Arc<AddonStates>,
    /// What is known of the configuration in force.
    pub configuration: ConfigurationRecord,
    /// The log, the audit log and the metrics.
    pub telemetry: Telemetry,
    /// The clock, which tests can hold.
    pub clock: Clock,
}

impl Stages {
    /// The stages of this configuration. Add-ons that `before` had with the same settings keep their connections.
    pub fn new(
        settings: Arc<Settings>,
        telemetry: &Telemetry,
        budget: &Arc<Budget>,
        keyring: Option<Arc<Keyring>>,
        ingress_key: Option<&IngressKey>,
        client_auth: Option<Arc<ClientAuth>>,
        before: Option<&Self>,
    ) -> Self {
        let cookie = SessionCookie::new(&settings.session);
        let reserved = Reserved::always(&settings.reserved_headers);
        let cookies = own_cookies(cookie);
        let rules = Rules {
            // A route that does not have them takes them out itself.
            reserved: reserved.clone().passing(settings.addons.iter().flat_map(|addon| &addon.headers.pass)),
            names: Names { public_urls: settings.listen.public_urls.clone(), own_hosts: settings.own_hosts() },
            cookies,
            header_count: settings.limits.header_count,
            client_auth,
        };
        let means = Means {
            reserved: &reserved,
            own_cookies: cookies,
            limits: &settings.limits,
            budget,
            numbers: &telemetry.metrics,
            keyring: keyring.as_ref(),
        };
        // With the stages of before, so that add-ons that have not changed keep their pools and open connections.
        // They outlive a reload, as the refusals do.
        let front_tokens = before.map(|stages| Arc::clone(&stages.front_tokens)).unwrap_or_default();
        let routed: Vec<_> = settings.routed().cloned().collect();
        let upstreams = Upstreams::new(&routed, means, before.map(|stages| &stages.upstreams));
        Self {
            rules,
            routes: routes(&settings, ingress_key).with_front_tokens(Arc::clone(&front_tokens)),
            front_tokens,
            upstreams,
            cookie,
            keyring,
            metrics: routed.iter().map(|addon| telemetry.metrics.addon(&addon.slug)).collect(),
            own_metrics: telemetry.metrics.own(),
            protections: routed.iter().map(|addon| addon.authorization.protect.as_ref().map(Protection::new)).collect(),
            telemetry: telemetry.clone(),
            site: Arc::new(Site::new(&settings.pages)),
            // They outlive a reload, unlike what they were judged by.
            refusals: before.map(|stages| Arc::clone(&stages.refusals)).unwrap_or_default(),
            hsts: settings.hsts.map(hsts),
            settings,
        }
    }

    /// The add-on of this name.
    pub fn addon(&self, slug: &AddonSlug) -> Option<&Arc<Addon>> {
        self.settings.addons.iter().find(|addon| addon.slug == *slug)
    }

    /// The keys of signed identities, where an add-on wants them.
    pub fn keyring(&self) -> Option<&Arc<Keyring>> {
        self.keyring.as_ref()
    }

    /// The newest refusals.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The rules for client certificates, where one is asked for anywhere.
    pub fn client_auth(&self) -> Option<&Arc<ClientAuth>> {
        self.rules.client_auth.as_ref()
    }

    /// How the session's cookie is called and written.
    pub fn cookie(&self) -> SessionCookie {
        self.cookie
    }

    /// What answers over TLS say of HTTPS, if anything. Over another entry point a browser must not be told so (RFC
    /// 6797 section 7.2), nor may Home Assistant's host be bound by it.
    pub(super) fn hsts(&self, entry_point: EntryPoint) -> Option<HeaderValue> {
        self.hsts.clone().filter(|_| entry_point == EntryPoint::Browsers)
    }

    /// How the add-ons were when they were last heard of, in the order of the configuration. Those below Home
    /// Assistant's front are not among them: what answers there is Home Assistant.
    pub fn conditions(&self) -> impl Iterator<Item = (&AddonSlug, Condition)> {
        let below_front = self.settings.front_addons.len();
        let all = self.settings.routed().count();
        self.upstreams.conditions().take(all.saturating_sub(below_front))
    }

    /// What is learned of the tokens in addresses of Home Assistant's own pages.
    pub(super) fn front_tokens(&self) -> &FrontTokens {
        &self.front_tokens
    }

    /// Asks the add-ons whose time has come whether they are well.
    pub fn probe(&self) {
        self.upstreams.probe();
    }

    /// Closes connections to add-ons that have been idle for too long.
    pub fn prune(&self) {
        self.upstreams.prune();
    }
}

/// For this host alone: `includeSubDomains` would bind hosts that are not ours to know.
fn hsts(max_age: Duration) -> HeaderValue {
    HeaderValue::from_str(&format!("max-age={}", max_age.as_secs())).expect("digits and letters are legal in a header")
}

/// The names of our cookies, where this one carries the session.
pub const fn own_cookies(session: SessionCookie) -> OwnCookies {
    // The other name is taken from requests, too: after a change of the setting browsers still have a cookie of that
    // name.
    let other = match session {
        SessionCookie::SameSite => SessionCookie::CrossSite,
        SessionCookie::CrossSite => SessionCookie::SameSite,
    };
    OwnCookies {
        session: session.name(),
        form: FORM_COOKIE,
        oauth: OAUTH_COOKIE,
        ticket: TICKET_COOKIE,
        retired: other.name(),
    }
}

/// The table of routes; those of Home Assistant's entry point only where there is one, and a key for its tokens.
fn routes(settings: &Settings, ingress_key: Option<&IngressKey>) -> Routes {
    let mut routes = Routes::new(&settings.routed().cloned().collect::<Vec<_>>());
    let entry_point = settings.supervisor.ingress_api.as_ref();
    let Some((_, key)) = entry_point.zip(ingress_key) else { return routes };
    for (place, addon) in settings.addons.iter().enumerate().filter(|(_, addon)| is_reached(addon)) {
        routes = routes.with_token(addon, place, key.token(&addon.slug));
    }
    routes
}
