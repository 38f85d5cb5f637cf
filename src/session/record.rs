//! What is known of a session, and how it stands in the file.
//!
//! Turns a [`Record`] into the bytes of an entry and back. An entry is one JSON object that names its version. Version
//! 1 has exactly the fields below: an entry of a newer version, or with a field that this version does not know, may
//! hold a restriction that we would not keep, so it is never trusted. It is not thrown away either: a newer vestibule
//! may have written it, and gets it back.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::rotation::Rotation;
use super::token::SessionDigest;
use super::user_agent::UserAgent;
use crate::clock::Timestamp;
use crate::connection::EntryPoint;
use crate::ids::AddonSlug;
use crate::ids::UserId;

/// What the maker of a session says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The user who signed in.
    pub user: UserId,
    /// How it was made.
    pub made_by: MadeBy,
    /// The client's address at sign-in; none when it was made on the command line.
    pub address: Option<IpAddr>,
    /// The browser's own words at sign-in.
    pub user_agent: UserAgent,
    /// The one add-on that it is good for; none is all of them (S-79).
    pub addon: Option<AddonSlug>,
    /// The session that it was made from, if any.
    pub parent: Option<SessionDigest>,
    /// The id of the refresh token of Home Assistant that it goes with, if any.
    pub refresh_token: Option<String>,
    /// [`crate::identity::User::password_digest`] at sign-in: another one ends the session.
    pub password_digest: Option<[u8; 32]>,
    /// When its user signed in, where that was not when it was made: a session that was made from another one is as old
    /// as the sign-in of that one.
    pub authenticated: Option<Timestamp>,
    /// When they last showed a second factor with that.
    pub second_factor: Option<Timestamp>,
    /// The SHA-256 of the client certificate with which it was made, and without which it does not count.
    pub certificate: Option<[u8; 32]>,
    /// Whether the browser is to keep it when it closes, with limits of its own.
    pub remembered: bool,
}

impl NewSession {
    /// A session of this user with nothing else known.
    pub fn new(user: UserId, made_by: MadeBy) -> Self {
        Self {
            user,
            made_by,
            address: None,
            user_agent: UserAgent::default(),
            addon: None,
            parent: None,
            refresh_token: None,
            password_digest: None,
            authenticated: None,
            second_factor: None,
            certificate: None,
            remembered: false,
        }
    }
}

/// How a session was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeBy {
    /// With user name and password on the sign-in page.
    Password,
    /// On Home Assistant's own page.
    HomeAssistant,
    /// By the operator, with `vestibule sessions new`.
    CommandLine,
    /// From another session, for an add-on on a host of its own.
    // What is stored keeps the name that older versions wrote.
    #[serde(rename = "hand_over")]
    CrossHostTicket,
    /// With a client certificate alone.
    Certificate,
    /// By Home Assistant, for one of its users, with the Supervisor's call for that.
    Ingress,
    /// With Home Assistant's own token, at its front: for the add-ons in its pages.
    Front,
}

impl MadeBy {
    /// As it stands in lists, logs and the file.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::HomeAssistant => "home_assistant",
            Self::CommandLine => "command_line",
            Self::CrossHostTicket => "hand_over",
            Self::Certificate => "certificate",
            Self::Ingress => "ingress",
            Self::Front => "front",
        }
    }

    /// The one entry point that such a session opens.
    pub const fn entry_point(self) -> EntryPoint {
        match self {
            Self::Password
            | Self::HomeAssistant
            | Self::CommandLine
            | Self::CrossHostTicket
            | Self::Certificate
            | Self::Front => EntryPoint::Browsers,
            Self::Ingress => EntryPoint::HomeAssistant,
        }
    }
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) about: NewSession,
    pub(super) created: Timestamp,
    pub(super) last_seen: Timestamp,
    /// The second secrets, where it is remembered.
    pub(super) rotation: Option<Rotation>,
}

/// An entry that this version does not understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Whose session it is, as far as can be told: it goes with all others of that user.
    pub(super) user: Option<UserId>,
}

impl Record {
    pub(super) fn encode(&self) -> Vec<u8> {
        let about = &self.about;
        let entry = Version1 {
            v: 1,
            user: about.user.to_string(),
            made_by: about.made_by,
            created: self.created.as_millis(),
            last_seen: self.last_seen.as_millis(),
            address: about.address,
            user_agent: about.user_agent.to_string(),
            addon: about.addon.as_ref().map(ToString::to_string),
            parent: about.parent.map(SessionDigest::hex),
            refresh_token: about.refresh_token.clone(),
            password_digest: about.password_digest.map(|digest| SessionDigest(digest).hex()),
            authenticated: about.authenticated.map(Timestamp::as_millis),
            second_factor: about.second_factor.map(Timestamp::as_millis),
            certificate: about.certificate.map(|digest| SessionDigest(digest).hex()),
            remembered: self.rotation.as_ref().map(StoredRotation::of),
        };
        serde_json::to_vec(&entry).expect("an object of texts and numbers has a JSON form")
    }

    /// Reads an entry. Whatever is missing, unknown or out of shape makes it [`Foreign`].
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Foreign> {
        Self::understand(bytes).ok_or_else(|| {
            // As much as can be read of any version: revoking a user must find entries of a newer vestibule as well.
            let owner = serde_json::from_slice::<Owner>(bytes).ok();
            Foreign { user: owner.and_then(|owner| owner.user.parse().ok()) }
        })
    }

    fn understand(bytes: &[u8]) -> Option<Self> {
        let entry: Version1 = serde_json::from_slice(bytes).ok().filter(|entry: &Version1| entry.v == 1)?;
        let rotation = optional(entry.remembered, StoredRotation::read)?;
        let about = NewSession {
            user: entry.user.parse().ok()?,
            made_by: entry.made_by,
            address: entry.address,
            // Cleaned once more: whoever can write to a store must not play tricks with a list either.
            user_agent: UserAgent::from_header(entry.user_agent.as_bytes()),
            addon: optional(entry.addon, |slug| slug.parse().ok())?,
            parent: optional(entry.parent, |text| SessionDigest::from_hex(&text))?,
            refresh_token: entry.refresh_token,
            password_digest: optional(entry.password_digest, |text| {
                SessionDigest::from_hex(&text).map(|digest| digest.0)
            })?,
            authenticated: entry.authenticated.map(Timestamp::from_millis),
            remembered: rotation.is_some(),
            second_factor: entry.second_factor.map(Timestamp::from_millis),
            certificate: optional(entry.certificate, |text| SessionDigest::from_hex(&text).map(|digest| digest.0))?,
        };
        let (created, last_seen) = (Timestamp::from_millis(entry.created), Timestamp::from_millis(entry.last_seen));
        Some(Self { about, created, last_seen, rotation })
    }
}

/// `Some(None)` when there is nothing to read, `None` when there is and it cannot be read: a binding that cannot be
/// read must not become no binding.
#[expect(clippy::option_option, reason = "absent and unreadable are two different things")]
fn optional<A, B>(value: Option<A>, read: impl FnOnce(A) -> Option<B>) -> Option<Option<B>> {
    value.map_or(Some(None), |value| read(value).map(Some))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version1 {
    v: u32,
    user: String,
    made_by: MadeBy,
    created: u64,
    last_seen: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    user_agent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    addon: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_digest: Option<String>,
    /// Missing where it is `created`, so that an older version understands all sessions for which it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authenticated: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_factor: Option<u64>,
    /// An older version does not understand it, and so trusts no session that counts with a certificate alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// Missing where the session is not remembered, for the same reason. The last field: scripts of a shared store find
    /// its revision by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered: Option<StoredRotation>,
}

/// [`Rotation`], digests in hexadecimal digits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRotation {
    current: String,
    since: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    offered: Vec<String>,
    offered_at: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<String>,
    revision: u64,
}

impl StoredRotation {
    fn of(rotation: &Rotation) -> Self {
        let hex = |digests: &[SessionDigest]| digests.iter().map(|digest| digest.hex()).collect();
        Self {
            current: rotation.current.hex(),
            since: rotation.since.as_millis(),
            offered: hex(&rotation.offered),
            offered_at: rotation.offered_at.as_millis(),
            replaced: hex(&rotation.replaced),
            revision: rotation.revision,
        }
    }

    fn read(self) -> Option<Rotation> {
        let digests =
            |texts: &[String]| -> Option<Vec<_>> { texts.iter().map(|text| SessionDigest::from_hex(text)).collect() };
        Some(Rotation {
            current: SessionDigest::from_hex(&self.current)?,
            since: Timestamp::from_millis(self.since),
            offered: digests(&self.offered)?,
            offered_at: Timestamp::from_millis(self.offered_at),
            replaced: digests(&self.replaced)?,
            revision: self.revision,
        })
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Owner {
    user: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Record {
        let about = NewSession {
            user: "3f6a".parse().unwrap(),
            made_by: MadeBy::Password,
            address: Some("2001:db8::7".parse().unwrap()),
            user_agent: UserAgent::from_header(b"Mozilla/5.0 \"quoted\""),
            addon: Some("node-red".parse().unwrap()),
            parent: Some(SessionDigest([0xa5; 32])),
            refresh_token: Some("0a1b".to_owned()),
            password_digest: Some([0x1f; 32]),
            authenticated: Some(Timestamp::from_millis(3)),
            second_factor: Some(Timestamp::from_millis(8)),
            certificate: Some([0x2e; 32]),
            remembered: true,
        };
        let digest = |number| SessionDigest([number; 32]);
        let rotation = Rotation::new(digest(0xb1), Timestamp::from_millis(1));
        let rotation = rotation
            .offering(digest(0xb2), Timestamp::from_millis(5))
            .replaced_by(digest(0xb2), Timestamp::from_millis(6));
        let rotation = Some(rotation.offering(digest(0xb3), Timestamp::from_millis(7)));
        Record { about, created: Timestamp::from_millis(1), last_seen: Timestamp::from_millis(u64::MAX), rotation }
    }

    fn changed(from: &str, to: &str) -> Result<Record, Foreign> {
        let text = String::from_utf8(full().encode()).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        Record::decode(text.replace(from, to).as_bytes())
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        assert_eq!(Record::decode(&full().encode()), Ok(full()));
        let bare = NewSession::new("u".parse().unwrap(), MadeBy::CommandLine);
        let bare =
            Record { about: bare, created: Timestamp::default(), last_seen: Timestamp::default(), rotation: None };
        let text = String::from_utf8(bare.encode()).unwrap();
        assert!(!text.contains("authenticated") && !text.contains("remembered"), "older versions would not read it");
        assert_eq!(Record::decode(&bare.encode()), Ok(bare));
    }

    /// The scripts of a shared store look for it there.
    #[test]
    fn a_remembered_session_ends_with_its_revision() {
        assert!(String::from_utf8(full().encode()).unwrap().ends_with("\"revision\":4}}"));
    }

    #[test]
    fn how_a_session_was_made_is_stored_under_the_names_that_older_versions_wrote() {
        let stored = [
            (MadeBy::Password, "password"),
            (MadeBy::HomeAssistant, "home_assistant"),
            (MadeBy::CommandLine, "command_line"),
            (MadeBy::CrossHostTicket, "hand_over"),
            (MadeBy::Ingress, "ingress"),
        ];
        for (made_by, name) in stored {
            let about = NewSession { made_by, ..full().about };
            let entry = String::from_utf8(Record { about, ..full() }.encode()).unwrap();
            assert!(entry.contains(&format!("\"made_by\":\"{name}\"")), "{name} is not in {entry}");
            assert_eq!(made_by.label(), name);
            let read = changed("\"made_by\":\"password\"", &format!("\"made_by\":\"{name}\""));
            assert_eq!(read.map(|record| record.about.made_by), Ok(made_by));
        }
    }

    #[test]
    fn an_entry_of_a_newer_version_is_not_trusted_but_its_owner_is_known() {
        let owner = Some("3f6a".parse().unwrap());
        assert_eq!(changed("\"v\":1", "\"v\":2"), Err(Foreign { user: owner.clone() }));
        assert_eq!(changed("\"v\":1", "\"v\":1,\"read_only\":true"), Err(Foreign { user: owner }));
    }

    #[test]
    fn what_cannot_be_read_never_becomes_a_session_with_less_restrictions() {
        assert!(changed("\"node-red\"", "\"Node Red\"").is_err(), "a slug out of shape");
        assert!(changed(&"1f".repeat(32), &"1f".repeat(31)).is_err(), "a digest that is too short");
        assert!(changed(&"1f".repeat(32), &"1f".repeat(33)).is_err(), "a digest that is too long");
        assert!(changed("\"password\"", "\"magic\"").is_err(), "an unknown way of making");
        for secret in ["b1", "b2", "b3"] {
            assert!(changed(&secret.repeat(32), &secret.repeat(31)).is_err(), "a secret that is too short");
        }
        assert!(changed("\"revision\":4", "\"revision\":4,\"strict\":true").is_err(), "an unknown field");
        assert!(changed("\"created\":1", "\"created\":-1").is_err(), "a time before the epoch");
        assert!(changed("\"created\":1", "\"created\":1e400").is_err(), "a time that is no number");
        assert!(changed("\"authenticated\":3", "\"authenticated\":\"3\"").is_err(), "a time that is a text");
        assert!(changed("\"second_factor\":8", "\"second_factor\":\"yes\"").is_err(), "nor is this one");
        assert!(
            changed("\"certificate\":\"2e", "\"certificate\":\"xx").is_err(),
            "it would count without a certificate"
        );
        assert_eq!(changed("\"user\":\"3f6a\"", "\"user\":\"\""), Err(Foreign { user: None }));
        for bytes in [&b""[..], b"\0\0\0", b"{}", b"[]", b"{\"v\":1}", b"\xff\xfe"] {
            assert_eq!(Record::decode(bytes), Err(Foreign { user: None }));
        }
    }
}
