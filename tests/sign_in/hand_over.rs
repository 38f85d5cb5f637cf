//! One sign-in for add-ons on hosts of their own: handed over once, to one browser, bound to the add-on, gone with the
//! sign-in that it came from (S-79, S-83, S-88).

use std::time::Duration;

use crate::support::expectation::BOB;
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Stopwatch, Vestibule, assert_denied, eventually};

const NONCE: &str = "__Host-ingress_hand_over";

/// An add-on at `a.p.test`, one at `b.p.test`, one at `/ingress/c`; the main host is `p.test`.
struct Bench {
    a: RawAddon,
    b: RawAddon,
    c: RawAddon,
    vestibule: Vestibule,
}

impl Bench {
    fn new(store: &str) -> Self {
        Self::with(store, "")
    }

    /// With these lines in the tables of `a` and `c`.
    fn with(store: &str, lines: &str) -> Self {
        let (a, b, c) = (RawAddon::start(), RawAddon::start(), RawAddon::start());
        let own = |slug: &str, addon: &RawAddon, more: &str| {
            format!("slug = \"{slug}\"\nupstream = \"{}\"\nhost = \"{slug}.p.test\"\n{more}", addon.url())
        };
        let vestibule = Vestibule::start(|config| {
            config.set("listen", "public_urls", r#"["https://p.test"]"#).set("session", "store", store);
            config.addon_table(&own("a", &a, lines)).addon_table(&own("b", &b, "access = { admin_only = true }"));
            config.addon_with("c", &c, lines);
        });
        Self { a, b, c, vestibule }
    }

    fn navigate(&self, host: &str, target: &str, cookies: &[&str]) -> crate::support::ask::Answer {
        let mut ask = Ask::navigate(target).host(host);
        if !cookies.is_empty() {
            ask = ask.cookie(cookies.join("; "));
        }
        self.vestibule.ask(Protocol::H1, &ask)
    }

    /// Asks for `target` at an add-on's host as somebody unknown there; the nonce's cookie, and where it leads on the
    /// main host.
    #[track_caller]
    fn leave(&self, host: &str, target: &str) -> (String, String) {
        let refused = self.navigate(host, target, &[]);
        assert_eq!(refused.status, 303, "{refused:#?}");
        let left = self.navigate(host, &refused.location(), &[]);
        assert_eq!(left.status, 303, "{left:#?}");
        assert!(left.set_cookie(COOKIE).is_none(), "{left:#?}");
        let (nonce, attributes) = left.set_cookie(NONCE).expect("the browser gets a nonce");
        for word in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(attributes.contains(word), "{attributes}");
        }
        assert!(!attributes.contains("Domain"), "no cookie is shared between hosts: {attributes}");
        let there = left.location();
        (nonce, there.strip_prefix("https://p.test").expect("the main host").to_owned())
    }

    /// Goes to the main host with a session there, and back to the add-on's host with a code.
    #[track_caller]
    fn fetch_code(&self, host: &str, wish: &str, session: &str) -> String {
        let granted = self.navigate("p.test", wish, &[session]);
        assert_eq!(granted.status, 303, "{granted:#?}");
        assert!(granted.set_cookie(COOKIE).is_none(), "{granted:#?}");
        let there = granted.location();
        there.strip_prefix(&format!("https://{host}")).expect("the add-on's host").to_owned()
    }

    /// All of it: the cookie of the add-on's host.
    #[track_caller]
    fn hand_over(&self, host: &str, target: &str, session: &str) -> String {
        let (nonce, wish) = self.leave(host, target);
        let code = self.fetch_code(host, &wish, session);
        let arrived = self.navigate(host, &code, &[&nonce]);
        assert_eq!((arrived.status, arrived.location().as_str()), (303, target), "{arrived:#?}");
        new_session(&arrived)
    }

    fn opens(&self, host: &str, cookie: &str) -> u16 {
        self.vestibule.ask(Protocol::H1, &Ask::get("/x").host(host).cookie(cookie)).status
    }
}

#[test]
fn one_sign_in_is_enough_for_an_add_on_on_a_host_of_its_own() {
    let bench = Bench::new("\"memory\"");
    let (nonce, wish) = bench.leave("a.p.test", "/devices?page=2&x=%20");
    // Nobody is signed in on the main host yet: the form is shown there, and leads on by a page that has no script.
    let asked = bench.navigate("p.test", &wish, &[]);
    assert_eq!(asked.status, 303, "{asked:#?}");
    let form = Form::open_at(&bench.vestibule, LOOPBACK, &asked.location());
    let answer = form.submit(&bench.vestibule, "bob", &password_of("bob"));
    assert_eq!(answer.status, 200, "a form's way ends at a page: {answer:#?}");
    assert!(answer.text().contains("http-equiv=\"refresh\""), "{answer:#?}");
    let (session, _) = answer.set_cookie(COOKIE).expect("signed in");
    let code = bench.fetch_code("a.p.test", &wish, &session);
    let arrived = bench.navigate("a.p.test", &code, &[&nonce]);
    assert_eq!(arrived.location(), "/devices?page=2&x=%20");
    let there = new_session(&arrived);
    assert_ne!(there.split_once('=').unwrap().1, session.split_once('=').unwrap().1, "no token is shared");
    for protocol in BOTH {
        let opened = bench.vestibule.ask(protocol, &Ask::get("/x").host("a.p.test").cookie(&there));
        assert_eq!(opened.status, 200);
        assert_eq!(bench.a.one().fields.one("x-remote-user-id"), BOB.id);
    }
    let list = bench.vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains("hand_over"), "{list}");
}

#[test]
fn s79_what_was_handed_over_opens_that_add_on_alone() {
    let bench = Bench::new("\"memory\"");
    let there = bench.hand_over("a.p.test", "/", &bench.vestibule.cookie("alice"));
    for (host, target, addon) in [("b.p.test", "/x", &bench.b), ("p.test", "/ingress/c/", &bench.c)] {
        let elsewhere = bench.vestibule.ask(Protocol::H1, &Ask::get(target).host(host).cookie(&there));
        assert_denied(&elsewhere, addon, "bound to another add-on");
    }
    // Nor does it fetch a code for another add-on, should it ever get to the main host.
    let (_, wish) = bench.leave("b.p.test", "/");
    assert_eq!(bench.navigate("p.test", &wish, &[&there]).status, 403);
    // And whoever may not open the add-on gets no code.
    assert_eq!(bench.navigate("p.test", &wish, &[&bench.vestibule.cookie("bob")]).status, 403);
    bench.b.assert_untouched("bob is no administrator");
}

#[test]
fn s88_a_code_is_good_once_and_in_the_browser_that_it_was_made_for() {
    let bench = Bench::new("\"memory\"");
    let attacker = bench.vestibule.cookie("carol");
    let (theirs, wish) = bench.leave("a.p.test", "/x");
    // The attacker's own code, planted in a victim's browser: without a nonce, and with one of its own.
    let (victims, _) = bench.leave("a.p.test", "/x");
    for cookies in [&[][..], &[victims.as_str()]] {
        let code = bench.fetch_code("a.p.test", &wish, &attacker);
        let planted = bench.navigate("a.p.test", &code, cookies);
        assert_eq!(planted.status, 400, "{planted:#?}");
        assert!(planted.set_cookie(COOKIE).is_none(), "{planted:#?}");
        assert_eq!(planted.fields.one("referrer-policy"), "no-referrer");
        assert_eq!(bench.navigate("a.p.test", &code, &[&theirs]).status, 400, "a failed try uses it up");
    }
    let code = bench.fetch_code("a.p.test", &wish, &attacker);
    assert_eq!(bench.navigate("b.p.test", &code, &[&theirs]).status, 400, "another add-on's host");
    let code = bench.fetch_code("a.p.test", &wish, &attacker);
    let script = Ask::get(&code).host("a.p.test").cookie(&theirs).field("Sec-Fetch-Dest", "empty");
    assert_eq!(bench.vestibule.ask(Protocol::H1, &script).status, 400, "a script is not led through");
    let there = new_session(&bench.navigate("a.p.test", &code, &[&theirs]));
    assert_eq!(bench.navigate("a.p.test", &code, &[&theirs]).status, 400, "the second time");
    // Whoever is signed in there already loses nothing by a stale code.
    let again = bench.navigate("a.p.test", &code, &[&theirs, &there]);
    assert_eq!((again.status, again.location().as_str()), (303, "/"));
    let code = bench.fetch_code("a.p.test", &wish, &bench.vestibule.cookie("bob"));
    let other = bench.navigate("a.p.test", &code, &[&victims, &there]);
    assert_eq!((other.status, other.location().as_str()), (303, "/x"), "as who they are");
    assert!(other.set_cookie(COOKIE).is_none());
}

#[test]
fn s185_the_nonce_goes_when_it_has_served_and_no_other_tab_is_spoiled_by_that() {
    let bench = Bench::new("\"memory\"");
    let session = bench.vestibule.cookie("bob");
    let (nonce, wish) = bench.leave("a.p.test", "/x");
    let second = bench.fetch_code("a.p.test", &wish, &session);
    let code = bench.fetch_code("a.p.test", &wish, &session);
    let arrived = bench.navigate("a.p.test", &code, &[&nonce]);
    let there = new_session(&arrived);
    let (cleared, attributes) = arrived.set_cookie(NONCE).expect("the nonce's cookie is deleted");
    assert_eq!(cleared, format!("{NONCE}="));
    for word in ["Max-Age=0", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(attributes.contains(word), "without {word} it is another cookie: {attributes}");
    }
    // A second tab that left before the first arrived: its browser is signed in by now.
    let late = bench.navigate("a.p.test", &second, &[&there]);
    assert_eq!((late.status, late.location().as_str()), (303, "/x"), "{late:#?}");
    // What fails keeps the nonce: the way is still to be gone.
    let (_, wish) = bench.leave("a.p.test", "/y");
    let code = bench.fetch_code("a.p.test", &wish, &session);
    let refused = bench.navigate("a.p.test", &code, &[&nonce]);
    assert!(refused.status == 400 && refused.set_cookie(NONCE).is_none(), "{refused:#?}");
}

#[test]
fn s75_it_ends_with_the_sign_in_that_it_came_from_also_after_a_restart() {
    let mut bench = Bench::new("\"state/sessions.redb\"");
    let main = bench.vestibule.cookie("bob");
    let there = bench.hand_over("a.p.test", "/x", &main);
    assert_eq!(bench.opens("a.p.test", &there), 200);
    bench.vestibule.kill_9();
    bench.vestibule.start_again();
    assert_eq!(bench.opens("a.p.test", &there), 200, "both survive");
    let sign_out = Ask::post("/.vestibule/sign-out", "").field("Sec-Fetch-Site", "same-origin").cookie(&main);
    assert_eq!(bench.vestibule.ask(Protocol::H1, &sign_out).status, 303);
    assert_eq!(bench.opens("a.p.test", &there), 401, "at once");
    bench.vestibule.kill_9();
    bench.vestibule.start_again();
    assert_eq!(bench.opens("a.p.test", &there), 401, "for good");
    assert!(!bench.vestibule.command_ok(&["sessions", "list"]).contains("bob"));

    let main = bench.vestibule.cookie("bob");
    let (first, second) = (bench.hand_over("a.p.test", "/", &main), bench.hand_over("a.p.test", "/", &main));
    let sign_out =
        Ask::post("/.vestibule/sign-out", "").host("a.p.test").field("Sec-Fetch-Site", "same-origin").cookie(&first);
    let answer = bench.vestibule.ask(Protocol::H2, &sign_out);
    assert_eq!(answer.status, 200, "a form's way ends at a page: {answer:#?}");
    assert_eq!(bench.opens("a.p.test", &second), 401);
    assert!(!bench.vestibule.is_live(&main), "signed out there is signed out");
}

#[test]
fn the_form_is_never_shown_on_an_add_ons_own_host() {
    let bench = Bench::new("\"memory\"");
    let form = Form::open(&bench.vestibule, LOOPBACK);
    let post = form.post("bob", &password_of("bob")).host("a.p.test");
    let posted = bench.vestibule.ask(Protocol::H1, &post);
    assert_eq!(posted.status, 405, "{posted:#?}");
    assert!(posted.set_cookie(COOKIE).is_none());
    for target in ["/.vestibule/sign-in", "/.vestibule/sign-in?return_to=//evil.test", "/.vestibule/"] {
        let answer = bench.navigate("a.p.test", target, &[]);
        assert_eq!(answer.status, 303, "{answer:#?}");
    }
    // What leads to the main host is always the address that the configuration has.
    let (_, wish) = bench.leave("a.p.test", "/");
    for spoiled in [wish.replace("addon=a", "addon=nobody"), wish.replace("addon=a", "addon=c")] {
        let answer = bench.navigate("p.test", &spoiled, &[&bench.vestibule.cookie("bob")]);
        assert_eq!(answer.status, 404, "{answer:#?}");
    }
    let answer = bench.navigate("p.test", &spoil(&wish), &[&bench.vestibule.cookie("bob")]);
    assert_eq!(answer.status, 400, "{answer:#?}");
}

fn spoil(wish: &str) -> String {
    wish.replace("challenge=", "challenge=%20")
}

#[test]
fn s83_no_log_shows_a_code() {
    let bench = Bench::new("\"memory\"");
    let (nonce, wish) = bench.leave("a.p.test", "/x");
    let target = bench.fetch_code("a.p.test", &wish, &bench.vestibule.cookie("bob"));
    let there = new_session(&bench.navigate("a.p.test", &target, &[&nonce]));
    bench.navigate("a.p.test", &target, &[&nonce]);
    bench.vestibule.await_line(&["hand_over_failed"]);
    let log = bench.vestibule.stderr();
    for secret in [target.split_once("code=").unwrap().1, &there, nonce.split_once('=').unwrap().1] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(log.contains("method=hand_over"), "{log}");
}

#[test]
fn what_is_handed_over_is_as_old_as_what_it_comes_from_where_nobody_signed_in() {
    let bench = Bench::with("\"memory\"", "max_age = \"4s\"");
    let session = bench.vestibule.cookie("bob");
    let made = Stopwatch::start();
    eventually("half of its time", || (made.elapsed() > Duration::from_secs(2)).then_some(()));
    let there = bench.hand_over("a.p.test", "/x", &session);
    assert_eq!(bench.opens("a.p.test", &there), 200);
    let c = || bench.vestibule.ask(Protocol::H1, &Ask::get("/ingress/c/").cookie(&session)).status;
    eventually("the end of its time", || (c() == 401).then_some(()));
    assert_eq!(bench.opens("a.p.test", &there), 401);
}
