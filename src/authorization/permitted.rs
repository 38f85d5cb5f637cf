//! A request that may pass: the only thing that `upstream` sends.

use super::access::{is_own_will, may_enter, may_open};
use super::cors::is_vouched_for;
use super::court::{Court, Refused};
use super::open::Open;
use super::protect::{BodyFacts, Errand};
use crate::http::is_safe;
use crate::identity::Identified;

/// An identified request that was judged, with its place among the open exchanges.
#[derive(Debug)]
pub struct Permitted {
    identified: Identified,
    open: Open,
}

impl Permitted {
    /// The one way in: the user may come in from where they are, the request is their own will (which is asked of what
    /// browsers send by themselves), they may open the add-on, and every rule for this path permits it. The order is that of spec/permissions.md section 6.
    ///
    /// A body that a rule reads is read here, and held. The request is on the list of what is open by then: a permission
    /// that is lost meanwhile ends it (S-104).
    pub async fn new(mut identified: Identified, court: &Court<'_>) -> Result<Self, Refused> {
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
        let errand = Errand::of(routed)?;
        let wants_body = court.hear(&errand, user)?;
        if !wants_body {
            errand.knows_body(BodyFacts::default());
        }
        let credential = identified.credential().clone();
        let line = request.line().clone();
        let open =
            court.exchanges.begin(credential, user.id.clone(), request.client(), addon.slug.clone(), (errand, line));
        if wants_body {
            Box::pin(court.hear_body(&mut identified, &open)).await?;
        }
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
