//! Fuzz targets: whether the path, the query and the body that are judged are those that servers read.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::json::BodyFacts;
use super::matching::Fit;
use super::reach::Depth;
use super::segments::Segments;
use super::{BodyKind, Protection, UserRights, View, query};
use crate::authorization::Decision;
use crate::authorization::proof::{Proof, SupposedProof};
use crate::clock::Clock;
use crate::conditions::{Circumstances, Environment};
use crate::config::{JsonPointer, Protect, ProtectAsk, ProtectRule, Unlisted};
use crate::http::{ClientAddr, judge_path};
use crate::identity::User;
use crate::ids::EntityId;
use crate::permission::{Registry, Rights, UserPermissions};
use crate::session::CredentialKind;

/// A path that a user who is no administrator may ask for is under no rule for administrators, whichever of the ways a
/// server reads it in that are known: decoded once or twice, slashes merged, cut at `;`, `\` for `/`, in lower case,
/// without what file systems drop.
pub(crate) fn protected_paths(bytes: &[u8]) {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    let legal = path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#'));
    if path.len() > LONGEST || !path.starts_with('/') || !legal || judge_path(path).is_err() {
        return;
    }
    if decide(path) != Decision::Permit {
        return;
    }
    for reading in readings(path) {
        let is_protected = GUARDED
            .iter()
            .any(|guarded| reading.strip_prefix(guarded).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        assert!(!is_protected, "{path} may be read as {reading}");
    }
}

const LONGEST: usize = 64;
const GUARDED: [&str; 2] = ["/admin", "/api/keys"];

/// What servers may make of a path, in up to three steps.
fn readings(path: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([path.to_owned()]);
    for _ in 0..3 {
        let more: Vec<String> = all.iter().flat_map(|path| STEPS.iter().map(move |step| step(path))).collect();
        all.extend(more);
    }
    all
}

const STEPS: [fn(&str) -> String; 7] = [
    |path| percent_decode_str(path).decode_utf8_lossy().into_owned(),
    |path| {
        let merged: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        format!("/{}", merged.join("/"))
    },
    |path| each_segment(path, |segment| segment.split(';').next().unwrap_or_default()),
    |path| path.replace('\\', "/"),
    str::to_ascii_lowercase,
    |path| each_segment(path, |segment| segment.trim_end_matches(['.', ' ', ':'])),
    |path| path.split(['?', '#']).next().unwrap_or_default().to_owned(),
];

fn each_segment(path: &str, change: impl Fn(&str) -> &str) -> String {
    path.split('/').map(change).collect::<Vec<_>>().join("/")
}

fn decide(path: &str) -> Decision {
    let (rights, registry) = (UserPermissions::compile([]), Registry::default());
    let environment = Environment::new(Clock::default());
    let circumstances = Circumstances::new(ClientAddr::direct([127, 0, 0, 1].into()), &environment);
    let user_rights = UserRights {
        user: &USER,
        rights: Rights::new(&rights, Some(&registry)),
        circumstances: &circumstances,
        proof: Proof::supposed(CredentialKind::Session, SupposedProof::default()),
    };
    let view = View {
        method: &Method::GET,
        path,
        query: None,
        websocket: false,
        depth: Depth::of(&Method::GET, &HeaderMap::new()),
        implied: &[],
        kind: BodyKind::None,
        cookies: None,
    };
    let evaluation = PROTECTION.judge(&view, None, &user_rights);
    // The index of many rules must find no fewer than a look at each of them.
    let matches = |rule: &ProtectRule| Fit::of(&rule.path, &Segments::of(path)).is_some();
    let decision = evaluation.decision();
    assert!(decision != Decision::Permit || !PROTECTION.rules.iter().take(GUARDED.len()).any(matches));
    decision
}

static USER: LazyLock<User> = LazyLock::new(|| User {
    id: "u1".parse().expect("a user's id"),
    name: None,
    usernames: Vec::new(),
    groups: Vec::new(),
    configured_groups: Vec::new(),
    conditional_groups: <_>::default(),
    group_names: Vec::new(),
    is_owner: false,
    is_active: true,
    system_generated: false,
    local_only: false,
    has_mfa: false,
    password_digest: None,
});

static PROTECTION: LazyLock<Protection> = LazyLock::new(|| {
    let rule = |path: &str, asks: Vec<ProtectAsk>| ProtectRule {
        methods: Vec::new(),
        websocket: None,
        path: path.parse().expect("a pattern"),
        allow_ambiguous_path: false,
        asks,
    };
    let guarded = GUARDED.iter().map(|path| rule(&format!("{path}/{{*rest}}"), vec![ProtectAsk::Admin]));
    // More rules than are all asked, so that the index is tried as well.
    let others = (0..20).map(|number| rule(&format!("/other{number}/{{name}}"), Vec::new()));
    Protection::new(&Protect::new(Unlisted::Permit, guarded.chain(others).collect()))
});

/// The first line is a pointer and the rest a body. The entities that are judged are those that stand there, for
/// readers that take the first of two keys, and for those that take the last.
pub(crate) fn json_pointers(bytes: &[u8]) {
    let mut halves = bytes.splitn(2, |byte| *byte == b'\n');
    let pointer = halves.next().and_then(|line| std::str::from_utf8(line).ok());
    let Some(Ok(pointer)) = pointer.map(str::parse::<JsonPointer>) else { return };
    assert_eq!(pointer.to_string().parse().as_ref(), Ok(&pointer));
    let body = halves.next().unwrap_or_default();
    let headers: HeaderMap = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
    let facts = BodyFacts::read(&headers, body, std::slice::from_ref(&pointer));
    let Ok(judged) = facts.at(&pointer) else { return };
    let judged: Vec<&str> = judged.iter().map(EntityId::as_str).collect();
    let last: Value = serde_json::from_slice(body).expect("what was judged is JSON");
    assert_eq!(texts(last.pointer(&pointer.to_string())), Some(judged));
}

fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// The entity that is judged is the one that a reader of forms finds under the name, in whatever case and with whatever
/// signs between its letters, and there is no second one.
pub(crate) fn queries(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(judged) = query::entity(Some(text), None, "entity_id") else { return };
    let letters = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let pairs = form_urlencoded::parse(bytes);
    let found: Vec<_> = pairs.filter(|(name, _)| letters(name).eq_ignore_ascii_case("entityid")).collect();
    let [(name, value)] = found.as_slice() else { return assert_eq!(found.len(), 1, "{text}") };
    assert_eq!((&**name, &**value), ("entity_id", judged.as_str()), "{text}");
}
