//! How it is shown that a name is ours, by each of the three challenges, and how the traces are taken away.

use std::sync::Arc;

use instant_acme::{ChallengeType, KeyAuthorization};

use super::dns_hook::{self, Action};
use super::dns_update;
use super::error::AcmeError;
use super::http_tokens::HttpTokens;
use crate::config::{AcmeChallenge, DnsWriter, Domain};
use crate::tls::Handshaker;

/// Where ACME servers look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) tokens: &'a HttpTokens,
    pub(super) handshaker: &'a Arc<Handshaker>,
}

/// A challenge whose answer is in its place.
#[derive(Debug)]
pub(super) enum Responded<'a> {
    Tls(String),
    Http(String),
    Dns(&'a DnsWriter, String, String),
}

/// What the protocol calls it.
pub(super) fn kind(challenge: &AcmeChallenge) -> ChallengeType {
    match challenge {
        AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
        AcmeChallenge::Http01 => ChallengeType::Http01,
        AcmeChallenge::Dns01(_) => ChallengeType::Dns01,
    }
}

impl<'a> Places<'a> {
    /// Puts the answer where the server will look.
    pub(super) async fn respond(
        self,
        challenge: &'a AcmeChallenge,
        domain: &Domain,
        token: &str,
        key: &KeyAuthorization,
    ) -> Result<Responded<'a>, AcmeError> {
        match challenge {
            AcmeChallenge::TlsAlpn01 => {
                let digest = key.digest();
                self.handshaker.open_challenge(domain.host(), digest.as_ref()).map_err(AcmeError::Answer)?;
                Ok(Responded::Tls(domain.host().to_owned()))
            }
            AcmeChallenge::Http01 => {
                self.tokens.open(token, key.as_str());
                Ok(Responded::Http(token.to_owned()))
            }
            AcmeChallenge::Dns01(dns) => {
                // RFC 8555 section 8.4; of a wildcard, the name below the star.
                let (name, value) = (format!("_acme-challenge.{}", domain.host()), key.dns_value());
                let responded = Responded::Dns(&dns.writer, name, value);
                let Responded::Dns(writer, name, value) = &responded else { return Ok(responded) };
                if let Err(error) = change(writer, Action::Present, name, value).await {
                    // It may have come half of its way.
                    self.take_away(responded).await;
                    return Err(error);
                }
                tokio::time::sleep(dns.wait).await;
                Ok(responded)
            }
        }
    }

    /// Takes the answer away again. What cannot be taken away harms nobody: a value is good for one challenge.
    pub(super) async fn take_away(self, responded: Responded<'_>) {
        match responded {
            Responded::Tls(name) => self.handshaker.close_challenge(&name),
            Responded::Http(token) => self.tokens.close(&token),
            Responded::Dns(writer, name, value) => {
                if let Err(error) = change(writer, Action::Cleanup, &name, &value).await {
                    let error = crate::telemetry::chain(&error).to_string();
                    tracing::warn!(name, error, "a TXT record was not taken away");
                }
            }
        }
    }
}

/// Has a TXT record written or taken away by who can.
async fn change(writer: &DnsWriter, action: Action, name: &str, value: &str) -> Result<(), AcmeError> {
    match writer {
        DnsWriter::Hook(hook) => Ok(dns_hook::run(hook, action, name, value).await?),
        DnsWriter::Update(update) => Ok(dns_update::send(update, action, name, value).await?),
    }
}
