//! What a page in answer to a request is told besides the reason: the add-on, the language, and where it is.

use std::sync::Arc;

use http::Method;

use super::RequestLog;
use crate::pages::{AwayAddon, PageContext};
use crate::refusal::Reason;
use crate::route::is_own;

impl RequestLog {
    /// The add-on that is at fault. It is asked only for those who may open it, so that nobody else is told its title.
    pub(super) fn away(&self, reason: Reason) -> Option<AwayAddon<'_>> {
        let faulty = matches!(reason, Reason::AddonDown | Reason::AddonBroken | Reason::AddonSlow | Reason::AddonBusy);
        let addon = self.stages.settings.at_place(self.place?)?;
        let permitted = faulty && self.sent_at.is_some();
        // A page that offers to try again must not send a form twice.
        let repeatable = self.method == Method::GET;
        permitted.then(|| AwayAddon { title: &addon.display.title, slug: addon.slug.as_str(), repeatable })
    }

    /// The title of the add-on, for a user who is signed in: to all others it looks as if it were not there.
    pub(super) fn refused_addon(&self) -> Option<&str> {
        let addon = self.stages.settings.at_place(self.place?)?;
        self.user.is_some().then_some(&*addon.display.title)
    }

    /// What a page in answer to this request is given.
    pub(in crate::gate) fn page_context(&self) -> PageContext {
        // The queries of our own pages may have a code or a token in them, which belongs in no link.
        let address = if is_own(self.uri.path()) { self.uri.path().to_owned() } else { self.target() };
        PageContext::new(Arc::clone(&self.stages.site), self.language, address)
    }
}
