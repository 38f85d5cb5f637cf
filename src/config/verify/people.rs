//! Whether the groups and users that the configuration names are known.

use toml::Spanned;

use super::Claims;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::findings::Findings;
use crate::config::raw::{Key, List};
use crate::config::resolve::is_taken;
use crate::config::world::Known;
use crate::permission::system_group_policy;

/// The groups of the configuration: their ids are not Home Assistant's, and their members are.
pub(super) fn groups(claims: &Claims<'_>, known: &Known, findings: &mut Findings) {
    for group in values(&claims.raw.group).iter().map(Spanned::get_ref) {
        // A group that every Home Assistant has was told before anybody was asked.
        let taken =
            |id: &&Spanned<String>| known.groups.contains(id.get_ref()) && system_group_policy(id.get_ref()).is_none();
        findings.list.extend(group.id.given().filter(taken).map(is_taken));
        warn_of_strangers(values(&group.members), known, "stands for nobody", findings);
    }
}

/// For whom client certificates stand.
pub(super) fn client_certificates(claims: &Claims<'_>, known: &Known, findings: &mut Findings) {
    let entries = claims.raw.tls.given().and_then(|tls| tls.get_ref().client_certificate.given());
    let entries = entries.map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let users = entries.iter().filter_map(|entry| entry.get_ref().user.given());
    warn_of_strangers(users, known, "stands for nobody", findings);
}

/// Whose addresses are known.
pub(super) fn emails(claims: &Claims<'_>, known: &Known, findings: &mut Findings) {
    let emails = claims.raw.home_assistant.given().and_then(|home| home.get_ref().emails.given());
    if let Some(map) = emails {
        warn_of_strangers(map.get_ref().0.iter().map(|(user, _)| user), known, "is nobody's address", findings);
    }
}

/// The groups whose users sign in again.
pub(super) fn sessions(claims: &Claims<'_>, known: &Known, findings: &mut Findings) {
    let ages = claims.raw.session.given().and_then(|session| session.get_ref().max_age.given());
    for (group, _) in ages.map(|map| map.get_ref().0.as_slice()).unwrap_or_default() {
        if !known.groups.contains(group.get_ref()) {
            findings.add(unknown_group(group, known));
        }
    }
}

/// Whom each add-on lets in, and what it is held to. A group is a group, wherever it comes from.
pub(super) fn addons(claims: &Claims<'_>, known: &Known, findings: &mut Findings) {
    for addon in values(&claims.raw.addon).iter().map(Spanned::get_ref) {
        if let Some(access) = addon.authorization.access.given().map(Spanned::get_ref) {
            for group in values(&access.groups).iter().filter(|group| !known.groups.contains(group.get_ref())) {
                findings.add(unknown_group(group, known));
            }
            warn_of_strangers(values(&access.users), known, "lets nobody in", findings);
        }
        for (_, people) in addon.authorization.role.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default() {
            for group in people.get_ref().groups().iter().filter(|group| !known.groups.contains(group.get_ref())) {
                findings.add(unknown_group(group, known));
            }
            warn_of_strangers(people.get_ref().users(), known, "gives nobody a role", findings);
        }
        if let Some(map) = addon.headers.user_map.given() {
            warn_of_strangers(map.get_ref().0.iter().map(|(user, _)| user), known, "names nobody", findings);
        }
        let held_to = addon.entity_filter.entities.given();
        if let Some(text) = held_to.filter(|text| !known.groups.contains(text.get_ref())) {
            let near = known.meant(text.get_ref(), &known.groups);
            let hint =
                near.map_or_else(|| "add it under `[[group]]`".to_owned(), |near| format!("did you mean \"{near}\"?"));
            let unknown =
                Diagnostic::mistake(text.span(), "there is no group with this id, so that nothing would pass");
            findings.add(unknown.label("expected the id of a group").hint(hint));
        }
    }
}

fn values<T>(key: &Key<List<T>>) -> &[Spanned<T>] {
    key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default()
}

fn unknown_group(group: &Spanned<String>, known: &Known) -> Diagnostic {
    let all = || known.groups.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let hint = known
        .meant(group.get_ref(), &known.groups)
        .map_or_else(|| format!("the groups are {}", all()), |near| format!("did you mean \"{near}\"?"));
    let missing = Diagnostic::mistake(group.span(), format!("no group {}", quoted(group.get_ref())));
    missing.label("expected the id of a group").hint(hint)
}

/// Warns of users whom Home Assistant does not have; they may be there tomorrow.
fn warn_of_strangers<'a>(
    users: impl IntoIterator<Item = &'a Spanned<String>>,
    known: &Known,
    so: &str,
    findings: &mut Findings,
) {
    for user in users.into_iter().filter(|user| !known.users.contains(user.get_ref())) {
        let near = known.meant(user.get_ref(), &known.users);
        let hint = near.map_or_else(
            || format!("write the user name or the id as Home Assistant has it; until then this entry {so}"),
            |near| format!("did you mean \"{near}\"?"),
        );
        let missing = Diagnostic::warning(user.span(), format!("no user {}", quoted(user.get_ref())));
        findings.add(missing.label("expected a user of Home Assistant").hint(hint));
    }
}
