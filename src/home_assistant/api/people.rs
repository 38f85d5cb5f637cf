//! `config/auth/list`: who the users are, for a home whose files cannot be read.
//!
//! What Home Assistant says of its users is turned into the bytes of the files that say the same, so that the code that
//! reads, judges and keeps those does it for these as well. No API tells the policies of groups, so that groups of the
//! home's own have none and permit nothing; nor passwords, second factors and refresh tokens.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

/// A user as the API has them.
#[derive(Debug, Deserialize)]
pub(in crate::home_assistant) struct ApiUser {
    id: String,
    username: Option<String>,
    name: Option<String>,
    is_owner: bool,
    is_active: bool,
    /// Absent before there were such users.
    #[serde(default)]
    local_only: bool,
    system_generated: bool,
    group_ids: Vec<String>,
}

/// The contents of `auth` and of `auth_provider.homeassistant`.
pub(in crate::home_assistant) fn people(users: &[ApiUser]) -> [Vec<u8>; 2] {
    let user = |user: &ApiUser| {
        json!({
            "id": user.id, "name": user.name, "group_ids": user.group_ids, "is_owner": user.is_owner,
            "is_active": user.is_active, "system_generated": user.system_generated, "local_only": user.local_only,
        })
    };
    let credential = |user: &ApiUser| {
        Some(json!({
            "id": user.id, "user_id": user.id, "auth_provider_type": "homeassistant", "auth_provider_id": null,
            "data": { "username": user.username.as_ref()? },
        }))
    };
    // A file without any group would make everybody an administrator, by an old migration: the system's are always
    // there.
    let groups: BTreeSet<&str> = users.iter().flat_map(|user| &user.group_ids).map(String::as_str).collect();
    let groups = groups.iter().map(|id| json!({ "id": id, "name": id, "policy": {} }));
    let groups =
        ["system-admin", "system-users", "system-read-only"].map(|id| json!({ "id": id })).into_iter().chain(groups);
    let auth = json!({
        "version": 1,
        "data": {
            "users": users.iter().map(user).collect::<Vec<_>>(),
            "groups": groups.collect::<Vec<Value>>(),
            "credentials": users.iter().filter_map(credential).collect::<Vec<_>>(),
            "refresh_tokens": [],
        },
    });
    let passwords = json!({ "version": 1, "data": { "users": [] } });
    [auth, passwords].map(|file| file.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home_assistant::AuthFile;

    #[test]
    fn users_are_what_they_are_in_the_file() {
        let list = r#"[
            {"id": "u1", "username": "olivia", "name": "Olivia", "is_owner": true, "is_active": true, "local_only": false,
             "system_generated": false, "group_ids": ["system-admin"], "credentials": [{"type": "homeassistant"}]},
            {"id": "u2", "username": null, "name": null, "is_owner": false, "is_active": false, "local_only": true,
             "system_generated": true, "group_ids": ["guests"], "credentials": []}]"#;
        let users: Vec<ApiUser> = serde_json::from_str(list).unwrap();
        let [auth, _] = people(&users);
        let file = AuthFile::parse(&auth).unwrap();
        let [olivia, other] = file.users() else { panic!("two users") };
        assert_eq!(
            (olivia.username(), olivia.name.as_deref(), olivia.is_admin()),
            (Some("olivia"), Some("Olivia"), true)
        );
        assert!(!other.is_admin() && other.local_only && other.system_generated && !other.is_active);
        assert_eq!((other.username(), other.is_in("guests")), (None, true));
        assert_eq!(file.groups()["guests"].policy, json!({}), "no API tells the policies of groups");
    }

    #[test]
    fn nobody_becomes_an_administrator_for_want_of_groups() {
        let list =
            r#"[{"id": "u1", "is_owner": false, "is_active": true, "system_generated": false, "group_ids": []}]"#;
        let users: Vec<ApiUser> = serde_json::from_str(list).unwrap();
        let file = AuthFile::parse(&people(&users)[0]).unwrap();
        assert!(!file.users()[0].is_admin() && file.users()[0].groups.is_empty());
    }
}
