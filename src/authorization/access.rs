//! Who may come in at all, and who may open which add-on: pure functions of the user, the client's address and the
//! configuration.

use super::named::{is_named, role};
use crate::conditions::Circumstances;
use crate::config::Authorization;
use crate::http::{ClientAddr, Origin, Provenance, Site};
use crate::identity::User;
use crate::refusal::{Decision, Reason};

/// Whether this user may come in from there (spec/permissions.md section 6, point 2): not made by Home Assistant for
/// itself, active, and from the local network when they are local-only. The owner is no exception.
pub fn may_enter(user: &User, client: ClientAddr) -> Decision {
    if user.system_generated {
        Decision::Deny(Reason::SystemUser)
    } else if !user.is_active {
        Decision::Deny(Reason::InactiveUser)
    } else if user.local_only && !client.is_local() {
        Decision::Deny(Reason::NotLocal)
    } else {
        Decision::Permit
    }
}

/// Whether this user may open an add-on with this `access` and these roles. The owner always may, unless a role is
/// required and they have none; all others must be among those that `access` names, when it names any, and an
/// administrator as well where it asks for one.
pub(super) fn may_open(user: &User, authorization: &Authorization) -> Decision {
    let access = &authorization.access;
    // As in Home Assistant, where the owner cannot be locked out by a policy.
    if !user.is_owner {
        if access.admin_only && !user.is_admin() {
            return Decision::Deny(Reason::AdminOnly);
        }
        if access.only.as_ref().is_some_and(|list| !is_named(user, list)) {
            return Decision::Deny(Reason::AccessDenied);
        }
    }
    match &authorization.roles {
        // An add-on that goes by roles alone may take whoever has none for anything, the owner too.
        Some(roles) if roles.required && role(user, roles).is_none() => Decision::Deny(Reason::NoRole),
        _ => Decision::Permit,
    }
}

/// Whether an add-on is shown to this user, with the groups that count for them now, among those that they may open.
pub fn is_listed_for(user: &User, authorization: &Authorization, circumstances: &Circumstances<'_>) -> bool {
    let decision = may_open(user, authorization);
    decision == Decision::Permit && circumstances.meet(&authorization.access.conditions).is_ok()
}

/// What a request does in its user's name, as far as another site's page could make a browser send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A safe method (RFC 9110 section 9.2.1): its answer is not shown to another site's page.
    Read,
    /// Any other method.
    Change,
    /// A WebSocket, whose messages may be both.
    WebSocket,
    /// A WebSocket to an add-on that takes one without `Origin`, from programs.
    WebSocketOfProgram,
}

/// Whether a request may count as the user's own will (DESIGN section 2, "Whose request is it?"; S-92, S-97).
pub(crate) fn judge_own_will(provenance: Provenance, act: Act) -> Decision {
    let foreign = Decision::Deny(Reason::ForeignOrigin);
    let Provenance { origin, site } = provenance;
    match act {
        Act::Read => Decision::Permit,
        // `Sec-Fetch-Site` first, which no page can set; old browsers without it are judged by `Origin`.
        Act::Change => match (site, origin) {
            // With neither header it is no browser of today, for those send at least one with each unsafe request.
            (Site::Same, _) | (Site::Absent, Origin::Ours | Origin::Absent) => Decision::Permit,
            (Site::Other, _) | (Site::Absent, Origin::Foreign) => foreign,
        },
        // WebSockets are not bound by the same-origin policy, so that a foreign page may open one with the user's
        // cookies (RFC 6455 section 10.2). Even a safe method is no excuse here.
        Act::WebSocket | Act::WebSocketOfProgram => match origin {
            Origin::Ours if site != Site::Other => Decision::Permit,
            Origin::Ours | Origin::Foreign => foreign,
            Origin::Absent if act == Act::WebSocketOfProgram && site != Site::Other => Decision::Permit,
            Origin::Absent => Decision::Deny(Reason::MissingOrigin),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Access, AccessList, Roles};

    fn user(groups: &[&str]) -> User {
        User {
            id: "u1".parse().unwrap(),
            name: None,
            usernames: vec!["una".to_owned()],
            groups: groups.iter().map(|g| (*g).into()).collect(),
            configured_groups: Vec::new(),
            conditional_groups: <_>::default(),
            group_names: Vec::new(),
            is_owner: false,
            is_active: true,
            system_generated: false,
            local_only: false,
            has_mfa: false,
            password_digest: None,
        }
    }

    fn from(ip: &str) -> ClientAddr {
        ClientAddr::direct(ip.parse().unwrap())
    }

    #[test]
    fn who_may_come_in_is_home_assistants_rule() {
        let una = user(&[]);
        assert_eq!(may_enter(&una, from("8.8.8.8")), Decision::Permit);
        let inactive = User { is_active: false, is_owner: true, ..una.clone() };
        assert_eq!(may_enter(&inactive, from("127.0.0.1")), Decision::Deny(Reason::InactiveUser));
        let system = User { system_generated: true, ..una.clone() };
        assert_eq!(may_enter(&system, from("127.0.0.1")), Decision::Deny(Reason::SystemUser));
        let local = User { local_only: true, ..una };
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.9.9",
            "169.254.1.1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(may_enter(&local, from(ip)), Decision::Permit, "{ip}");
        }
        for ip in ["100.64.0.1", "172.32.0.1", "8.8.8.8", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert_eq!(may_enter(&local, from(ip)), Decision::Deny(Reason::NotLocal), "{ip}");
        }
    }

    #[test]
    fn access_names_groups_users_or_admins_and_the_owner_always_may() {
        let list = |groups: &[&str], users: &[&str]| AccessList {
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            users: users.iter().map(|u| (*u).to_owned()).collect(),
        };
        let with = |access| Authorization { access, ..Authorization::default() };
        let only = |l| with(Access { only: Some(l), ..Access::default() });
        let una = user(&["system-users"]);
        assert_eq!(may_open(&una, &Authorization::default()), Decision::Permit);
        assert_eq!(may_open(&una, &only(list(&["system-users"], &[]))), Decision::Permit);
        assert_eq!(may_open(&una, &only(list(&["x"], &["una"]))), Decision::Permit);
        assert_eq!(may_open(&una, &only(list(&[], &["u1"]))), Decision::Permit);
        let family = User { configured_groups: vec!["family".into()], ..una.clone() };
        assert_eq!(may_open(&family, &only(list(&["family"], &[]))), Decision::Permit);
        assert_eq!(may_open(&una, &only(list(&["family"], &[]))), Decision::Deny(Reason::AccessDenied));
        assert_eq!(may_open(&una, &only(list(&["system-user"], &["un"]))), Decision::Deny(Reason::AccessDenied));
        assert_eq!(may_open(&una, &only(list(&[], &[]))), Decision::Deny(Reason::AccessDenied));
        let admin_only = with(Access { admin_only: true, ..Access::default() });
        assert_eq!(may_open(&una, &admin_only), Decision::Deny(Reason::AdminOnly));
        assert_eq!(may_open(&user(&["system-admin"]), &admin_only), Decision::Permit);
        let both = with(Access { only: Some(list(&["x"], &[])), admin_only: true, ..Access::default() });
        assert_eq!(may_open(&user(&["system-admin"]), &both), Decision::Deny(Reason::AccessDenied));
        assert_eq!(may_open(&User { is_owner: true, ..user(&[]) }, &both), Decision::Permit);
    }

    #[test]
    fn the_first_role_that_fits_counts_and_without_one_nobody_comes_in_where_one_is_required() {
        let people = |groups: &[&str], users: &[&str]| AccessList {
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            users: users.iter().map(|u| (*u).to_owned()).collect(),
        };
        let list = vec![("admin".into(), people(&["system-admin"], &[])), ("editor".into(), people(&["x"], &["una"]))];
        let roles = Roles { list, default: None, required: true };
        let name = |user: &User| role(user, &roles).map(ToString::to_string);
        let una = user(&["system-admin", "x"]);
        assert_eq!(name(&una).as_deref(), Some("admin"), "in the order of the configuration");
        assert_eq!(name(&user(&["system-users"])).as_deref(), Some("editor"), "by name");
        let other = User { usernames: Vec::new(), ..user(&["system-users"]) };
        assert_eq!(name(&other), None);
        let owner = User { is_owner: true, ..other.clone() };
        assert_eq!(name(&owner).as_deref(), Some("admin"), "the owner is an administrator in no group");
        let required = Authorization { roles: Some(roles.clone()), ..Authorization::default() };
        assert_eq!(may_open(&other, &required), Decision::Deny(Reason::NoRole));
        assert_eq!(may_open(&una, &required), Decision::Permit);
        let open = Roles { required: false, ..roles.clone() };
        let open = Authorization { roles: Some(open), ..Authorization::default() };
        assert_eq!(may_open(&other, &open), Decision::Permit);
        let with_default = Roles { default: Some("viewer".into()), ..roles };
        assert_eq!(role(&other, &with_default).map(|name| &**name), Some("viewer"));
    }

    #[test]
    fn another_sites_page_cannot_act_for_the_user() {
        let says = |origin, site| Provenance { origin, site };
        let ask = judge_own_will;
        let (foreign, missing) = (Decision::Deny(Reason::ForeignOrigin), Decision::Deny(Reason::MissingOrigin));
        assert_eq!(ask(says(Origin::Foreign, Site::Other), Act::Read), Decision::Permit);
        assert_eq!(ask(says(Origin::Ours, Site::Same), Act::Change), Decision::Permit);
        assert_eq!(ask(says(Origin::Ours, Site::Other), Act::Change), foreign);
        assert_eq!(ask(says(Origin::Foreign, Site::Absent), Act::Change), foreign);
        assert_eq!(ask(says(Origin::Absent, Site::Absent), Act::Change), Decision::Permit);
        assert_eq!(ask(says(Origin::Ours, Site::Absent), Act::WebSocket), Decision::Permit);
        assert_eq!(ask(says(Origin::Ours, Site::Other), Act::WebSocket), foreign);
        assert_eq!(ask(says(Origin::Foreign, Site::Same), Act::WebSocketOfProgram), foreign);
        assert_eq!(ask(says(Origin::Absent, Site::Absent), Act::WebSocket), missing);
        assert_eq!(ask(says(Origin::Absent, Site::Absent), Act::WebSocketOfProgram), Decision::Permit);
        assert_eq!(ask(says(Origin::Absent, Site::Other), Act::WebSocketOfProgram), missing);
    }
}
