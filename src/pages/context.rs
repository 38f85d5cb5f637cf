//! What every page is given beside its own content: the language of its user, the home's look, and where it is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;

use super::language::Language;
use super::site::Site;
use super::texts::GeneralTexts;
use crate::entropy;

/// What every page is given beside its own content.
#[derive(Debug, Clone)]
pub struct PageContext {
    site: Arc<Site>,
    language: Language,
    /// Path and query of the page, to which the choice of a language leads back.
    address: String,
    /// Only what bears it is loaded: without it an add-on under our own origin could have its files loaded here.
    nonce: String,
}

impl PageContext {
    /// For one answer: its nonce is used once.
    pub fn new(site: Arc<Site>, language: Language, address: impl Into<String>) -> Self {
        Self { site, language, address: address.into(), nonce: STANDARD.encode(entropy::random::<16>()) }
    }

    /// The same page at another address.
    #[must_use]
    pub fn at(&self, address: impl Into<String>) -> Self {
        Self { address: address.into(), ..self.clone() }
    }

    /// The language of the page.
    pub fn language(&self) -> Language {
        self.language
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn title(&self) -> &str {
        self.site.title(self.language)
    }

    pub(super) fn general(&self) -> &'static GeneralTexts {
        GeneralTexts::of(self.language)
    }

    /// The other languages, each with the address that chooses it.
    pub(super) fn other_languages(&self) -> Vec<(Language, String)> {
        let others = Language::ALL.into_iter().filter(|language| *language != self.language);
        let choice = |language: Language| {
            let mut query = Serializer::new(String::new());
            query.append_pair("to", language.tag()).append_pair("return_to", &self.address);
            (language, format!("/.vestibule/language?{}", query.finish()))
        };
        others.map(choice).collect()
    }
}
