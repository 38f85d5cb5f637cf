//! `access`: the groups and users that it names are compared with those of Home Assistant.

use crate::harness::{Folder, HOME, accepted, addon, refused, warned};
use vestibule::config::{Access, AccessList, FilesAlone, load};

#[test]
fn a_group_that_does_not_exist_is_a_mistake() {
    refused(
        &addon("access = { groups = [\"system-user\"] }"),
        "7:22",
        &["no group `system-user`", "\"system-users\"?"],
    );
    refused(&addon("access = { groups = [\"parents\"] }"), "7:22", &["the groups are custom-guests, system-admin"]);
}

#[test]
fn a_user_who_does_not_exist_yet_is_warned_about() {
    warned(&addon("access = { users = [\"fronk\"] }"), "7:21", &["no user `fronk`", "did you mean \"frank\"?"]);
    warned(&addon("access = { users = [\"zoë\"] }"), "7:21", &["lets nobody in"]);
    accepted(&addon("access = { users = [\"frank\", \"0123456789abcdef0123456789abcdef\"] }"));
}

#[test]
fn who_is_named_as_people_see_them_is_told_the_id() {
    refused(
        &addon("access = { groups = [\"Users\"] }"),
        "7:22",
        &["no group `Users`", "did you mean \"system-users\"?"],
    );
    warned(&addon("access = { users = [\"frank guest\"] }"), "7:21", &["did you mean \"frank\"?"]);
    let group = "
[[group]]
id = \"kids\"
members = [\"Frank Guest\"]";
    warned(&addon(group), "10:12", &["no user `Frank Guest`", "did you mean \"frank\"?"]);
}

#[test]
fn an_access_that_names_nobody_is_nobody_and_not_everybody() {
    let text = addon("access = { groups = [], users = [] }");
    warned(&text, "7:10", &["only the owner may open"]);
    let nobody = Access { only: Some(AccessList::default()), admin_only: false, ..Access::default() };
    assert_eq!(Folder::new().load(text).unwrap().settings.addons[0].authorization.access, nobody);
}

#[test]
fn admins_only_is_no_list() {
    let settings = accepted(&addon("access = { admin_only = true }")).settings;
    assert_eq!(settings.addons[0].authorization.access, Access { only: None, admin_only: true, ..Access::default() });
}

#[test]
fn without_home_assistant_s_files_nobody_is_compared() {
    let folder = Folder::new();
    let path = folder.write("config.toml", addon("access = { groups = [\"parents\"] }"));
    assert!(load(&path, &FilesAlone).is_ok());
    assert!(folder.load(HOME).is_ok());
}
