//! Our account at an ACME server: made once, kept in a file, and found again there.

use std::path::PathBuf;

use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::client::AcmeClient;
use super::error::AcmeError;
use super::store;
use crate::config::Acme;

/// The file of an account. Its key stands in it.
#[derive(Serialize, Deserialize)]
struct StoredAccount {
    /// The address that the server knows.
    email: Option<String>,
    /// The external account that it was bound to.
    eab_key_id: Option<String>,
    credentials: AccountCredentials,
}

/// The account that there is. A file that cannot be read counts as none: an account costs nothing.
pub(super) async fn existing(acme: &Acme) -> Result<Option<Account>, AcmeError> {
    let Some(bytes) = store::read(&file(acme)).await? else { return Ok(None) };
    let stored: StoredAccount = match serde_json::from_slice(&bytes) {
        Ok(stored) => stored,
        Err(error) => {
            tracing::warn!(file = %file(acme).display(), %error, "this is no ACME account, and another one is made");
            return Ok(None);
        }
    };
    let bound_to = acme.external_account.as_ref().map(|external| &external.key_id);
    if stored.eab_key_id.as_ref() != bound_to {
        return Ok(None);
    }
    let http = Box::new(AcmeClient::new(acme.trust.clone()));
    let account = Account::builder_with_http(http).from_credentials(stored.credentials).await;
    let account = account.map_err(AcmeError::server("show its directory"))?;
    if stored.email != acme.email {
        let contact = contact(acme);
        let contact: Vec<_> = contact.iter().map(String::as_str).collect();
        account.update_contacts(&contact).await.map_err(AcmeError::server("take another address"))?;
        // Read anew, since the credentials went into the account.
        let mut kept: StoredAccount = serde_json::from_slice(&bytes).map_err(|error| malformed(acme, error))?;
        kept.email.clone_from(&acme.email);
        keep(acme, &kept).await?;
    }
    Ok(Some(account))
}

/// The account that there is, or a new one.
pub(super) async fn open(acme: &Acme) -> Result<Account, AcmeError> {
    if let Some(account) = existing(acme).await? {
        return Ok(account);
    }
    let contact = contact(acme);
    let contact: Vec<_> = contact.iter().map(String::as_str).collect();
    // The configuration is refused without the operator's word on the terms.
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let external = acme.external_account.as_ref();
    let key = external.map(|external| ExternalAccountKey::new(external.key_id.clone(), external.hmac_key.reveal()));
    let builder = Account::builder_with_http(Box::new(AcmeClient::new(acme.trust.clone())));
    let made = builder.create(&new, acme.directory.as_str().to_owned(), key.as_ref()).await;
    let (account, credentials) = made.map_err(AcmeError::server("open an account"))?;
    let eab_key_id = external.map(|external| external.key_id.clone());
    keep(acme, &StoredAccount { email: acme.email.clone(), eab_key_id, credentials }).await?;
    tracing::info!(directory = acme.directory.as_str(), id = account.id(), "an ACME account was opened");
    Ok(account)
}

/// The server does not know it any more.
pub(super) async fn forget(acme: &Acme) -> Result<(), AcmeError> {
    store::remove(&file(acme)).await
}

async fn keep(acme: &Acme, account: &StoredAccount) -> Result<(), AcmeError> {
    let bytes = serde_json::to_vec(account).map_err(|error| malformed(acme, error))?;
    store::write(&file(acme), Zeroizing::new(bytes)).await
}

fn malformed(acme: &Acme, error: serde_json::Error) -> AcmeError {
    AcmeError::Store { path: file(acme), source: error.into() }
}

fn contact(acme: &Acme) -> Vec<String> {
    acme.email.iter().map(|email| format!("mailto:{email}")).collect()
}

fn file(acme: &Acme) -> PathBuf {
    acme.folder().join("account.json")
}
