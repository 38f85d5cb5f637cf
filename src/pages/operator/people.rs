//! The people: who is in which groups, and who may open what.

use askama::Template;
use form_urlencoded::Serializer;
use http::StatusCode;
use serde::Serialize;

use super::listing::Listing;
use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{PeopleTexts, fill};

/// A user.
#[derive(Debug, Serialize)]
pub struct PersonRow {
    /// The id.
    pub id: String,
    /// The display name.
    pub name: Option<String>,
    /// The name to sign in with.
    pub username: Option<String>,
    /// What people call their groups.
    pub groups: Vec<String>,
    /// The owner may do everything.
    pub is_owner: bool,
    /// An administrator, or the owner.
    pub is_admin: bool,
    /// A deactivated user may do nothing.
    pub is_active: bool,
    /// May only come from the local network.
    pub local_only: bool,
    /// Has a second factor.
    pub has_second_factor: bool,
    /// Live sessions.
    pub sessions: usize,
    /// Of the add-ons that are shown, the slugs of those that they may open.
    pub may_open: Vec<String>,
}

/// An add-on at the head of a column.
#[derive(Debug, Serialize)]
pub struct PeopleColumn {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
}

/// A part of all users, and a part of all add-ons.
#[derive(Debug, Serialize)]
pub struct PeopleList {
    /// Which part of the users.
    #[serde(flatten)]
    pub listing: Listing,
    /// Which part of the add-ons, from 0.
    pub columns: usize,
    /// How many add-ons there are.
    pub addon_count: usize,
    /// The add-ons.
    pub addons: Vec<PeopleColumn>,
    /// The users.
    pub people: Vec<PersonRow>,
}

impl PeopleList {
    /// Add-ons that stand beside each other.
    pub const COLUMNS: usize = 12;

    fn address(&self, columns: usize) -> String {
        let mut query = Serializer::new(String::new());
        if !self.listing.search.is_empty() {
            query.append_pair("search", &self.listing.search);
        }
        query.append_pair("page", &self.listing.page.to_string()).append_pair("columns", &columns.to_string());
        format!("{}?{}", Tab::People.address(), query.finish())
    }

    fn previous_columns(&self) -> Option<String> {
        self.columns.checked_sub(1).map(|columns| self.address(columns))
    }

    fn next_columns(&self) -> Option<String> {
        let next = self.columns.saturating_add(1);
        (next.saturating_mul(Self::COLUMNS) < self.addon_count).then(|| self.address(next))
    }
}

/// An add-on, and whether a user may open it.
#[derive(Debug, Serialize)]
pub struct PersonAccess {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Whether they may.
    pub may_open: bool,
    /// Where it is: a path, or an address with its host.
    pub href: String,
}

/// One user with all add-ons.
#[derive(Debug, Serialize)]
pub struct PersonDetails {
    /// The user.
    #[serde(flatten)]
    pub person: PersonRow,
    /// The add-ons.
    pub addons: Vec<PersonAccess>,
}

#[derive(Template)]
#[template(path = "operator/people.html")]
struct PeoplePage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static PeopleTexts,
    listing: &'a Listing,
    list: &'a PeopleList,
}

impl PeoplePage<'_> {
    fn columns(&self) -> String {
        let first = self.list.columns.saturating_mul(PeopleList::COLUMNS);
        let last = first.saturating_add(self.list.addons.len());
        let [first, last, all] =
            [first.saturating_add(1), last, self.list.addon_count].map(|number| number.to_string());
        fill(self.texts.columns, &[("first", &first), ("last", &last), ("number", &all)])
    }
}

#[derive(Template)]
#[template(path = "operator/person.html")]
struct PersonPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static PeopleTexts,
    details: &'a PersonDetails,
}

impl PersonPage<'_> {
    /// Where it is said why.
    fn why(&self, access: &PersonAccess) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("user", &self.details.person.id).append_pair("url", &access.href);
        format!("{}?{}", Tab::Why.address(), query.finish())
    }

    fn some(&self, may_open: bool) -> Vec<&PersonAccess> {
        self.details.addons.iter().filter(|access| access.may_open == may_open).collect()
    }
}

impl PersonRow {
    fn called(&self) -> &str {
        self.name.as_deref().or(self.username.as_deref()).unwrap_or(&self.id)
    }

    fn opens(&self, addon: &PeopleColumn) -> bool {
        self.may_open.contains(&addon.slug)
    }

    /// What is to be known of the account, each with the class of its mark.
    fn marks(&self, t: &PeopleTexts) -> Vec<(&'static str, &'static str)> {
        let all = [
            (self.is_owner, ("", t.owner)),
            (self.is_admin && !self.is_owner, ("", t.administrator)),
            (!self.is_active, ("alarm", t.deactivated)),
            (self.local_only, ("warn", t.local_only)),
            (self.has_second_factor, ("good", t.second_factor)),
        ];
        all.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect()
    }
}

/// All of them.
pub fn people(context: &PageContext, list: &PeopleList) -> Page {
    let (texts, operator) = (PeopleTexts::of(context.language()), Operator::at(Tab::People, context));
    html(StatusCode::OK, context, &PeoplePage { context, operator, texts, listing: &list.listing, list })
}

/// One of them.
pub fn person(context: &PageContext, details: &PersonDetails) -> Page {
    let (texts, operator) = (PeopleTexts::of(context.language()), Operator::at(Tab::People, context));
    html(StatusCode::OK, context, &PersonPage { context, operator, texts, details })
}
