//! The language of a page: what the user has chosen on it, else what their browser asks for.

use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderValue};

/// A language that our pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, which all others get.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All of them, in the order in which a page offers them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What it calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language with this tag.
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language for a request with these headers: the choice in [`LANGUAGE_COOKIE`], else `Accept-Language` (RFC
    /// 9110 section 12.5.4), of which each primary tag counts with its weight.
    pub fn of_request(headers: &HeaderMap) -> Self {
        chosen(headers).or_else(|| wanted(headers)).unwrap_or_default()
    }

    /// The line that keeps the choice in the browser, for a year.
    pub fn cookie(self) -> HeaderValue {
        let line =
            format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax", self.tag());
        HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Carries the choice. It is no secret and proves nothing, so that add-ons may see it.
pub const LANGUAGE_COOKIE: &str = "__Host-vestibule_language";

fn chosen(headers: &HeaderMap) -> Option<Language> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, tag)| Language::of_tag(tag))
}

fn wanted(headers: &HeaderMap) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for line in headers.get_all(ACCEPT_LANGUAGE).into_iter().filter_map(|line| line.to_str().ok()) {
        for range in line.split(',').take(MOST_RANGES) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let Some(language) = Language::of_tag(&primary) else { continue };
            let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse::<f32>().ok());
            // Of several with one weight the first counts, as browsers list what their user prefers first.
            if let Some(weight) = weight.filter(|weight| *weight > 0.0 && best.is_none_or(|(other, _)| *weight > other))
            {
                best = Some((weight, language));
            }
        }
    }
    best.map(|(_, language)| language)
}

/// More ranges than any browser sends.
const MOST_RANGES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn language(fields: &[(&'static str, &'static str)]) -> Language {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Language::of_request(&headers)
    }

    #[test]
    fn the_browser_says_what_it_wants() {
        for (text, expected) in [
            ("de", Language::German),
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("DE-de", Language::German),
            ("en-US,de;q=0.9", Language::English),
            ("en;q=0.5, de;q=0.7", Language::German),
            ("fr, de;q=0.1", Language::German),
            ("fr", Language::English),
            ("de;q=0", Language::English),
            ("de;q=nonsense", Language::English),
            ("den", Language::English),
            ("", Language::English),
            ("*", Language::English),
        ] {
            assert_eq!(language(&[("accept-language", text)]), expected, "{text}");
        }
    }

    #[test]
    fn what_the_user_has_chosen_counts_more() {
        let german = ("accept-language", "de");
        assert_eq!(language(&[german, ("cookie", "a=b; __Host-vestibule_language=en")]), Language::English);
        assert_eq!(language(&[german, ("cookie", "__Host-vestibule_language=tlh")]), Language::German);
        assert_eq!(language(&[("cookie", "x__Host-vestibule_language=de")]), Language::English);
    }
}
