//! The overview: the last hour in pictures and numbers, and what needs attention.

use std::time::Duration;

use askama::Template;
use http::StatusCode;
use serde::Serialize;

use super::chart::Chart;
use super::numbers::{in_millis, millis, seconds};
use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{OverviewTexts, fill, in_words};

/// What was answered in a minute, or in a longer time.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Minute {
    /// Requests that were answered.
    pub requests: u64,
    /// Those with a status of 4xx.
    pub client_errors: u64,
    /// Those with a status of 5xx.
    pub server_errors: u64,
    /// How long half of them took at most.
    #[serde(rename = "p50_ms", serialize_with = "millis")]
    pub p50: Option<Duration>,
    /// How long all but one of a hundred took at most.
    #[serde(rename = "p99_ms", serialize_with = "millis")]
    pub p99: Option<Duration>,
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// An add-on does not answer.
    AddonDown {
        /// Its title.
        title: String,
        /// Its slug.
        slug: String,
        /// What is wrong, in one word.
        why: &'static str,
    },
    /// More of them than are listed.
    MoreAddonsDown {
        /// So many more.
        number: usize,
    },
    /// A certificate ends soon.
    CertificateEnds {
        /// In so many seconds.
        #[serde(rename = "in_seconds", serialize_with = "seconds")]
        within: Duration,
    },
    /// A certificate has ended.
    CertificateEnded,
    /// Certificates were revoked.
    CertificatesRevoked {
        /// So many.
        number: u64,
    },
    /// Home Assistant's users cannot be read; the last copy counts.
    UsersStale,
    /// There are none that count: everybody is refused.
    UsersAbsent,
    /// Home Assistant's registries cannot be read.
    RegistriesUnreadable,
    /// Sessions are served from memory alone.
    StoreDegraded,
    /// The configuration was changed, and has a mistake.
    ConfigurationRefused,
    /// It is on trial.
    ConfigurationOnTrial,
    /// It was on trial, and was taken back or should have been.
    ConfigurationTakenBack,
    /// The policy of a group is illegal: its members may do nothing.
    IllegalPolicy {
        /// The group's id.
        group: String,
    },
    /// Users ask for access.
    AccessAsked {
        /// So many refusals.
        number: usize,
    },
}

impl Attention {
    fn text(&self, t: &OverviewTexts, context: &PageContext) -> String {
        let number = |text: &str, number: &dyn ToString| fill(text, &[("number", &number.to_string())]);
        match self {
            Self::AddonDown { title, why, .. } => fill(t.addon_down, &[("addon", title), ("why", why)]),
            Self::MoreAddonsDown { number: more } => number(t.more_addons_down, more),
            Self::CertificateEnds { within } => {
                fill(t.certificate_ends, &[("time", &in_words(*within, context.language()))])
            }
            Self::CertificateEnded => t.certificate_ended.to_owned(),
            Self::CertificatesRevoked { number: revoked } => number(t.certificates_revoked, revoked),
            Self::UsersStale => t.users_stale.to_owned(),
            Self::UsersAbsent => t.users_absent.to_owned(),
            Self::RegistriesUnreadable => t.registries_unreadable.to_owned(),
            Self::StoreDegraded => t.store_degraded.to_owned(),
            Self::ConfigurationRefused => t.configuration_refused.to_owned(),
            Self::ConfigurationOnTrial => t.configuration_on_trial.to_owned(),
            Self::ConfigurationTakenBack => t.configuration_taken_back.to_owned(),
            Self::IllegalPolicy { group } => fill(t.illegal_policy, &[("group", group)]),
            Self::AccessAsked { number: asked } => number(t.access_asked, asked),
        }
    }

    /// Where there is more about it.
    fn address(&self) -> Option<&'static str> {
        match self {
            Self::AccessAsked { .. } => Some("/.vestibule/operator/refusals?asks=yes"),
            Self::ConfigurationRefused | Self::ConfigurationOnTrial | Self::ConfigurationTakenBack => {
                Some(Tab::Configuration.address())
            }
            Self::MoreAddonsDown { .. } => Some(Tab::Addons.address()),
            _ => None,
        }
    }
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The version that runs.
    pub version: &'static str,
    /// For how long.
    #[serde(rename = "running_seconds", serialize_with = "seconds")]
    pub running: Duration,
    /// Live sessions.
    pub sessions: usize,
    /// Users that may sign in.
    pub users: usize,
    /// Requests that are being answered.
    pub open_requests: i64,
    /// Open WebSockets.
    pub open_tunnels: i64,
    /// Add-ons.
    pub addons: usize,
    /// Those that do not answer.
    pub addons_down: usize,
    /// When the first certificate ends.
    pub certificate_not_after: Option<String>,
    /// How long that is from now.
    #[serde(skip)]
    pub certificate_ends: Option<Duration>,
    /// The last hour.
    pub hour: Minute,
    /// The same minute by minute, the oldest first; the last one goes on.
    pub minutes: Vec<Minute>,
    /// What needs attention, the worst first.
    pub attention: Vec<Attention>,
}

#[derive(Template)]
#[template(path = "operator/overview.html")]
struct OverviewPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static OverviewTexts,
    overview: &'a Overview,
    requests: Chart,
    latency: Chart,
}

impl OverviewPage<'_> {
    fn words(&self, time: &Duration) -> String {
        in_words(*time, self.context.language())
    }

    fn latency(&self, time: Option<&Duration>) -> String {
        in_millis(time, self.operator.texts)
    }

    fn summary(&self) -> String {
        let hour = &self.overview.hour;
        let number = |number: u64| number.to_string();
        let values = [
            ("requests", &*number(hour.requests)),
            ("client", &*number(hour.client_errors)),
            ("server", &*number(hour.server_errors)),
        ];
        fill(self.texts.requests_summary, &values)
    }

    fn latency_summary(&self) -> String {
        let hour = &self.overview.hour;
        fill(
            self.texts.latency_summary,
            &[("p50", &self.latency(hour.p50.as_ref())), ("p99", &self.latency(hour.p99.as_ref()))],
        )
    }

    fn addons(&self) -> String {
        let up = self.overview.addons.saturating_sub(self.overview.addons_down);
        fill(self.texts.addons_up, &[("up", &up.to_string()), ("all", &self.overview.addons.to_string())])
    }

    fn certificate(&self) -> String {
        match self.overview.certificate_ends {
            None => self.texts.no_certificate.to_owned(),
            Some(Duration::ZERO) => self.texts.certificate_over.to_owned(),
            Some(left) => fill(self.texts.certificate_for, &[("time", &in_words(left, self.context.language()))]),
        }
    }

    fn latency_top(&self) -> String {
        self.latency(Some(&Duration::from_micros(self.latency.top)))
    }

    /// The minutes of the table, the newest first, each with how long ago it was.
    fn rows(&self) -> impl Iterator<Item = (usize, &Minute)> {
        self.overview.minutes.iter().rev().enumerate()
    }
}

/// The page.
pub fn overview(context: &PageContext, overview: &Overview) -> Page {
    let texts = OverviewTexts::of(context.language());
    let of = |number: fn(&Minute) -> Option<u64>| overview.minutes.iter().map(number).collect::<Vec<_>>();
    let good =
        of(|minute| Some(minute.requests.saturating_sub(minute.client_errors).saturating_sub(minute.server_errors)));
    let (client, server) = (of(|minute| Some(minute.client_errors)), of(|minute| Some(minute.server_errors)));
    let micros = |time: Option<Duration>| time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let p50: Vec<_> = overview.minutes.iter().map(|minute| micros(minute.p50)).collect();
    let p99: Vec<_> = overview.minutes.iter().map(|minute| micros(minute.p99)).collect();
    let page = OverviewPage {
        context,
        operator: Operator::at(Tab::Overview, context),
        texts,
        overview,
        requests: Chart::bars(&[("fine", &good), ("client", &client), ("server", &server)]),
        latency: Chart::lines(&[("p99", &p99), ("p50", &p50)]),
    };
    html(StatusCode::OK, context, &page)
}
