//! The wire, and no policy: what a request says, in one reading that all parsers share.
//!
//! In comes a [`Secured`](crate::tls::Secured) connection, or one of Home Assistant's, out come [`Sanitized`] requests: one
//! valid target, one authority, hop-by-hop and reserved names taken out, our cookie taken out and kept aside. Nothing here
//! decides whether somebody may do something, and nothing here ever rewrites a path.

mod authority;
mod body;
mod client_addr;
mod cookies;
mod felt;
mod forwarded;
mod frames;
mod held;
mod hop_by_hop;
mod line;
mod line_ends;
mod method;
mod origin;
mod own_cookies;
mod path;
mod pulse;
mod request_id;
mod reserved;
mod sanitize;
mod scheme;
mod serve;
mod short_body;
mod trailers;
mod unread;
mod upgrade;
mod via;

pub use authority::Authority;
pub use body::{BodyError, Gauge, RequestBody};
pub use client_addr::{BadForwarded, ClientAddr};
pub use cookies::Presented;
pub(crate) use cookies::sets as sets_cookie;
pub use forwarded::VERIFY;
pub use held::ClientBody;
pub(crate) use hop_by_hop::remove_all as remove_hop_by_hop;
pub use line::Line;
pub use method::{ALLOW, is_known as is_known_method, is_safe};
pub use origin::{Names, Origin, Provenance, Site};
pub use own_cookies::{HOME_ASSISTANTS_COOKIE, OwnCookies};
pub use path::{PathFault, judge as judge_path};
pub use pulse::Serving;
pub use request_id::RequestId;
pub use reserved::Reserved;
pub use sanitize::{Parts, Rules, Sanitized, strip};
pub use scheme::Scheme;
pub use serve::{Arrived, Ended, serve, serve_home_assistant};
pub(crate) use short_body::read as read_short_body;
pub use trailers::TrailerSieve;
pub use upgrade::{BadHandshake, Handshake};
pub use via::{Door, Via};
