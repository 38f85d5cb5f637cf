//! Every refusal is explained by one look-up with the id on its error page: in a terminal with `vestibule why`, and on
//! the operator's page. Nobody but administrators sees any of it.

use crate::support::process::LOOPBACK;
use crate::support::{Answer, Ask, BOTH, RawAddon, Vestibule, eventually};

const REFUSALS: &str = "/.vestibule/operator/refusals";

fn bed() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let url = addon.url();
        let table = |slug: &str, more: &str| {
            format!(
                "slug = \"{slug}\"\ntitle = \"The {slug}\"\nupstream = \"{url}\"\npath = \"/ingress/{slug}\"\n{more}"
            )
        };
        config.set("listen", "trusted_proxies", "[\"127.0.0.1\"]");
        config.addon_table(&table("open", "max_body = \"1KiB\""));
        config.addon_table(&table("admins", "access = { admin_only = true }"));
        config.addon_table(&table("kitchen", "access = { groups = [\"custom-kitchen\", \"custom-lights\"] }"));
        config.addon_table(
            "slug = \"gone\"\ntitle = \"The gone\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/ingress/gone\"",
        );
    });
    (addon, vestibule)
}

fn id_of(answer: &Answer) -> String {
    answer.json()["request_id"].as_str().unwrap_or_else(|| panic!("an id: {answer:#?}")).to_owned()
}

/// Asks, and says what the command explains.
fn why(vestibule: &Vestibule, ask: &Ask, status: u16) -> String {
    let answer = vestibule.ask(BOTH[0], ask);
    assert_eq!(answer.status, status, "{answer:#?}");
    let said = vestibule.command_ok(&["why", &id_of(&answer)]);
    assert!(said.starts_with(&status.to_string()), "{said}");
    said
}

#[test]
fn every_refusal_is_explained_by_its_id() {
    let (_addon, vestibule) = bed();
    let [frank, dave] = ["frank", "dave"].map(|user| vestibule.cookie(user));
    let get = |target: &str, cookie: &str| Ask::get(target).cookie(cookie);
    let foreign =
        Ask::post("/ingress/open/", "x").field("Origin", "https://evil.test").field("Sec-Fetch-Site", "cross-site");
    let cases: Vec<(Ask, u16, &[&str])> = vec![
        (
            get("/ingress/kitchen/", &frank),
            403,
            &["access_denied", "custom-kitchen, custom-lights", "frank is in the group custom-guests"],
        ),
        (
            get("/ingress/admins/", &frank),
            403,
            &["admin_only", "The admins is for administrators alone", "user     frank"],
        ),
        (
            get("/ingress/open/", &dave).field("X-Forwarded-For", "8.8.8.8"),
            403,
            &["not_local", "dave", "8.8.8.8 is not of it"],
        ),
        (foreign.cookie(&frank), 403, &["foreign_origin", "https://evil.test", "cross-site"]),
        (
            Ask::post("/ingress/open/", vec![b'x'; 2000]).cookie(&frank),
            413,
            &["body_too_large", "max_body of The open, 1024 bytes"],
        ),
        (get("/ingress/open/", &frank).host("other.example"), 421, &["misdirected", "does not cover other.example"]),
        (get("/ingress/gone/", &frank), 502, &["addon_down", "The gone cannot be reached"]),
        (get("/ingress/nowhere/", &frank), 404, &["unknown_route", "no add-on and no page"]),
        (Ask::get("/ingress/open/"), 401, &["no_session", "no session came with the request"]),
        (get("/ingress/open/", "__Host-ingress_session=x"), 401, &["malformed_cookie"]),
        (Ask::new("BREW", "/ingress/open/").cookie(&frank), 405, &["method_not_allowed", "BREW"]),
        (get("/ingress/open/%00", &frank), 400, &["ambiguous_path", "control characters"]),
    ];
    for (ask, status, words) in &cases {
        let said = why(&vestibule, ask, *status);
        for word in *words {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(said.contains(&ask.target), "{said}");
    }
}

#[test]
fn a_session_that_has_ended_is_explained_with_whose_it_was_and_who_ended_it() {
    let (_addon, vestibule) = bed();
    let cookie = vestibule.cookie("frank");
    vestibule.revoke("frank");
    let said = why(&vestibule, &Ask::get("/ingress/open/").cookie(&cookie), 401);
    for word in ["session_ended", "58c50fbf54e3424a8679b60b36e9c601", "an operator has revoked it"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let never = format!("__Host-ingress_session={}", "A".repeat(43));
    let said = why(&vestibule, &Ask::get("/ingress/open/").cookie(never), 401);
    assert!(said.contains("not known"), "{said}");
}

#[test]
fn secrets_of_a_refused_target_are_not_kept_and_hostile_texts_stay_texts() {
    let (_addon, vestibule) = bed();
    let (frank, alice) = (vestibule.cookie("frank"), vestibule.cookie("alice"));
    // No parser of ours takes `<` or a double quote in a target.
    let hostile = "/ingress/nowhere/%3Cscript%3Ealert(1)?access_token=s3cr3t&x='onload=1";
    let answer = vestibule.ask(BOTH[0], &Ask::get(hostile).cookie(&frank));
    let id = id_of(&answer);
    let said = vestibule.command_ok(&["why", &id]);
    for target in [format!("{REFUSALS}/{id}"), REFUSALS.to_owned(), format!("{REFUSALS}.json")] {
        let page = vestibule.ask(BOTH[0], &Ask::navigate(&target).cookie(&alice));
        assert_eq!(page.status, 200, "{target}: {page:#?}");
        assert!(page.text().contains(&id), "{target}: {page:#?}");
        for bad in ["s3cr3t", "<script>alert", "'onload"] {
            let is_text = bad == "'onload" && target.contains(".json");
            assert!(!page.text().contains(bad) || is_text, "{bad} at {target}");
        }
    }
    assert!(!said.contains("s3cr3t"), "{said}");
}

#[test]
fn administrators_see_filter_and_page_through_them_and_nobody_else_finds_anything() {
    let (_addon, vestibule) = bed();
    let [frank, grace, alice] = ["frank", "grace", "alice"].map(|user| vestibule.cookie(user));
    let ask = |target: &str, cookie: &str| vestibule.ask(BOTH[1], &Ask::navigate(target).cookie(cookie));
    for _ in 0..60 {
        assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/admins/").cookie(&frank)).status, 403);
    }
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/admins/").cookie(&grace)).status, 403);
    let all = ask(&format!("{REFUSALS}.json"), &alice).json();
    assert_eq!((all["count"].as_u64(), all["refusals"].as_array().map(Vec::len)), (Some(61), Some(50)));
    assert_eq!(all["refusals"][0]["user"], "grace", "the newest first");
    let of = |query: &str| ask(&format!("{REFUSALS}.json?{query}"), &alice).json()["count"].as_u64().unwrap();
    assert_eq!(
        (of("user=grace"), of("user=nobody"), of("reason=admin_only"), of("addon=admins&user=frank")),
        (1, 0, 61, 60)
    );
    let page = ask(REFUSALS, &alice).text();
    assert!(page.contains("Older") && !page.contains("Newer"), "{page}");
    let last = ask(&format!("{REFUSALS}?page=1"), &alice).text();
    assert!(last.contains("Newer") && !last.contains("Older"), "{last}");
    let denied = ask("/ingress/admins/", &frank);
    assert!(!denied.text().contains("operator/refusals"), "{denied:#?}");
    for target in
        [REFUSALS, "/.vestibule/operator/refusals.json", "/.vestibule/operator/refusals/0", "/.vestibule/operator/x"]
    {
        assert_eq!(ask(target, &frank).status, 404, "{target}");
        let stranger = vestibule.ask(BOTH[1], &Ask::navigate(target));
        assert!(stranger.status == 303, "as any page that is not there: {target}: {stranger:#?}");
        // A script under our own origin, with an administrator's session.
        let script = Ask::get(target).field("Sec-Fetch-Dest", "empty").field("Sec-Fetch-Site", "same-origin");
        assert_eq!(vestibule.ask(BOTH[1], &script.cookie(&alice)).status, 404, "{target}");
    }
    assert_eq!(ask("/.vestibule/operator/refusals/0000000000000000", &alice).status, 404);
}

#[test]
fn they_outlive_a_reload() {
    let (_addon, mut vestibule) = bed();
    let answer = vestibule.ask_from(LOOPBACK, &Ask::get("/ingress/admins/").cookie(vestibule.cookie("frank")));
    let id = id_of(&answer);
    vestibule.reconfigure(|config| {
        config.set("log", "access", "false");
    });
    vestibule.command_ok(&["reload"]);
    eventually("the refusal is still known", || vestibule.command(&["why", &id]).status.success().then_some(()));
    let unknown = vestibule.command(&["why", "0000000000000000"]);
    assert!(
        !unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("no refusal"),
        "{unknown:?}"
    );
}

/// The page of a refusal offers to ask; the operator sees it, and the account gains nothing.
#[test]
fn who_is_refused_asks_for_access_and_administrators_see_it() {
    let (_addon, vestibule) = bed();
    let [frank, grace, alice] = ["frank", "grace", "alice"].map(|user| vestibule.cookie(user));
    let page = vestibule.ask(BOTH[0], &Ask::navigate("/ingress/admins/").cookie(&frank));
    assert_eq!(page.status, 403);
    let html = page.text();
    let (_, rest) = html.split_once("action=\"/.vestibule/ask-access?request=").expect("the page offers it");
    let id = rest.split('"').next().unwrap().to_owned();
    let ask = |cookie: &str, id: &str| {
        Ask::post(&format!("/.vestibule/ask-access?request={id}"), "")
            .field("Accept", "text/html")
            .field("Sec-Fetch-Site", "same-origin")
            .cookie(cookie)
    };
    for (who, id) in [(&grace, &*id), (&frank, "0000000000000000"), (&frank, "")] {
        assert_eq!(vestibule.ask(BOTH[1], &ask(who, id)).status, 404, "another's refusal, or none");
    }
    let mut foreign = ask(&frank, &id);
    foreign.fields.retain(|(name, _)| name != "Sec-Fetch-Site");
    assert_eq!(vestibule.ask(BOTH[0], &foreign.field("Sec-Fetch-Site", "cross-site")).status, 403);
    assert!(!vestibule.command_ok(&["why", &id]).contains("asks for it"));

    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &ask(&frank, &id));
        assert!(answer.status == 200 && answer.text().contains("You have asked"), "{answer:#?}");
    }
    vestibule.await_line(&["event=access_asked", &format!("refusal={id}"), "addon=admins"]);
    assert_eq!(vestibule.stderr().matches("event=access_asked").count(), 1, "asked twice, told once");
    assert!(vestibule.command_ok(&["why", &id]).contains("access   its user asks for it"));
    let listed = vestibule.ask(BOTH[0], &Ask::navigate(&format!("{REFUSALS}.json?asks=yes")).cookie(&alice)).json();
    assert_eq!((&listed["count"], &listed["refusals"][0]["id"]), (&1.into(), &id.as_str().into()), "{listed}");
    let shown = vestibule.ask(BOTH[0], &Ask::navigate(REFUSALS).cookie(&alice)).text();
    assert_eq!(shown.matches("Asks for access").count(), 1, "{shown}");
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/admins/").cookie(&frank)).status, 403);
    let of_admin = vestibule.ask(BOTH[0], &Ask::navigate("/ingress/kitchen/").cookie(&alice));
    assert!(of_admin.status != 403 || !of_admin.text().contains("ask-access"), "administrators look why");
}
