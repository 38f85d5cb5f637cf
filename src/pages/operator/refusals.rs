//! The pages about what was refused: the list, and one by the id on its error page.

use std::net::IpAddr;
use std::time::Duration;

use askama::Template;
use form_urlencoded::Serializer;
use http::StatusCode;

use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{RefusalListTexts, ago, fill};

/// Which refusals are shown; what is empty asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalFilter {
    /// The name of the user.
    pub user: String,
    /// The slug of the add-on.
    pub addon: String,
    /// The label of the reason.
    pub reason: String,
    /// Whether only those are meant whose users ask for access.
    pub asks_access: bool,
    /// Which page of the list, from 0.
    pub page: usize,
}

impl RefusalFilter {
    fn newer(&self) -> String {
        self.address(self.page.saturating_sub(1))
    }

    fn older(&self) -> String {
        self.address(self.page.saturating_add(1))
    }

    fn address(&self, page: usize) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [("user", &self.user), ("addon", &self.addon), ("reason", &self.reason)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if self.asks_access {
            query.append_pair("asks", "yes");
        }
        query.append_pair("page", &page.to_string());
        format!("/.vestibule/operator/refusals?{}", query.finish())
    }
}

/// A refusal.
#[derive(Debug)]
pub struct RefusalRow<'a> {
    /// The request's id.
    pub id: &'a str,
    /// When, as RFC 3339 has it.
    pub at: String,
    /// How long ago.
    pub since: Duration,
    /// The label of the reason.
    pub reason: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// All of why.
    pub why: &'a str,
    /// Who, or which program's key.
    pub user: Option<&'a str>,
    /// The id of the session.
    pub session: Option<&'a str>,
    /// The slug of the add-on.
    pub addon: Option<&'a str>,
    /// Where from.
    pub client: IpAddr,
    /// The method.
    pub method: &'a str,
    /// The host that was named.
    pub host: &'a str,
    /// Path and query, without secrets.
    pub target: &'a str,
    /// Whether its user asks for access.
    pub asks_access: bool,
}

impl RefusalRow<'_> {
    /// Where it is said what would be decided now.
    fn why(&self, user: &str) -> String {
        let url = format!("https://{}{}", self.host, self.target);
        let mut query = Serializer::new(String::new());
        query.append_pair("user", user).append_pair("method", self.method).append_pair("url", &url);
        format!("{}?{}", Tab::Why.address(), query.finish())
    }
}

#[derive(Template)]
#[template(path = "operator/refusals.html")]
struct RefusalsPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static RefusalListTexts,
    filter: &'a RefusalFilter,
    rows: &'a [RefusalRow<'a>],
    count: usize,
    has_more: bool,
}

impl RefusalsPage<'_> {
    fn ago(&self, row: &RefusalRow<'_>) -> String {
        ago(row.since, self.context.language())
    }

    fn counted(&self) -> String {
        fill(self.texts.refusals_count, &[("number", &self.count.to_string())])
    }
}

/// The list.
pub fn refusals(
    context: &PageContext,
    filter: &RefusalFilter,
    rows: &[RefusalRow<'_>],
    count: usize,
    has_more: bool,
) -> Page {
    let texts = RefusalListTexts::of(context.language());
    let operator = Operator::at(Tab::Refusals, context);
    html(StatusCode::OK, context, &RefusalsPage { context, operator, texts, filter, rows, count, has_more })
}

#[derive(Template)]
#[template(path = "operator/one_refusal.html")]
struct OneRefusalPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static RefusalListTexts,
    id: &'a str,
    row: Option<&'a RefusalRow<'a>>,
}

impl OneRefusalPage<'_> {
    fn ago(&self, row: &RefusalRow<'_>) -> String {
        ago(row.since, self.context.language())
    }
}

/// One of them; nothing where it is not known any more.
pub fn one_refusal(context: &PageContext, id: &str, row: Option<&RefusalRow<'_>>) -> Page {
    let texts = RefusalListTexts::of(context.language());
    let status = if row.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let operator = Operator::at(Tab::Refusals, context);
    html(status, context, &OneRefusalPage { context, operator, texts, id, row })
}
