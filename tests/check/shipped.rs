//! The `config.toml` that ships: it can be used as it is, and every optional key in it is right as well.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::client_authority::ClientAuthority;
use crate::harness::Folder;
use vestibule::cli::Exit;
use vestibule::config::{AccessList, Loaded, SessionStore, Tls};
use vestibule::ids::Upstream;

const SHIPPED: &str = include_str!("../../config.toml");

/// The folders and files that it names, examples included.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("examples/home/.storage/auth", "{}");
    folder.write("secrets/whoami", "hunter2\n");
    folder.write("secrets/supervisor", "token\n");
    folder.write("secrets/home-assistant", "token\n");
    folder.write("secrets/home-assistant-listen", "0".repeat(64));
    folder.write("secrets/owner", "token\n");
    folder.write("certs/home.crt", "good");
    folder.write("certs/home.key", "key");
    folder.write("logo.svg", "<svg/>");
    let hook = folder.write("dns-hook", "#!/bin/sh\n");
    fs::set_permissions(hook, fs::Permissions::from_mode(0o700)).unwrap();
    folder.write("secrets/eab", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajV\n");
    let authority = rcgen::CertificateParams::default().self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    folder.write("certs/home-ca.pem", authority.pem());
    for name in ["clients", "tablets"] {
        let authority = ClientAuthority::new(name);
        folder.write(&format!("certs/{name}.crt"), authority.pem());
        folder.write(&format!("certs/{name}.crl"), authority.list(&[], rcgen::date_time_ymd(2099, 1, 1)));
    }
    folder.write(MANIFEST, include_str!("../../examples/addons/zigbee2mqtt/config.yaml"));
    folder
}

/// The one that the shipped configuration names.
const MANIFEST: &str = "examples/addons/zigbee2mqtt/config.yaml";

fn load(text: &str) -> (Folder, Loaded) {
    let folder = folder();
    let loaded = folder.load(text).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(loaded.warnings.warnings(), 0, "{}", loaded.warnings);
    (folder, loaded)
}

/// Takes the `#` from every line on which a key or a heading follows it at once.
fn uncommented() -> String {
    let is_key = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    let uncomment = |line: &'static str| line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line);
    SHIPPED.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_runs_as_it_is() {
    let (folder, Loaded { settings, .. }) = load(SHIPPED);
    assert_eq!(settings.listen.https[0].address.to_string(), "127.0.0.1:8443");
    assert_eq!(settings.home_assistant.config_dir(), Some(&*folder.path("examples/home")));
    assert_eq!(settings.session.store, SessionStore::File(folder.path("state/sessions.redb")));
    assert!(matches!(settings.tls, Tls::Development { .. }));
    let [whoami, admin] = &settings.addons[..] else { panic!("two add-ons") };
    assert_eq!((whoami.slug.as_str(), &whoami.backend.upstream), ("whoami", &Upstream::Whoami));
    assert_eq!(
        (whoami.route.path.as_ref().unwrap().as_str(), &whoami.authorization.access.only),
        ("/ingress/whoami", &None)
    );
    assert_eq!((admin.display.title.as_str(), admin.authorization.access.admin_only), ("Admin only", true));
    assert_eq!(admin.route.path.as_ref().unwrap().as_str(), "/ingress/admin");
}

/// `ca` and `pin` exclude each other, and both want an upstream of `https`; `crl` goes with `ca`; `token` is for a home
/// without `config_dir`; `dns_update` takes the place of `dns_hook`; `supervisor_slug` and `max_age` leave nobody.
fn without_what_needs_another_upstream(text: &str) -> String {
    let unfit = ["ca = ", "crl = ", "pin = ", "token = ", "dns_update = ", "supervisor_slug = "];
    let needs = |line: &&str| unfit.iter().any(|key| line.starts_with(key));
    text.lines().filter(|line| !needs(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_optional_key_in_it_can_be_set() {
    // With the default of this one, groups with policies are worth a warning.
    let text = uncommented().replace("\ngroups = \"home-assistant\"\n", "\ngroups = \"both\"\n");
    let (_, Loaded { settings, .. }) = load(&without_what_needs_another_upstream(&text));
    assert_eq!(settings.permissions.groups[0].policy.entity_ids["lock.basic_lock"].control, Some(false));
    assert!(
        matches!(settings.tls, Tls::Acme { certificates, acme } if (certificates.len(), acme.domains.len()) == (1, 2))
    );
    assert_eq!(settings.addons[0].route.host.as_ref().unwrap().as_str(), "whoami.home.example");
    let people = AccessList { groups: vec!["system-users".into()], users: vec!["frank".into()] };
    assert_eq!(settings.addons[0].authorization.access.only, Some(people));
}

/// Keys whose commented lines are examples, and not their defaults.
const EXAMPLES: &[&str] = &[
    "public_urls",
    "certificates",
    "reserved",
    "host",
    "title",
    "icon",
    "description",
    "group",
    "logo",
    "headers",
    "access",
    "max_body",
    "max_head",
    "response_headers",
    "rate",
    "burst",
    "rate_per_user",
    "burst_per_user",
    "health",
    "cors",
    "upstream_host",
    "ca",
    "pin",
    "token",
    "issuer",
    "time_zone",
    "url",
    "browser_url",
    // Says something only where `url` does.
    "forward_address",
    // The default is the machine's number of cores.
    "workers",
    "manifest",
    "entry",
    "options",
    "rights",
    "signing_keys",
    "listen",
    "upstream = \"http://172.30.32.2\"",
    "upstream_token",
    "home_assistant_token",
    "home_assistant_listen",
    "home_assistant_listen_token",
    "home_assistant_listen_trusted_proxies",
    "password_reset_token",
    "auth_cache",
    "entities",
    "entity_messages",
    "pass_headers",
    "http",
    "hsts",
    "client_ca",
    "client_crl",
    "emails",
    "role",
    "user_map",
    "user_template",
    "fresh",
    "max_age",
    "supervisor_slug",
];

/// Tables that are examples as a whole: paragraphs with one of these headings in them.
const TABLES: &[&str] = &[
    "[tls.acme]",
    "[[tls.client_auth]]",
    "[[tls.client_certificate]]",
    "[home_assistant.front]",
    "[presence]",
    "[[group]]",
    "[group.policy]",
    "[[test]]",
    "[[addon.protect]]",
    "[[addon.public]]",
];

#[test]
fn the_defaults_in_it_are_the_defaults() {
    let folder = folder();
    let is_table = |paragraph: &str| paragraph.lines().any(|line| TABLES.contains(&line));
    let is_example = |line: &str| {
        EXAMPLES.iter().any(|key| line.starts_with(key) && (key.contains('=') || line.starts_with(&format!("{key} ="))))
    };
    let settings = |text: &str| {
        let kept: Vec<_> = text.split("\n\n").filter(|paragraph| !is_table(paragraph)).collect();
        let kept = kept.join("\n\n");
        let lines: Vec<_> = kept.lines().filter(|line| !is_example(line)).collect();
        folder.load(lines.join("\n")).unwrap_or_else(|found| panic!("{found}")).settings
    };
    assert_eq!(format!("{:?}", settings(SHIPPED)), format!("{:?}", settings(&uncommented())));
}

#[test]
fn it_explains_every_key() {
    // An unknown key makes the reader list those that it knows.
    let keys_of = |text: &str| -> Vec<String> {
        let found = Folder::new().load(text).unwrap_err().to_string();
        let known = found.lines().find_map(|line| line.split_once("the keys that may stand here are ")).unwrap().1;
        known.split(", ").map(str::to_owned).collect()
    };
    let text = uncommented();
    for (section, probe) in [
        ("listen", "[listen]\nqqqq = 1"),
        ("tls", "[tls]\nqqqq = 1"),
        ("tls.acme", "[tls.acme]\nqqqq = 1"),
        ("[tls.client_auth]", "[[tls.client_auth]]\nqqqq = 1"),
        ("[tls.client_certificate]", "[[tls.client_certificate]]\nqqqq = 1"),
        ("home_assistant", "[home_assistant]\nconfig_dir = \"home\"\nqqqq = 1"),
        ("home_assistant.front", "[home_assistant]\nconfig_dir = \"home\"\n[home_assistant.front]\nqqqq = 1"),
        ("permissions", "[permissions]\nqqqq = 1"),
        ("[group]", "[[group]]\nqqqq = 1"),
        ("group.policy", "[[group]]\n[group.policy]\nqqqq = 1"),
        ("session", "[session]\nqqqq = 1"),
        ("sign_in", "[sign_in]\nqqqq = 1"),
        ("limits", "[limits]\nqqqq = 1"),
        ("log", "[log]\nqqqq = 1"),
        ("headers", "[headers]\nqqqq = 1"),
        ("pages", "[pages]\nqqqq = 1"),
        ("supervisor", "[supervisor]\nqqqq = 1"),
        ("[addon]", "[[addon]]\nqqqq = 1"),
        ("[addon.protect]", "[[addon]]\n[[addon.protect]]\nqqqq = 1"),
        ("[addon.public]", "[[addon]]\n[[addon.public]]\nqqqq = 1"),
    ] {
        // A table may have several examples.
        let heading = format!("[{section}]\n");
        let bodies: Vec<_> = text.split(&heading).skip(1).map(|rest| rest.split("\n[").next().unwrap()).collect();
        // A policy and the rules of paths have a heading of their own, and a selector two names.
        let elsewhere =
            ["policy", "area_ids", "protect", "public", "acme", "client_auth", "client_certificate", "front"];
        // Its example stands in a rule, where the state of an entity is asked for most.
        let is_here =
            |key: &String| !elsewhere.contains(&key.as_str()) && (section, key.as_str()) != ("[group]", "when");
        for key in keys_of(probe).into_iter().filter(is_here) {
            assert!(
                bodies.iter().flat_map(|body| body.lines()).any(|line| line.starts_with(&format!("{key} = "))),
                "{key} of [{section}]"
            );
        }
    }
}

/// The blocks of docs/add-ons.md, by the slug in each.
fn documented_add_ons() -> Vec<&'static str> {
    let document = include_str!("../../docs/add-ons.md");
    document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_block_of_the_document_on_add_ons_can_be_pasted() {
    let folder = folder();
    folder.write("secrets/pgadmin", "hunter2\n");
    folder.write("secrets/frigate", "hunter2\n");
    let blocks = documented_add_ons();
    assert!(blocks.len() >= 16, "{} blocks", blocks.len());
    let start = "home_assistant.config_dir = \"examples/home\"\n\n";
    for text in blocks.iter().map(|block| format!("{start}{block}")).chain([start.to_owned() + &blocks.join("\n")]) {
        let (exit, out, err) = folder.check(&text);
        assert_eq!((exit, err.as_str()), (Exit::Done, ""), "{text}\n{out}");
    }
}

#[test]
fn the_add_ons_of_the_readme_can_be_pasted() {
    let document = include_str!("../../README.md");
    let (_, rest) = document.split_once("   ```toml\n").unwrap();
    let block = rest.split("   ```").next().unwrap().replace("\n   ", "\n");
    let (exit, out, err) =
        folder().check(format!("home_assistant.config_dir = \"examples/home\"\n\n{}", block.trim_start()));
    assert_eq!((exit, err.as_str()), (Exit::Done, ""), "{out}");
    assert!(out.contains("3 add-ons (zigbee2mqtt, nodered, grafana)"), "{out}");
}

#[test]
fn every_add_on_of_the_table_has_its_block() {
    let document = include_str!("../../docs/add-ons.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| [")?.split("](#").nth(1));
    // The table on users and roles has some of them once more.
    let linked: BTreeSet<_> = rows.map(|rest| rest.split(')').next().unwrap()).collect();
    assert_eq!(linked.len(), documented_add_ons().len());
    for anchor in linked {
        let headings = document.lines().filter_map(|line| line.strip_prefix("## "));
        let mut anchors = headings.map(|heading| heading.to_lowercase().replace(' ', "-"));
        assert!(anchors.any(|heading| heading == anchor), "{anchor}");
    }
}

/// What the Debian package and the container begin with, and each page on coming from another proxy.
#[test]
fn what_packages_and_pages_on_migration_say_can_be_used() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder();
    let home = folder.path("examples/home").display().to_string();
    for (name, named) in [
        ("packaging/debian/config.toml", "/srv/homeassistant"),
        ("packaging/container/compose/vestibule/config.toml", "/home-assistant"),
    ] {
        let text = fs::read_to_string(root.join(name)).unwrap();
        let named = format!("config_dir = \"{named}\"");
        assert!(text.contains(&named), "{name}");
        let text = text.replace(&named, &format!("config_dir = \"{home}\""));
        let acme = "[tls]\nacme = { domains = [\"home.example\"], challenge = \"tls-alpn-01\", agree_to_terms = true }";
        let ordered = folder.load(text.replace("[tls]", acme)).unwrap_or_else(|found| panic!("{name}: {found}"));
        let state = &ordered.settings.tls.acme().unwrap().state;
        assert!(state.starts_with("/var/lib/vestibule"), "{name}: services may write nowhere else");
        let (exit, out, err) = folder.check(text);
        // Which add-ons there are, only people know.
        let is_quiet = err.is_empty() || err.lines().next() == Some("warning: no add-on is configured");
        assert!(exit == Exit::Done && is_quiet && !out.contains("2 warnings"), "{name}: {out}{err}");
    }
    let pages = fs::read_dir(root.join("docs/migration")).unwrap().map(|entry| entry.unwrap().path());
    let mut tried = 0;
    for page in pages.filter(|page| !page.ends_with("README.md")) {
        let text = fs::read_to_string(&page).unwrap();
        let [_, ours] = &text.split("```toml\n").collect::<Vec<_>>()[..] else { panic!("{page:?}: one block of TOML") };
        let (exit, out, err) = folder.check(ours.split("```").next().unwrap());
        assert_eq!((exit, err.as_str()), (Exit::Done, ""), "{page:?}: {out}");
        tried += 1;
    }
    assert_eq!(tried, 5);
}
