//! What an admission is asked, as far as it is not about who asks.

use http::Method;
use http::header::HeaderValue;

use super::protect::RequestIntent;
use crate::conditions::Environment;
use crate::config::{Addon, StepUp};
use crate::connection::EntryPoint;
use crate::http::{Certified, ClientAddr, Provenance};
use crate::refusal::Reason;

/// What is asked, as far as it is not about who asks.
pub(super) struct Question<'a> {
    pub(super) addon: &'a Addon,
    pub(super) entry_point: EntryPoint,
    pub(super) method: &'a Method,
    pub(super) websocket: bool,
    pub(super) client: ClientAddr,
    pub(super) environment: &'a Environment,
    pub(super) provenance: Provenance,
    /// The only origin that the request names.
    pub(super) origin: Option<&'a HeaderValue>,
    /// Whether the request bears a token beside what it was found to be signed in with; or why nobody can say.
    pub(super) bears_token: Result<bool, Reason>,
    /// For whom the client certificate of the connection stands, where it does for anybody.
    pub(super) certified: Option<&'a Certified>,
    pub(super) wish: Wish<'a>,
}

/// What is wanted of the add-on.
pub(super) enum Wish<'a> {
    /// This, by the rules for its path; or what cannot be wanted.
    Path(Result<&'a RequestIntent, Reason>),
    /// To come in at all, with this proved: every request after that is admitted by itself.
    Entrance(StepUp),
}
