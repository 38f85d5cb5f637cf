//! The signed assertion of one user for one add-on, made when it is needed and kept while it is fresh.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dashmap::DashMap;
use http::HeaderValue;
use serde_json::json;

use super::key::SigningKey;
use super::keyring::Keyring;
use crate::authorization::UserAttributes;
use crate::clock::Timestamp;
use crate::entropy;
use crate::identity::User;
use crate::ids::AddonSlug;
use crate::ids::UserId;

/// The assertions for one add-on that are fresh, one for each user.
#[derive(Debug)]
pub(in crate::upstream) struct AssertionSigner {
    audience: AddonSlug,
    keyring: Arc<Keyring>,
    fresh: DashMap<UserId, SignedAssertion>,
}

#[derive(Debug)]
struct SignedAssertion {
    /// The user as they were: another snapshot makes another assertion, so that a lost group holds from the next
    /// request on. Their attributes follows from them and the add-on's settings, which a signer has for all its time.
    user: Arc<User>,
    signer: Arc<SigningKey>,
    made: Timestamp,
    value: HeaderValue,
}

impl AssertionSigner {
    pub(in crate::upstream) fn new(audience: AddonSlug, keyring: Arc<Keyring>) -> Self {
        Self { audience, keyring, fresh: DashMap::new() }
    }

    /// The assertion for this user: good for half a minute at least.
    pub(in crate::upstream) fn of(&self, user: &Arc<User>, attributes: Option<&UserAttributes>) -> HeaderValue {
        let (now, signer) = (self.keyring.now(), self.keyring.signer());
        if let Some(assertion) = self.fresh.get(&user.id)
            && assertion.is_fresh(user, &signer, now)
        {
            return assertion.value.clone();
        }
        let value = self.make(user, attributes, &signer, now);
        let assertion = SignedAssertion { user: Arc::clone(user), signer, made: now, value: value.clone() };
        // Swept only when it is full: a sweep for each assertion would cost more than the memory.
        if self.fresh.len() >= MOST {
            self.fresh.retain(|_, assertion| now.saturating_since(assertion.made) < REUSE);
        }
        self.fresh.insert(user.id.clone(), assertion);
        value
    }

    fn make(
        &self,
        user: &User,
        attributes: Option<&UserAttributes>,
        signer: &SigningKey,
        now: Timestamp,
    ) -> HeaderValue {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": signer.id() });
        let seconds = now.as_millis() / 1000;
        let mut claims = json!({
            "iss": self.keyring.settings().issuer,
            "aud": self.audience.as_str(),
            "sub": user.id.as_str(),
            "iat": seconds,
            "exp": seconds.saturating_add(LIFETIME.as_secs()),
            "jti": URL_SAFE_NO_PAD.encode(entropy::random::<16>()),
            "preferred_username": UserAttributes::username(attributes, user),
            "name": user.name,
            "groups": user.groups.iter().map(|group| &**group).collect::<Vec<_>>(),
            "is_admin": user.is_admin(),
        });
        let groups = attributes.and_then(|attributes| attributes.groups.as_ref());
        let groups = groups.map(|names| json!(names.iter().map(|name| &**name).collect::<Vec<_>>()));
        let role = attributes.and_then(|attributes| attributes.role.as_ref()).map(|role| json!(**role));
        let email = attributes.and_then(|attributes| attributes.email.as_ref()).map(|email| json!(**email));
        if let Some(claims) = claims.as_object_mut() {
            let more = [("group_names", groups), ("role", role), ("email", email)];
            claims.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = signer.sign(&text);
        let mut value =
            HeaderValue::from_str(&format!("{text}.{signature}")).expect("base64url and dots are visible ASCII");
        // Hidden in `Debug`, and never put into the compression table of HTTP/2.
        value.set_sensitive(true);
        value
    }
}

impl SignedAssertion {
    fn is_fresh(&self, user: &Arc<User>, signer: &Arc<SigningKey>, now: Timestamp) -> bool {
        // By pointer: a new snapshot has new users, and comparing every field would cost more than signing now and
        // then.
        let same = Arc::ptr_eq(&self.user, user) && self.signer.id() == signer.id();
        // A clock that went back makes the age zero for ever, and what is from the future is no use to the add-on.
        same && now >= self.made && now.saturating_since(self.made) < REUSE
    }
}

/// How long an assertion is good.
const LIFETIME: Duration = Duration::from_mins(1);
/// How long one is used again.
const REUSE: Duration = Duration::from_secs(30);
/// Users with an assertion in memory.
const MOST: usize = 10_000;
