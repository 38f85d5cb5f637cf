//! Fuzz target: DER of certificates, revocation lists and OCSP responses.

use std::sync::LazyLock;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::der::{Der, enclosed};
use super::facts::Facts;
use super::revocation::{Issued, ListVerdict, OcspResponse};
use crate::clock::Timestamp;

/// No element reaches beyond what it stands in; one that is written again says the same; names of a certificate are
/// plain; and no list or response counts that nobody has signed.
pub(crate) fn der(bytes: &[u8]) {
    walk(Der::new(bytes), 0);
    if let Some(facts) = Facts::read(bytes) {
        assert!(facts.dns_names.iter().all(|name| name.is_ascii() && !name.chars().any(|c| c.is_ascii_uppercase())));
        assert!(facts.emails.iter().chain(&facts.uris).all(|text| text.bytes().all(|byte| byte.is_ascii_graphic())));
        let shown = facts.common_name.iter().chain([&facts.issuer]);
        assert!(shown.into_iter().all(|name| !name.chars().any(char::is_control)));
        assert_eq!(Facts::read(bytes), Some(facts));
    }
    let now = Timestamp::from_millis(1_790_000_000_000);
    assert!(OcspResponse::judge(bytes, &ISSUED, now).is_err(), "nobody has signed this response");
    assert!(ListVerdict::judge(bytes, &ISSUED, now).is_err(), "nobody has signed this list");
}

fn walk(mut der: Der<'_>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    loop {
        let before = der.rest();
        let Some((tag, contents)) = der.element() else { break };
        assert!(before.ends_with(der.rest()) && der.rest().len() < before.len());
        assert!(contents.len() < before.len());
        let again = enclosed(tag, &[contents]);
        assert_eq!(Der::new(&again).element(), Some((tag, contents)));
        // A length may take more bytes than it needs, which DER forbids and nothing here relies on.
        assert!(again.len() <= before.len().saturating_sub(der.rest().len()));
        walk(Der::new(contents), depth.saturating_add(1));
    }
}

const DEEPEST: usize = 40;

/// A certificate whose issuer signs nothing else.
static ISSUED: LazyLock<Issued> = LazyLock::new(|| {
    let made = || -> Result<Issued, rcgen::Error> {
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let issuer = authority.self_signed(&key)?.der().clone();
        let (leaf, issuer_key) = (KeyPair::generate()?, Issuer::new(authority, key));
        let params = CertificateParams::new(vec!["home.example".to_owned()])?;
        let certificate = params.signed_by(&leaf, &issuer_key)?.der().clone();
        Ok(Issued::of(&[certificate, issuer]).expect("it was just issued"))
    };
    made().expect("a certificate of our own can be made")
});
