//! What an add-on is told besides who is asking: groups, role, whether an administrator, and the name that it has for the
//! user. Nobody else says any of it, in no spelling and under no name, and a change holds from the next request on.

use serde_json::json;

use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule, assert_problem, eventually, squash};

/// Every header that an add-on can be told something in, under its usual name.
const ASKED: &str = r#"
identity_headers = { groups = "X-Remote-User-Groups", is_admin = "X-Remote-User-Is-Admin", email = "X-Remote-User-Email" }
role = { admin = ["system-admin"], editor = { groups = ["custom-guests"], users = ["zoë"] }, default = "viewer" }
user_map = { bob = "robert", "58c50fbf54e3424a8679b60b36e9c601" = "franklin" }
user_template = "{name}@home"
assertion = true
"#;

/// The same under names of the operator's own.
const RENAMED: &str = r#"
identity_headers = { name = "Account", groups = "Team", role = "Rank_Of-User", is_admin = "Boss", email = "Post" }
role = { admin = ["system-admin"], default = "viewer" }
"#;

/// Under `[home_assistant]`.
const EMAILS: &str = r#"{ bob = "bob@home.example", "58c50fbf54e3424a8679b60b36e9c601" = "frank@home.example" }"#;

const USUAL: [&str; 5] = [
    "x-remote-user-name",
    "x-remote-user-groups",
    "x-remote-user-role",
    "x-remote-user-is-admin",
    "x-remote-user-email",
];
const OWN: [&str; 5] = ["account", "team", "rank_of-user", "boss", "post"];

/// Asks for `/` and says what the add-on got under these names.
fn told(vestibule: &Vestibule, addon: &RawAddon, ask: &Ask, protocol: Protocol, names: [&str; 5]) -> [Vec<String>; 5] {
    let answer = vestibule.ask(protocol, ask);
    assert_eq!(answer.status, 200, "{answer:#?}");
    let request = addon.one();
    for name in names {
        let like_it = request.fields.0.iter().filter(|(sent, _)| squash(sent) == squash(name)).count();
        assert!(like_it <= 1, "{name} in one spelling: {request:#?}");
    }
    names.map(|name| request.fields.texts(name).clone())
}

fn one(texts: [&str; 5]) -> [Vec<String>; 5] {
    texts.map(|text| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] })
}

/// The ways to write a name that some server takes for the same.
fn spellings(name: &str) -> Vec<String> {
    let mut all = vec![name.to_owned(), name.to_uppercase()];
    for separator in "!#$%&'*+.^_`|~-".chars() {
        all.push(name.chars().map(|c| if matches!(c, '-' | '_') { separator } else { c }).collect());
        // One separator of several in another spelling.
        all.push(name.replacen(['-', '_'], &separator.to_string(), 1));
    }
    all
}

#[test]
fn each_user_is_told_of_as_the_configuration_says() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "emails", EMAILS).addon_with("a", &addon, ASKED);
    });
    for (user, expected) in [
        ("alice", one(["alice@home", "Administrators", "admin", "true", ""])),
        ("bob", one(["robert", "Users", "viewer", "false", "bob@home.example"])),
        ("frank", one(["franklin", "Guests", "editor", "false", "frank@home.example"])),
        ("zoë", one(["zoë@home", "Users", "editor", "false", ""])),
    ] {
        let cookie = vestibule.cookie(user);
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/").cookie(&cookie);
            assert_eq!(told(&vestibule, &addon, &ask, protocol, USUAL), expected, "{user} {protocol:?}");
        }
    }
}

#[test]
fn nobody_else_says_any_of_it_in_any_spelling() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        // The last one is told nothing, and must not hear it from clients either.
        config.set("home_assistant", "emails", EMAILS);
        config.addon_with("a", &addon, ASKED).addon_with("b", &addon, RENAMED).addon("c", &addon);
    });
    let bob = vestibule.cookie("bob");
    let usual = one(["robert", "Users", "viewer", "false", "bob@home.example"]);
    let own = one(["bob", "Users", "viewer", "false", "bob@home.example"]);
    for (slug, names, expected) in
        [("a", USUAL, usual), ("b", OWN, own), ("b", USUAL, one([""; 5])), ("c", USUAL, one(["bob", "", "", "", ""]))]
    {
        for name in names {
            for spelling in spellings(name) {
                let ask = Ask::get(&format!("/ingress/{slug}/")).field(&spelling, "admin").cookie(&bob);
                let ask = ask.field(&spelling, "Administrators");
                for protocol in BOTH {
                    assert_eq!(told(&vestibule, &addon, &ask, protocol, names), expected, "{slug} {spelling}");
                }
            }
        }
    }
}

#[test]
fn what_a_user_has_none_of_is_absent_and_a_mapped_name_is_one_users_alone() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let lines = "role = { admin = [\"system-admin\"] }\nuser_map = { alice = \"bob@HOME\" }\n";
        config.addon_with("a", &addon, &format!("{lines}user_template = \"{{name}}@home\""));
        config.addon_with("b", &addon, "user_map = { alice = \"boss\" }");
    });
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for protocol in BOTH {
        let ask = |slug: &str, cookie: &str| {
            let ask = USUAL.iter().fold(Ask::get(&format!("/ingress/{slug}/")), |ask, name| ask.field(name, "admin"));
            told(&vestibule, &addon, &ask.cookie(cookie), protocol, USUAL)
        };
        assert_eq!(ask("a", &alice), one(["bob@HOME", "", "admin", "", ""]));
        assert_eq!(ask("a", &bob), one([""; 5]), "his name by the template is another's by the map");
        assert_eq!(ask("b", &alice), one(["boss", "", "", "", ""]));
        assert_eq!(ask("b", &bob), one([""; 5]), "who is in no map has no name there");
    }
}

#[test]
fn whoever_has_none_of_the_roles_is_refused_where_one_is_required() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "role = { admin = [\"system-admin\"] }\nrole_required = true");
    });
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    for protocol in BOTH {
        assert_problem(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob)), 403);
    }
    addon.assert_untouched("no role");
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&alice)).status, 200);
        assert_eq!(addon.one().fields.one("x-remote-user-role"), "admin");
    }
    vestibule.await_line(&["no_role"]);
    let listed = |cookie: &str| vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/").cookie(cookie)).text();
    assert!(listed(&alice).contains("ingress"), "{}", listed(&alice));
    assert!(!listed(&bob).contains("ingress"), "{}", listed(&bob));
}

#[test]
fn a_change_holds_from_the_next_request_on_and_cuts_what_was_opened_before_it() {
    let (told_it, untold) = (echo(), echo());
    let mut vestibule = Vestibule::start(|config| {
        config.addon_with("a", &told_it, ASKED).addon("b", &untold);
    });
    let (bob, zoe) = (vestibule.cookie("bob"), vestibule.cookie("zoë"));
    let open = |slug: &str, cookie: &str| {
        BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, &format!("/ingress/{slug}/ws"), cookie))
    };
    let (mut lost, mut others, mut elsewhere) = (open("a", &bob), open("a", &zoe), open("b", &bob));
    vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-admin"]));
    lost.iter_mut().for_each(Tunnel::await_end);
    vestibule.await_line(&["open exchange cut", "attributes_changed"]);
    for tunnel in others.iter_mut().chain(&mut elsewhere) {
        tunnel.assert_alive("zoë is who she was, and the other add-on was told nothing of it");
    }
    for mut tunnel in open("a", &bob) {
        tunnel.assert_alive("opened anew");
    }
    let newest = told_it.requests().pop().unwrap();
    assert_eq!(newest.fields.one("x-remote-user-role"), "admin");
    assert_eq!(newest.fields.one("x-remote-user-groups"), "Administrators");
    // A reload that gives an add-on's users other names cuts as well.
    let mut renamed = open("a", &bob);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &told_it, &ASKED.replace("robert", "rob")).addon("b", &untold);
    });
    renamed.iter_mut().for_each(Tunnel::await_end);
}

#[test]
fn the_signed_identity_says_the_same() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "emails", EMAILS);
        config.addon_with("a", &addon, ASKED).addon_with("b", &addon, "assertion = true");
    });
    let bob = vestibule.cookie("bob");
    let claims = |slug: &str| {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get(&format!("/ingress/{slug}/")).cookie(&bob)).status, 200);
        let assertion = addon.one().fields.one("x-remote-user-assertion");
        let part = assertion.split('.').nth(1).unwrap().to_owned();
        serde_json::from_slice::<serde_json::Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let told = claims("a");
    assert_eq!(told["preferred_username"], "robert");
    assert_eq!((&told["role"], &told["group_names"]), (&json!("viewer"), &json!(["Users"])));
    assert_eq!(told["email"], "bob@home.example");
    assert_eq!((&told["groups"], &told["is_admin"]), (&json!(["system-users"]), &json!(false)));
    let untold = claims("b");
    assert_eq!(untold["preferred_username"], "bob");
    assert!(untold.get("role").is_none() && untold.get("group_names").is_none(), "{untold}");
    vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["custom-guests"]));
    eventually("the new role", || (claims("a")["role"] == "editor").then_some(()));
}

#[test]
fn another_proxy_is_told_the_same_and_each_name_is_there() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "emails", EMAILS);
        config.set("listen", "trusted_proxies", r#"["127.0.0.1"]"#).addon_with("a", &addon, ASKED).addon_with(
            "b",
            &addon,
            "role = { admin = [\"system-admin\"] }",
        );
    });
    let bob = vestibule.cookie("bob");
    let asked = |slug: &str| -> Answer {
        let ask = Ask::get("/.vestibule/verify").cookie(&bob).field("X-Forwarded-For", "127.0.0.1");
        let ask = ask.field("X-Forwarded-Method", "GET").field("X-Forwarded-Uri", format!("/ingress/{slug}/"));
        vestibule.ask(Protocol::H1, &ask.field("X-Forwarded-Host", "p.test").field("X-Forwarded-Proto", "https"))
    };
    let answer = asked("a");
    assert_eq!(answer.status, 200, "{answer:#?}");
    for (name, value) in USUAL.into_iter().zip(["robert", "Users", "viewer", "false", "bob@home.example"]) {
        assert_eq!(answer.fields.one(name), value);
    }
    let answer = asked("b");
    assert_eq!(answer.fields.texts("x-remote-user-role"), [""], "empty, so that the browser's own does not stay");
    assert!(!answer.fields.has("x-remote-user-groups"), "not asked for");
}

#[test]
fn an_address_is_a_name_where_the_add_on_goes_by_it_and_whoever_has_none_has_no_name() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "emails", EMAILS).addon_with("a", &addon, "user_template = \"{email}\"");
    });
    for (user, name) in [("bob", &["bob@home.example"][..]), ("frank", &["frank@home.example"]), ("alice", &[])] {
        let ask = Ask::get("/ingress/a/").cookie(vestibule.cookie(user)).field("X-Remote-User-Email", "a@b");
        for protocol in BOTH {
            assert_eq!(vestibule.ask(protocol, &ask).status, 200);
            let fields = addon.one().fields;
            assert_eq!(fields.texts("x-remote-user-name"), name, "{user}");
            assert!(!fields.has("x-remote-user-email"), "the add-on does not ask for it");
        }
    }
}
