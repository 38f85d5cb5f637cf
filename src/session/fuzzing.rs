//! Fuzz targets: what stands in a store, and tokens.

use super::record::{MadeBy, Record};
#[cfg(feature = "redis-store")]
pub(crate) use super::shared::fuzzing::redis_entries;
use super::token::SessionToken;
use crate::connection::EntryPoint;

/// What is read and written again is the same session, with every restriction that it had; a token is written as it was
/// read.
pub(crate) fn session_records(bytes: &[u8]) {
    if let Some(token) = SessionToken::parse(bytes) {
        assert_eq!(token.encode().as_bytes(), bytes, "one session has two cookies");
    }
    let Ok(record) = Record::decode(bytes) else { return };
    let written = record.encode();
    assert_eq!(Record::decode(&written).as_ref(), Ok(&record), "{}", String::from_utf8_lossy(&written));
    let said: serde_json::Value = serde_json::from_slice(bytes).expect("a record is JSON");
    for (field, is_kept) in [
        ("addon", record.about.addon.is_some()),
        ("parent", record.about.parent.is_some()),
        ("password_digest", record.about.password_digest.is_some()),
        ("certificate", record.about.certificate.is_some()),
        ("remembered", record.rotation.is_some()),
    ] {
        let is_said = said.get(field).is_some_and(|value| !value.is_null());
        assert_eq!(is_kept, is_said, "`{field}` was lost or made up");
    }
    let for_home_assistant = record.about.made_by.entry_point() == EntryPoint::HomeAssistant;
    assert_eq!(for_home_assistant, record.about.made_by == MadeBy::Ingress);
}
