//! What an add-on is told of a user besides who they are: `role`, `user_map`, `user_template` and the headers for it.

use crate::harness::{Folder, accepted, addon, refused, warned};

#[test]
fn roles_name_groups_and_users_that_exist() {
    let text = addon("role = { admin = [\"system-admin\"], kid = { users = [\"frank\"] }, default = \"kid\" }");
    let settings = accepted(&text).settings;
    let roles = settings.addons[0].authorization.roles.clone().unwrap();
    let names: Vec<&str> = roles.list.iter().map(|(name, _)| &**name).collect();
    assert_eq!((names, roles.default.as_deref(), roles.required), (vec!["admin", "kid"], Some("kid"), false));
    let header = settings.addons[0].headers.identity.role.clone();
    assert_eq!(header.as_ref().map(http::HeaderName::as_str), Some("x-remote-user-role"));
    refused(&addon("role = { admin = [\"system-admn\"] }"), "7:19", &["no group `system-admn`", "\"system-admin\"?"]);
    let groups = addon("role = { admin = { groups = [\"nobody\"] } }");
    refused(&groups, "7:30", &["no group `nobody`"]);
    warned(&addon("role = { a = { users = [\"fronk\"] } }"), "7:25", &["no user `fronk`", "\"frank\"?"]);
}

#[test]
fn the_order_of_roles_is_the_order_of_the_file() {
    let text = addon("role = { z = [\"system-users\"], m = [\"system-admin\"], a = [\"system-users\"] }");
    let roles = accepted(&text).settings.addons[0].authorization.roles.clone().unwrap();
    assert_eq!(roles.list.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["z", "m", "a"]);
}

#[test]
fn what_makes_no_role_is_told_with_its_place() {
    for (lines, place, says) in [
        ("role = {}", "7:8", "no role"),
        ("role = { admin = \"system-admin\" }", "7:18", "a text, where people are named"),
        ("role = { default = [\"system-admin\"] }", "7:20", "those whom none fits"),
        ("role = { \"a,b\" = [\"system-admin\"] }", "7:10", "not the name of a role"),
        ("role = { \"\" = [\"system-admin\"] }", "7:10", "not the name of a role"),
        ("role = { a = 1 }", "7:14", "wrong type"),
        ("role_required = true", "7:17", "a role is required, and there are none"),
        ("role = { default = \"v\" }\nrole_required = true", "8:17", "everybody has a role"),
        ("identity_headers = { role = \"X-Role\" }", "7:29", "there are no roles"),
    ] {
        refused(&addon(lines), place, &[says]);
    }
    let role = |length: usize| addon(&format!("role = {{ {} = [\"system-admin\"] }}", "a".repeat(length)));
    accepted(&role(64));
    refused(&role(65), "7:10", &["1 to 64"]);
    let many = |count: usize| {
        let roles: Vec<String> = (0..count).map(|n| format!("r{n} = [\"system-admin\"]")).collect();
        addon(&format!("role = {{ {} }}", roles.join(", ")))
    };
    accepted(&many(100));
    refused(&many(101), "7:8", &["more than 100 roles"]);
    warned(&addon("role = { a = [] }"), "7:14", &["nobody has this role"]);
}

#[test]
fn a_name_there_is_one_that_can_be_sent_and_one_user_s_alone() {
    let accounts = |lines: &str| accepted(&addon(lines)).settings.addons[0].headers.accounts.clone().unwrap();
    assert_eq!(accounts("user_map = { frank = \"f\" }").map, [("frank".to_owned(), "f".into())]);
    for template in ["{id}", "{name}", "x-{name}@home", "{id}-{display_name}", "{name}{id}"] {
        assert!(accounts(&format!("user_template = \"{template}\"")).template.is_some(), "{template}");
    }
    for (template, says) in [
        ("", "two users could get one name"),
        ("guest", "two users could get one name"),
        ("{display_name}", "two users could get one name"),
        ("{name}-{display_name}", "two users could get one name"),
        ("{name}{name}x{display_name}", "two users could get one name"),
        ("{mail}", "no such placeholder"),
        ("{email}{display_name}", "two users could get one name"),
        ("{name", "a brace without its other half"),
        ("name}{id}", "a brace without its other half"),
        ("{id}}", "a brace without its other half"),
        (" {name}", "blanks around the name"),
        ("{name}\\n", "a control character"),
    ] {
        refused(&addon(&format!("user_template = \"{template}\"")), "7:17", &[says]);
    }
    for name in ["", " f", "f ", "a\\u0007"] {
        refused(&addon(&format!("user_map = {{ frank = \"{name}\" }}")), "7:22", &["not a name that can be sent"]);
    }
    warned(&addon("user_map = { fronk = \"f\" }"), "7:14", &["no user `fronk`", "did you mean \"frank\"?"]);
    let many = |count: usize| {
        let users: Vec<String> = (0..count).map(|n| format!("u{n} = \"x\"")).collect();
        addon(&format!("user_map = {{ {} }}", users.join(", ")))
    };
    assert!(Folder::new().load(many(1000)).is_ok(), "with a warning for each");
    let refused = Folder::new().load(many(1001)).unwrap_err().to_string();
    assert!(refused.contains("more than 1000 users"), "{refused}");
}

/// A configuration with these addresses in its second line, and one add-on.
fn with_emails(emails: &str, lines: &str) -> String {
    addon(lines).replacen("\n\n", &format!("\nhome_assistant.emails = {{ {emails} }}\n"), 1)
}

#[test]
fn addresses_are_told_where_an_add_on_asks_for_them() {
    let told = |lines: &str| {
        let settings = accepted(&with_emails("frank = \"frank@home.example\"", lines)).settings;
        settings.addons[0].headers.emails.clone().map(|emails| emails.entries().count())
    };
    assert_eq!(told(""), None);
    for lines in [
        "identity_headers = { email = \"X-Email\" }",
        "user_template = \"{email}\"",
        "user_template = \"{email}-{id}\"",
    ] {
        assert_eq!(told(lines), Some(1), "{lines}");
    }
    warned(&addon("identity_headers = { email = \"X-Email\" }"), "7:30", &["no address is known", "add emails ="]);
    warned(&addon("user_template = \"{email}\""), "7:17", &["no address is known", "under [home_assistant]"]);
}

#[test]
fn an_address_is_one_that_can_be_sent_and_one_users_alone() {
    for email in ["", "frank", "@home.example", "frank@", "f r@home", "a@b@c", "zoë@home", "a@b,c@d", "Frank <a@b>"] {
        refused(&with_emails(&format!("frank = \"{email}\""), ""), "2:35", &["is not an e-mail address"]);
    }
    refused(&with_emails("frank = \"a@b\", alice = \"A@B\"", ""), "2:50", &["another user's address already"]);
    warned(&with_emails("fronk = \"a@b\"", ""), "2:27", &["no user `fronk`", "did you mean \"frank\"?"]);
}

#[test]
fn no_header_has_two_meanings() {
    for (lines, place) in [
        ("identity_headers = { groups = \"X-A\", is_admin = \"x_a\" }", "7:49"),
        ("identity_headers = { groups = \"X-Remote-User-Id\" }", "7:31"),
        ("identity_headers = { is_admin = \"X-Remote-User-Role\" }\nrole = { a = [\"system-admin\"] }", "7:33"),
        ("headers = { \"X-Remote-User-Role\" = \"x\" }\nrole = { a = [\"system-admin\"] }", "7:13"),
    ] {
        refused(&addon(lines), place, &["header"]);
    }
    refused(&addon("identity_headers = { groups = \"Cookie\" }"), "7:31", &["belongs to the message itself"]);
}

#[test]
fn a_role_by_a_membership_that_may_not_count_is_told_where_a_later_one_takes_its_place() {
    let group = "[[group]]\nid = \"evening\"\nmembers = [\"frank\"]\nnetworks = [\"192.168.0.0/16\"]\n";
    let told = ["its users have a later role, as `all`", "may do less"];
    warned(&addon(&format!("role = {{ kid = [\"evening\"], default = \"all\" }}\n{group}")), "7:17", &["as `default`"]);
    let later = "role = { kid = { groups = [\"evening\"] }, all = [\"system-users\"] }\n";
    warned(&addon(&format!("{later}{group}")), "7:28", &told);
    accepted(&addon(&format!("role = {{ admin = [\"system-admin\"], kid = [\"evening\"] }}\n{group}")));
    accepted(&addon("role = { kid = [\"system-users\"], default = \"all\" }"));
}
