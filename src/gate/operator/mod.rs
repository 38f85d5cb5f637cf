//! The operator's pages: what administrators of Home Assistant see besides. To everybody else there is nothing here,
//! and neither is there to a script: an add-on under our own origin must not read with an administrator's session.
//!
//! Each page gathers its facts, and `pages::operator` shows them; with `.json` at the end of the path they are JSON.

mod addons;
mod configuration;
mod overview;
mod people;
mod refusals;
mod sessions;
mod why;

use http::Method;
use serde::Serialize;

use super::account::is_of_a_script;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::pages::operator::Tab;
use crate::pages::{self, Page, PageContext};
use crate::refusal::Reason;

/// For whom a page is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For people.
    Html,
    /// For programs.
    Json,
}

/// The page with this path below the operator's, or its JSON twin.
pub(super) async fn answer(
    request: Sanitized,
    path: &str,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let (session, user) = session_and_user(&request, services, request_log).await?;
    // A session that is bound to an add-on is one of its host, where its scripts run.
    if !user.is_admin() || session.addon().is_some() || is_of_a_script(&request) {
        return Err(Reason::UnknownRoute);
    }
    let (path, form) = path.strip_suffix(".json").map_or((path, Form::Html), |path| (path, Form::Json));
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    if *request.method() == Method::POST {
        return match (name, rest, form) {
            ("sessions", "", Form::Html) => sessions::post(request, context, &session, (stages, services)).await,
            _ => Err(Reason::MethodNotAllowed),
        };
    }
    match (name, rest) {
        ("", "") => Ok(pages::see_other(Tab::Overview.address())),
        ("overview", "") => Ok(overview::answer(form, context, stages, services)),
        ("sessions", "") => Ok(sessions::answer(&request, form, context, &session, services).await),
        ("add-ons", slug) => addons::answer(&request, slug, form, context, (stages, services)),
        ("people", id) => people::answer(&request, id, form, context, (stages, services)),
        ("configuration", "") => Ok(configuration::answer(&request, form, context, services)),
        ("why", "") => Ok(why::answer(&request, form, context, (stages, services))),
        ("refusals", id) => refusals::answer(&request, id, form, context, (stages, services)),
        _ => Err(Reason::UnknownRoute),
    }
}

/// The facts of a page for programs.
fn json(facts: &impl Serialize) -> Page {
    // Texts, numbers and lists of them are always JSON.
    pages::shielded_json(&serde_json::to_value(facts).unwrap_or_default())
}
