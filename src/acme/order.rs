//! One order: from its beginning to the certificate (RFC 8555 section 7.4).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, Error, Identifier, NewOrder, Order, OrderState, OrderStatus,
    RetryPolicy,
};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::error::{AcmeError, Refusal};
use super::respond::{self, Places, Responded};
use super::schedule::longest_order;
use super::signing_request;
use crate::config::{Acme, Domain};
use crate::tls::Facts;

/// Orders a certificate for this name, in the place of the one that there is; gives its key and its chain as one text.
pub(super) async fn order(
    account: &Account,
    acme: &Acme,
    domain: &Domain,
    replaced: Option<&Facts>,
    places: Places<'_>,
    give_up: Instant,
) -> Result<Zeroizing<Vec<u8>>, AcmeError> {
    let mut order = begin(account, domain, replaced).await?;
    let mut responded = Vec::new();
    is_for_one_name(order.state())?;
    // In time for what follows: an order that is given up as a whole takes nothing away.
    let validated = timeout_at(give_up, validate(&mut order, acme, domain, places, &mut responded)).await;
    // However it went: an answer that stays could be asked for again.
    for one in responded {
        places.take_away(one).await;
    }
    validated.map_err(|_| AcmeError::TimedOut(longest_order(acme)))??;
    let (key, request) = signing_request::make(&domain.to_string())?;
    order.finalize_csr(&request).await.map_err(AcmeError::server("take the request for a certificate"))?;
    let chain = order.poll_certificate(&POLLS).await.map_err(AcmeError::server("give the certificate"))?;
    let mut pem = Zeroizing::new(Vec::with_capacity(key.len().saturating_add(chain.len())));
    pem.extend_from_slice(key.as_bytes());
    pem.extend_from_slice(chain.as_bytes());
    Ok(pem)
}

/// What a server that knows RFC 9773 calls this certificate (section 4.1).
pub(super) fn certificate_id(facts: &Facts) -> Option<CertificateIdentifier<'static>> {
    Some(CertificateIdentifier {
        authority_key_identifier: BASE64URL_NOPAD.encode(facts.authority_key_id.as_ref()?).into(),
        serial: BASE64URL_NOPAD.encode(&facts.serial).into(),
    })
}

async fn begin(account: &Account, domain: &Domain, replaced: Option<&Facts>) -> Result<Order, AcmeError> {
    let names = [Identifier::Dns(domain.to_string())];
    if let Some(id) = replaced.and_then(certificate_id) {
        let began = account.new_order(&NewOrder::new(&names).replaces(id)).await;
        match began.map_err(AcmeError::server("begin an order")) {
            Err(error) if !error.is_problem("rateLimited") => {
                // RFC 9773 is an extension: a server that knows it not, or not this certificate, takes a plain order.
                tracing::debug!(%domain, error = %crate::telemetry::chain(&error), "ordered without a word on renewal");
            }
            began => return began,
        }
    }
    account.new_order(&NewOrder::new(&names)).await.map_err(AcmeError::server("begin an order"))
}

/// One name was asked for: each authorization more would run the operator's hook once more.
fn is_for_one_name(order: &OrderState) -> Result<(), AcmeError> {
    match order.authorizations.len() {
        0 | 1 => Ok(()),
        many => Err(AcmeError::Authorizations(many)),
    }
}

async fn validate<'a>(
    order: &mut Order,
    acme: &'a Acme,
    domain: &Domain,
    places: Places<'a>,
    responded: &mut Vec<Responded<'a>>,
) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(AcmeError::server("show an authorization"))?;
        match authorization.status {
            // From an earlier order, and still good.
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => return Err(AcmeError::Invalid(Refusal(format!("the authorization is {status:?}")))),
        }
        let challenge = authorization.challenge(respond::kind(&acme.challenge));
        let mut challenge = challenge.ok_or(AcmeError::NoSuchChallenge)?;
        let (key, token) = (challenge.key_authorization(), challenge.token.clone());
        responded.push(places.respond(&acme.challenge, domain, &token, &key).await?);
        challenge.set_ready().await.map_err(asked)?;
    }
    match order.poll_ready(&POLLS).await {
        Ok(OrderStatus::Ready) => Ok(()),
        // Some servers say in the order why it failed, all of them in the challenge.
        Err(error) if order.state().status != OrderStatus::Invalid => {
            Err(AcmeError::server("validate the name")(error))
        }
        _ => Err(AcmeError::Invalid(refusal(order).await)),
    }
}

/// A quick server has asked already as it answers that it will, and says what came of it.
fn asked(error: Error) -> AcmeError {
    let error = AcmeError::server("look at the challenge")(error);
    match &error {
        AcmeError::Server { source, .. } if VALIDATION.iter().any(|kind| error.is_problem(kind)) => {
            AcmeError::Invalid(Refusal(source.to_string()))
        }
        _ => error,
    }
}

/// Problems of the name, and not of the request (RFC 8555 section 6.7).
const VALIDATION: [&str; 6] = ["caa", "connection", "dns", "incorrectResponse", "tls", "unauthorized"];

/// What the server says of the challenge that failed.
async fn refusal(order: &mut Order) -> Refusal {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return Refusal(problem.to_string());
        }
    }
    Refusal("the server does not say why".to_owned())
}

/// How often a server is asked whether it has come further; what it says on that counts more.
const POLLS: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(Duration::from_mins(5));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_called_as_rfc_9773_calls_it() {
        // The example of section 4.1.
        let key_id = "69885b6b87464041e1b37b847ba0ae2cde01c8d4";
        let facts = Facts {
            serial: vec![0x00, 0x87, 0x65, 0x43, 0x21],
            authority_key_id: data_encoding::HEXLOWER.decode(key_id.as_bytes()).ok(),
            ..Facts::default()
        };
        assert_eq!(certificate_id(&facts).unwrap().to_string(), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
        assert_eq!(certificate_id(&Facts { authority_key_id: None, ..facts }), None);
    }

    #[test]
    fn an_order_for_one_name_has_one_authorization() {
        let judged = |authorizations: &[&str]| {
            let order = serde_json::json!({
                "status": "pending", "authorizations": authorizations, "finalize": "https://acme.example/f",
            });
            is_for_one_name(&serde_json::from_value(order).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(judged(&["https://acme.example/1"]), Ok(()));
        let many = judged(&["https://acme.example/1", "https://acme.example/2"]).unwrap_err();
        assert_eq!(many, "the ACME server wants 2 authorizations for one name");
    }
}
