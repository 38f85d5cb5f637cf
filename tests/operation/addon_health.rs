//! Whether add-ons are well: known from the requests that they get and from a probe, shown to operators, told to those
//! who may open them and to nobody else; and no client's word changes it (S-21).

use crate::support::page::loaded;
use crate::support::{Ask, BOTH, Keep, RawAddon, Vestibule, assert_problem, eventually, is_reserved};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An address of this machine at which nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn table(slug: &str, upstream: &str, lines: &str) -> String {
    format!(
        "slug = \"{slug}\"\ntitle = \"Heizung & <Keller>\"\nupstream = \"{upstream}\"\npath = \"/ingress/{slug}\"\n{lines}"
    )
}

fn up(vestibule: &Vestibule, slug: &str) -> String {
    let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let start = format!("vestibule_addon_up{{addon=\"{slug}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned);
    line.unwrap_or_else(|| panic!("{start} in\n{text}"))
}

fn status(vestibule: &Vestibule, slug: &str) -> String {
    let text = vestibule.command_ok(&["status"]);
    let start = format!("add-on {slug}: ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned);
    line.unwrap_or_else(|| panic!("{start} in\n{text}"))
}

/// Answers while the switch is on, and hangs up while it is off.
fn switched() -> (RawAddon, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(true));
    let shared = Arc::clone(&on);
    let addon = RawAddon::scripted(move |_, wire| {
        if !shared.load(Ordering::SeqCst) {
            return Keep::Closed;
        }
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Keep::Open
    });
    (addon, on)
}

#[test]
fn requests_tell_whether_an_add_on_is_well() {
    let (addon, on) = switched();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).addon_table(&table("gone", &nowhere(), ""));
    });
    let cookie = vestibule.cookie("bob");
    assert_eq!((up(&vestibule, "a").as_str(), status(&vestibule, "a").as_str()), ("1", "not asked yet"));
    for (slug, wanted) in [("a", 200), ("gone", 502)] {
        let answer = vestibule.ask(BOTH[0], &Ask::get(&format!("/ingress/{slug}/")).cookie(&cookie));
        assert_eq!(answer.status, wanted, "{slug}");
    }
    assert!(status(&vestibule, "a").starts_with("up since 2"));
    assert_eq!(up(&vestibule, "gone"), "0");
    let gone = status(&vestibule, "gone");
    assert!(gone.starts_with("down since 2") && gone.ends_with("(unreachable)"), "{gone}");
    vestibule.await_line(&["add-on is down", "gone", "unreachable"]);
    for (works, gauge, word) in [(false, "0", "(broken)"), (true, "1", "up since")] {
        on.store(works, Ordering::SeqCst);
        vestibule.ask(BOTH[1], &Ask::post("/ingress/a/", "x").cookie(&cookie));
        assert_eq!(up(&vestibule, "a"), gauge);
        assert!(status(&vestibule, "a").contains(word), "{}", status(&vestibule, "a"));
    }
    vestibule.await_line(&["add-on is up again", "a"]);
}

#[test]
fn a_client_that_breaks_its_own_request_is_not_the_add_ons_fault() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "max_body = \"10B\"");
    });
    let cookie = vestibule.cookie("bob");
    let chunked = Ask::post("/ingress/a/", vec![b'x'; 100]).cookie(&cookie).trailer("x-end", "1");
    assert_eq!(vestibule.ask(BOTH[0], &chunked).status, 413);
    assert_eq!(up(&vestibule, "a"), "1");
}

#[test]
fn s21_the_probe_says_nothing_of_anybody_and_counts_as_nobody() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let lines = "health = { path = \"/alive?x=%2F\", interval = \"1s\" }\nheaders = { \"X-Secret\" = \"s\" }";
        config.addon_with("a", &addon, lines);
    });
    let seen = addon.take(2);
    for probe in &seen {
        assert_eq!(probe.line, "GET /alive?x=%2F HTTP/1.1");
        assert_eq!(probe.fields.one("host"), addon.address().to_string());
        let names: Vec<_> = probe.fields.0.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert!(names.iter().all(|name| !is_reserved(name)), "{names:?}");
        for absent in ["cookie", "authorization", "x-secret", "x-remote-user-id"] {
            assert!(!probe.fields.has(absent), "{probe:#?}");
        }
    }
    let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_requests_total{addon=\"a\",class=\"2xx\"} 0\n"), "{metrics}");
    assert!(status(&vestibule, "a").starts_with("up since 2"), "known without a single request");
    // Nobody gets in by calling themselves a probe.
    let agent = seen[0].fields.one("user-agent");
    for agent in [agent.as_str(), "GoogleHC/1.0", "kube-probe/1"] {
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/alive?x=%2F").field("User-Agent", agent);
            assert_eq!(vestibule.ask(protocol, &ask).status, 401, "{agent}");
        }
    }
}

#[test]
fn the_probe_finds_out_what_no_request_has() {
    let on = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&on);
    let addon = RawAddon::scripted(move |request, wire| {
        let well = request.target() != "/alive" || shared.load(Ordering::SeqCst);
        let head: &[u8] = if well { b"HTTP/1.1 404 Not Found\r\n" } else { b"HTTP/1.1 503 Unwell\r\n" };
        let _ = wire.write(head);
        let _ = wire.write(b"Content-Length: 0\r\n\r\n");
        Keep::Open
    });
    let silent = RawAddon::scripted(|_, wire| {
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "health = { path = \"/alive\", interval = \"1s\" }");
        config.addon_with("slow", &silent, "health = { interval = \"1s\", timeout = \"100ms\" }");
        config.addon_table(&table("gone", &nowhere(), "health = { interval = \"1s\" }"));
    });
    for (slug, why) in [("a", "(failing)"), ("slow", "(silent)"), ("gone", "(unreachable)")] {
        eventually("the probe's verdict", || status(&vestibule, slug).ends_with(why).then_some(()));
        assert_eq!(up(&vestibule, slug), "0");
    }
    let cookie = vestibule.cookie("bob");
    let answer = vestibule.ask(BOTH[0], &Ask::get("/ingress/a/other").cookie(&cookie));
    assert_eq!(answer.status, 404, "what is known of it keeps no request from it");
    assert_eq!(up(&vestibule, "a"), "0", "an answer to somebody else is no answer to the probe");
    on.store(true, Ordering::SeqCst);
    eventually("the recovery", || (up(&vestibule, "a") == "1").then_some(()));
}

#[test]
fn those_who_may_open_it_are_told_which_add_on_is_away() {
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table("gone", &nowhere(), "access = { admin_only = true }"));
    });
    let alice = vestibule.cookie("alice");
    let page = |ask: Ask| vestibule.ask(BOTH[0], &ask.cookie(&alice));
    let shown = page(Ask::navigate("/ingress/gone/x?y"));
    assert_eq!(shown.status, 502);
    let text = shown.text();
    assert!(text.contains("<h1>Heizung &#38; &#60;Keller&#62; is not running</h1>"), "{text}");
    assert!(text.contains("Try again") && text.contains("src=\"/.vestibule/retry-"), "{text}");
    assert!(text.contains("<noscript><meta http-equiv=\"refresh\""), "without scripts it is asked for again: {text}");
    let policy = shown.fields.one("content-security-policy");
    assert!(policy.contains("script-src 'nonce-") && policy.contains("default-src 'none'"), "{policy}");
    // A form that was sent is not sent again by itself.
    let posted = page(Ask { method: "POST".to_owned(), body: Some(b"x".to_vec()), ..Ask::navigate("/ingress/gone/x") });
    assert_eq!(posted.status, 502);
    assert!(!posted.text().contains("retry-") && !posted.text().contains("refresh"), "{}", posted.text());
    let told = page(Ask::get("/ingress/gone/"));
    assert_problem(&told, 502);
    let problem = told.json();
    assert_eq!(
        (problem["title"].as_str(), problem["addon"].as_str()),
        (Some("Heizung & <Keller> is not running"), Some("gone"))
    );
    assert!(problem["detail"].is_string());
}

#[test]
fn nobody_else_is_told_more_than_before() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table("gone", &nowhere(), "access = { admin_only = true }"));
        config.addon_table(&table("here", &addon.url(), "access = { admin_only = true }"));
    });
    let bob = vestibule.cookie("bob");
    let without_id = |ask: Ask| {
        let answer = vestibule.ask(BOTH[1], &ask);
        let policy = answer.fields.text("content-security-policy").unwrap_or_default();
        let text = answer.text();
        let id = text.split("id=\"request\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or("no id");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("no nonce");
        let same =
            |text: &str| text.replace(id, "ID").replace(nonce, "NONCE").replace("gone", "SLUG").replace("here", "SLUG");
        (answer.status, same(&text), same(&policy))
    };
    for (cookie, status) in [(bob.as_str(), 403), ("none=1", 303)] {
        let (gone, here, nowhere) = (
            without_id(Ask::navigate("/ingress/gone/").cookie(cookie)),
            without_id(Ask::navigate("/ingress/here/").cookie(cookie)),
            vestibule.ask(BOTH[0], &Ask::navigate("/ingress/nowhere/").cookie(cookie)),
        );
        assert_eq!(gone.0, status);
        assert_eq!(gone, here, "an add-on that is away looks like one that is there");
        assert!(!gone.1.contains("not running") && !gone.1.contains("retry-"), "{}", gone.1);
        assert!(!nowhere.text().contains("Heizung"));
    }
}

#[test]
fn the_script_of_the_page_is_served_on_every_host() {
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&table("gone", &nowhere(), "host = \"gone.p.test\""));
        config.addon_table(&table("here", &nowhere(), ""));
    });
    let page = vestibule.ask(BOTH[0], &Ask::navigate("/ingress/here/").cookie(vestibule.cookie("bob"))).text();
    let retry = loaded(&page, "retry");
    for host in ["p.test", "gone.p.test"] {
        let script = vestibule.ask(BOTH[0], &Ask::get(&retry).host(host));
        assert_eq!(script.status, 200);
        assert!(script.fields.one("content-type").starts_with("text/javascript"));
        assert!(script.text().contains("method: 'HEAD'"), "it asks without consequences");
    }
}
