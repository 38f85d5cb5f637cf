//! A user's own account: their sessions and nobody else's, ended by them and by nobody else; and what whoever comes back
//! with the cookie of a session that is no more is told. Cases S-75, S-92 and S-94.

use crate::support::form::{Form, SIGN_IN, hidden};
use crate::support::process::LOOPBACK;
use crate::support::{Answer, Ask, BOTH, RawAddon, Vestibule};

const ACCOUNT: &str = "/.vestibule/account";

fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let url = addon.url();
        config.addon_table(&format!("slug = \"a\"\ntitle = \"Flows\"\nupstream = \"{url}\"\npath = \"/ingress/a\""));
        config.addon_table(&format!("slug = \"h\"\nupstream = \"{}\"\nhost = \"h.p.test\"", addon.url()));
    });
    (addon, vestibule)
}

/// The page as its user has it, and the request of its form.
struct Account {
    html: String,
    csrf: String,
    cookies: String,
}

impl Account {
    fn open(vestibule: &Vestibule, session: &str) -> Self {
        let page = vestibule.ask(BOTH[0], &Ask::navigate(ACCOUNT).cookie(session));
        assert_eq!(page.status, 200, "{page:#?}");
        let html = page.text();
        let csrf = hidden(&html, "csrf").unwrap_or_default();
        Self { html, csrf, cookies: session.to_owned() }
    }

    fn ids(&self) -> Vec<String> {
        let values = self.html.split("name=\"session\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
        values.filter(|id| *id != "others").map(str::to_owned).collect()
    }

    fn post(&self, session: &str, csrf: &str) -> Ask {
        Ask::post(ACCOUNT, format!("session={session}&csrf={csrf}"))
            .field("Content-Type", "application/x-www-form-urlencoded")
            .field("Accept", "text/html")
            .field("Origin", "https://p.test")
            .field("Sec-Fetch-Site", "same-origin")
            .field("Sec-Fetch-Dest", "document")
            .cookie(&self.cookies)
    }
}

fn signed_in_as(vestibule: &Vestibule, user: &str, agent: &str) -> String {
    let form = Form::open(vestibule, LOOPBACK);
    let ask = form.post(user, &format!("{user}-pass-1")).field("User-Agent", agent);
    crate::support::form::new_session(&vestibule.ask(BOTH[0], &ask))
}

const FIREFOX: &str = "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

#[test]
fn users_see_where_they_are_signed_in_and_nothing_of_others() {
    let (_addon, vestibule) = one_addon();
    let here = signed_in_as(&vestibule, "frank", FIREFOX);
    let _there = signed_in_as(&vestibule, "frank", CHROME);
    let _other = signed_in_as(&vestibule, "grace", "Mozilla/5.0 (iPhone) Safari/1");
    let account = Account::open(&vestibule, &here);
    for text in
        ["Frank Guest", "Firefox on Android", "Chrome on Linux", "this device", "127.0.0.1", "Flows", "just now"]
    {
        assert!(account.html.contains(text), "{text}: {}", account.html);
    }
    assert_eq!(account.ids().len(), 1, "the one that asks has no button: {}", account.html);
    for text in ["grace", "Grace", "iPhone"] {
        assert!(!account.html.contains(text), "{text}: {}", account.html);
    }
    let token = here.split_once('=').expect("a cookie").1;
    assert!(!account.html.contains(token), "no token on a page (S-87)");
}

#[test]
fn s75_a_user_ends_a_session_of_theirs_and_it_is_no_more() {
    let (_addon, vestibule) = one_addon();
    let [here, second, third] = [FIREFOX, CHROME, CHROME].map(|agent| signed_in_as(&vestibule, "frank", agent));
    let account = Account::open(&vestibule, &here);
    let [one, _] = &account.ids()[..] else { panic!("two others: {}", account.html) };
    let done = vestibule.ask(BOTH[0], &account.post(one, &account.csrf));
    assert_eq!((done.status, done.location().as_str()), (303, "/.vestibule/account?ended=one"));
    let live = [&second, &third].into_iter().filter(|cookie| vestibule.is_live(cookie)).count();
    assert_eq!(live, 1);
    let done = vestibule.ask(BOTH[1], &account.post("others", &account.csrf));
    assert_eq!(done.location(), "/.vestibule/account?ended=others");
    assert!(vestibule.is_live(&here) && !vestibule.is_live(&second) && !vestibule.is_live(&third));
    let told = vestibule.ask(BOTH[0], &Ask::navigate(&done.location()).cookie(&here)).text();
    assert!(told.contains("All other sessions have ended."), "{told}");
}

#[test]
fn nobody_ends_another_users_session_whatever_the_form_says() {
    let (_addon, vestibule) = one_addon();
    let frank = signed_in_as(&vestibule, "frank", FIREFOX);
    // Without another session the page has no form.
    let _other = signed_in_as(&vestibule, "frank", CHROME);
    let grace = signed_in_as(&vestibule, "grace", FIREFOX);
    let listed: serde_json::Value =
        serde_json::from_str(&vestibule.command_ok(&["sessions", "list", "--json"])).unwrap();
    let of_grace = |session: &&serde_json::Value| session["user_name"] == "grace";
    let sessions = listed.as_array().or_else(|| listed["sessions"].as_array()).expect("a list");
    let id = sessions.iter().find(of_grace).unwrap()["id"].as_str().unwrap();
    let account = Account::open(&vestibule, &frank);
    for session in [id, "", "nonsense", "0000000000000000"] {
        let refused = vestibule.ask(BOTH[0], &account.post(session, &account.csrf));
        assert_eq!(refused.status, 404, "{session}: {refused:#?}");
        assert!(refused.text().contains("There is no such session of yours"), "{refused:#?}");
    }
    assert!(vestibule.is_live(&grace));
}

#[test]
fn s92_only_the_users_own_page_ends_anything() {
    let (_addon, vestibule) = one_addon();
    let here = signed_in_as(&vestibule, "frank", FIREFOX);
    let other = signed_in_as(&vestibule, "frank", CHROME);
    let account = Account::open(&vestibule, &here);
    let refused = |ask: Ask| vestibule.ask(BOTH[0], &ask).status;
    assert_eq!(refused(account.post("others", "wrong")), 403, "a token of another browser's");
    assert_eq!(refused(account.post("others", "")), 403);
    let of_another_session = Account::open(&vestibule, &other).csrf;
    assert_eq!(refused(account.post("others", &of_another_session)), 403);
    // A page that scripts of add-ons under our own origin can read.
    let sign_in = Form::open(&vestibule, LOOPBACK);
    let cookies = format!("{here}; {}", sign_in.cookie);
    let script = Account { html: String::new(), csrf: sign_in.csrf, cookies };
    assert_eq!(refused(script.post("others", &script.csrf)), 403);
    let mut foreign = account.post("others", &account.csrf);
    foreign.fields.retain(|(name, _)| name != "Sec-Fetch-Site");
    assert_eq!(refused(foreign.field("Sec-Fetch-Site", "cross-site")), 403);
    // A script of an add-on under our own origin, which could read the token otherwise.
    for destination in ["empty", "iframe", "image"] {
        let script = Ask::get(ACCOUNT).field("Sec-Fetch-Dest", destination).field("Sec-Fetch-Site", "same-origin");
        let answer = vestibule.ask(BOTH[0], &script.cookie(&here));
        assert!(answer.status == 404 && !answer.text().contains("csrf"), "{destination}: {answer:#?}");
    }
    assert!(vestibule.is_live(&other));
    assert_eq!(vestibule.ask(BOTH[0], &Ask::navigate(ACCOUNT)).status, 303, "a stranger signs in first");
}

#[test]
fn a_session_that_is_bound_to_an_add_on_does_not_open_it() {
    let (_addon, vestibule) = one_addon();
    let bound = vestibule.bound_cookie("frank", "h");
    let answer = vestibule.ask(BOTH[0], &Ask::navigate(ACCOUNT).host("h.p.test").cookie(&bound));
    assert_eq!(answer.status, 403, "{answer:#?}");
}

#[test]
fn whoever_comes_back_is_told_why_their_session_has_ended() {
    let (_addon, vestibule) = one_addon();
    let told = |cookie: &str| -> Answer { vestibule.ask(BOTH[0], &Ask::navigate(SIGN_IN).cookie(cookie)) };
    let ended = signed_in_as(&vestibule, "frank", FIREFOX);
    vestibule.revoke("frank");
    assert!(told(&ended).text().contains("An administrator has ended your session."), "{:#?}", told(&ended));
    let out = signed_in_as(&vestibule, "frank", FIREFOX);
    let leave = Ask::post("/.vestibule/sign-out", "").field("Sec-Fetch-Site", "same-origin").cookie(&out);
    let left = vestibule.ask(BOTH[0], &leave);
    assert!(vestibule.ask(BOTH[0], &Ask::navigate(&left.location())).text().contains("You are signed out."));
    assert!(told(&out).text().contains("ended from another of your devices"), "{:#?}", told(&out));
    let unknown = format!("{}A", &out[..out.len() - 1]);
    assert!(told(&unknown).text().contains("Your session has ended."), "{:#?}", told(&unknown));
    assert!(!told("x=y").text().contains("session"), "{:#?}", told("x=y"));
}

#[test]
fn a_refusal_names_the_account_and_the_add_on_and_offers_another_account() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_table(&format!(
            "slug = \"a\"\ntitle = \"Node-RED\"\nupstream = \"{}\"\npath = \"/ingress/a\"\naccess = {{ admin_only = true }}",
            addon.url()
        ));
    });
    let cookie = vestibule.cookie("frank");
    for protocol in BOTH {
        let refused = vestibule.ask(protocol, &Ask::navigate("/ingress/a/x").cookie(&cookie));
        let html = refused.text();
        assert_eq!(refused.status, 403);
        for text in ["You can&#39;t open Node-RED", "Your account (frank)", "Use another account"] {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert!(html.contains("return_to=%2Fingress%2Fa%2Fx"), "the other account comes back here: {html}");
        // Another site's page is at fault here, and no account.
        let foreign = Ask::post("/ingress/a/", "x").field("Accept", "text/html").field("Sec-Fetch-Site", "cross-site");
        let html = vestibule.ask(protocol, &foreign.field("Origin", "https://evil.test").cookie(&cookie)).text();
        assert!(html.contains("Another site asked for this") && !html.contains("frank"), "{html}");
        // A stranger is told neither.
        let stranger = vestibule.ask(protocol, &Ask::post("/ingress/a/", "x").field("Accept", "text/html")).text();
        assert!(!stranger.contains("Node-RED") && !stranger.contains("frank"), "{stranger}");
    }
}
