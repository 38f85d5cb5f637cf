//! `default = "deny"`: only what a rule lists is open.

use crate::support::{Ask, Protocol, RawAddon, Vestibule};
use crate::{both, protected, reason};

const LISTED: &str = r#"
default = "deny"

[[addon.protect]]
path = "/"

[[addon.protect]]
path = "/static/{*rest}"
methods = ["GET"]

[[addon.protect]]
path = "/lights/{light}"
entity = "light.{light}"
access = "control"
"#;

#[test]
fn s101_only_listed_paths_are_open() {
    let (addon, vestibule) = protected(RawAddon::start(), LISTED);
    let (grace, owner) = (vestibule.cookie("grace"), vestibule.cookie("owner"));
    let ask = |path: &str| Ask::get(&format!("/ingress/a{path}"));
    for (path, expected) in [
        ("/", 200),
        ("/static", 200),
        ("/static/", 200),
        ("/static/app.js", 200),
        ("/lights/bed_light", 200),
        ("/other", 403),
        ("/lights", 403),
        ("/lights/bed_light/x", 403),
        ("/Static/app.js", 403),
        ("/static//app.js", 400),
        ("/other%2Fx", 400),
    ] {
        assert_eq!(both(&vestibule, &addon, &grace, &ask(path)), expected, "{path}");
    }
    assert_eq!(both(&vestibule, &addon, &owner, &ask("/other")), 403, "it is open to nobody");
    assert_eq!(both(&vestibule, &addon, &grace, &Ask::post("/ingress/a/static/app.js", "")), 403);
    assert_eq!(both(&vestibule, &addon, &grace, &Ask::new("OPTIONS", "/ingress/a/static/app.js")), 403);
    assert_eq!(both(&vestibule, &addon, &grace, &Ask::new("HEAD", "/ingress/a/static/app.js")), 200);
    let answer = vestibule.ask(Protocol::H1, &ask("/other").cookie(&grace));
    assert_eq!(reason(&vestibule, &answer), "path_not_open");
}

#[test]
fn without_a_rule_nothing_is_open_and_the_address_without_its_slash_leads_nowhere() {
    let (addon, vestibule) = protected(RawAddon::start(), "default = \"deny\"");
    let owner = vestibule.cookie("owner");
    for path in ["", "/", "/x", "/x?y"] {
        assert_eq!(both(&vestibule, &addon, &owner, &Ask::get(&format!("/ingress/a{path}"))), 403, "{path}");
    }
}

#[test]
fn to_somebody_without_a_session_a_protected_path_looks_like_any_other() {
    let (addon, vestibule) = protected(RawAddon::start(), LISTED);
    let answers = ["/ingress/a/", "/ingress/a/other", "/ingress/a//x", "/ingress/b/"].map(|path| {
        let answer = vestibule.ask(Protocol::H1, &Ask::get(path));
        addon.assert_no_request(path);
        (answer.status, answer.json()["title"].clone())
    });
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 401), "{answers:?}");
}

#[test]
fn who_may_not_open_the_add_on_may_open_no_path_of_it() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, &format!("access = {{ users = [\"frank\"] }}\n{LISTED}"));
    });
    let grace = vestibule.cookie("grace");
    assert_eq!(both(&vestibule, &addon, &grace, &Ask::get("/ingress/a/lights/bed_light")), 403);
}
