//! The launcher: what a user may open and nothing else, small, in the language of its reader, with hostile names.

use std::io::Read as _;

use crate::support::form::SIGN_IN;
use crate::support::page::{all_loaded, loaded, read};
use crate::support::{Ask, BOTH, RawAddon, Vestibule};

const LAUNCHER: &str = "/.vestibule/";

fn table(slug: &str, addon: &RawAddon, more: &str) -> String {
    format!("slug = \"{slug}\"\nupstream = \"{}\"\npath = \"/ingress/{slug}\"\n{more}", addon.url())
}

#[test]
fn it_shows_what_a_user_may_open_with_its_icon_and_nothing_of_all_else() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let shown = "title = \"Zigbee\"\nicon = \"mdi:zigbee\"\ndescription = \"Lamps\"\ngroup = \"Devices\"";
        config.addon_table(&table("zigbee", &addon, shown));
        let secret = "title = \"Secret thing\"\ngroup = \"Secret group\"\naccess = { admin_only = true }";
        config.addon_table(&table("cellar", &addon, secret));
    });
    let (frank, alice) = (vestibule.cookie("frank"), vestibule.cookie("alice"));
    for protocol in BOTH {
        let page = vestibule.ask(protocol, &Ask::navigate(LAUNCHER).cookie(&frank));
        let html = page.text();
        assert_eq!(page.status, 200, "{page:#?}");
        for text in ["Zigbee", "Lamps", "Devices", "href=\"/ingress/zigbee/\"", "M4.06,6.15C3.97"] {
            assert!(html.contains(text), "{text}: {html}");
        }
        let states = vestibule.ask(protocol, &Ask::get("/.vestibule/add-ons").cookie(&frank));
        assert_eq!(states.json()["addons"].as_array().unwrap().len(), 1, "{states:#?}");
        assert_eq!(states.json()["addons"][0]["slug"], "zigbee");
        for text in ["Secret", "cellar"] {
            assert!(!html.contains(text) && !states.text().contains(text), "{text}: {html}");
        }
        let html = vestibule.ask(protocol, &Ask::navigate(LAUNCHER).cookie(&alice)).text();
        assert!(html.contains("Secret thing") && html.contains("Secret group"), "{html}");
        assert_eq!(vestibule.ask(protocol, &Ask::get("/.vestibule/add-ons")).status, 401);
    }
}

#[test]
fn an_add_on_that_is_down_is_marked() {
    let vestibule = Vestibule::start(|config| {
        config.addon_table("slug = \"gone\"\nupstream = \"http://127.0.0.1:1\"\npath = \"/ingress/gone\"");
    });
    let cookie = vestibule.cookie("bob");
    let states = |cookie: &str| vestibule.ask(BOTH[0], &Ask::get("/.vestibule/add-ons").cookie(cookie)).json();
    assert_eq!(states(&cookie)["addons"][0]["state"], "unknown");
    assert_eq!(vestibule.ask(BOTH[0], &Ask::navigate("/ingress/gone/").cookie(&cookie)).status, 502);
    assert_eq!(states(&cookie)["addons"][0]["state"], "down");
    let html = vestibule.ask(BOTH[0], &Ask::navigate(LAUNCHER).cookie(&cookie)).text();
    assert!(html.contains("not reachable"), "{html}");
}

#[test]
fn thirty_tiles_come_in_less_than_twenty_kibibytes_with_all_that_they_load() {
    let addon = RawAddon::start();
    let icons =
        ["zigbee", "z-wave", "chip", "sitemap", "cctv", "chart-line", "calendar", "bookshelf", "docker", "cogs"];
    let vestibule = Vestibule::start(|config| {
        for (number, icon) in icons.iter().cycle().take(30).enumerate() {
            let shown = format!(
                "title = \"Add-on number {number}\"\nicon = \"mdi:{icon}\"\ndescription = \"What it is for: {icon} \
                 {number}\"\ngroup = \"Group {}\"",
                number % 4
            );
            config.addon_table(&table(&format!("addon-{number}"), &addon, &shown));
        }
    });
    let cookie = vestibule.cookie("bob");
    for coding in ["br", "gzip", "zstd"] {
        let ask = |target: &str| {
            let ask = Ask::navigate(target).field("Accept-Encoding", coding).cookie(&cookie);
            let answer = vestibule.ask(BOTH[0], &ask);
            assert_eq!(answer.status, 200, "{target}: {answer:#?}");
            answer
        };
        let page = ask(LAUNCHER);
        assert_eq!(page.fields.one("content-encoding"), coding);
        assert!(page.fields.one("vary").contains("Accept-Encoding"), "{page:#?}");
        let html = vestibule.ask(BOTH[0], &Ask::navigate(LAUNCHER).cookie(&cookie)).text();
        assert_eq!(html.matches("class=\"tile\"").count(), 30);
        let files: usize = all_loaded(&html).iter().map(|file| ask(file).body.len()).sum();
        // A picture for phones that is asked for when the page is put on a home screen, and not before.
        let on_demand = ask(&loaded_png(&html)).body.len();
        let whole = page.body.len() + files - on_demand;
        assert!(whole < 20 * 1024, "{coding}: {whole} bytes, {} of them the page", page.body.len());
    }
    let plain = vestibule.ask(BOTH[0], &Ask::navigate(LAUNCHER).field("Accept-Encoding", "gzip").cookie(&cookie));
    let mut html = String::new();
    flate2::read::GzDecoder::new(&plain.body[..]).read_to_string(&mut html).expect("it is gzip");
    assert!(html.contains("Add-on number 29"));
}

fn loaded_png(html: &str) -> String {
    all_loaded(html).into_iter().find(|file| file.contains(".png")).expect("there is one for phones")
}

#[test]
fn s94_hostile_names_are_text_and_nothing_else() {
    let addon = RawAddon::start();
    let hostile = r#"</title><script>alert(1)</script>\" onload=x {{7*7777}} {account}"#;
    let vestibule = Vestibule::start(|config| {
        let shown = format!("title = \"{hostile}\"\ndescription = \"{hostile}\"\ngroup = \"{hostile}\"");
        config.addon_table(&table("a", &addon, &shown));
        config.addon_table(&table("b", &addon, &format!("title = \"{hostile}\"\naccess = {{ admin_only = true }}")));
        config.set("pages", "title", &format!("\"{}\"", &hostile[..40]));
    });
    let cookie = vestibule.cookie("bob");
    for target in [LAUNCHER, "/ingress/b/", "/.vestibule/account", "/ingress/x/<script>alert(1)</script>", SIGN_IN] {
        let page = vestibule.ask(BOTH[0], &Ask::navigate(target).cookie(&cookie));
        let html = page.text();
        assert!(!html.contains("<script>alert") && !html.contains("\" onload"), "{target}: {html}");
        assert!(!html.contains("54439"), "{target}: {html}");
        if target == "/ingress/b/" {
            assert!(read(&html).contains("{account}") || html.contains("{account}"), "{html}");
        }
    }
}

#[test]
fn pages_speak_the_language_that_the_browser_asks_for_until_another_is_chosen() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    for protocol in BOTH {
        let page = |ask: Ask| vestibule.ask(protocol, &ask.field("Accept-Language", "de-AT,de;q=0.9,en;q=0.8")).text();
        let german = page(Ask::navigate(SIGN_IN));
        assert!(german.contains("<html lang=\"de\"") && german.contains("Benutzername"), "{german}");
        let english = page(Ask::navigate(SIGN_IN).cookie("__Host-vestibule_language=en"));
        assert!(english.contains("<html lang=\"en\"") && english.contains("User name"), "{english}");
        let refused = page(Ask::post("/ingress/a/", "x").field("Accept", "text/html"));
        assert!(refused.contains("Sie sind nicht angemeldet"), "{refused}");
        // Programs are not asked for their language.
        let problem = vestibule.ask(protocol, &Ask::get("/ingress/a/").field("Accept-Language", "de"));
        assert_eq!(problem.json()["title"], "Not signed in");
    }
}

#[test]
fn the_switch_keeps_the_choice_and_leads_back_and_no_other_site_can_set_it() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let switch = |query: &str| Ask::navigate(&format!("/.vestibule/language?{query}"));
    for protocol in BOTH {
        let html = vestibule.ask(protocol, &Ask::navigate(&format!("{SIGN_IN}?return_to=/ingress/a/"))).text();
        let link = html.split('"').find(|text| text.starts_with("/.vestibule/language?")).expect("a switch");
        let chosen = vestibule.ask(protocol, &Ask::navigate(&link.replace("&amp;", "&").replace("&#38;", "&")));
        assert_eq!(
            (chosen.status, chosen.location().as_str()),
            (303, "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F")
        );
        let (cookie, kept) = chosen.set_cookie("__Host-vestibule_language").expect("the choice is kept");
        assert_eq!(cookie, "__Host-vestibule_language=de");
        assert!(kept.contains("Secure") && kept.contains("HttpOnly") && kept.contains("SameSite=Lax"), "{kept}");
        for elsewhere in ["//evil.test", "https://evil.test/", "/%5cevil.test", "", "x"] {
            let away = vestibule.ask(protocol, &switch(&format!("to=de&return_to={elsewhere}")));
            assert_eq!((away.status, away.location().as_str()), (303, "/.vestibule/"), "{elsewhere}");
        }
        assert_ne!(vestibule.ask(protocol, &switch("to=tlh&return_to=/")).status, 303);
        let foreign = Ask::get("/.vestibule/language?to=de").field("Sec-Fetch-Site", "cross-site");
        let refused = vestibule.ask(protocol, &foreign);
        assert!(refused.status == 403 && !refused.fields.has("set-cookie"), "{refused:#?}");
    }
}

#[test]
fn what_pages_load_is_named_after_its_content_and_kept_for_good() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
        config.set("pages", "accent", "\"#ff8800\"");
    });
    let cookie = vestibule.cookie("bob");
    let html = vestibule.ask(BOTH[0], &Ask::navigate(LAUNCHER).cookie(&cookie)).text();
    let files = all_loaded(&html);
    assert!(files.len() >= 5, "{files:?}");
    for protocol in BOTH {
        for file in &files {
            let answer = vestibule.ask(protocol, &Ask::get(file));
            assert_eq!(answer.status, 200, "{file}: {answer:#?}");
            assert!(answer.fields.one("cache-control").contains("immutable"), "{file}: {answer:#?}");
            assert!(answer.fields.one("content-security-policy").contains("sandbox"), "{file}: {answer:#?}");
            assert!(!answer.fields.has("set-cookie") && !answer.fields.has("content-encoding"), "{answer:#?}");
        }
    }
    let style = vestibule.ask(BOTH[0], &Ask::get(&loaded(&html, "style"))).text();
    assert!(!style.contains("#005f87") && style.contains("--accent: #"), "{style}");
    // A stranger learns nothing of names that are not there.
    assert_eq!(vestibule.ask(BOTH[0], &Ask::get("/.vestibule/style-000000000000.css")).status, 401);
}

#[test]
fn only_what_bears_the_nonce_of_an_answer_is_loaded_and_each_answer_has_its_own() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let nonce = |ask: &Ask| {
        let page = vestibule.ask(BOTH[0], ask);
        let policy = page.fields.one("content-security-policy");
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && page.fields.one("x-frame-options") == "DENY", "{page:#?}");
        let html = page.text();
        for tag in ["<script", "<link rel=\"stylesheet\""] {
            for part in html.split(tag).skip(1).map(|rest| rest.split('>').next().unwrap()) {
                assert!(part.contains(&format!("nonce=\"{nonce}\"")), "{part}");
            }
        }
        assert!(!html.contains(" style=") && !html.contains("<style"), "no inline: {html}");
        nonce
    };
    let first = nonce(&Ask::navigate(SIGN_IN));
    assert_ne!(first, nonce(&Ask::navigate(SIGN_IN)));
    assert!(first.len() >= 22, "{first}");
}
