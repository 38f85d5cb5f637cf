//! Who is signed in: all sessions, each with a button that ends it.

use std::time::Duration;

use askama::Template;
use http::StatusCode;
use serde::Serialize;

use super::listing::Listing;
use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{SessionTexts, ago, fill, in_words};

/// A session.
#[derive(Debug, Serialize)]
pub struct SessionRow {
    /// Its name.
    pub id: String,
    /// The user's id.
    pub user_id: String,
    /// The name that they sign in with.
    pub user: Option<String>,
    /// The browser, in words.
    pub device: Option<String>,
    /// The browser's own words.
    pub user_agent: String,
    /// Whose address it was made from.
    pub client: Option<String>,
    /// The slug of the one add-on that it is good for.
    pub addon: Option<String>,
    /// How it was made.
    pub made_by: &'static str,
    /// When it was made.
    pub created: String,
    /// When it was last seen.
    pub last_seen: String,
    /// When it ends unless it is seen before.
    pub expires: String,
    /// Whether the browser keeps it when it closes.
    pub remembered: bool,
    /// Whether it is the one that asks.
    pub current: bool,
    /// How long ago it was made, how long ago it was last seen, and how long it may still go on.
    #[serde(skip)]
    pub ages: [Duration; 3],
}

impl SessionRow {
    fn name(&self) -> &str {
        self.user.as_deref().unwrap_or(&self.user_id)
    }
}

/// A part of all sessions.
#[derive(Debug, Serialize)]
pub struct SessionList {
    /// Which part.
    #[serde(flatten)]
    pub listing: Listing,
    /// Why those of other proxies may be missing.
    pub away: Option<String>,
    /// The sessions.
    pub sessions: Vec<SessionRow>,
}

/// What came of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionNotice {
    /// The session has ended.
    Ended,
    /// It has ended here, and this is not stored yet.
    NotStored,
    /// The form was not one of this browser's.
    OldPage,
    /// There is no such session.
    Unknown,
}

impl SessionNotice {
    fn alarms(self) -> bool {
        self != Self::Ended
    }

    fn text(self, t: &SessionTexts) -> &'static str {
        match self {
            Self::Ended => t.ended,
            Self::NotStored => t.not_stored,
            Self::OldPage => t.old_page,
            Self::Unknown => t.unknown,
        }
    }
}

#[derive(Template)]
#[template(path = "operator/sessions.html")]
struct SessionsPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static SessionTexts,
    csrf: &'a str,
    notice: Option<SessionNotice>,
    listing: &'a Listing,
    list: &'a SessionList,
}

impl SessionsPage<'_> {
    /// Where and when, in a line.
    fn about(&self, row: &SessionRow) -> String {
        let (t, language) = (self.texts, self.context.language());
        let [made, seen, left] = row.ages;
        let addon = row.addon.as_ref().map(|addon| fill(t.only_addon, &[("addon", addon)]));
        let parts = [
            addon,
            row.client.as_ref().map(|client| fill(t.from_address, &[("address", client)])),
            Some(fill(t.since, &[("time", &ago(made, language))])),
            Some(fill(t.seen, &[("time", &ago(seen, language))])),
            Some(fill(t.ends, &[("time", &in_words(left, language))])),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn device<'r>(&self, row: &'r SessionRow) -> &'r str {
        row.device.as_deref().unwrap_or(self.texts.unknown_device)
    }

    fn end_label(&self, row: &SessionRow) -> String {
        fill(self.texts.end_named, &[("user", row.name()), ("device", self.device(row))])
    }
}

/// The page.
pub fn sessions(
    status: StatusCode,
    context: &PageContext,
    csrf: &str,
    notice: Option<SessionNotice>,
    list: &SessionList,
) -> Page {
    let texts = SessionTexts::of(context.language());
    let operator = Operator::at(Tab::Sessions, context);
    let page = SessionsPage { context, operator, texts, csrf, notice, listing: &list.listing, list };
    html(status, context, &page)
}
