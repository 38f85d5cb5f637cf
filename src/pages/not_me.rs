//! The page of the link with which people end a session that is not theirs. It says nothing of the session.

use askama::Template;
use http::StatusCode;

use super::context::PageContext;
use super::document::html;
use super::response::Page;
use super::texts::SignInTexts;

/// What the page says.
#[derive(Debug, Clone, Copy)]
pub enum NotMe<'a> {
    /// Whether the session is to end; with the link's token.
    Ask(&'a str),
    /// It has ended.
    Ended,
    /// The link is not ours, too old, or was used.
    NotGood,
    /// It has ended here, and this is not stored yet.
    NotStored,
}

#[derive(Template)]
#[template(path = "not_me.html")]
struct NotMePage<'a> {
    context: &'a PageContext,
    texts: &'static SignInTexts,
    says: NotMe<'a>,
}

/// The page.
pub fn not_me(says: NotMe<'_>, context: &PageContext) -> Page {
    let status = match says {
        NotMe::Ask(_) | NotMe::Ended => StatusCode::OK,
        NotMe::NotGood => StatusCode::NOT_FOUND,
        NotMe::NotStored => StatusCode::SERVICE_UNAVAILABLE,
    };
    html(status, context, &NotMePage { context, texts: SignInTexts::of(context.language()), says })
}
