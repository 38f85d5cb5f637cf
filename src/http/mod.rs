//! The wire, and no policy: what a request says, in one reading that all parsers share.
//!
//! Requests of browsers and of Home Assistant become [`Sanitized`] ones: one valid target, one authority, hop-by-hop
//! and reserved names taken out, our cookie taken out and kept aside. Nothing here decides what a user may do, and
//! nothing here ever rewrites a path.

mod accept_encoding;
mod authority;
mod body;
mod clear_request;
mod client_addr;
mod cookies;
pub mod fields;
mod field_lines;
mod forwarded;
mod buffered_body;
mod certified;
mod hop_by_hop;
mod origin;
mod own_cookies;
mod min_rate;
mod path;
#[cfg(test)]
#[path = "../../tests/support/path_spellings.rs"]
#[allow(dead_code, reason = "the integration tests have their own part of it")]
mod path_spellings;
mod readings;
mod request_id;
mod request_line;
mod request_source;
mod reserved;
mod sanitize;
mod scheme;
mod short_body;
mod spelling;
mod trailers;
mod upgrade;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub(crate) use accept_encoding::{Coding, wanted as wanted_coding};
pub use authority::Authority;
pub use body::{BodyError, BodyProgress, RequestBody};
pub use buffered_body::BufferLimits;
pub use certified::Certified;
pub use clear_request::ClearRequest;
pub use client_addr::{BadForwarded, ClientAddr};
pub use cookies::Presented;
pub(crate) use cookies::sets as sets_cookie;
pub use field_lines::{FieldLines, one_line};
pub use forwarded::VERIFY;
pub(crate) use hop_by_hop::nominated;
pub use min_rate::{MinRate, Rate, RateMeter};
pub use origin::{Names, Origin, Provenance, Site};
pub use own_cookies::{HOME_ASSISTANTS_COOKIE, OwnCookies};
pub use path::{PathFault, judge as judge_path};
pub use readings::Readings;
pub use request_id::RequestId;
pub use request_source::RequestSource;
pub use reserved::Reserved;
pub use sanitize::{Parts, Rules, Sanitized, strip};
pub use scheme::Scheme;
pub(crate) use short_body::read as read_short_body;
pub use spelling::{decode, is_same_look};
pub use trailers::TrailerFilter;
pub use upgrade::{BadHandshake, Handshake};
