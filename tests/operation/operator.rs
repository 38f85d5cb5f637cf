//! The operator's pages: what administrators see of how it goes, in HTML and in JSON. Nobody else finds anything.

use crate::support::form::{Form, hidden};
use crate::support::launch::Extra;
use crate::support::process::LOOPBACK;
use crate::support::{Answer, Ask, BOTH, RawAddon, Vestibule};

const OPERATOR: &str = "/.vestibule/operator";

/// Every page, each with and without its JSON twin.
const PAGES: [&str; 9] = [
    "refusals",
    "why",
    "overview",
    "sessions",
    "add-ons",
    "add-ons/gone",
    "people",
    "people/58c50fbf54e3424a8679b60b36e9c601",
    "configuration",
];

fn page(vestibule: &Vestibule, name: &str, cookie: &str) -> Answer {
    vestibule.ask(BOTH[1], &Ask::navigate(&format!("{OPERATOR}/{name}")).cookie(cookie))
}

fn json(vestibule: &Vestibule, name: &str, cookie: &str) -> serde_json::Value {
    let (path, query) = name.split_once('?').unwrap_or((name, ""));
    let answer = page(vestibule, &format!("{path}.json?{query}"), cookie);
    assert_eq!(answer.status, 200, "{name}: {answer:#?}");
    answer.json()
}

fn bed() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &addon);
        config.addon_table(
            "slug = \"gone\"\ntitle = \"<b>The gone</b>\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/ingress/gone\"",
        );
    });
    (addon, vestibule)
}

#[test]
fn administrators_see_each_page_in_each_language_and_nobody_else_finds_one() {
    let (_addon, vestibule) = bed();
    let [frank, alice] = ["frank", "alice"].map(|user| vestibule.cookie(user));
    for name in PAGES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.json")]) {
        let target = format!("{OPERATOR}/{name}");
        let shown = page(&vestibule, &name, &alice);
        assert_eq!(shown.status, 200, "{name}: {shown:#?}");
        assert_eq!(shown.fields.one("cache-control"), "no-store", "{name}");
        // A window of ours that a page of an add-on under a prefix opens is not theirs to read, JSON neither.
        assert_eq!(shown.fields.one("cross-origin-opener-policy"), "same-origin", "{name}");
        let policy = shown.fields.one("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        if !name.contains(".json") {
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            let german = Ask::navigate(&target).cookie(&alice).field("Accept-Language", "de");
            let german = vestibule.ask(BOTH[0], &german).text();
            assert!(german.contains("lang=\"de\"") && german.contains("Verwaltung"), "{name}");
        }
        assert_eq!(page(&vestibule, &name, &frank).status, 404, "{name}");
        assert_eq!(vestibule.ask(BOTH[1], &Ask::navigate(&target)).status, 303, "{name}");
        let script = Ask::get(&target).field("Sec-Fetch-Dest", "empty").field("Sec-Fetch-Site", "same-origin");
        assert_eq!(vestibule.ask(BOTH[0], &script.cookie(&alice)).status, 404, "{name}");
        let post = Ask::post(&target, "").field("Accept", "text/html").field("Sec-Fetch-Site", "same-origin");
        assert_eq!(vestibule.ask(BOTH[0], &post.cookie(&frank)).status, 404, "{name}");
    }
    let bare = page(&vestibule, "", &alice);
    assert_eq!((bare.status, &*bare.location()), (303, "/.vestibule/operator/overview"));
    assert_eq!(page(&vestibule, "", &frank).status, 404);
    for unknown in ["unknown", "overview/x", "overviews", "refusals.json/x/y"] {
        assert_eq!(page(&vestibule, unknown, &alice).status, 404, "{unknown}");
    }
}

#[test]
fn the_overview_has_the_numbers_of_the_metrics_and_what_needs_attention() {
    let (_addon, vestibule) = bed();
    let [frank, alice] = ["frank", "alice"].map(|user| vestibule.cookie(user));
    let before = json(&vestibule, "overview", &alice)["hour"].clone();
    for _ in 0..3 {
        assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/gone/").cookie(&frank)).status, 502);
    }
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/nowhere/").cookie(&frank)).status, 404);
    let overview = json(&vestibule, "overview", &alice);
    let grown = |key: &str| overview["hour"][key].as_u64().unwrap() - before[key].as_u64().unwrap();
    // The one that was asked before is in it as well.
    assert_eq!((grown("requests"), grown("client_errors"), grown("server_errors")), (5, 1, 3), "{overview}");
    let minutes = overview["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), 60);
    let sum: u64 = minutes.iter().map(|minute| minute["requests"].as_u64().unwrap()).sum();
    assert_eq!(sum, overview["hour"]["requests"].as_u64().unwrap(), "{overview}");
    assert!(overview["hour"]["p50_ms"].as_f64().unwrap() <= overview["hour"]["p99_ms"].as_f64().unwrap());
    assert_eq!(
        (&overview["addons"], &overview["addons_down"], &overview["sessions"]),
        (&2.into(), &1.into(), &2.into())
    );
    assert_eq!(overview["version"], env!("CARGO_PKG_VERSION"));
    let down = overview["attention"].as_array().unwrap().iter().find(|item| item["kind"] == "addon_down").unwrap();
    assert_eq!((&down["slug"], &down["why"]), (&"gone".into(), &"unreachable".into()));

    let html = page(&vestibule, "overview", &alice).text();
    assert!(html.contains("does not answer (unreachable)") && html.contains("<path class=\"server\" d=\"M"), "{html}");
    assert!(html.contains("&#60;b&#62;The gone") && !html.contains("<b>The gone"), "{html}");
}

/// The form of an administrator's page, posted as their browser does.
fn end(cookie: &str, csrf: &str, session: &str) -> Ask {
    Ask::post(&format!("{OPERATOR}/sessions"), format!("csrf={csrf}&session={session}"))
        .field("Content-Type", "application/x-www-form-urlencoded")
        .field("Accept", "text/html")
        .field("Sec-Fetch-Site", "same-origin")
        .field("Sec-Fetch-Dest", "document")
        .cookie(cookie)
}

#[test]
fn administrators_search_all_sessions_page_through_them_and_end_one() {
    let (_addon, vestibule) = bed();
    let [frank, alice, bob] = ["frank", "alice", "bob"].map(|user| vestibule.cookie(user));
    for _ in 0..55 {
        vestibule.cookie("grace");
    }
    let form = Form::open(&vestibule, LOOPBACK);
    let hostile = form.post("frank", "frank-pass-1").field("User-Agent", "<script>alert(1)</script>\" onload=x");
    assert_eq!(vestibule.ask(BOTH[0], &hostile).status, 303);

    let all = json(&vestibule, "sessions", &alice);
    assert_eq!((&all["count"], all["sessions"].as_array().unwrap().len()), (&59.into(), 50), "{all}");
    assert_eq!((&all["sessions"][0]["user"], &all["sessions"][0]["current"]), (&"alice".into(), &true.into()));
    let rest = json(&vestibule, "sessions?page=1", &alice);
    assert_eq!(rest["sessions"].as_array().unwrap().len(), 9);
    let of = |search: &str| json(&vestibule, &format!("sessions?search={search}"), &alice);
    for (search, count) in [("GRACE", 55), ("frank", 2), ("onload", 1), ("127.0.0.1", 1), ("nobody-at-all", 0)] {
        assert_eq!(of(search)["count"], count, "{search}");
    }
    assert_eq!(of("onload")["sessions"][0]["user_agent"], "<script>alert(1)</script>\" onload=x");

    let html = page(&vestibule, "sessions?search=onload", &alice).text();
    assert!(html.contains("Found: 1") && !html.contains("<script>alert") && !html.contains("\" onload"), "{html}");
    let first = page(&vestibule, "sessions", &alice).text();
    assert!(first.contains("1 to 50 of 59") && first.contains("Next") && !first.contains("Previous"), "{first}");

    let csrf = hidden(&first, "csrf").unwrap();
    let victim = of("bob")["sessions"][0]["id"].as_str().unwrap().to_owned();
    let another = hidden(&page(&vestibule, "sessions", &vestibule.cookie("alice")).text(), "csrf").unwrap();
    let mut foreign = end(&alice, &csrf, &victim);
    foreign.fields.retain(|(name, _)| name != "Sec-Fetch-Site");
    for (ask, status, why) in [
        (end(&alice, &another, &victim), 403, "the form of another session"),
        (end(&alice, "", &victim), 403, "no token"),
        (end(&alice, &csrf, "0000000000000000"), 404, "no such session"),
        (end(&alice, &csrf, "nonsense"), 404, "no id"),
        (end(&frank, &csrf, &victim), 404, "not an administrator"),
        (foreign.field("Sec-Fetch-Site", "cross-site"), 403, "another site"),
    ] {
        assert_eq!(vestibule.ask(BOTH[0], &ask).status, status, "{why}");
        assert!(vestibule.is_live(&bob), "{why}");
    }
    let ended = vestibule.ask(BOTH[1], &end(&alice, &csrf, &victim));
    assert_eq!((ended.status, &*ended.location()), (303, "/.vestibule/operator/sessions?ended"), "{ended:#?}");
    assert!(!vestibule.is_live(&bob) && vestibule.is_live(&frank));
    vestibule.await_line(&["event=revoked", &victim, "by=operator"]);
    assert!(page(&vestibule, "sessions?ended", &alice).text().contains("The session has ended."));
    let elsewhere = end(&alice, &csrf, &victim);
    let elsewhere = Ask { target: format!("{OPERATOR}/overview"), ..elsewhere };
    assert_eq!(vestibule.ask(BOTH[0], &elsewhere).status, 405);
}

const MANIFEST: &str = "
name: \"Fish <img src=x onerror=alert(1)>\"
version: \"1.0\"
slug: fish
description: Fish
arch: [amd64]
ingress: true
full_access: true
hassio_api: true
hassio_role: admin
";

#[test]
fn add_ons_are_shown_with_their_state_their_numbers_and_what_they_ask_for() {
    let addon = RawAddon::start();
    let url = addon.url();
    let vestibule = Vestibule::start_with(
        |config| {
            config.addon_table(&format!("manifest = \"fish.yaml\"\nupstream = \"{url}\"\npath = \"/ingress/fish\""));
            for number in 0..60 {
                config.addon_table(&format!(
                    "slug = \"n{number}\"\ntitle = \"Number {number}\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/n{number}\""
                ));
            }
        },
        |_| {},
        |folder| {
            std::fs::write(folder.join("fish.yaml"), MANIFEST).unwrap();
            Extra::default()
        },
    );
    let [frank, alice] = ["frank", "alice"].map(|user| vestibule.cookie(user));
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/n7/").cookie(&frank)).status, 502);
    let list = json(&vestibule, "add-ons", &alice);
    assert_eq!((&list["count"], list["addons"].as_array().unwrap().len()), (&61.into(), 50));
    assert_eq!((&list["addons"][0]["slug"], &list["addons"][0]["state"]), (&"fish".into(), &"unknown".into()));
    assert_eq!(list["addons"][1]["rating"], serde_json::Value::Null, "no manifest, no rating");
    let down = &json(&vestibule, "add-ons?search=NUMBER+7", &alice)["addons"][0];
    for (key, value) in [("requests", 1), ("server_errors", 1), ("failures", 1), ("client_errors", 0)] {
        assert_eq!(down[key], value, "{key}: {down}");
    }
    assert_eq!((&down["state"], &down["why"]), (&"down".into(), &"unreachable".into()));
    let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_requests_total{addon=\"n7\",class=\"5xx\"} 1\n"), "{metrics}");

    let fish = json(&vestibule, "add-ons/fish", &alice);
    let shown: serde_json::Value =
        serde_json::from_str(&vestibule.command_ok(&["addons", "show", "fish", "--json"])).unwrap();
    assert_eq!((&fish["package"]["rating"], &fish["package"]["rights"]), (&shown["rating"], &shown["rights"]));
    assert_eq!((&fish["package"]["protected"], &fish["package"]["role"]), (&true.into(), &"manager".into()));
    let makes_one = fish["package"]["points"].as_array().unwrap().iter().find(|point| point["key"] == "full_access");
    assert_eq!(makes_one.unwrap()["points"], serde_json::Value::Null, "{fish}");
    let html = page(&vestibule, "add-ons/fish", &alice).text();
    for word in
        ["1 of 8", "<code>full_access</code>", "protection is on: `admin` could switch it off", "class=\"empty\""]
    {
        assert!(html.contains(word), "{word}: {html}");
    }
    assert!(!html.contains("<img src=x"), "{html}");
    vestibule.command_ok(&["addons", "protect", "fish", "off"]);
    let fish = json(&vestibule, "add-ons/fish", &alice);
    assert_eq!((&fish["package"]["protected"], &fish["package"]["role"]), (&false.into(), &"admin".into()));
    assert_eq!(page(&vestibule, "add-ons/nothing", &alice).status, 404);
}

#[test]
fn people_are_shown_with_what_each_may_open() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("everybody", &addon);
        config.addon_with("admins", &addon, "access = { admin_only = true }");
        config.addon_with("kitchen", &addon, "access = { users = [\"grace\"] }");
        for number in 0..30 {
            config.addon(&format!("n{number}"), &addon);
        }
    });
    let [alice, frank] = ["alice", "frank"].map(|user| vestibule.cookie(user));
    let people = json(&vestibule, "people", &alice);
    assert_eq!((&people["addon_count"], people["addons"].as_array().unwrap().len()), (&33.into(), 12));
    let first_three = |user: &str| {
        let person = people["people"].as_array().unwrap().iter().find(|person| person["username"] == user).unwrap();
        let open: Vec<&str> =
            person["may_open"].as_array().unwrap().iter().map(|slug| slug.as_str().unwrap()).collect();
        ["everybody", "admins", "kitchen"].map(|slug| open.contains(&slug))
    };
    for (user, expected) in
        [("alice", [true, true, false]), ("frank", [true, false, false]), ("grace", [true, false, true])]
    {
        assert_eq!(first_three(user), expected, "{user}: {people}");
        // What the page says is what happens.
        let cookie = vestibule.cookie(user);
        for (slug, expected) in ["everybody", "admins", "kitchen"].into_iter().zip(expected) {
            let status = vestibule.ask(BOTH[0], &Ask::get(&format!("/ingress/{slug}/")).cookie(&cookie)).status;
            assert_eq!(status != 403, expected, "{user} at {slug}");
        }
    }
    let last = json(&vestibule, "people?columns=99", &alice);
    assert_eq!((&last["columns"], last["addons"].as_array().unwrap().len()), (&2.into(), 9));
    let found = json(&vestibule, "people?search=FRANK", &alice);
    assert_eq!((&found["count"], &found["people"][0]["sessions"]), (&1.into(), &2.into()), "{found}");
    let one = json(&vestibule, &format!("people/{}", found["people"][0]["id"].as_str().unwrap()), &alice);
    let may = one["addons"].as_array().unwrap().iter().filter(|access| access["may_open"] == true).count();
    assert_eq!((may, one["addons"].as_array().unwrap().len()), (31, 33));
    let html = page(&vestibule, "people?search=grace", &alice).text();
    assert!(html.contains("Add-ons 1 to 12 of 33") && html.contains("Next add-ons"), "{html}");
    assert_eq!(page(&vestibule, "people/ffffffffffffffffffffffffffffffff", &alice).status, 404);
    drop(frank);
}

#[test]
fn the_configuration_is_shown_with_the_line_of_each_value_without_secrets_and_with_the_last_mistake() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.set("limits", "idle_timeout", "\"70s\"");
        config.addon_with(
            "fish",
            &addon,
            "headers = { \"X-Key\" = \"s3cret-header\" }\naccess = { users = [\"<i>nobody</i>\"] }",
        );
    });
    let alice = vestibule.cookie("alice");
    let view = json(&vestibule, "configuration?search=limits.idle_timeout", &alice);
    let text = std::fs::read_to_string(vestibule.path("config.toml")).unwrap();
    let line = text.lines().position(|line| line.starts_with("idle_timeout")).unwrap() + 1;
    assert_eq!(view["keys"][0]["value"], "\"70s\"");
    assert_eq!(view["keys"][0]["origin"]["line"].as_u64(), u64::try_from(line).ok(), "{view}");
    assert_eq!(view["file"], vestibule.path("config.toml").display().to_string());
    assert_eq!((&view["state"], &view["mistake"]), (&"confirmed".into(), &serde_json::Value::Null));
    let default = json(&vestibule, "configuration?search=session.idle_timeout", &alice)["keys"][0].clone();
    assert_eq!((&default["value"], &default["origin"]), (&"\"30m\"".into(), &"default".into()));
    for name in ["configuration?search=fish", "configuration?search=fish&page=0"] {
        let html = page(&vestibule, name, &alice).text();
        assert!(html.contains("addon[fish].headers.X-Key") && html.contains("••••••"), "{html}");
        assert!(!html.contains("<i>nobody"), "{html}");
    }
    for search in ["s3cret", "fish", "header"] {
        let found = json(&vestibule, &format!("configuration?search={search}"), &alice).to_string();
        assert!(!found.contains("s3cret-header"), "{found}");
    }

    vestibule.reconfigure(|config| {
        config.set("limits", "idle_timeot", "\"<b>1s</b>\"");
    });
    assert!(!vestibule.command(&["reload"]).status.success());
    let view = json(&vestibule, "configuration", &alice);
    let why = view["mistake"]["why"].as_str().unwrap();
    assert!(why.contains("unknown key `idle_timeot`") && why.contains("config.toml:"), "{why}");
    assert!(page(&vestibule, "overview", &alice).text().contains("The changed configuration has a mistake"));
    let html = page(&vestibule, "configuration", &alice).text();
    assert!(html.contains("The last change was refused") && !html.contains("<b>1s"), "{html}");
    vestibule.reconfigure(|config| {
        config.unset("limits", "idle_timeot").set("limits", "idle_timeout", "\"71s\"");
    });
    vestibule.command_ok(&["reload"]);
    let view = json(&vestibule, "configuration?search=limits.idle_timeout", &alice);
    assert_eq!((&view["keys"][0]["value"], &view["mistake"]), (&"\"71s\"".into(), &serde_json::Value::Null));
}

/// What `vestibule explain` says in a terminal, and what the page says.
fn explained(vestibule: &Vestibule, arguments: &[&str]) -> serde_json::Value {
    let output = vestibule.command(&[&["explain"], arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn why_says_what_explain_says_as_a_chain_and_a_second_user_stands_beside() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &addon);
        config.addon_with("admins", &addon, "access = { admin_only = true }");
        config.addon_table(&format!(
            "slug = \"house\"\nupstream = \"{}\"\npath = \"/house\"\n[[addon.protect]]\npath = \"/light/{{name}}\"\nentity = \
             \"light.{{name}}\"\naccess = \"control\"",
            addon.url()
        ));
    });
    let alice = vestibule.cookie("alice");
    let stages = |answer: &serde_json::Value| {
        let links = answer["chain"].as_array().unwrap().iter();
        links
            .map(|link| {
                format!("{}{}", link["stage"].as_str().unwrap(), if link["goes_on"] == true { "" } else { "!" })
            })
            .collect::<Vec<_>>()
    };
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("url=/ingress/open/", &["--url", "/ingress/open/"], &["route", "user", "session", "address", "access"]),
        ("url=/ingress/admins/", &["--url", "/ingress/admins/"], &["route", "user", "session", "address", "access!"]),
        ("url=/nowhere", &["--url", "/nowhere"], &["route!"]),
        (
            "url=/house/light/kitchen",
            &["--url", "/house/light/kitchen"],
            &["route", "user", "session", "address", "access", "rule!", "group!", "registry", "rule!"],
        ),
        ("entity=light.kitchen&access=read", &["--entity", "light.kitchen", "--access", "read"], &[]),
    ];
    for (query, arguments, expected) in cases {
        let view = json(&vestibule, &format!("why?user=frank&{query}"), &alice);
        let answer = &view["answers"][0];
        let said = explained(&vestibule, &[&["--user", "frank"], arguments].concat());
        for key in ["decision", "reason", "refusal", "groups"] {
            assert_eq!(answer["explained"][key], said[key], "{query} {key}: {view}");
        }
        assert_eq!(answer["permit"], said["decision"] == "permit", "{query}");
        if !expected.is_empty() {
            assert_eq!(stages(answer), expected, "{query}: {answer:#}");
        }
    }
    let both = json(&vestibule, "why?user=frank&with=alice&url=/ingress/admins/", &alice);
    assert_eq!((&both["answers"][0]["permit"], &both["answers"][1]["permit"]), (&false.into(), &true.into()));
    let html = page(&vestibule, "why?user=frank&with=alice&url=/ingress/admins/", &alice).text();
    for word in ["frank may not", "alice may", "decided differently", "for administrators"] {
        assert!(html.contains(word), "{word}: {html}");
    }
    let away = json(&vestibule, "why?user=dave&from=8.8.8.8&url=/ingress/open/", &alice);
    assert_eq!(stages(&away["answers"][0]).last().unwrap(), "address!", "{away:#}");
    let unknown = json(&vestibule, "why?user=nobody&url=/ingress/open/", &alice);
    assert_eq!(stages(&unknown["answers"][0]), ["user!"], "{unknown:#}");
    for (query, word) in [
        ("user=frank&url=nonsense", "neither a path"),
        ("user=frank&method=BREW&url=/", "no method"),
        ("user=frank&from=home&url=/", "no address"),
        ("user=frank&url=/.vestibule/account", "own pages"),
    ] {
        let view = json(&vestibule, &format!("why?{query}"), &alice);
        assert!(view["problem"].as_str().is_some_and(|problem| problem.contains(word)), "{query}: {view}");
    }
    let hostile = "user=%3Cscript%3Ealert(1)%3C/script%3E&with=%22%3E%3Cimg%20src=x%3E&entity=%3Cb%3Ex&access=read";
    let html = page(&vestibule, &format!("why?{hostile}"), &alice).text();
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x") && !html.contains("<b>x"), "{html}");
    let empty = json(&vestibule, "why", &alice);
    assert_eq!((&empty["problem"], empty["answers"].as_array().unwrap().len()), (&serde_json::Value::Null, 0));
}

/// S-93: what others wrote is text on every page, in HTML and in JSON.
#[test]
fn names_of_users_groups_and_add_ons_stay_text_on_every_page() {
    const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}";
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(
        |config| {
            let title = HOSTILE.replace('"', "\\\"");
            config.addon_table(&format!(
                "slug = \"a\"\ntitle = \"{title}\"\nupstream = \"{}\"\npath = \"/ingress/a\"\naccess = {{ admin_only = true }}",
                addon.url()
            ));
        },
        |home| {
            home.edit_user("frank", |user| user["name"] = HOSTILE.into());
            home.edit("auth", |document| {
                for group in document["data"]["groups"].as_array_mut().unwrap() {
                    group["name"] = HOSTILE.into();
                }
            });
        },
    );
    let [alice, frank] = ["alice", "frank"].map(|user| vestibule.cookie(user));
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/ingress/a/").cookie(&frank)).status, 403);
    let person = format!("people/{}", vestibule.home().user_id("frank"));
    let pages =
        ["overview", "sessions", "add-ons", "add-ons/a", "people", &*person, "refusals", "configuration?search=title"];
    let asked = ["why?user=frank&with=alice&url=/ingress/a/", "why?user=frank&entity=light.kitchen&access=read"];
    let mut shown = 0;
    for name in pages.into_iter().chain(asked) {
        let html = page(&vestibule, name, &alice).text();
        assert!(!html.contains("<img src=x"), "{name}: {html}");
        shown += usize::from(html.contains("&#60;img src=x onerror=alert(1)&#62;"));
        // Valid JSON, in which the text is what it was.
        json(&vestibule, name, &alice);
    }
    assert!(shown >= 6, "the names are on most pages: {shown}");
}
