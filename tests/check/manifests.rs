//! Manifests of add-ons behind `manifest`: what they fill, what wins over them, and how their mistakes are shown.

use std::fs;
use std::path::{Path, PathBuf};

use vestibule::addon_rights::rating::{RatedAddon, rate};
use vestibule::ids::{Address, Upstream};
use vestibule::manifest::{self, AppArmor, Role, Signed};

use crate::harness::{Folder, HOME};

/// A manifest with the required keys and these lines behind them, which begin on line six.
fn with(lines: &str) -> String {
    format!("name: Zigbee\nversion: \"1.0\"\nslug: z2m\ndescription: Radios\narch: [amd64]\n{lines}")
}

/// A folder with this manifest, and a configuration that names it with these lines.
fn folder(manifest: &str) -> Folder {
    let folder = Folder::new();
    folder.write("z2m/config.yaml", manifest);
    folder
}

fn config(lines: &str) -> String {
    format!("{HOME}[[addon]]\nmanifest = \"z2m/config.yaml\"\n{lines}\n")
}

/// What `check` says of a configuration that names this manifest and gives it a path.
fn said(manifest: &str) -> String {
    let (_, out, err) = folder(manifest).check(config("path = \"/z2m\""));
    out + &err
}

#[track_caller]
fn mistaken(lines: &str, at: &str, words: &[&str]) {
    let said = said(&with(lines));
    assert!(said.contains(&format!("z2m/config.yaml:{at}\n")), "not at {at}:\n{said}");
    assert!(said.contains(": 1 mistake") && said.contains("= hint: "), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in\n{said}");
    }
}

#[test]
fn a_manifest_fills_what_the_configuration_leaves_out() {
    let text = with(
        "ingress: true\ningress_port: 8099\ningress_entry: /app/\npanel_title: Radios\npanel_icon: mdi:zigbee\n\
         panel_admin: true\nhassio_api: true\nhassio_role: manager\nauth_api: true\nhost_network: true\n",
    );
    let loaded = folder(&text).load(config("path = \"/ingress/z2m\"")).unwrap();
    let addon = &loaded.settings.addons[0];
    assert_eq!(
        (addon.slug.as_str(), addon.display.title.as_str(), addon.display.icon.as_str()),
        ("z2m", "Radios", "mdi:zigbee")
    );
    assert_eq!(addon.backend.upstream, Upstream::At(Address::Http { host: "127.0.0.1".into(), port: 8099 }));
    assert_eq!((addon.display.entry.as_str(), addon.authorization.access.admin_only), ("app/", true));
    let rights = &addon.package.rights;
    assert!(rights.hassio_api && rights.auth_api && rights.host_network && !rights.homeassistant_api);
    assert_eq!((rights.role, &rights.apparmor), (Role::Manager, &AppArmor::Default));
    assert_eq!(loaded.warnings.warnings(), 0, "{}", loaded.warnings);
}

#[test]
fn keys_of_the_configuration_win_one_by_one() {
    let text =
        with("ingress: true\npanel_title: Radios\nhassio_api: true\nhassio_role: admin\nprivileged: [SYS_ADMIN]\n");
    let lines = "slug = \"radio\"\ntitle = \"Radio\"\nicon = \"mdi:radio\"\nupstream = \"http://127.0.0.1:1\"\n\
                 entry = \"x\"\npath = \"/r\"\naccess = { admin_only = false }\n\
                 rights = { hassio_role = \"default\", privileged = [], apparmor = \"its-own\" }";
    let loaded = folder(&text).load(config(lines)).unwrap();
    let addon = &loaded.settings.addons[0];
    assert_eq!(
        (addon.slug.as_str(), addon.display.title.as_str(), addon.display.icon.as_str()),
        ("radio", "Radio", "mdi:radio")
    );
    assert_eq!(addon.backend.upstream, Upstream::At(Address::Http { host: "127.0.0.1".into(), port: 1 }));
    assert_eq!((addon.display.entry.as_str(), addon.authorization.access.admin_only), ("x", false));
    assert!(addon.package.rights.hassio_api, "what the configuration does not say is the manifest's");
    assert_eq!((addon.package.rights.role, addon.package.rights.privileged.len()), (Role::Default, 0));
    assert!(matches!(&addon.package.rights.apparmor, AppArmor::Profile(name) if name.as_str() == "its-own"));
}

#[test]
fn panel_admin_is_not_forgotten_when_groups_are_named() {
    let (_, out, err) =
        folder(&with("ingress: true\n")).check(config("path = \"/z2m\"\naccess = { groups = [\"system-users\"] }"));
    assert!(out.ends_with(", 1 warning\n"), "{out}{err}");
    assert!(
        err.contains("`panel_admin` of the manifest counts as well") && err.contains("admin_only = false"),
        "{err}"
    );
}

#[test]
fn an_add_on_without_a_web_ui_needs_no_route_and_no_upstream() {
    let loaded = folder(&with("auth_api: true\n")).load(config("")).unwrap();
    assert_eq!(loaded.settings.addons[0].backend.upstream, Upstream::Nowhere);
    let (_, _, err) = folder(&with("ingress: true\n")).check(config(""));
    assert!(err.contains("neither `path` nor `host`"), "{err}");
    let (_, _, err) = folder(&with("")).check(config("path = \"/z2m\""));
    assert!(err.contains("config.toml:4:12") && err.contains("has no ingress: `upstream` must say"), "{err}");
    let (_, _, err) = folder(&with("ingress: true\ningress_port: 0\n")).check(config("path = \"/z2m\""));
    assert!(err.contains("leaves the port open"), "{err}");
}

#[test]
fn a_mistake_is_shown_in_the_manifests_own_line() {
    let text = "name: Zigbee\nversion: \"1.0\"\nslug: z2m\ndescription: Radios\narch: [amd64]\nhassio_role: manger\n\
                ingress: maybe\nports:\n  80/tpc: 80\n";
    let said = said(text);
    let said = said.lines().filter(|line| !line.contains("config.toml")).collect::<Vec<_>>().join("\n");
    let shown = said.split("--> ").enumerate().map(|(n, part)| match part.find("z2m/config.yaml") {
        Some(at) if n > 0 => part.get(at..).unwrap_or(part),
        _ => part,
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("--> "), @r"
    error: unknown word `manger`
     --> z2m/config.yaml:6:14
      |
    6 | hassio_role: manger
      |              ^^^^^^ not a word that may stand here
      |
      = hint: did you mean `manager`?

    error: wrong type: this is text
     --> z2m/config.yaml:7:10
      |
    7 | ingress: maybe
      |          ^^^^^ expected `true` or `false`
      |
      = hint: write `true` or `false` without quotes

    error: not a port
     --> z2m/config.yaml:9:3
      |
    9 |   80/tpc: 80
      |   ^^^^^^ expected a port and what it speaks
      |
      = hint: as in `1883/tcp: 1883`
    ");
}

#[test]
fn every_kind_of_mistake_has_its_place() {
    mistaken("ingress_port: 70000\n", "6:15", &["expected a whole number from 0 to 65535"]);
    mistaken("hassio_api: \"true\"\n", "6:13", &["this is text", "without quotes"]);
    mistaken("privileged: [NET_ADMN]\n", "6:14", &["unknown word `NET_ADMN`", "did you mean `NET_ADMIN`"]);
    mistaken("privileged: NET_ADMIN\n", "6:13", &["expected a list"]);
    mistaken("map: [\"config:rx\"]\n", "6:7", &["unknown word `rx`"]);
    mistaken("map: [confg]\n", "6:7", &["did you mean `config`"]);
    mistaken("map:\n  - type: share\n    path: ../etc\n", "8:11", &["not a folder's path"]);
    mistaken("ports: {80/tcp: 0}\n", "6:17", &["expected a port from 1 to 65535"]);
    mistaken("devices: [/etc/passwd]\n", "6:11", &["expected a path below /dev"]);
    mistaken("devices: [/dev/../etc/passwd]\n", "6:11", &["not a device"]);
    mistaken("image: \"x;rm -rf\"\n", "6:8", &["not an image"]);
    mistaken("panel_icon: zigbee\n", "6:13", &["not an icon"]);
    mistaken("ingress_entry: ../admin\n", "6:16", &["not a path"]);
    mistaken("environment: {\"A B\": x}\n", "6:15", &["not the name of a variable"]);
    mistaken("services: [mqtt]\n", "6:12", &["expected a service"]);
    mistaken("apparmor: \"a b\"\n", "6:11", &["the name of a profile"]);
    mistaken("slug: again\n", "6:1", &["stands twice", "first here"]);
    mistaken("init: !secret x\n", "6:7", &["the tag `!secret`"]);
    mistaken("options:\n\t- x\n", "7:1", &["indented with a tab", "write two spaces"]);
    mistaken("options:\n  a: x\n \tb: y\n", "8:2", &["indented with a tab"]);
    mistaken("init: [\n", "6:9", &["not YAML"]);
    mistaken("timeout: 5\n", "6:10", &["expected a whole number from 10 to 300"]);
}

#[test]
fn what_is_missing_or_unreadable_is_said_once() {
    let (_, _, err) = folder("name: X\nslug: x\ndescription: x\narch: [amd64]\n").check(config("path = \"/x\""));
    assert!(err.contains("`version` is missing") && err.contains(": 1 mistake"), "{err}");
    let (_, _, err) = Folder::new().check(config("path = \"/x\""));
    assert!(
        err.contains("config.toml:4:12\n") && err.contains("this file cannot be read") && err.contains(": 1 mistake"),
        "{err}"
    );
    let (_, _, err) = folder("- a\n- b\n").check(config("path = \"/x\""));
    assert!(err.contains("a manifest is a mapping, and this is a list"), "{err}");
    let big = with(&format!("# {}\n", "x".repeat(256 * 1024)));
    assert!(said(&big).contains("larger than 256 KiB"));
    let (_, _, err) = folder(&with("")).check(format!("{HOME}[[addon]]\nmanifest = \"z2m\"\npath = \"/x\"\n"));
    assert!(err.contains("not a regular file"), "{err}");
    let odd = with("ingress: true\n").replace("slug: z2m", "slug: Z2M.Dev");
    assert!(said(&odd).contains("slug = \"z2m-dev\""), "{}", said(&odd));
}

#[test]
fn an_unknown_key_is_a_warning_with_the_one_that_was_meant() {
    let said = said(&with("ingress: true\ningres_port: 8099\nfuture: 1\n"));
    assert!(said.contains(", 2 warnings") && said.contains("did you mean `ingress_port`"), "{said}");
    assert!(said.contains("unknown key `future`"), "{said}");
}

#[test]
fn the_retired_codenotary_is_reported_and_counts_nothing() {
    let said = said(&with("ingress: true\ncodenotary: a@b.example\n"));
    assert!(said.contains("the key `codenotary` is retired") && said.contains(", 1 warning"), "{said}");
    let reading = manifest::read(&fixture("glances"), &[]);
    assert_eq!(reading.manifest.unwrap().signed, Signed::No);
}

/// Slug, port of the ingress (0: open), for administrators alone, rating and classic rating.
const KNOWN: [(&str, Option<u16>, bool, u8, u8); 20] = [
    ("adguard", Some(0), true, 5, 4),
    ("configurator", Some(8099), true, 7, 5),
    ("duckdns", None, true, 5, 5),
    ("esphome", Some(0), true, 6, 5),
    ("frigate", Some(5000), false, 1, 1),
    ("glances", Some(0), true, 1, 1),
    ("grafana", Some(1337), true, 7, 5),
    ("influxdb", Some(1337), true, 7, 6),
    ("mariadb", None, true, 5, 5),
    ("matter_server", Some(0), true, 6, 4),
    ("mosquitto", None, true, 6, 6),
    ("nodered", Some(0), true, 6, 5),
    ("otbr", Some(0), true, 5, 3),
    ("piper", None, true, 5, 5),
    ("samba", None, true, 4, 4),
    ("ssh", Some(0), true, 1, 1),
    ("tailscale", Some(25899), true, 5, 3),
    ("vscode", Some(1337), true, 6, 4),
    ("zigbee2mqtt", Some(8099), false, 7, 5),
    ("zwave_js", None, true, 5, 5),
];

fn fixture(slug: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("tests/fixtures/manifests").join(slug), root.join("examples/addons").join(slug)];
    let files = folders.iter().flat_map(|folder| [folder.join("config.yaml"), folder.join("config.json")]);
    files.into_iter().find(|path| path.exists()).unwrap_or_else(|| panic!("no manifest of {slug}"))
}

#[test]
fn twenty_well_known_add_ons_are_read_and_rated() {
    for (slug, port, admin, score, classic) in KNOWN {
        let reading = manifest::read(&fixture(slug), &[]);
        let manifest = reading.manifest.unwrap_or_else(|| panic!("{}", reading.found));
        assert_eq!(reading.found.warnings(), usize::from(slug == "glances"), "{}", reading.found);
        let ingress = manifest.ingress.as_ref().map(|ingress| ingress.port.unwrap_or(0));
        assert_eq!((manifest.slug.as_str(), ingress, manifest.panel.admin), (slug, port, admin));
        let rating = rate(&RatedAddon::new(Some(&manifest), &manifest.rights, false));
        assert_eq!((rating.score, rating.classic), (score, classic), "{slug}: {:#?}", rating.points);
    }
    println!("{} manifests compared", KNOWN.len());
}

#[test]
fn merged_logins_and_json_with_tabs_are_read_as_they_are_meant() {
    let mariadb = manifest::read(&fixture("mariadb"), &[]).manifest.unwrap();
    assert_eq!(mariadb.options["rights"][0]["username"], "homeassistant");
    let configurator = manifest::read(&fixture("configurator"), &[]).manifest.unwrap();
    assert_eq!(configurator.options["ignore_pattern"][1], ".cloud");
    let samba = manifest::read(&fixture("samba"), &[]).manifest.unwrap();
    assert!(matches!(&samba.rights.apparmor, AppArmor::Profile(name) if name.as_str() == "samba"));
}

#[test]
fn no_manifest_of_the_repository_is_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        ["tests/fixtures/manifests", "examples/addons"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let count = folders.into_iter().flatten().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(count, KNOWN.len());
}
