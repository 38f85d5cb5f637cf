//! Compression of what an add-on sends plain, where the operator wants it (`compress`).
//!
//! In comes a request, which says which codings its client takes and whose request it is ([`Compression::of_request`]),
//! and the head of its answer; out come the head as the client gets it and what its body goes through
//! ([`Offer::apply`]). Nothing is ever held whole, and an answer that breaks off is not ended.

mod compressor;
mod eligible;
mod encoder;
mod entity_tag;

use std::sync::Arc;

use http::header::{ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, response};

pub(super) use compressor::{Compressor, Step};

use crate::budget::{Budget, Claim, Holder, Limit};
use crate::config::{Addon, AddonProtocol, Compress, Limits};
use crate::connection::EntryPoint;
use crate::http::{Coding, Origin, Provenance, Site, wanted_coding};
use crate::ids::UserId;
use eligible::Scope;
use entity_tag::Shown;

/// How an add-on's answers are compressed.
#[derive(Debug)]
pub(super) struct Compression {
    scope: Scope,
    budget: Arc<Budget>,
    most: usize,
    most_per_user: usize,
}

/// Whose request it is, as far as it says what may be compressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub(super) provenance: Provenance,
    /// Whether a browser sends by itself what the user is known by, whichever page makes it ask.
    pub(super) is_ambient: bool,
    pub(super) entry_point: EntryPoint,
}

/// What one request has said of how it may be answered.
#[derive(Debug)]
pub(super) struct Offer {
    /// What may be compressed; nothing where it must not be.
    scope: Option<Scope>,
    coding: Option<Coding>,
    shown: Shown,
}

impl Compression {
    /// Nothing where the operator does not want it, and nothing for gRPC, which has its own.
    pub(super) fn new(addon: &Addon, limits: &Limits, budget: &Arc<Budget>) -> Option<Self> {
        let scope = match addon.answers.compress {
            Compress::Never => return None,
            Compress::Assets => Scope::Assets,
            Compress::Text => Scope::Text,
        };
        (addon.backend.protocol != AddonProtocol::Grpc).then(|| Self {
            scope,
            budget: Arc::clone(budget),
            most: limits.compressions,
            most_per_user: limits.compressions_per_user,
        })
    }

    /// What a request has said, and its headers as the add-on gets them: with the tags that it gave itself.
    pub(super) fn of_request(&self, method: &Method, headers: &mut HeaderMap, asker: Asker) -> Offer {
        let shown = entity_tag::unmark(headers);
        let reads = matches!(*method, Method::GET | Method::HEAD);
        // RFC 9111 section 5.2.1.6: a client can ask for no transformation as well.
        let is_plain = reads && !headers.contains_key(RANGE) && !eligible::says(headers, "no-transform");
        let scope = asker.scope(self.scope).filter(|_| is_plain);
        // Of an answer to HEAD there is nothing to compress.
        let coding = if scope.is_some() && *method == Method::GET { wanted_coding(headers) } else { None };
        Offer { scope, coding, shown }
    }
}

impl Asker {
    /// What of it may be compressed for this one.
    fn scope(self, wanted: Scope) -> Option<Scope> {
        // At Home Assistant's entry point it is Home Assistant that compresses, and whose page asks is its to judge.
        let is_foreign = self.provenance.origin == Origin::Foreign || self.provenance.site == Site::Other;
        if is_foreign || self.entry_point != EntryPoint::Browsers {
            return None;
        }
        // Without a word from the browser another page may be behind the request: what is made for its reader is sent
        // as it is. A program that shows a token or a key was made to ask by nobody.
        let is_own_will = self.provenance.site == Site::Same || !self.is_ambient;
        Some(if is_own_will { wanted } else { Scope::Assets })
    }
}

impl Offer {
    /// The head of an answer as the client gets it, and what its body of this length goes through, if through anything.
    pub(super) fn apply(
        &self,
        compression: &Compression,
        user: &UserId,
        parts: &mut response::Parts,
        length: Option<u64>,
    ) -> Option<Compressor> {
        if parts.status == StatusCode::NOT_MODIFIED && self.shown.is_any() {
            // RFC 9110 section 15.4.5: the same tag and `Vary` as the answer that the client has (RFC 9111 section
            // 4.3.4 finds it by them).
            if parts.headers.get(ETAG).is_some_and(|tag| self.shown.contains(tag)) {
                entity_tag::mark(&mut parts.headers);
            }
            eligible::vary(&mut parts.headers);
            return None;
        }
        // As the head says it, which counts for an answer to HEAD, too.
        let said = parts.headers.get(CONTENT_LENGTH).and_then(|said| said.to_str().ok()?.parse().ok());
        if !eligible::is_eligible(parts.status, &parts.headers, said.or(length), self.scope?) {
            return None;
        }
        // Whether or not it is compressed this time: a cache must not give it to who has asked for another coding.
        eligible::vary(&mut parts.headers);
        let coding = self.coding?;
        let claims = [
            Claim::new(Limit::CompressionsPerUser, Holder::User(user.shared()), compression.most_per_user),
            Claim::new(Limit::Compressions, Holder::All, compression.most),
        ];
        // With no place left it is sent as it is: nobody is refused for that.
        let place = compression.budget.take(1, &claims).ok()?;
        let compressor =
            Compressor::new(coding, place).inspect_err(|error| tracing::warn!(%error, "answer not compressed")).ok()?;
        let headers = &mut parts.headers;
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        headers.remove(CONTENT_LENGTH);
        // Parts of it would be parts of the plain answer.
        headers.remove(ACCEPT_RANGES);
        entity_tag::mark(headers);
        Some(compressor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(origin: Origin, site: Site, is_ambient: bool) -> Asker {
        Asker { provenance: Provenance { origin, site }, is_ambient, entry_point: EntryPoint::Browsers }
    }

    #[test]
    fn what_another_page_may_have_caused_is_not_compressed() {
        for is_ambient in [true, false] {
            assert_eq!(asker(Origin::Absent, Site::Other, is_ambient).scope(Scope::Text), None);
            assert_eq!(asker(Origin::Foreign, Site::Same, is_ambient).scope(Scope::Text), None);
            assert_eq!(asker(Origin::Foreign, Site::Absent, is_ambient).scope(Scope::Text), None);
            assert_eq!(asker(Origin::Absent, Site::Same, is_ambient).scope(Scope::Text), Some(Scope::Text));
        }
        assert_eq!(asker(Origin::Absent, Site::Absent, true).scope(Scope::Text), Some(Scope::Assets), "an old browser");
        assert_eq!(asker(Origin::Absent, Site::Absent, false).scope(Scope::Text), Some(Scope::Text), "a program");
        assert_eq!(asker(Origin::Ours, Site::Same, true).scope(Scope::Assets), Some(Scope::Assets));
        let home = Asker { entry_point: EntryPoint::HomeAssistant, ..asker(Origin::Ours, Site::Same, true) };
        assert_eq!(home.scope(Scope::Text), None);
    }
}
