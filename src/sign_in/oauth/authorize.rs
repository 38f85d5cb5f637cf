//! Off to Home Assistant's page.

use http::header::SET_COOKIE;

use super::browser::Browser;
use super::oauth_logins::PendingLogin;
use super::{Failed, OAuthLogin};
use crate::authorization::{Act, Decision, judge_own_will};
use crate::home_assistant::api::PkceVerifier;
use crate::http::Sanitized;
use crate::ids::{HomeUrl, PublicUrl};
use crate::pages::{self, Page};
use crate::refusal::Reason;
use crate::sign_in::page::REMEMBER;
use crate::sign_in::{ReturnTo, wanted_return};
use crate::telemetry::{SignInOutcome, chain};

impl OAuthLogin<'_> {
    /// The answer to a browser that wants to sign in over Home Assistant's page. Home Assistant is asked first whether
    /// it is there at all: no browser is sent to a page that does not answer.
    pub async fn authorize(&self, request: &Sanitized) -> Result<Page, Reason> {
        let api = self.api()?;
        let return_to = wanted(request);
        let takes_pkce = match api.takes_pkce(Some(request.client().ip())).await {
            Ok(takes_pkce) => takes_pkce,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "nobody can be sent to Home Assistant's page");
                return Ok(self.turn_away(request, &Failed::from(SignInOutcome::Unavailable), &return_to).await);
            }
        };
        let (browser, origin) = (Browser::of(request.oauth()), self.origin(request));
        let verifier = takes_pkce.then(PkceVerifier::random);
        let challenge = verifier.as_ref().map(PkceVerifier::challenge);
        let (bound_to, same_user) = (self.bound_to.clone(), self.again.as_ref().map(|session| session.user().clone()));
        // Who signs in again stays as they were.
        let stays = self.again.as_ref().map_or_else(|| wants_to_stay(request), |session| session.is_remembered());
        let remember = self.remember && stays;
        let since = self.again.as_ref().map(|session| session.created());
        let pending =
            PendingLogin { origin: origin.clone(), verifier, return_to, bound_to, remember, same_user, since };
        let left = self.oauth_logins.leave(pending, &browser, request.client().ip(), self.clock.now()).await;
        let state = match left {
            Ok(state) => state,
            Err(away) => return Ok(self.turn_away(request, &Failed::from(away), &wanted(request)).await),
        };
        let mut page = pages::away(&authorize(&api.settings().browser_url, &origin, &state, challenge.as_deref()));
        page.headers_mut().append(SET_COOKIE, browser.set());
        Ok(page)
    }
}

/// Who we are for Home Assistant: an address whose scheme, host and port are those of the way back.
pub(super) fn client_id(origin: &PublicUrl) -> String {
    format!("{}/", origin.origin())
}

/// An address that is too long to be kept for every pending login is forgotten.
fn wanted(request: &Sanitized) -> ReturnTo {
    Some(wanted_return(request)).filter(|wanted| wanted.as_str().len() <= LONGEST).unwrap_or_default()
}

/// Whether its user ticked the box on our page. A link on another site cannot tick it for them.
fn wants_to_stay(request: &Sanitized) -> bool {
    let is_ours = judge_own_will(request.provenance(), Act::Change) == Decision::Permit;
    is_ours && request.query().unwrap_or_default().split('&').any(|part| part == REMEMBER)
}

/// RFC 6749 section 4.1.1, and RFC 7636 section 4.3 where there is a challenge.
fn authorize(home: &HomeUrl, origin: &PublicUrl, state: &str, challenge: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("response_type", "code");
    query.append_pair("client_id", &client_id(origin));
    query.append_pair("redirect_uri", &format!("{}{BACK}", origin.origin()));
    query.append_pair("state", state);
    if let Some(challenge) = challenge {
        query.append_pair("code_challenge", challenge).append_pair("code_challenge_method", "S256");
    }
    format!("{home}/auth/authorize?{}", query.finish())
}

/// The way back.
const BACK: &str = "/.vestibule/sign-in/home-assistant/callback";

/// The longest address to return to that is kept.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_id_and_the_way_back_have_one_origin_port_included() {
        let home: HomeUrl = "http://homeassistant.local:8123".parse().unwrap();
        let origin = PublicUrl { host: "p.test".to_owned(), port: 8443 };
        let address = authorize(&home, &origin, "S", Some("C"));
        assert_eq!(
            address,
            "http://homeassistant.local:8123/auth/authorize?response_type=code&client_id=https%3A%2F%2Fp.test%3A8443%2F\
             &redirect_uri=https%3A%2F%2Fp.test%3A8443%2F.vestibule%2Fsign-in%2Fhome-assistant%2Fcallback&state=S\
             &code_challenge=C&code_challenge_method=S256"
        );
        assert!(!authorize(&home, &origin, "S", None).contains("challenge"));
    }
}
