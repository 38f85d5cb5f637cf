//! TLS and a password on the way to Redis, and a key on what stands in it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{RawAddon, Vestibule, certificate};

const PASSWORD: &str = "open-sesame-and-more";

/// One that speaks TLS alone on a port, and knows one user besides itself.
fn guarded() -> (Redis, u16) {
    let folder = TempDir::new().unwrap();
    certificate::write_to(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let tls = port.to_string();
    let redis = Redis::start_in(
        folder,
        &[
            "--tls-port",
            &tls,
            "--tls-cert-file",
            "FOLDER/p.test.crt",
            "--tls-key-file",
            "FOLDER/p.test.key",
            "--tls-auth-clients",
            "no",
            "--user",
            "vestibule",
            "on",
            &format!(">{PASSWORD}"),
            "~vestibule:*",
            "&vestibule:*",
            "+@all",
        ],
    );
    (redis, port)
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
fn redis_is_reached_over_tls_with_a_password_and_holds_sealed_records() {
    if redis_is_missing() {
        return;
    }
    let ((redis, port), addon) = (guarded(), RawAddon::start());
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
