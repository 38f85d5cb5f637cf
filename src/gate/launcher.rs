//! The launcher, at our own root: the add-ons that a user may open, and whether each answers.

use http::StatusCode;
use serde_json::json;

use super::renewal;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use crate::authorization::is_listed_for;
use crate::conditions::Circumstances;
use crate::config::Addon;
use crate::http::Sanitized;
use crate::identity::User;
use crate::pages::{self, Page, PageContext, Tile, Viewer};
use crate::refusal::Reason;
use crate::session::Session;
use crate::upstream::Condition;

/// The page.
pub(super) async fn page(
    request: &Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let (session, user) = session_and_user(request, services, request_log).await?;
    renewal::offer(request, stages, services, request_log).await;
    let tiles: Vec<_> = shown(request, (&session, &user), stages, services)
        .map(|(addon, condition)| Tile {
            slug: addon.slug.as_str(),
            title: &addon.display.title,
            description: &addon.display.description,
            icon: &addon.display.icon,
            group: &addon.display.group,
            href: address(addon, stages, request),
            is_down: matches!(condition, Condition::Down(..)),
        })
        .collect();
    let name = user.name.as_deref().or(user.username());
    let viewer = Viewer { id: user.id.as_str(), name, is_admin: user.is_admin() };
    Ok(pages::launcher(context, &viewer, &tiles, request.headers()))
}

/// The same as JSON, for the page that is open and for programs.
pub(super) async fn states(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let (session, user) = session_and_user(request, services, request_log).await?;
    let addons: Vec<_> = shown(request, (&session, &user), stages, services)
        .map(|(addon, condition)| {
            let state = match condition {
                Condition::Unknown => "unknown",
                Condition::Up(_) => "up",
                Condition::Down(..) => "down",
            };
            let (title, href) = (&addon.display.title, address(addon, stages, request));
            json!({ "slug": addon.slug.as_str(), "title": title, "href": href, "state": state })
        })
        .collect();
    Ok(pages::json(StatusCode::OK, "application/json", &json!({ "addons": addons })))
}

/// The add-ons that this user may open with this session, from where they are. Of all others nothing is said.
pub(super) fn shown<'s>(
    request: &Sanitized,
    (session, user): (&Session, &User),
    stages: &'s Stages,
    services: &Services,
) -> impl Iterator<Item = (&'s Addon, Condition)> {
    let home = services.home.load();
    let circumstances = Circumstances::new(request.client(), home.environment());
    let is_open = |addon: &Addon| {
        let is_bound_elsewhere = session.addon().is_some_and(|slug| *slug != addon.slug);
        addon.route.leads_here() && !is_bound_elsewhere && is_listed_for(user, &addon.authorization, &circumstances)
    };
    // The order of the conditions is that of the configuration.
    let conditions = stages.conditions().map(|(_, condition)| condition);
    let all = stages.settings.addons.iter().map(|addon| &**addon).zip(conditions);
    all.filter(|(addon, _)| is_open(addon)).collect::<Vec<_>>().into_iter()
}

fn address(addon: &Addon, stages: &Stages, request: &Sanitized) -> String {
    if let Some(path) = &addon.route.path {
        return format!("{}/{}", path.as_str(), addon.display.entry);
    }
    let own = stages.settings.own_origin(addon, request.authority().port_or_default());
    format!("{}/{}", own.unwrap_or_default(), addon.display.entry)
}
