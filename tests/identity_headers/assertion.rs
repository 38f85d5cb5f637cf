//! Who is asking, signed: what the add-on gets can be judged with the published keys, by the examples for Python and
//! Node, and what anybody else makes up cannot.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::expectation::{ALICE, BOB, ZOE};
use crate::support::tools::{self, Tool};
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};

const HEADER: &str = "x-remote-user-assertion";

/// `/ingress/a/` wants the identity signed, `/ingress/b/` does not.
fn bench() -> (RawAddon, RawAddon, Vestibule) {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.set("assertion", "issuer", r#""https://p.test""#);
        config.addon_with("a", &a, "assertion = true").addon("b", &b);
    });
    (a, b, vestibule)
}

#[track_caller]
fn assertion(vestibule: &Vestibule, addon: &RawAddon, cookie: &str) -> String {
    let ask = Ask::get("/ingress/a/x").cookie(cookie).field("X-Remote-User-Assertion", "forged");
    let answer = vestibule.ask(Protocol::H1, &ask.field("x_remote_user_assertion", "forged"));
    assert_eq!(answer.status, 200, "{answer:#?}");
    addon.one().fields.one(HEADER)
}

fn part(assertion: &str, place: usize) -> Value {
    let part = assertion.split('.').nth(place).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn the_signed_identity_says_who_is_asking_and_for_whom() {
    let (a, b, vestibule) = bench();
    for (user, name, admin, group) in [(&ALICE, "alice", true, "system-admin"), (&ZOE, "zoë", false, "system-users")] {
        let cookie = vestibule.cookie(name);
        let signed = assertion(&vestibule, &a, &cookie);
        let claims = part(&signed, 1);
        assert_eq!(claims["iss"], "https://p.test");
        assert_eq!(claims["aud"], "a");
        assert_eq!(claims["sub"], user.id);
        assert_eq!(claims["preferred_username"], name);
        assert_eq!(claims["name"], json!(user.display_name));
        assert_eq!(claims["is_admin"], admin);
        assert!(claims["groups"].as_array().unwrap().contains(&json!(group)), "{claims}");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
        assert_eq!(part(&signed, 0)["alg"], "EdDSA");
        let other_session = assertion(&vestibule, &a, &vestibule.cookie(name));
        assert_eq!(other_session, signed, "nothing of the session is in it");
    }
    let bob = vestibule.cookie("bob");
    let before = part(&assertion(&vestibule, &a, &bob), 1);
    assert_ne!(before["jti"], part(&assertion(&vestibule, &a, &vestibule.cookie("alice")), 1)["jti"]);
    vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-read-only"]));
    let after = eventually("the lost group", || {
        let claims = part(&assertion(&vestibule, &a, &bob), 1);
        (claims["groups"] == json!(["system-read-only"])).then_some(claims)
    });
    assert_eq!(after["sub"], BOB.id);
    for protocol in BOTH {
        vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&bob).field("X-Remote-User-Assertion", "forged"));
        assert!(!b.one().fields.has(HEADER), "not wanted, and never the client's");
    }
}

#[test]
fn the_keys_are_published_and_kept() {
    let (a, _, mut vestibule) = bench();
    let published = |vestibule: &Vestibule| {
        let answer = vestibule.ask(Protocol::H2, &Ask::get("/.vestibule/jwks.json"));
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(answer.fields.one("content-type"), "application/jwk-set+json");
        answer.json()
    };
    let keys = published(&vestibule);
    let signed = assertion(&vestibule, &a, &vestibule.cookie("bob"));
    assert_eq!(keys["keys"][0]["kid"], part(&signed, 0)["kid"]);
    assert!(keys["keys"][0].get("d").is_none(), "the private half stays here: {keys}");
    let folder = vestibule.path("state/assertion-keys");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    vestibule.kill_9();
    vestibule.start_again();
    assert_eq!(published(&vestibule), keys, "the same after a restart");
    vestibule.reconfigure(|config| {
        config.clear_addons().addon("b", &a);
    });
    vestibule.await_line(&["configuration reloaded"]);
    let gone = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/jwks.json"));
    assert_eq!(gone.status, 401, "where nothing is signed nothing is published: {gone:#?}");
}

#[test]
fn the_examples_believe_what_was_signed_and_nothing_else() {
    let (a, _, vestibule) = bench();
    let signed = assertion(&vestibule, &a, &vestibule.cookie("zoë"));
    let keys = vestibule.path("jwks.json");
    fs::write(&keys, vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/jwks.json")).body).unwrap();
    let (head, signature) = signed.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert!(text.contains(from), "{text}");
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(text.replace(from, to)))
    };
    let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","kid":{}}}"#, part(&signed, 0)["kid"]));
    let published: Value = serde_json::from_slice(&fs::read(&keys).unwrap()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
    let with_secret = |header: Value, secret: &[u8]| {
        let text = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let forged = [
        changed(ZOE.id, BOB.id),
        changed("\"is_admin\":false", "\"is_admin\":true "),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        head.to_owned(),
        format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        // S-84: the public key taken for a shared secret, and keys by other names.
        with_secret(json!({"alg": "HS256", "kid": part(&signed, 0)["kid"]}), &public),
        with_secret(json!({"alg": "HS256", "kid": "../../../../dev/null"}), b""),
        format!("{}.{payload}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"../x"}"#)),
    ];
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/signed-identity");
    for (tool, example) in [(Tool::Python, "verify.py"), (Tool::Node, "verify.mjs")] {
        let Some(program) = tools::find(tool) else { continue };
        let run = |assertion: &str, issuer: &str, audience: &str| {
            let mut command = Command::new(&program);
            command.arg(examples.join(example)).arg(&keys).args([issuer, audience]);
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(assertion.as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        };
        let output = run(&signed, "https://p.test", "a");
        assert!(output.status.success(), "{example}: {output:?}");
        let claims: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&claims["sub"], &claims["name"]), (&json!(ZOE.id), &json!(ZOE.display_name)));
        for (issuer, audience) in [("https://p.test", "b"), ("https://evil.test", "a")] {
            assert!(!run(&signed, issuer, audience).status.success(), "{example}: {issuer} {audience}");
        }
        for bad in &forged {
            let output = run(bad, "https://p.test", "a");
            assert_eq!(output.status.code(), Some(1), "{example}: {bad}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("not believed"), "{output:?}");
        }
    }
}
