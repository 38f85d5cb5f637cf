//! The people: Home Assistant's users, and what each may open. The decision is the one that the launcher goes by.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::Form;
use crate::authorization::{is_listed_for, may_enter};
use crate::conditions::Circumstances;
use crate::config::Addon;
use crate::gate::stages::{Services, Stages};
use crate::http::{ClientAddr, Sanitized};
use crate::identity::User;
use crate::ids::UserId;
use crate::pages::operator::{self, Listing, PeopleColumn, PeopleList, PersonAccess, PersonDetails, PersonRow};
use crate::pages::{Page, PageContext};
use crate::refusal::{Decision, Reason};

/// All of them, or the one with this id.
pub(super) fn answer(
    request: &Sanitized,
    id: &str,
    form: Form,
    context: &PageContext,
    (stages, services): (&Stages, &Services),
) -> Result<Page, Reason> {
    let home = services.home.load();
    let directory = home.directory().load();
    let circumstances = Circumstances::new(ClientAddr::direct(LOCAL), home.environment());
    // With the groups that count at this moment.
    let now = |user: &Arc<User>| directory.in_circumstances(Arc::clone(user), &circumstances).ok();
    let counts = sessions(services);
    if !id.is_empty() {
        let user = id.parse::<UserId>().ok().and_then(|id| now(directory.user(&id)?)).ok_or(Reason::UnknownRoute)?;
        let addons = reachable(stages).map(|addon| PersonAccess {
            slug: addon.slug.to_string(),
            title: addon.display.title.clone(),
            may_open: opens(&user, addon, &circumstances),
            href: address(addon),
        });
        let details = PersonDetails { person: row(&user, &counts, Vec::new()), addons: addons.collect() };
        return Ok(match form {
            Form::Json => super::json(&details),
            Form::Html => operator::person(context, &details),
        });
    }
    let query = request.query().unwrap_or_default();
    let mut listing = Listing::of_query(query);
    let is_meant = |user: &&Arc<User>| {
        let names = user.name.as_deref().into_iter().chain(user.username()).chain([user.id.as_str()]);
        !user.system_generated && listing.finds(names.chain(user.group_names.iter().map(|name| &**name)))
    };
    let mut found: Vec<_> = directory.users().filter(is_meant).collect();
    found.sort_by_cached_key(|user| (user.name.as_deref().unwrap_or_default().to_lowercase(), user.id.clone()));
    let addons: Vec<_> = reachable(stages).collect();
    let columns = columns(query).min(addons.len().saturating_sub(1) / PeopleList::COLUMNS);
    let first = columns.saturating_mul(PeopleList::COLUMNS);
    let shown: Vec<_> = addons.iter().skip(first).take(PeopleList::COLUMNS).collect();
    let person = |user: &&Arc<User>| {
        let user = now(user)?;
        let may = shown.iter().filter(|addon| opens(&user, addon, &circumstances));
        Some(row(&user, &counts, may.map(|addon| addon.slug.to_string()).collect()))
    };
    let people = listing.part(found).iter().filter_map(person).collect();
    let column = |addon: &&&Addon| PeopleColumn { slug: addon.slug.to_string(), title: addon.display.title.clone() };
    let heads = shown.iter().map(column).collect();
    let list = PeopleList { listing, columns, addon_count: addons.len(), addons: heads, people };
    Ok(match form {
        Form::Json => super::json(&list),
        Form::Html => operator::people(context, &list),
    })
}

/// Which part of the add-ons is asked for.
fn columns(query: &str) -> usize {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "columns").and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
}

fn reachable(stages: &Stages) -> impl Iterator<Item = &Addon> {
    stages.settings.addons.iter().map(|addon| &**addon).filter(|addon| addon.route.leads_here())
}

fn opens(user: &User, addon: &Addon, circumstances: &Circumstances<'_>) -> bool {
    may_enter(user, ClientAddr::direct(LOCAL)) == Decision::Permit
        && is_listed_for(user, &addon.authorization, circumstances)
}

/// As a question about it names it.
fn address(addon: &Addon) -> String {
    let host = addon.route.host.as_ref().map(|host| format!("https://{}/", host.as_str()));
    let path = addon.route.path.as_ref().map(|path| format!("{}/", path.as_str()));
    path.or(host).unwrap_or_default()
}

/// How many live sessions each user has.
fn sessions(services: &Services) -> HashMap<UserId, usize> {
    let mut counts = HashMap::new();
    for session in services.sessions.list() {
        let count: &mut usize = counts.entry(session.user).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

fn row(user: &User, sessions: &HashMap<UserId, usize>, may_open: Vec<String>) -> PersonRow {
    PersonRow {
        id: user.id.to_string(),
        name: user.name.clone(),
        username: user.username().map(str::to_owned),
        groups: user.group_names.iter().map(ToString::to_string).collect(),
        is_owner: user.is_owner,
        is_admin: user.is_admin(),
        is_active: user.is_active,
        local_only: user.local_only,
        has_second_factor: user.has_mfa,
        sessions: sessions.get(&user.id).copied().unwrap_or_default(),
        may_open,
    }
}

/// Where a client on the local network is.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
