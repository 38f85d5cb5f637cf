//! A refusal, as a page for people or as `application/problem+json` (RFC 9457) for programs.
//!
//! It says what the table says, and the request's id, by which the operator finds the rest in the log.

use std::time::Duration;

use askama::Template;
use http::header::{ALLOW, CONNECTION, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::json;

use super::context::PageContext;
use super::document::html;
use super::refusal_words::{self, Asked, Words};
use super::response::{Page, json as json_page, see_other};
use super::texts::RefusalTexts;
use crate::config::StepUp;
use crate::http::RequestId;
use crate::ids::KnownMethod;
use crate::refusal::{Action, Reason};

/// Who gets the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A browser that goes to a page: it can be sent to the sign-in page and back.
    Navigation,
    /// A person all the same: in a frame, say, or after a form.
    Person,
    /// A program, which gets plain text or JSON.
    Program,
}

impl Audience {
    /// DESIGN section 2, "Refusals": a top-level GET or HEAD navigation is one that says `Sec-Fetch-Dest: document`, or
    /// says nothing of the kind and accepts `text/html`.
    pub fn of_request(method: &Method, headers: &::http::HeaderMap) -> Self {
        let destination = headers.get(SEC_FETCH_DEST).map(HeaderValue::as_bytes);
        // Asked last: programs, whose requests are many, do not get that far.
        let no_metadata =
            || destination.is_none() && !headers.contains_key(SEC_FETCH_MODE) && !headers.contains_key(SEC_FETCH_SITE);
        let accept = headers.get(::http::header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
        let html = accept.windows(9).any(|part| part.eq_ignore_ascii_case(b"text/html"));
        let reads = *method == Method::GET || *method == Method::HEAD;
        if reads && (destination == Some(b"document") || html && no_metadata()) {
            Self::Navigation
        } else if html || destination == Some(b"document") {
            Self::Person
        } else {
            Self::Program
        }
    }
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    context: &'a PageContext,
    texts: &'static RefusalTexts,
    words: Words,
    action: Action,
    /// Where a user who is not signed in, or has to be again, goes.
    sign_in: &'a str,
    request_id: &'a str,
    watches: bool,
    /// Whether the account is at fault, and another one may do.
    other_account: bool,
    /// Whether its reader may look up why.
    explains: bool,
    /// Whether its reader may ask for access.
    asks: bool,
}

/// An add-on that did not answer a user who may open it.
#[derive(Debug, Clone, Copy)]
pub struct AwayAddon<'a> {
    /// The add-on's title, as people read it.
    pub title: &'a str,
    /// The add-on's slug.
    pub slug: &'a str,
    /// Whether the page may ask for the same again by itself: never what was sent with a form.
    pub repeatable: bool,
}

/// What a refusal says besides its reason.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// Where a navigation without a session, or one that is not enough, is sent.
    pub sign_in: Option<&'a str>,
    /// What the user would have to prove.
    pub step_up: Option<StepUp>,
    /// The add-on that is at fault, for those who may know of it.
    pub away: Option<AwayAddon<'a>>,
    /// When it may be tried again, where that is known.
    pub retry_after: Option<Duration>,
    /// Who is refused, for themselves.
    pub account: Option<&'a str>,
    /// The title of the add-on that a user who is signed in asked for.
    pub addon: Option<&'a str>,
    /// Whether it is an administrator, who may look up why.
    pub is_admin: bool,
}

/// The answer to a refused request. `context` is asked for where a page is shown.
pub fn refusal(
    reason: Reason,
    audience: Audience,
    id: RequestId,
    around: Circumstances<'_>,
    context: impl FnOnce() -> PageContext,
) -> Page {
    let row = reason.row();
    let Circumstances { sign_in, away, retry_after, step_up, .. } = around;
    let mut page = match (audience, row.status, sign_in) {
        (Audience::Navigation, StatusCode::UNAUTHORIZED, Some(sign_in)) => see_other(sign_in),
        (Audience::Navigation | Audience::Person, _, _) => for_people(reason, id, around, &context()),
        (Audience::Program, _, _) => {
            let title = away.map_or(row.title.into(), |away| row.title.replacen("The add-on", away.title, 1));
            let mut problem = json!({
                "type": "about:blank",
                "title": title,
                "status": row.status.as_u16(),
                "detail": refusal_words::for_programs(reason),
                "request_id": id.as_str(),
            });
            if let (Some(away), Some(problem)) = (away, problem.as_object_mut()) {
                problem.insert("addon".to_owned(), away.slug.into());
            }
            if let (Some(_), Some(sign_in), Some(problem)) = (step_up, sign_in, problem.as_object_mut()) {
                problem.insert("step_up".to_owned(), sign_in.into());
            }
            json_page(row.status, "application/problem+json", &problem)
        }
    };
    let status = page.status();
    let headers = page.headers_mut();
    // What was refused may have had a code in its address; a link on this page must not pass it on.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    match status {
        // RFC 9110 section 15.5.2: a 401 MUST name a challenge. No browser answers this one by itself.
        StatusCode::UNAUTHORIZED => {
            let challenge = match (reason, step_up) {
                // RFC 6750 section 3.1.
                (Reason::BadToken, _) => {
                    HeaderValue::from_static("Bearer realm=\"vestibule\", error=\"invalid_token\"")
                }
                (_, Some(asked)) => insufficient(asked),
                _ => HeaderValue::from_static("Cookie realm=\"vestibule\""),
            };
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(ALLOW, KnownMethod::allow());
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            // In whole seconds (RFC 9110 section 10.2.3): rounded up, or the next try would come too early.
            let wait = retry_after.unwrap_or(SOON);
            let wait = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        _ => {}
    }
    if row.close {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    page
}

/// Until it may be tried again where nobody knows it.
const SOON: Duration = Duration::from_secs(5);

fn for_people(reason: Reason, id: RequestId, around: Circumstances<'_>, context: &PageContext) -> Page {
    let row = reason.row();
    let watches = around.away.is_some_and(|away| away.repeatable);
    let asked = Asked {
        account: around.account,
        addon: around.away.map(|away| away.title).or(around.addon),
        wait: around.retry_after.unwrap_or(SOON),
    };
    let other_account = row.status == StatusCode::FORBIDDEN && row.action == Action::Start && around.account.is_some();
    let page = RefusalPage {
        context,
        texts: RefusalTexts::of(context.language()),
        words: refusal_words::for_people(reason, asked, context.language()),
        action: row.action,
        sign_in: around.sign_in.unwrap_or("/.vestibule/sign-in"),
        request_id: id.as_str(),
        watches,
        explains: around.is_admin,
        other_account,
        asks: other_account && !around.is_admin,
    };
    html(row.status, context, &page)
}

#[derive(Template)]
#[template(path = "access_asked.html")]
struct AccessAskedPage<'a> {
    context: &'a PageContext,
    texts: &'static RefusalTexts,
}

/// The page for whoever has asked for access.
pub fn access_asked(context: &PageContext) -> Page {
    html(StatusCode::OK, context, &AccessAskedPage { context, texts: RefusalTexts::of(context.language()) })
}

/// RFC 9470 section 3: which sign-in would be enough.
fn insufficient(asked: StepUp) -> HeaderValue {
    let within = asked.fresh.map(|within| format!(", max_age=\"{}\"", within.as_secs())).unwrap_or_default();
    let values = if asked.second_factor { format!(", acr_values=\"{SECOND_FACTOR}\"") } else { String::new() };
    let challenge = format!("Bearer realm=\"vestibule\", error=\"insufficient_user_authentication\"{within}{values}");
    HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// The `acr` of a sign-in with a second factor.
pub const SECOND_FACTOR: &str = "mfa";
