//! The names of things: users, groups, add-ons, entities, hosts, prefixes, addresses and time zones, each with its
//! parser.
//!
//! They stand below everything else. A value of one of these types was read and judged once; nobody judges it again.

mod addon_slug;
mod entity_id;
mod host_name;
mod method;
mod path_prefix;
mod request_rate;
mod time_zone;
pub(crate) mod url;
mod user_id;

pub use addon_slug::{AddonSlug, BadSlug};
pub use entity_id::{BadEntityId, EntityId};
pub use host_name::{BadHostName, HostName};
pub use method::{KnownMethod, MethodReach};
pub use path_prefix::{BadPathPrefix, PathPrefix};
pub use request_rate::{BadRequestRate, RequestRate};
pub use time_zone::{BadMoment, BadTimeZone, OffsetSpan, TimeZone};
pub use url::{Address, BadUrl, HomeUrl, PublicUrl, Upstream, UpstreamHost, http_address};
pub use user_id::{BadUserId, GroupId, UserId};
