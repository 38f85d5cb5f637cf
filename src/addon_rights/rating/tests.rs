//! The vectors of spec/supervisor.md section 3. Home Assistant has no tests of its rating.

use super::*;

/// What it asks for, the score, and the classic score.
const VECTORS: [(&str, u8, u8); 33] = [
    ("", 5, 5),
    ("ingress", 7, 5),
    ("auth_api", 6, 6),
    ("ingress auth_api", 7, 6),
    ("ingress profile", 8, 6),
    ("ingress profile signed", 8, 6),
    ("signed", 6, 5),
    ("ingress signed", 8, 5),
    ("profile", 6, 6),
    ("profile auth_api", 7, 6),
    ("apparmor_off", 4, 4),
    ("NET_ADMIN", 4, 4),
    ("NET_ADMIN SYS_ADMIN", 4, 4),
    ("SYS_ADMIN host_uts", 3, 3),
    ("host_uts", 5, 5),
    ("manager", 4, 4),
    ("admin", 3, 3),
    ("backup", 5, 5),
    ("homeassistant", 5, 5),
    ("hassio_api", 5, 5),
    ("host_network", 4, 4),
    ("host_pid", 3, 3),
    ("host_network host_pid", 2, 2),
    ("host_network host_pid admin apparmor_off", 1, 1),
    ("ingress full_access", 1, 1),
    ("docker_api profile ingress", 1, 1),
    ("docker_api full_access", 1, 1),
    ("SYS_NICE", 5, 5),
    ("IPC_LOCK SYS_RESOURCE SYS_TIME", 5, 5),
    ("kernel_modules", 4, 4),
    ("kernel_modules SYS_MODULE", 4, 4),
    ("host_ipc host_dbus homeassistant_api", 5, 5),
    ("ingress auth_api profile signed manager host_network", 7, 5),
];

fn subject(asked: &str) -> (Rights, bool, bool) {
    let (mut rights, mut ingress, mut signed) = (Rights::default(), false, false);
    for word in asked.split_whitespace() {
        match word {
            "ingress" => ingress = true,
            "signed" => signed = true,
            "profile" => rights.apparmor = AppArmor::Profile("its-own".parse().unwrap()),
            "apparmor_off" => rights.apparmor = AppArmor::Disabled,
            "auth_api" => rights.auth_api = true,
            "hassio_api" => rights.hassio_api = true,
            "homeassistant_api" => rights.homeassistant_api = true,
            "full_access" => rights.full_access = true,
            "docker_api" => rights.docker_api = true,
            "host_network" => rights.host_network = true,
            "host_pid" => rights.host_pid = true,
            "host_ipc" => rights.host_ipc = true,
            "host_uts" => rights.host_uts = true,
            "host_dbus" => rights.host_dbus = true,
            "kernel_modules" => rights.kernel_modules = true,
            word => match Role::ALL.into_iter().find(|role| role.as_str() == word) {
                Some(role) => rights.role = role,
                None => rights.privileged.extend(Capability::ALL.into_iter().filter(|it| it.as_str() == word)),
            },
        }
    }
    (rights, ingress, signed)
}

fn rated(asked: &str) -> Rating {
    let (rights, ingress, signed) = subject(asked);
    rate(&RatedAddon { rights: &rights, ingress, signed, writes: Vec::new(), own_passwords: false })
}

#[test]
fn ratings_are_home_assistants() {
    for (asked, score, classic) in VECTORS {
        let rating = rated(asked);
        assert_eq!((rating.score, rating.classic), (score, classic), "{asked:?}: {:#?}", rating.points);
    }
    println!("{} ratings compared, on both scales", VECTORS.len());
}

#[test]
fn every_capability_costs_what_it_should() {
    let costly = Capability::ALL.into_iter().filter(|capability| rated(capability.as_str()).score == 4).count();
    assert_eq!(costly, 10, "ten of fourteen cost a point");
    println!("{} capabilities compared", Capability::ALL.len());
}

#[test]
fn every_point_has_its_reason_and_they_add_up() {
    for (asked, score, _) in VECTORS {
        let rating = rated(asked);
        assert!(rating.points.iter().all(|point| !point.why.is_empty()));
        let sum: Option<i8> = rating
            .points
            .iter()
            .map(|point| if let Effect::Adds(points) = point.score { Some(points) } else { None })
            .sum();
        assert_eq!(u8::try_from(sum.unwrap_or(1).clamp(1, 8)).unwrap(), score, "{asked}");
    }
}

#[test]
fn advice_names_what_could_be_better() {
    let (rights, ..) = subject("host_network manager hassio_api");
    let writes = vec![FolderKind::Share, FolderKind::Ssl];
    let rating = rate(&RatedAddon { rights: &rights, ingress: false, signed: false, writes, own_passwords: true });
    insta::assert_snapshot!(rating.advice.join("\n"), @r"
    don't run on the host network: publish the `ports` that it needs
    create an AppArmor profile: `apparmor.txt` beside the manifest
    map folders read only if you don't need write access: it may write to share, ssl
    if you need any API access, don't grant permissions that aren't needed: the least role that does it, not `manager`
    sign the manifest with minisign
    use Home Assistant's user backend (`auth_api`) instead of login data in plain text in the options
    ");
    let (rights, ..) = subject("profile auth_api");
    let rating =
        rate(&RatedAddon { rights: &rights, ingress: true, signed: true, writes: vec![], own_passwords: true });
    assert!(rating.advice.is_empty(), "{:?}", rating.advice);
}
