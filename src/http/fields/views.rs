//! The table, asked by name.

use std::sync::LazyLock;

use super::field::{Effect, Fate, Field, Property};
use super::names::{Names, squashed};
use super::{answers, requests};

/// Where a browser sees an add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldLocation {
    /// Under a prefix, be it the root: its origin is that of other add-ons, and ours.
    SharedOrigin,
    /// On a host of its own.
    OwnHost,
}

/// The whole table. A name is in it once.
pub fn all() -> impl Iterator<Item = &'static Field> {
    TABLE.into_iter().flatten()
}

/// The names and families that only we may say to an add-on.
pub(crate) fn reserved<'a>() -> impl Iterator<Item = &'a str> {
    all().filter(|field| field.is(Property::Reserved)).map(|field| field.name)
}

/// Whether this name is for one hop whatever `Connection` says.
pub(crate) fn is_for_one_hop(name: &str) -> bool {
    HOP_BY_HOP.contains(name)
}

/// Whether this name is taken out of every request besides the reserved ones: it is for one hop, or it frames. Another
/// spelling, such as `Transfer_Encoding`, would be the real one to an add-on that folds names (S-48, S-49).
pub(crate) fn is_taken_from_requests(name: &str) -> bool {
    TAKEN.contains(name)
}

/// Whether the table has this name: what it has is nothing for trailers (S-11).
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.contains(name)
}

/// What becomes of a header of an answer.
pub(crate) fn fate(name: &str, place: FieldLocation) -> Fate {
    let Some(effect) = EFFECTS.get(name) else { return Fate::Passes };
    match place {
        FieldLocation::SharedOrigin => effect.under_prefix,
        FieldLocation::OwnHost => effect.on_own_host,
    }
}

/// Whether messages are made of this name: hop-by-hop and framing ones, cookies, and those of WebSocket's handshake.
pub(crate) fn is_of_the_message(name: &str) -> bool {
    KNOWN.get(name).is_some_and(|field| makes_messages(field))
}

/// Whether we write this name into every request.
pub(crate) fn is_ours(name: &str) -> bool {
    KNOWN.get(name).is_some_and(|field| field.is(Property::Ours))
}

/// Whether a name or pattern (`x-*`) that is to be reserved would strip what messages are made of.
pub(crate) fn strips_the_message(pattern: &str) -> bool {
    let (name, family) = pattern.strip_suffix('*').map_or((pattern, false), |name| (name, true));
    let wanted = squashed(name);
    all()
        .filter(|field| makes_messages(field))
        .any(|field| if family { field.name.starts_with(&wanted) } else { field.name == wanted })
}

/// What can be said of a reserved name that an add-on wants to have from browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It may pass where the operator says so.
    Open,
    /// It says who asks, or belongs to proxies alone.
    Identity,
    /// It is not reserved.
    Unneeded,
}

/// Whether an add-on may have this name from browsers although it is reserved: some UIs have an `X-Auth-Token` of their
/// own. A name that says who somebody is may not, and neither may one that no family in the table leaves open.
pub(crate) fn passage(name: &str) -> Passage {
    if !RESERVED.contains(name) {
        return Passage::Unneeded;
    }
    let family = RESERVED.get(name).filter(|field| field.is(Property::MayPass));
    let start = family.map(|field| field.name.trim_end_matches(['*', '-']));
    let Some(rest) = start.and_then(|start| name.strip_prefix(start)?.strip_prefix('-')) else {
        return Passage::Identity;
    };
    let says_who = |word: &str| SAYS_WHO.contains(&word) || SAYS_WHO_WITHIN.iter().any(|part| word.contains(part));
    // One spelling passes (S-186): an add-on would fold any other into a name that nobody has let through.
    let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let words = || rest.split('-').filter(|word| !word.is_empty());
    if plain && words().next().is_some() && !words().any(says_who) { Passage::Open } else { Passage::Identity }
}

/// What is known of this name, however it is spelled.
pub(super) fn known(name: &str) -> Option<&'static Field> {
    KNOWN.get(name).copied()
}

pub(super) fn makes_messages(field: &Field) -> bool {
    [Property::HopByHop, Property::Framing, Property::Message].into_iter().any(|property| field.is(property))
}

const TABLE: [&[Field]; 7] = [
    requests::OF_THE_MESSAGE,
    requests::FOR_HEADS,
    requests::ONLY_OURS,
    answers::NOWHERE,
    answers::ORIGIN,
    answers::CONFINED,
    answers::OWN,
];

/// Words of a name that says who somebody is, or how they were known.
const SAYS_WHO: [&str; 12] = ["dn", "for", "id", "ip", "oid", "sid", "sub", "tid", "uid", "upn", "uri", "url"];

/// The same within a longer word.
const SAYS_WHO_WITHIN: [&str; 27] = [
    "account",
    "addr",
    "admin",
    "cert",
    "claim",
    "email",
    "forward",
    "group",
    "host",
    "ident",
    "issuer",
    "login",
    "mail",
    "member",
    "name",
    "owner",
    "person",
    "principal",
    "real",
    "remote",
    "request",
    "role",
    "scope",
    "subject",
    "user",
    "valid",
    "verif",
];

static KNOWN: LazyLock<Names<&'static Field>> = LazyLock::new(|| those(|_| true));
static RESERVED: LazyLock<Names<&'static Field>> = LazyLock::new(|| those(|field| field.is(Property::Reserved)));
static HOP_BY_HOP: LazyLock<Names<&'static Field>> = LazyLock::new(|| those(|field| field.is(Property::HopByHop)));
static TAKEN: LazyLock<Names<&'static Field>> =
    LazyLock::new(|| those(|field| field.is(Property::HopByHop) || field.is(Property::Framing)));
static EFFECTS: LazyLock<Names<Effect>> =
    LazyLock::new(|| all().filter_map(|field| Some((field.name, field.effect?))).collect());

fn those(wanted: impl Fn(&Field) -> bool) -> Names<&'static Field> {
    all().filter(|field| wanted(field)).map(|field| (field.name, field)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_is_in_the_table_once_squashed_and_not_without_something_to_say() {
        let mut seen = BTreeSet::new();
        for field in all() {
            assert!(seen.insert(field.name), "{} is there twice", field.name);
            assert_eq!(squashed(field.name.trim_end_matches('*')), field.name.trim_end_matches('*'));
            assert!(!field.properties.is_empty() || field.effect.is_some(), "{}", field.name);
            assert!(!field.is(Property::MayPass) || field.is(Property::Reserved), "{}", field.name);
            let ours = field.is(Property::Ours);
            assert!(!ours || RESERVED.contains(field.name), "{} is set, and a client may say it", field.name);
        }
        assert!(seen.len() > 100, "{} rows", seen.len());
    }

    #[test]
    fn no_spelling_of_a_framing_header_passes() {
        for name in
            ["transfer_encoding", "content_length", "content.length", "keep~alive", "proxy_connection", "Host", "te"]
        {
            assert!(is_taken_from_requests(name), "{name}");
        }
        for name in ["x_other", "sec_ch_ua", "content_type", "hos_t", "hostess", "tea"] {
            assert!(!is_taken_from_requests(name), "{name}");
        }
        assert!(is_for_one_hop("Keep_Alive") && !is_for_one_hop("content-length"));
    }

    #[test]
    fn s181_a_family_that_browsers_keep_is_dropped_under_a_prefix_and_a_websocket_still_opens() {
        for (name, under_prefix, on_own_host) in [
            ("sec-something-new", Fate::Dropped, Fate::Passes),
            ("accept-ch", Fate::Dropped, Fate::Passes),
            ("sec-websocket-accept", Fate::Passes, Fate::Passes),
            ("x_accel_redirect", Fate::Dropped, Fate::Dropped),
            ("x-unheard-of", Fate::Passes, Fate::Passes),
            ("set-cookie", Fate::Confined, Fate::Confined),
        ] {
            assert_eq!(
                (fate(name, FieldLocation::SharedOrigin), fate(name, FieldLocation::OwnHost)),
                (under_prefix, on_own_host),
                "{name}"
            );
        }
    }

    #[test]
    fn s186_what_says_who_somebody_is_never_passes() {
        for name in ["x-auth-token", "x-auth-key", "x-user-agent", "x-client-version", "x-auth-2fa"] {
            assert_eq!(passage(name), Passage::Open, "{name}");
        }
        for name in [
            "x-auth-user",
            "x-auth-username",
            "x-auth-remote-user",
            "x-auth-email",
            "x-auth-request-token",
            "x-auth-id",
            "x-auth-",
            "x-auth--",
            "x-user",
            "x-userid",
            "x-user-id",
            "x-username",
            "x-users",
            "x-client-ip",
            "x-client-cert",
            "x-client-dn",
            "x-client-verify",
            "x_auth_token",
            "x-auth_token",
            "x-auth-to_ken",
            "x-remote-user-id",
            "x-forwarded-for",
            "remote-user",
            "x-ingress-path",
            "proxy",
        ] {
            assert_eq!(passage(name), Passage::Identity, "{name}");
        }
        assert_eq!(passage("x-api-key"), Passage::Unneeded);
    }
}
