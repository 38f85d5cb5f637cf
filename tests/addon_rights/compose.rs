//! `vestibule addons compose` for the twenty manifests, protected and not: Compose's schema takes it, and it grants
//! what was granted and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use vestibule::addon_rights::compose::{HostPaths, compose};
use vestibule::addon_rights::protection::{Granted, Protection};
use vestibule::config::{self, Addon, FilesAlone};
use vestibule::manifest::{AppArmor, FolderKind, Manifest};

use crate::schema;

/// The add-ons of a configuration that names all of these manifests.
fn addons(manifests: &[String]) -> Vec<std::sync::Arc<Addon>> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("home/.storage")).unwrap();
    fs::write(folder.path().join("home/.storage/auth"), "{}").unwrap();
    let table = |(n, manifest): (usize, &String)| {
        let upstream = format!("http://127.0.0.1:{}", 20_000 + n);
        format!("[[addon]]\nmanifest = {manifest:?}\nslug = \"addon{n}\"\npath = \"/a{n}\"\nupstream = {upstream:?}\n")
    };
    let tables = manifests.iter().enumerate().map(table).collect::<Vec<_>>().concat();
    let text = format!("home_assistant.config_dir = \"home\"\n{tables}");
    let file = folder.path().join("config.toml");
    fs::write(&file, text).unwrap();
    config::load(&file, &FilesAlone).unwrap_or_else(|found| panic!("{found}")).settings.addons
}

fn fixtures() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders =
        ["tests/fixtures/manifests", "examples/addons"].map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = paths.flat_map(|path| [path.join("config.yaml"), path.join("config.json")]);
    files.filter(|path| path.is_file()).map(|path| path.display().to_string()).collect()
}

/// The service of an add-on.
fn service(addon: &Addon, granted: &Granted) -> Json {
    let manifest = addon.package.manifest.as_ref().unwrap();
    let places = HostPaths { home_assistant: Path::new("/home/assistant"), arch: "amd64" };
    let text = compose(addon, manifest, granted, places).unwrap();
    let mut file = schema::read(&text);
    assert_eq!(file.as_object().unwrap().len(), 1, "{text}");
    file["services"][addon.slug.as_str()].take()
}

fn strings(list: &Json) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn twenty_add_ons_get_what_they_are_granted_and_compose_takes_it() {
    let all = addons(&fixtures());
    assert_eq!(all.len(), 20);
    for addon in &all {
        for protection in [Protection::On, Protection::Off] {
            let granted = Granted::new(&addon.package.rights, protection);
            grants_exactly(addon.package.manifest.as_ref().unwrap(), &granted, &service(addon, &granted));
        }
    }
    println!("{} services compared with what they grant", all.len() * 2);
}

/// The service grants what is granted, and nothing else.
#[track_caller]
fn grants_exactly(manifest: &Manifest, granted: &Granted, service: &Json) {
    let (rights, container) = (granted.rights(), &manifest.container);
    let capabilities: BTreeSet<_> = rights.privileged.iter().map(ToString::to_string).collect();
    assert_eq!(strings(&service["cap_add"]), capabilities);
    assert_eq!(service.get("privileged"), None);
    for (key, granted) in [
        ("network_mode", rights.host_network),
        ("pid", rights.host_pid),
        ("ipc", rights.host_ipc),
        ("uts", rights.host_uts),
    ] {
        assert_eq!(service.get(key), granted.then(|| json!("host")).as_ref(), "{key}");
    }
    let every_device = strings(&service["device_cgroup_rules"]).contains("a *:* rwm");
    assert_eq!(every_device, rights.full_access);
    let devices: BTreeSet<_> = container.devices.iter().map(|device| format!("{device}:{device}")).collect();
    assert_eq!(strings(&service["devices"]), devices);
    let ports = strings(&service["ports"]);
    assert!(ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{ports:?}");
    assert!(!rights.host_network || ports.is_empty(), "{ports:?}");
    let wanted = container.ports.iter().filter(|port| port.host.is_some()).count();
    let ingress = usize::from(manifest.ingress.as_ref().is_some_and(|ingress| ingress.port.is_some()));
    assert!(rights.host_network || ports.len() == wanted + ingress, "{ports:?}");
    let profile = match &rights.apparmor {
        AppArmor::Disabled => BTreeSet::from(["apparmor=unconfined".to_owned()]),
        AppArmor::Default => BTreeSet::new(),
        AppArmor::Profile(name) => BTreeSet::from([format!("apparmor={}", name.as_str())]),
    };
    assert_eq!(strings(&service["security_opt"]), profile);
    let volumes = service["volumes"].as_array().unwrap();
    let mounted = |source: &str| volumes.iter().find(|volume| volume["source"] == source);
    assert_eq!(mounted("/run/docker.sock").is_some(), rights.docker_api);
    assert_eq!(mounted("/run/dbus").is_some(), rights.host_dbus);
    assert_eq!(mounted("/lib/modules").is_some(), rights.kernel_modules);
    for folder in container.map.iter().filter(|folder| folder.kind != FolderKind::Data) {
        let volume = volumes.iter().find(|volume| volume["target"] == folder.path.as_str()).unwrap();
        assert_eq!(volume["read_only"] == true, folder.read_only, "{volume}");
    }
    assert_eq!(strings(&service["env_file"]).len(), 1, "its token comes from a file");
    let options = volumes.iter().find(|volume| volume["target"].as_str().unwrap().ends_with("/options.json"));
    let has_options = manifest.options.as_object().is_some_and(|options| !options.is_empty());
    assert_eq!(options.is_some(), has_options);
    if let Some(volume) = options {
        assert_eq!((&volume["read_only"], &volume["bind"]["create_host_path"]), (&true.into(), &false.into()));
    }
}

#[test]
fn an_add_on_that_asks_for_everything_gets_it_without_protection_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = "name: All\nversion: \"1\"\nslug: all\ndescription: d\narch: [amd64]\nimage: x/y\nfull_access: true\n\
                docker_api: true\nhost_pid: true\nhost_ipc: true\nhost_uts: true\nhost_dbus: true\nkernel_modules: true\n\
                privileged: [SYS_MODULE]\nrealtime: true\nstdin: true\ntmpfs: true\njournald: true\nudev: true\n\
                devicetree: true\nusb: true\nuart: true\ngpio: true\nvideo: true\naudio: true\nmap: [data]\n";
    let manifest = folder.path().join("config.yaml");
    fs::write(&manifest, text).unwrap();
    let all = addons(&[manifest.display().to_string()]);
    let lists = |protection| {
        let service = service(&all[0], &Granted::new(&all[0].package.rights, protection));
        assert_eq!(strings(&service["cap_add"]), BTreeSet::from(["SYS_MODULE".to_owned(), "SYS_NICE".to_owned()]));
        assert_eq!(service["image"], "x/y:1");
        let sock = service["volumes"].as_array().unwrap().iter().any(|volume| volume["source"] == "/run/docker.sock");
        (sock, service.get("pid").is_some(), strings(&service["device_cgroup_rules"]).contains("a *:* rwm"))
    };
    assert_eq!(lists(Protection::On), (false, false, false));
    assert_eq!(lists(Protection::Off), (true, true, true));
}

#[test]
fn what_a_manifest_says_is_never_more_than_text() {
    let folder = tempfile::tempdir().unwrap();
    let text = "name: Sly\nversion: \"1\"\nslug: sly\ndescription: d\narch: [amd64]\nenvironment:\n  A: \"${HOME}\"\n  \
                B: \"x\\\" privileged: true\"\n  C: \"- &a *b # c\"\n  D: off\n  E: \"漢字\"\n  'yes': \"no\"\n\
                map:\n  - {type: share, path: '/sha\"re $x'}\n";
    let manifest = folder.path().join("config.yaml");
    fs::write(&manifest, text).unwrap();
    let all = addons(&[manifest.display().to_string()]);
    let service = service(&all[0], &Granted::new(&all[0].package.rights, Protection::Off));
    let environment = json!({
        "A": "$${HOME}", "B": "x\" privileged: true", "C": "- &a *b # c", "D": "false", "E": "漢字", "yes": "no",
    });
    assert_eq!(service["environment"], environment);
    assert_eq!(service["volumes"][1]["target"], "/sha\"re $$x");
    assert_eq!(service["build"]["context"], folder.path().to_str().unwrap());
    assert_eq!(service.get("privileged"), None);
}

#[test]
fn another_machine_than_its_author_meant_gets_no_service() {
    let all = addons(&fixtures());
    let places = HostPaths { home_assistant: Path::new("/h"), arch: "riscv64" };
    for addon in &all {
        let granted = Granted::new(&addon.package.rights, Protection::On);
        assert!(compose(addon, addon.package.manifest.as_ref().unwrap(), &granted, places).is_err());
    }
}
