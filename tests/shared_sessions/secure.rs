//! TLS and a password on the way to Redis, and a key on what stands in it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::support::form::new_session;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{Ask, Protocol, RawAddon, Vestibule, certificate, eventually};

const PASSWORD: &str = "open-sesame-and-more";

/// One that speaks TLS alone on a port, and knows one user besides itself, with these rights.
fn guarded(rights: &[&str]) -> (Redis, u16) {
    let folder = TempDir::new().unwrap();
    certificate::write_to(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let tls = port.to_string();
    let mut settings = vec!["--tls-port", &tls, "--tls-cert-file", "FOLDER/p.test.crt"];
    settings.extend(["--tls-key-file", "FOLDER/p.test.key", "--tls-auth-clients", "no", "--user"]);
    settings.extend(rights);
    (Redis::start_in(folder, &settings), port)
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn start(addon: &RawAddon, port: u16, password: &str) -> Vestibule {
    Vestibule::start_with(
        |config| {
            let store = format!(
                "{{ url = \"rediss://127.0.0.1:{port}/0\", user = \"vestibule\", password_file = \"secrets/redis\", \
                 ca = \"authority.crt\", key_file = \"secrets/key\" }}"
            );
            config.set("session", "store", &store).addon("a", addon);
            config.set("listen", "public_urls", r#"["https://p.test"]"#);
            config.addon_table(&format!("slug = \"b\"\nupstream = \"{}\"\nhost = \"b.p.test\"\n", addon.url()));
        },
        |_| {},
        |folder| {
            fs::create_dir(folder.join("secrets")).unwrap();
            certificate::write_authority_to(&folder.join("authority.crt"));
            secret(&folder.join("secrets/redis"), password);
            secret(&folder.join("secrets/key"), &"0123456789abcdef".repeat(3));
            crate::support::Extra::default()
        },
    )
}

#[test]
fn s89_redis_is_reached_over_tls_with_a_password_and_holds_sealed_records() {
    if redis_is_missing() {
        return;
    }
    let password = format!(">{PASSWORD}");
    let everything = ["vestibule", "on", &password, "~vestibule:*", "&vestibule:*", "+@all"];
    let ((redis, port), addon) = (guarded(&everything), RawAddon::start());
    let (one, two) = (start(&addon, port, PASSWORD), start(&addon, port, PASSWORD));
    let cookie = one.cookie("bob");
    assert!(two.is_live(&cookie));
    let key = &redis.keys("vestibule:session:*")[0];
    let entry = redis.say(&["--raw", "GET", key]);
    let frank = one.home().user_id("frank");
    let forged = entry.replace(&one.home().user_id("bob"), &frank);
    assert_ne!(forged, entry);
    redis.say(&["SET", key, &forged]);
    let third = start(&addon, port, PASSWORD);
    assert!(!third.is_live(&cookie), "nobody becomes frank by writing to Redis");
    for vestibule in [&one, &two, &third] {
        let said = vestibule.stderr();
        assert!(!said.contains(PASSWORD) && !said.contains("0123456789abcdef0123"), "{said}");
    }
}

/// The words of `user vestibule ...` in the documentation, with the password of the tests.
fn documented() -> Vec<String> {
    let text = include_str!("../../docs/operations.md");
    let line = text.split_once("`user ").expect("the documentation has an ACL").1.split('`').next().unwrap();
    line.split_whitespace().map(|word| word.replace(">password", &format!(">{PASSWORD}"))).collect()
}

#[test]
fn the_documented_acl_is_enough_for_all_that_vestibule_does_and_for_nothing_else() {
    if redis_is_missing() {
        return;
    }
    let rights = documented();
    let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
    let ((redis, port), addon) = (guarded(&rights), RawAddon::start());
    let (one, two) = (start(&addon, port, PASSWORD), start(&addon, port, PASSWORD));
    let cookie = new_session(&one.sign_in("bob", "bob-pass-1"));
    assert!(two.is_live(&cookie));
    assert_eq!(two.sign_in("bob", "wrong").status, 401);
    assert!(one.command_ok(&["sessions", "list"]).contains("user=bob"));
    assert_eq!(two.command_ok(&["bans", "list"]), "");
    two.command_ok(&["bans", "lift", "--all"]);
    let (nonce, code) = handed_over(&one, &cookie);
    let arrive = Ask::navigate(&code).host("b.p.test").cookie(&nonce);
    let there = new_session(&two.ask(Protocol::H1, &arrive));
    two.revoke("bob");
    let is_over = || (!one.is_live(&cookie)).then_some(());
    eventually("the end on the other", is_over);
    assert_eq!(one.ask(Protocol::H1, &Ask::get("/x").host("b.p.test").cookie(&there)).status, 401);
    assert_eq!(redis.say(&["ACL", "LOG"]), "", "nothing was asked for that is not allowed");
    let may = |words: &[&str]| redis.say(&[&["ACL", "DRYRUN", "vestibule"], words].concat()) == "OK";
    assert!(may(&["GET", "vestibule:session:x"]));
    for words in [&["GET", "others:x"][..], &["FLUSHALL"], &["CONFIG", "GET", "*"], &["PUBLISH", "others", "x"]] {
        assert!(!may(words), "{words:?}");
    }
}

/// A browser's nonce at `b.p.test`, and the way there with a code.
fn handed_over(vestibule: &Vestibule, session: &str) -> (String, String) {
    let left = vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in").host("b.p.test"));
    let (nonce, _) = left.set_cookie("__Host-ingress_hand_over").expect("a nonce");
    let wish = left.location().strip_prefix("https://p.test").expect("the main host").to_owned();
    let granted = vestibule.ask(Protocol::H1, &Ask::navigate(&wish).cookie(session));
    (nonce, granted.location().strip_prefix("https://b.p.test").expect("the add-on's host").to_owned())
}
