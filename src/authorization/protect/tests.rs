//! Judgements of whole rules: what `segments`, `matching`, `query` and `json` prove piece by piece, together.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::authorization::Decision;
use crate::authorization::proof::{Proof, SupposedProof};
use crate::clock::Clock;
use crate::conditions::{Circumstances, Environment};
use crate::config::{AccessKey, EntityTemplate, PathPattern, StepUp};
use crate::http::ClientAddr;
use crate::identity::User;
use crate::permission::{Registry, Rights, UserPermissions};
use crate::refusal::Reason;
use crate::session::CredentialKind;

fn rule(path: &str, asks: Vec<ProtectAsk>) -> ProtectRule {
    ProtectRule { methods: Vec::new(), websocket: None, path: path.parse().unwrap(), allow_ambiguous_path: false, asks }
}

fn template(path: &str, template: &str) -> ProtectRule {
    let pattern: PathPattern = path.parse().unwrap();
    let from = EntitySource::Path(EntityTemplate::parse(template, &pattern).unwrap());
    rule(path, vec![ProtectAsk::Entities { from, access: AccessKey::Control }])
}

fn protection(default: Unlisted, rules: Vec<ProtectRule>) -> Protection {
    Protection::new(&Protect::new(default, rules))
}

fn una(groups: &[&str]) -> User {
    User {
        id: "u1".parse().unwrap(),
        name: None,
        usernames: Vec::new(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        configured_groups: Vec::new(),
        conditional_groups: <_>::default(),
        group_names: Vec::new(),
        is_owner: false,
        is_active: true,
        system_generated: false,
        local_only: false,
        has_mfa: false,
        password_digest: None,
    }
}

/// What una, who may control lights and nothing else, is told.
fn decide(rules: &Protection, method: &str, path: &str) -> Decision {
    let policy = json!({"entities": {"domains": {"light": {"control": true}}}});
    let (may, registry) = (UserPermissions::compile([&policy]), Registry::default());
    let user = una(&[]);
    let environment = Environment::new(Clock::default());
    let circumstances = Circumstances::new(ClientAddr::direct("127.0.0.1".parse().unwrap()), &environment);
    let rights = Rights::new(&may, Some(&registry));
    let proof = Proof::supposed(CredentialKind::Session, SupposedProof::default());
    let user_rights = UserRights { user: &user, rights, circumstances: &circumstances, proof };
    let method: Method = method.parse().unwrap();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    rules
        .judge(
            &View {
                method: &method,
                path,
                query,
                websocket: false,
                depth: Depth::of(&method, &http::HeaderMap::new()),
                implied: &[],
                kind: BodyKind::None,
                cookies: None,
            },
            None,
            &user_rights,
        )
        .decision()
}

#[test]
fn all_rules_that_match_must_permit() {
    let rules = protection(
        Unlisted::Permit,
        vec![template("/{domain}/{name}", "{domain}.{name}"), rule("/light/admin", vec![ProtectAsk::Admin])],
    );
    assert_eq!(decide(&rules, "GET", "/light/a"), Decision::Permit);
    assert_eq!(decide(&rules, "GET", "/lock/a"), Decision::Deny(Reason::EntityDenied));
    assert_eq!(decide(&rules, "GET", "/light/admin"), Decision::Deny(Reason::PathNeedsAdmin));
    assert_eq!(decide(&rules, "GET", "/Light/a"), Decision::Deny(Reason::EntityMalformed));
    assert_eq!(decide(&rules, "GET", "/light"), Decision::Permit);
}

#[test]
fn a_rule_in_another_case_holds_and_opens_nothing() {
    let rules = protection(Unlisted::Deny, vec![rule("/open", Vec::new()), rule("/admin", vec![ProtectAsk::Admin])]);
    assert_eq!(decide(&rules, "GET", "/open"), Decision::Permit);
    assert_eq!(decide(&rules, "GET", "/OPEN"), Decision::Deny(Reason::PathNotOpen));
    assert_eq!(decide(&rules, "GET", "/ADMIN"), Decision::Deny(Reason::PathNeedsAdmin));
}

#[test]
fn nobody_signs_in_again_for_what_they_may_not_do() {
    let fresh = || ProtectAsk::StepUp(StepUp { fresh: Some(std::time::Duration::from_mins(1)), second_factor: false });
    let listed = vec![rule("/x", vec![fresh()]), rule("/a/{*rest}", vec![fresh(), ProtectAsk::Admin])];
    let closed = protection(Unlisted::Deny, listed.clone());
    assert_eq!(decide(&closed, "GET", "/x"), Decision::Deny(Reason::NotFresh));
    assert_eq!(decide(&closed, "GET", "/X"), Decision::Deny(Reason::PathNotOpen));
    assert_eq!(decide(&closed, "GET", "/a/b"), Decision::Deny(Reason::PathNeedsAdmin));
    let open = protection(Unlisted::Permit, listed);
    for path in ["/x", "/X", "/x/", "/%78"] {
        assert_ne!(decide(&open, "GET", path), Decision::Permit, "{path}");
    }
    assert_eq!(decide(&open, "DELETE", "/"), Decision::Deny(Reason::PathNeedsAdmin), "it acts on all of the tree");
    let one = protection(Unlisted::Permit, vec![rule("/x/y", vec![fresh()])]);
    assert_eq!(decide(&one, "DELETE", "/x"), Decision::Deny(Reason::NotFresh));
}

#[test]
fn methods_and_websockets_choose_rules() {
    let only = |methods: &[&str], websocket| {
        let methods = methods.iter().map(|method| method.parse().unwrap()).collect();
        let rule = ProtectRule { methods, websocket, ..rule("/x", vec![ProtectAsk::Owner]) };
        protection(Unlisted::Permit, vec![rule])
    };
    let refused = Decision::Deny(Reason::PathNeedsOwner);
    assert_eq!(decide(&only(&["GET"], None), "HEAD", "/x"), refused);
    assert_eq!(decide(&only(&["GET"], None), "POST", "/x"), Decision::Permit);
    assert_eq!(decide(&only(&["POST"], None), "POST", "/x"), refused);
    assert_eq!(decide(&only(&[], Some(true)), "GET", "/x"), Decision::Permit);
    assert_eq!(decide(&only(&[], Some(false)), "GET", "/x"), refused);
}

/// Texts that mean something somewhere, as pieces of paths.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "A",
        "admin",
        "ADMIN",
        "/",
        "//",
        "%2f",
        "%5C",
        "\\",
        ";",
        "%3b",
        "%61",
        "%2561",
        "%c3%a9",
        "%ff",
        "x",
        "_",
        "?",
        "%3f",
        "admin/",
        "/admin",
        "%41dmin",
        "\u{ff41}dmin",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("/{}", pieces.concat()))
}

/// What lenient servers make of a path: decoded until nothing is left, either slash a separator, parameters and empty
/// segments gone, lower case. Written from the text of S-24 to S-37, and not from the code.
fn as_served(path: &str) -> Vec<String> {
    let mut text = path.split(['?', '#']).next().unwrap().as_bytes().to_vec();
    loop {
        let again = percent(&text);
        if again == text {
            break;
        }
        text = again;
    }
    let text = String::from_utf8_lossy(&text).replace('\\', "/").to_lowercase();
    let text = text.split(['?', '#']).next().unwrap().to_owned();
    let cut = |segment: &str| segment.split(';').next().unwrap().to_owned();
    text.split('/').map(cut).filter(|segment| !segment.is_empty()).collect()
}

fn percent(text: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match hex.filter(|_| text[at] == b'%') {
            Some(byte) => (out.push(byte), at += 3),
            None => (out.push(text[at]), at += 1),
        };
    }
    out
}

proptest! {
    #[test]
    fn whatever_a_server_could_serve_as_the_protected_path_is_never_permitted(path in pieces()) {
        let rules = protection(Unlisted::Permit, vec![rule("/admin/{*rest}", vec![ProtectAsk::Admin])]);
        let served = as_served(&path);
        if served.first().is_some_and(|first| first == "admin") {
            prop_assert_ne!(decide(&rules, "GET", &path), Decision::Permit, "{} is served as {:?}", path, served);
        }
    }

    #[test]
    fn the_order_of_rules_means_nothing(path in pieces(), order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let all = [
            rule("/{*rest}", Vec::new()),
            rule("/admin/{*rest}", vec![ProtectAsk::Admin]),
            template("/{x}", "light.{x}"),
            rule("/a", vec![ProtectAsk::Owner]),
        ];
        for default in [Unlisted::Permit, Unlisted::Deny] {
            let shuffled = order.iter().map(|place| all[*place].clone()).collect();
            let (one, other) = (protection(default, all.to_vec()), protection(default, shuffled));
            prop_assert_eq!(decide(&one, "GET", &path), decide(&other, "GET", &path));
        }
    }

    #[test]
    fn other_rules_beside_them_change_nothing(path in pieces(), method in prop_oneof!["GET", "DELETE", "PROPFIND", "COPY"]) {
        let few = vec![
            rule("/{*rest}", Vec::new()),
            rule("/admin/{*rest}", vec![ProtectAsk::Admin]),
            template("/{x}", "light.{x}"),
            rule("/a", vec![ProtectAsk::Owner]),
            rule("/admin/caf\u{e9}", vec![ProtectAsk::Owner]),
        ];
        // So many that they are looked for by how they begin.
        let others = (0..FEW).map(|number| rule(&format!("/other{number}/x"), vec![ProtectAsk::Owner]));
        let many = few.iter().cloned().chain(others).collect();
        for default in [Unlisted::Permit, Unlisted::Deny] {
            let (few, many) = (protection(default, few.clone()), protection(default, Vec::clone(&many)));
            // A tree that has the others in it is another matter.
            if path != "/" || method == "GET" {
                prop_assert_eq!(decide(&few, &method, &path), decide(&many, &method, &path), "{} {}", method, path);
            }
        }
    }
}
