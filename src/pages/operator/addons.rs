//! The add-ons: what each does, and what it asks for.

use std::time::Duration;

use askama::Template;
use http::StatusCode;
use serde::Serialize;

use super::listing::Listing;
use super::numbers::{in_millis, millis};
use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{AddonTexts, fill, in_words};

/// How an add-on was when it was last heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddonState {
    /// It answers.
    Up,
    /// It does not.
    Down,
    /// It has not been asked yet.
    Unknown,
}

/// An add-on with its numbers since the start of the process.
#[derive(Debug, Serialize)]
pub struct AddonRow {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// How it is.
    pub state: AddonState,
    /// What is wrong, in one word.
    pub why: Option<&'static str>,
    /// Since when it is so.
    pub since: Option<String>,
    /// For how long it has been so.
    #[serde(skip)]
    pub age: Option<Duration>,
    /// Requests that were answered.
    pub requests: u64,
    /// Those with a status of 4xx.
    pub client_errors: u64,
    /// Those with a status of 5xx.
    pub server_errors: u64,
    /// How often something went wrong with the add-on.
    pub failures: u64,
    /// Requests that are being answered.
    pub open_requests: i64,
    /// Open WebSockets.
    pub open_tunnels: i64,
    /// How long half of the requests took at most.
    #[serde(rename = "p50_ms", serialize_with = "millis")]
    pub p50: Option<Duration>,
    /// How long all but one of a hundred took at most.
    #[serde(rename = "p99_ms", serialize_with = "millis")]
    pub p99: Option<Duration>,
    /// Its rating, of 8, where it has a manifest.
    pub rating: Option<u8>,
}

/// A part of all add-ons.
#[derive(Debug, Serialize)]
pub struct AddonList {
    /// Which part.
    #[serde(flatten)]
    pub listing: Listing,
    /// The add-ons.
    pub addons: Vec<AddonRow>,
}

/// What raised or lowered a rating.
#[derive(Debug, Serialize)]
pub struct RatingPoint {
    /// The key of the manifest.
    pub key: &'static str,
    /// What it adds; nothing where it makes the rating one.
    pub points: Option<i8>,
    /// The reason.
    pub why: &'static str,
}

impl RatingPoint {
    fn effect(&self) -> String {
        self.points.map_or_else(|| "=1".to_owned(), |points| format!("{points:+}"))
    }
}

/// A right that was asked for, and what came of it.
#[derive(Debug, Serialize)]
pub struct RightRow {
    /// The key of the manifest.
    pub right: &'static str,
    /// What it asks for.
    pub asked: String,
    /// What it gets.
    pub granted: String,
    /// Why that and no more.
    pub why: &'static str,
}

/// What a manifest says of an add-on, or the configuration in its place, and what came of it.
#[derive(Debug, Serialize)]
pub struct AddonPackage {
    /// Where the manifest is, where there is one.
    pub manifest: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Who signed it.
    pub signed_by: Option<String>,
    /// How far it can be trusted, of 8.
    pub rating: u8,
    /// The same on the classic scale, of 6.
    pub classic: u8,
    /// What raised or lowered it.
    pub points: Vec<RatingPoint>,
    /// How to get more.
    pub advice: Vec<String>,
    /// Whether its protection is on.
    pub protected: bool,
    /// Its role in the add-on API, if it may call it.
    pub role: Option<&'static str>,
    /// The rights that it asks for.
    pub rights: Vec<RightRow>,
}

/// One add-on.
#[derive(Debug, Serialize)]
pub struct AddonDetails {
    /// Its numbers.
    #[serde(flatten)]
    pub row: AddonRow,
    /// Where it listens, without a password.
    pub upstream: String,
    /// Where browsers find it.
    pub route: String,
    /// What it asks for.
    pub package: AddonPackage,
}

#[derive(Template)]
#[template(path = "operator/addons.html")]
struct AddonsPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static AddonTexts,
    listing: &'a Listing,
    list: &'a AddonList,
}

impl AddonsPage<'_> {
    fn state(&self, row: &AddonRow) -> String {
        state(row, self.texts, self.context)
    }

    fn latency(&self, time: Option<&Duration>) -> String {
        in_millis(time, self.operator.texts)
    }
}

#[derive(Template)]
#[template(path = "operator/addon.html")]
struct AddonPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static AddonTexts,
    addon: &'a AddonDetails,
}

impl AddonPage<'_> {
    fn state(&self) -> String {
        state(&self.addon.row, self.texts, self.context)
    }

    fn latency(&self, time: Option<&Duration>) -> String {
        in_millis(time, self.operator.texts)
    }

    fn rated(&self) -> String {
        let AddonPackage { rating, classic, .. } = &self.addon.package;
        fill(self.texts.rated, &[("rating", &rating.to_string()), ("classic", &classic.to_string())])
    }

    /// The boxes of the picture, from the left, each with its class.
    fn boxes(&self) -> impl Iterator<Item = (u8, &'static str)> {
        let rating = self.addon.package.rating;
        let colour = match rating {
            0..=3 => "low",
            4 | 5 => "middle",
            6.. => "high",
        };
        (0..8).map(move |place| (place * 20, if place < rating { colour } else { "empty" }))
    }

    fn signed(&self) -> &str {
        self.addon.package.signed_by.as_deref().unwrap_or(self.texts.not_signed)
    }
}

fn state(row: &AddonRow, texts: &AddonTexts, context: &PageContext) -> String {
    let since = row.age.map(|age| in_words(age, context.language()));
    match (row.state, since) {
        (AddonState::Unknown, _) => texts.unknown_yet.to_owned(),
        (AddonState::Up, None) => texts.up.to_owned(),
        (AddonState::Up, Some(since)) => fill(texts.up_since, &[("time", &since)]),
        (AddonState::Down, since) => {
            let why = row.why.unwrap_or_default();
            fill(texts.down_since, &[("why", why), ("time", &since.unwrap_or_default())])
        }
    }
}

/// All of them.
pub fn addons(context: &PageContext, list: &AddonList) -> Page {
    let (texts, operator) = (AddonTexts::of(context.language()), Operator::at(Tab::Addons, context));
    html(StatusCode::OK, context, &AddonsPage { context, operator, texts, listing: &list.listing, list })
}

/// One of them.
pub fn addon(context: &PageContext, addon: &AddonDetails) -> Page {
    let (texts, operator) = (AddonTexts::of(context.language()), Operator::at(Tab::Addons, context));
    html(StatusCode::OK, context, &AddonPage { context, operator, texts, addon })
}
