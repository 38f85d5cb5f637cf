//! Paths in spellings that other software reads differently: refused before any table is asked, and never forwarded
//! (S-24 to S-37, S-110, S-111).

use crate::supervised::{ROLES, Supervised, addon};
use crate::support::path_spellings::astray;
use crate::support::{Ask, RawAddon};

#[test]
fn s106_no_odd_spelling_of_a_path_reaches_the_supervisor_or_home_assistant() {
    let supervisor = RawAddon::start();
    let home = RawAddon::start();
    let api = Supervised::start_with(Some(&supervisor), |config| {
        config.set("home_assistant", "url", &format!("\"{}\"", home.url()));
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/home-assistant" }"#);
        config
            .addon_table(&addon("core_api", "hassio_api = true, hassio_role = \"manager\", homeassistant_api = true"));
    });
    let token = api.vestibule.command_ok(&["addons", "token", "core_api"]);
    let bearer = format!("Bearer {}", token.trim());
    let mut refused = 0;
    for path in spellings() {
        for prefix in ["", "/v2"] {
            let target = format!("{prefix}{path}");
            let answer = api.ask(&Ask::get(&target).field("Authorization", &bearer));
            assert!(matches!(answer.status, 400 | 403), "{target:?}: {}", answer.status);
            refused += 1;
        }
    }
    println!("spellings: {refused} paths refused");
    // What else it is asked, vestibule asks for itself.
    let calls = || home.requests().iter().filter(|seen| seen.target().starts_with("/api")).count();
    assert_eq!((supervisor.requests().len(), calls()), (0, 0));
    // The plain one does reach it, so that all of the above says something.
    assert_eq!(api.ask(&Ask::get("/core/api/states").field("Authorization", &bearer)).status, 200);
    assert_eq!(calls(), 1);
}

/// Cases 31, 32 and 65: with every right there is, and in every version, what Home Assistant has for its Supervisor is
/// for nobody, and what is beside it is not touched by that.
#[test]
fn what_is_for_the_supervisor_alone_is_refused_to_every_role() {
    let home = RawAddon::start();
    let api = Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &format!("\"{}\"", home.url()));
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/home-assistant" }"#);
        for role in ROLES {
            let rights = format!("hassio_api = true, hassio_role = \"{role}\", homeassistant_api = true");
            config.addon_table(&addon(&format!("core-{role}"), &rights));
        }
    });
    api.vestibule.command_ok(&["addons", "protect", "core-admin", "off"]);
    let calls = || home.requests().iter().filter(|seen| seen.target().starts_with("/api")).count();
    let mut compared = 0;
    for role in ROLES {
        let token = api.vestibule.command_ok(&["addons", "token", &format!("core-{role}")]);
        let bearer = format!("Bearer {}", token.trim());
        let before = calls();
        for path in
            ["/core/api/hassio/app", "/core/api/hassio_auth", "/homeassistant/api/hassio/app", "/core/api/hassio"]
        {
            for prefix in ["", "/v2"] {
                let answer = api.ask(&Ask::get(&format!("{prefix}{path}")).field("Authorization", &bearer));
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (403, "403: Forbidden"),
                    "{prefix}{path} as {role}"
                );
                compared += 1;
            }
        }
        let reset = Ask::post("/core/api/hassio_auth/password_reset", "{}").field("Authorization", &bearer);
        assert_eq!(api.ask(&reset).status, 403, "{role}");
        assert_eq!(calls(), before, "case 65: nothing is forwarded");
        assert_eq!(api.ask(&Ask::get("/core/api/states").field("Authorization", &bearer)).status, 200, "{role}");
        let v2 = api.ask(&Ask::get("/v2/core/api/states").field("Authorization", &bearer)).status;
        assert_eq!(v2, if matches!(role, "default" | "backup") { 403 } else { 200 }, "{role}");
        compared += 3;
    }
    println!("blocked paths: {compared} answers compared");
}

/// What Home Assistant has for its Supervisor alone, and what only `admin` may: the caller is `manager`.
fn spellings() -> Vec<String> {
    let mut paths = vec![
        "/core/api/hassio".to_owned(),
        "/core/api/hassio/".to_owned(),
        "/core/api/hassio/app".to_owned(),
        "/core/api/HASSIO/app".to_owned(),
        "/core/api/Hassio_auth".to_owned(),
        "/core/api/hassio_auth/password_reset".to_owned(),
        "/homeassistant/api/hassio/app".to_owned(),
        "/addons/self/security/".to_owned(),
    ];
    paths.extend(astray("/core/api/x/", "hassio/app"));
    for odd in [
        "/core/api/%68assio/app",
        "/core/api/hassi%6F/app",
        "/core/api/hassi%6f/app",
        "/core/api/hassio%2Fapp",
        "/core/api/hassio%2fapp",
        "/core/api/hassio%5Capp",
        "/core/api/hassio\\app",
        "/core/api//hassio/app",
        "//core/api/hassio/app",
        "/core//api/hassio/app",
        "/core/api/./hassio/app",
        "/core/api/hassio;x=1/app",
        "/core/api;x/hassio/app",
        "/core/api/hassio%3Bx/app",
        "/core/api/hassio%00/app",
        "/core/api/hassio%0A",
        "/core/api/%E2%80%AEhassio%00",
        "/core/api/hassio%",
        "/core/api/hassio%zz",
        "/core/api/%C0%AE%C0%AE/hassio",
        "/addons/self/%73ecurity",
        "/addons/self//security",
        "/addons/self/./security",
        "/addons/self/x/../security",
        "/os/datadisk/%77ipe",
        "/os//datadisk/wipe",
        "/os/datadisk/x/../wipe",
    ] {
        paths.push(odd.to_owned());
    }
    paths
}
