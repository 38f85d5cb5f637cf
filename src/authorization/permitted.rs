//! A request that may pass: the only thing that `upstream` sends.

use std::sync::Arc;

use super::access::{is_own_will, may_enter, may_open};
use super::cors::is_vouched_for;
use super::open::{Open, OpenExchanges};
use crate::http::is_safe;
use crate::identity::Identified;
use crate::refusal::Reason;

/// An identified request that was judged, with its place among the open exchanges.
#[derive(Debug)]
pub struct Permitted {
    identified: Identified,
    open: Open,
}

impl Permitted {
    /// The one way in: the user may come in from where they are, the request is their own will (which is
    /// asked of what browsers send by themselves), and they may open the add-on. The order is that of spec/permissions.md section 6.
    pub fn new(identified: Identified, exchanges: &Arc<OpenExchanges>) -> Result<Self, Reason> {
        let routed = identified.routed();
        let (request, addon) = (routed.request(), routed.route().addon());
        let user = identified.user();
        may_enter(user, request.client()).into_result()?;
        if identified.credential().is_ambient() && !is_vouched_for(routed) {
            let websocket = request.handshake().is_some();
            is_own_will(request.provenance(), is_safe(request.method()), websocket, addon.allow_missing_origin)
                .into_result()?;
        }
        may_open(user, &addon.access).into_result()?;
        let credential = identified.credential().clone();
        let line = request.line().clone();
        let open = exchanges.begin(credential, user.id.clone(), request.client(), addon.slug.clone(), line);
        Ok(Self { identified, open })
    }

    /// The request and its user.
    pub fn identified(&self) -> &Identified {
        &self.identified
    }

    pub(crate) fn into_parts(self) -> (Identified, Open) {
        (self.identified, self.open)
    }
}
