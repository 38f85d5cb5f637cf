//! `[home_assistant.front]`: a host of its own, on a Home Assistant that can be reached and whose files can be read.

use crate::harness::{Folder, accepted, refused, refused_in, warned};

const HOME: &str = "[home_assistant]\nconfig_dir = \"home\"\nurl = \"http://127.0.0.1:8123\"\n";

/// The front's lines begin in line 6, and those of an add-on in line 20.
fn front(lines: &str, addon: &str) -> String {
    with(HOME, lines, addon)
}

fn with(home: &str, lines: &str, addon: &str) -> String {
    let top = format!("{home}\n[home_assistant.front]\n{lines}\n");
    let gap = "\n".repeat(18_usize.saturating_sub(top.matches('\n').count()));
    let slug = if addon.contains("slug") { "" } else { "slug = \"a\"\n" };
    format!("{top}{gap}[[addon]]\n{addon}\n{slug}upstream = \"http://127.0.0.1:8080\"\npath = \"/a\"\n")
}

#[test]
fn a_front_is_home_assistant_on_a_host_of_its_own() {
    let loaded = accepted(&front("host = \"Home.Example\"\nallow = [\"frigate/events/get\"]", ""));
    let front = loaded.settings.front.unwrap();
    assert_eq!(front.route.host.as_ref().unwrap().as_str(), "home.example");
    assert!(loaded.settings.addons.len() == 1 && front.authorization.front.is_some());
    refused(&front_text(""), "5:1", &["`host` is missing", "home.example"]);
    refused(&front_text("host = \"home.example\"\nhots = 1"), "7:1", &["hots"]);
}

fn front_text(lines: &str) -> String {
    front(lines, "")
}

#[test]
fn a_front_needs_to_reach_home_assistant_and_to_read_its_files() {
    let no_url = with("[home_assistant]\nconfig_dir = \"home\"\n\n", "host = \"h.test\"", "");
    refused(&no_url, "5:1", &["nothing says where Home Assistant listens", "needs `url`"]);
    let silent = with(&format!("{HOME}forward_address = false\n"), "host = \"h.test\"", "");
    refused(&silent, "6:1", &["take everybody for vestibule itself", "needs `forward_address`"]);
    let folder = Folder::new();
    folder.write("token", "abc.def");
    let alone = "[home_assistant]\nurl = \"http://127.0.0.1:8123\"\ntoken = { file = \"token\" }\n";
    refused_in(&folder, &with(alone, "host = \"h.test\"", ""), "5:1", &["nobody's token can be verified"]);
}

#[test]
fn a_fronts_host_and_name_are_no_addons() {
    let text = front("host = \"h.test\"", "host = \"H.test\"");
    refused(&text, "20:8", &["the host of Home Assistant's front", "another host"]);
    let text = front("host = \"h.test\"", "slug = \"home_assistant\"");
    refused(&text, "20:8", &["the name of Home Assistant's front"]);
}

#[test]
fn an_add_on_in_home_assistants_pages_needs_a_front_and_nothing_else() {
    let host = "host = \"h.test\"";
    let text = format!(
        "{HOME}[home_assistant.front]\n{host}\naddons = \"all\"\n[[addon]]\nslug = \"a\"\nsupervisor_slug = \"core_ssh\"\n"
    );
    let settings = accepted(&text).settings;
    assert_eq!(settings.addons.len(), 1);
    let names: Vec<_> = settings.front_addons.iter().map(|addon| addon.slug.as_str()).collect();
    assert_eq!(names, ["home_assistant_addons", "home_assistant_addons", "a"]);
    let admin_only = |place: usize| settings.front_addons[place].authorization.access.admin_only;
    assert_eq!((admin_only(0), admin_only(1)), (true, false), "of which nothing is known, and which has no table");

    let alone = format!("{HOME}[[addon]]\nslug = \"a\"\nsupervisor_slug = \"core_ssh\"\n");
    refused(&alone, "6:19", &["there is no front", "[home_assistant.front]"]);
    refused(&front(host, "slug = \"b\"\nsupervisor_slug = \"Core SSH\""), "21:19", &["a slug is"]);
    refused(&front_text(&format!("{host}\naddons = \"everybody\"")), "7:10", &["admins"]);
    refused(&front(host, "slug = \"home_assistant_addons\""), "20:8", &["the name of Home Assistant's front"]);
    let twice = format!("{text}[[addon]]\nslug = \"b\"\nsupervisor_slug = \"core_ssh\"\n");
    refused(&twice, "12:19", &["two add-ons with one supervisor_slug", "ha addons"]);
    let fresh = format!("{text}fresh = \"5m\"\n");
    warned(&fresh, "9:19", &["nobody opens this add-on in Home Assistant's pages", "[[addon.protect]]"]);
}

#[test]
fn what_the_operator_opens_is_neither_the_api_nor_what_can_be_guessed() {
    let opens = |line: &str| front_text(&format!("host = \"h.test\"\n{line}"));
    for path in ["/api/{*rest}", "/auth/x", "/{*rest}", "/{any}/x", "/"] {
        refused(&opens(&format!("open_paths = [\"{path}\"]")), "7:15", &["must not be open to everybody", "hacsfiles"]);
    }
    for kind in ["auth/sign_path", "supervisor/api", "config/auth/create", "Frigate", ""] {
        refused(&opens(&format!("allow = [\"{kind}\"]")), "7:10", &["not a type of message that may pass"]);
    }
    for id in ["short", "0123456789abcde", "0123456789abcdef/x"] {
        refused(&opens(&format!("webhooks = [\"{id}\"]")), "7:13", &["nobody can guess"]);
    }
    accepted(&opens("open_paths = [\"/hacsfiles/{*rest}\"]\nwebhooks = [\"0123456789abcdef\"]"));
}
