//! The configuration: where it was read and when, what counts, and what was wrong with the last one.

use std::time::Duration;

use askama::Template;
use http::StatusCode;
use serde::Serialize;

use super::listing::Listing;
use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{ConfigurationTexts, ago, fill};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This line of the file.
    Line(usize),
    /// The manifest of the add-on.
    Manifest,
    /// Nobody says otherwise.
    Default,
}

/// A key that counts. What may be a secret is dots.
#[derive(Debug, Serialize)]
pub struct ConfigurationKey {
    /// Its name, with its tables before it.
    pub key: String,
    /// Its value as TOML.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

/// What was wrong with the configuration that was refused last.
#[derive(Debug, Serialize)]
pub struct ConfigurationMistake {
    /// When.
    pub at: String,
    /// How long ago.
    #[serde(skip)]
    pub age: Duration,
    /// What, with the line.
    pub why: String,
}

/// Whether somebody has confirmed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// It is confirmed.
    Confirmed,
    /// It is on trial.
    OnTrial,
    /// It was not confirmed in time.
    TakenBack,
}

/// As `vestibule_configuration_state` has it.
impl From<i64> for Confirmation {
    fn from(state: i64) -> Self {
        match state {
            0 => Self::Confirmed,
            1 => Self::OnTrial,
            _ => Self::TakenBack,
        }
    }
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct ConfigurationView {
    /// Which part of the keys.
    #[serde(flatten)]
    pub listing: Listing,
    /// The file.
    pub file: String,
    /// When it was read.
    pub loaded: String,
    /// How long ago.
    #[serde(skip)]
    pub age: Duration,
    /// Whether somebody has confirmed it.
    pub state: Confirmation,
    /// What was wrong with the last one.
    pub mistake: Option<ConfigurationMistake>,
    /// The keys.
    pub keys: Vec<ConfigurationKey>,
}

#[derive(Template)]
#[template(path = "operator/configuration.html")]
struct ConfigurationPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static ConfigurationTexts,
    listing: &'a Listing,
    view: &'a ConfigurationView,
}

impl ConfigurationPage<'_> {
    fn ago(&self, age: &Duration) -> String {
        ago(*age, self.context.language())
    }

    fn origin(&self, key: &ConfigurationKey) -> String {
        match key.origin {
            Origin::Line(line) => fill(self.texts.line, &[("line", &line.to_string())]),
            Origin::Manifest => self.texts.manifest.to_owned(),
            Origin::Default => self.texts.default.to_owned(),
        }
    }

    fn state(&self) -> &'static str {
        match self.view.state {
            Confirmation::Confirmed => self.texts.confirmed,
            Confirmation::OnTrial => self.texts.on_trial,
            Confirmation::TakenBack => self.texts.taken_back,
        }
    }
}

/// The page.
pub fn configuration(context: &PageContext, view: &ConfigurationView) -> Page {
    let (texts, operator) = (ConfigurationTexts::of(context.language()), Operator::at(Tab::Configuration, context));
    html(StatusCode::OK, context, &ConfigurationPage { context, operator, texts, listing: &view.listing, view })
}
