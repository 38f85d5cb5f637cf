//! The page of a user's own account: who they are here, and where they are signed in.

use std::net::IpAddr;
use std::time::Duration;

use askama::Template;
use http::StatusCode;

use super::context::PageContext;
use super::document::html;
use super::response::Page;
use super::texts::{AccountTexts, ago, fill, in_words};

/// What a user is in Home Assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    /// The owner.
    Owner,
    /// In the group of administrators.
    Administrator,
    /// Neither.
    User,
}

/// What came of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNotice {
    /// The session has ended.
    EndedOne,
    /// All others have.
    EndedOthers,
    /// It has ended here, and this is not stored yet.
    NotStored,
    /// The form was not one of this browser's.
    OldPage,
    /// There is no such session of this user.
    Unknown,
}

impl AccountNotice {
    fn alarms(self) -> bool {
        !matches!(self, Self::EndedOne | Self::EndedOthers)
    }

    fn text(self, t: &AccountTexts) -> &'static str {
        match self {
            Self::EndedOne => t.ended_one,
            Self::EndedOthers => t.ended_others,
            Self::NotStored => t.not_stored,
            Self::OldPage => t.old_page,
            Self::Unknown => t.unknown,
        }
    }
}

/// One of the user's sessions.
#[derive(Debug)]
pub struct OwnSession {
    /// Its name.
    pub id: String,
    /// The browser, as far as it is known.
    pub program: Option<&'static str>,
    /// What the browser runs on.
    pub system: Option<&'static str>,
    /// Whose address it was made from.
    pub address: Option<IpAddr>,
    /// How long ago it was made.
    pub made: Duration,
    /// How long ago it was last seen.
    pub seen: Duration,
    /// When it ends unless it is seen before.
    pub ends: Duration,
    /// The title of the one add-on that it is good for.
    pub addon: Option<String>,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// Whether the browser keeps it when it closes.
    pub is_remembered: bool,
    /// Whether an operator has made it.
    pub is_by_operator: bool,
}

/// What the page says.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// Language and look.
    pub context: &'a PageContext,
    /// The token that binds the forms to this browser.
    pub csrf: &'a str,
    /// What came of the form.
    pub notice: Option<AccountNotice>,
    /// The display name.
    pub name: Option<&'a str>,
    /// The name to sign in with.
    pub username: Option<&'a str>,
    /// What they are in Home Assistant.
    pub kind_of_account: AccountKind,
    /// Whether they may only come from the local network.
    pub is_local_only: bool,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// What people call their groups.
    pub groups: Vec<&'a str>,
    /// The titles of the add-ons that they may open.
    pub addons: &'a [&'a str],
    /// Their sessions, this one first.
    pub sessions: Vec<OwnSession>,
    /// Whether there are more than are shown.
    pub has_more: bool,
}

impl AccountPage<'_> {
    fn texts(&self) -> &'static AccountTexts {
        AccountTexts::of(self.context.language())
    }

    fn kind(&self) -> String {
        let t = self.texts();
        let kind = match self.kind_of_account {
            AccountKind::Owner => t.owner,
            AccountKind::Administrator => t.administrator,
            AccountKind::User => t.user,
        };
        if self.is_local_only { format!("{kind}, {}", t.local_only) } else { kind.to_owned() }
    }

    fn device(&self, session: &OwnSession) -> String {
        let t = self.texts();
        match (session.program, session.system) {
            (Some(program), Some(system)) => fill(t.program_on, &[("program", program), ("system", system)]),
            (Some(program), None) => program.to_owned(),
            (None, Some(system)) => fill(t.browser_on, &[("system", system)]),
            (None, None) if session.is_by_operator => t.by_command.to_owned(),
            (None, None) => t.unknown_device.to_owned(),
        }
    }

    /// Where and when, in a line.
    fn about(&self, session: &OwnSession) -> String {
        let (t, language) = (self.texts(), self.context.language());
        let address = session.address.map(|address| fill(t.from_address, &[("address", &address.to_string())]));
        let addon = session.addon.as_ref().map(|addon| fill(t.only_addon, &[("addon", addon)]));
        let parts = [
            addon,
            address,
            Some(fill(t.since, &[("time", &ago(session.made, language))])),
            Some(fill(t.seen, &[("time", &ago(session.seen, language))])),
            Some(fill(t.ends, &[("time", &in_words(session.ends, language))])),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn end_label(&self, session: &OwnSession) -> String {
        fill(self.texts().end_named, &[("device", &self.device(session))])
    }

    fn is_admin(&self) -> bool {
        self.kind_of_account != AccountKind::User
    }

    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_this)
    }
}

/// The page, with this status.
pub fn account(status: StatusCode, page: &AccountPage<'_>) -> Page {
    html(status, page.context, page)
}
