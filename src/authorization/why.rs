//! Why a request is refused, in words for the operator, where the reason alone does not say all: who was wanted, who
//! came, and from where. Clients are never told any of it.

use http::header::ORIGIN;

use crate::config::{AccessList, Addon};
use crate::http::Sanitized;
use crate::identity::User;
use crate::refusal::Reason;

/// The words, for a reason that the user, the add-on or the request decided.
pub(super) fn why(reason: Reason, user: Option<&User>, request: &Sanitized, addon: &Addon) -> Option<String> {
    let title = &addon.display.title;
    let name = user.map_or("nobody", name);
    let access = &addon.authorization.access;
    Some(match reason {
        Reason::AccessDenied => {
            let wanted = access.only.as_ref().map(wanted).unwrap_or_default();
            format!("{title} is for {wanted}; {name} is {}", groups(user))
        }
        Reason::AdminOnly => format!("{title} is for administrators alone; {name} is {}", groups(user)),
        Reason::NoRole => format!("{title} asks for a role, and {name}, who is {}, has none", groups(user)),
        Reason::NotLocal => {
            format!("{name} may come from the local network alone, and {} is not of it", request.client().ip())
        }
        Reason::InactiveUser => format!("{name} is deactivated in Home Assistant"),
        Reason::SystemUser => format!("{name} was made by Home Assistant for itself and never signs in"),
        Reason::ForeignOrigin => {
            let origin =
                shown(request, ORIGIN.as_str()).map_or("of another origin".to_owned(), |it| format!("of {it}"));
            let site = shown(request, "sec-fetch-site").map(|site| format!(" (Sec-Fetch-Site: {site})"));
            let ours = request.authority().host();
            format!("a page {origin} asked{}, and it came to {ours}", site.unwrap_or_default())
        }
        Reason::MissingOrigin => format!("a WebSocket without Origin, as programs open them, and {title} takes none"),
        _ => return None,
    })
}

fn name(user: &User) -> &str {
    user.username().or(user.name.as_deref()).unwrap_or(user.id.as_str())
}

fn wanted(list: &AccessList) -> String {
    let part = |what: &str, names: &[String]| match names {
        [] => None,
        [one] => Some(format!("the {what} {one}")),
        names => Some(format!("the {what}s {}", names.join(", "))),
    };
    let parts: Vec<_> = [part("group", &list.groups), part("user", &list.users)].into_iter().flatten().collect();
    if parts.is_empty() { "nobody".to_owned() } else { parts.join(" and ") }
}

/// In which groups they are, by the ids that a configuration names.
fn groups(user: Option<&User>) -> String {
    let Some(user) = user else { return "not known".to_owned() };
    let all: Vec<&str> = user.groups.iter().chain(&user.configured_groups).map(|group| &**group).collect();
    match all[..] {
        [] => "in no group".to_owned(),
        [one] => format!("in the group {one}"),
        _ => format!("in the groups {}", all.join(", ")),
    }
}

/// What a header says, as far as it is short and can be shown.
fn shown(request: &Sanitized, name: &str) -> Option<String> {
    let text = request.headers().get(name)?.to_str().ok()?;
    Some(text.chars().take(LONGEST).collect())
}

/// Characters of a header that are shown.
const LONGEST: usize = 200;
