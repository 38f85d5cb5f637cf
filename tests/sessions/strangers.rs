//! Who has neither a session nor a token learns nothing of what an add-on takes, nor whether there is one (S-191).

use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};

/// The add-on that takes tokens, the one that does not, and where nothing is. All of one length: a page says where it
/// leads back to, and how long it is.
const TARGETS: [&str; 3] = ["/ingress/takes/x", "/ingress/plain/x", "/ingress/blank/x"];

/// All that a client can compare of an answer: without what each answer has of its own, and where the target was sent
/// itself.
fn told(answer: &Answer, target: &str) -> String {
    let own = ["date", "x-request-id"];
    let fields = answer.fields.0.iter().filter(|(name, _)| !own.contains(&name.to_ascii_lowercase().as_str()));
    let lines = fields.map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value)));
    let mut body = answer.text();
    if let Some((_, after)) = body.split_once("request_id\":\"") {
        let id = after.split('"').next().unwrap().to_owned();
        body = body.replace(&id, "ID");
    }
    if let Some((_, after)) = body.split_once("id=\"request\">") {
        let id = after.split('<').next().unwrap().to_owned();
        body = body.replace(&id, "ID");
    }
    let mut text = format!("{}\n{}\n{body}", answer.status, lines.collect::<String>());
    if let Some((_, after)) = text.split_once("'nonce-") {
        let nonce = after.split('\'').next().unwrap().to_owned();
        text = text.replace(&nonce, "NONCE");
    }
    text.replace(&target.replace('/', "%2F"), "TARGET").replace(target, "TARGET")
}

fn requests(target: &str) -> Vec<Ask> {
    let unsigned = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ4IiwiaWF0IjoxLCJleHAiOjl9.AAAA";
    let values = [
        "Bearer x",
        "bearer x",
        "BEARER  x",
        "Bearer",
        "Bearer\tx",
        "Bearer,x",
        "Basic eDp5",
        "Negotiate",
        &format!("Bearer {unsigned}"),
        &format!("Bearer {}", "x".repeat(6000)),
    ]
    .map(str::to_owned);
    let cookies =
        ["", "__Host-ingress_session=x", &format!("__Host-ingress_session={}", "A".repeat(43))].map(str::to_owned);
    let mut all = Vec::new();
    for ask in [Ask::get(target), Ask::navigate(target), Ask::post(target, "x")] {
        for cookie in &cookies {
            let ask = if cookie.is_empty() { ask.clone() } else { ask.clone().cookie(cookie) };
            all.extend(values.iter().map(|value| ask.clone().field("Authorization", value)));
            all.push(ask.clone().field("Authorization", "Bearer x").field("Authorization", "Basic eDp5"));
            all.push(ask.clone().field("Authorization", "Bearer x").field("Authorization", "Bearer x"));
            all.push(ask);
        }
    }
    all
}

fn assert_alike(vestibule: &Vestibule, words: &str) {
    for protocol in BOTH {
        let asked = TARGETS.map(requests);
        for at in 0..asked[0].len() {
            let [first, others @ ..] = &asked;
            let tell = |asks: &Vec<Ask>, target| told(&vestibule.ask(protocol, &asks[at]), target);
            let expected = tell(first, TARGETS[0]);
            for (asks, target) in others.iter().zip(&TARGETS[1..]) {
                assert_eq!(tell(asks, target), expected, "{words}, {protocol:?} {:?} and {target}", first[at]);
            }
        }
    }
}

#[test]
fn s191_strangers_cannot_tell_which_add_ons_take_tokens() {
    let (takes, plain) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon_with("takes", &takes, "tokens = true").addon("plain", &plain);
    });
    assert_alike(&vestibule, "with users");
    let answer = vestibule.ask(Protocol::H1, &Ask::get(TARGETS[1]).field("Authorization", "Bearer x"));
    assert_eq!(answer.fields.one("www-authenticate"), "Bearer realm=\"vestibule\", error=\"invalid_token\"");
    takes.assert_untouched("strangers");
    plain.assert_untouched("strangers");
}

/// Tokens are verified with what stands in Home Assistant's files; without those nobody is told anything else either.
#[test]
fn s191_nor_while_nobody_knows_the_users() {
    let (takes, plain) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "max_stale", r#""1s""#);
        config.addon_with("takes", &takes, "tokens = true").addon("plain", &plain);
    });
    let cookie = vestibule.cookie("bob");
    vestibule.home().replace("auth", b"{");
    eventually("the end of the last good copy", || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&cookie));
        (answer.status == 503).then_some(())
    });
    assert_alike(&vestibule, "without users");
}
