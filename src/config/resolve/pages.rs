//! `[pages]`: in come a name, a colour, the path of a picture and a yes or no, out comes the look of our pages.

use std::path::Path;

use toml::Spanned;

use super::context::{Context, flag};
use super::readable::readable;
use crate::config::diagnostic::Diagnostic;
use crate::config::home::HomeAssistant;
use crate::config::pages::{Logo, Pages};
use crate::config::raw::{self, Key};
use crate::config::units::show_size;

/// Resolves the section.
pub(super) fn pages(raw: &raw::Pages, home: &HomeAssistant, cx: &mut Context<'_>) -> Pages {
    Pages {
        title: raw.title.given().map(|text| title(text, cx)),
        accent: raw.accent.given().map_or(Pages::ACCENT, |text| accent(text, cx)),
        logo: raw.logo.given().and_then(|text| logo(text, cx)),
        embedder: embedder(&raw.embed_in_home_assistant, home, cx),
    }
}

fn title(text: &Spanned<String>, cx: &mut Context<'_>) -> String {
    let title = text.get_ref().trim();
    if title.is_empty() || title.chars().count() > 60 || title.contains(char::is_control) {
        let bad = Diagnostic::mistake(text.span(), "not a title");
        cx.add(bad.label("expected 1 to 60 characters on one line").hint("as in title = \"Holly Lane 12\""));
    }
    title.to_owned()
}

/// `#` and six hexadecimal digits.
fn accent(text: &Spanned<String>, cx: &mut Context<'_>) -> [u8; 3] {
    let digits = text.get_ref().strip_prefix('#').unwrap_or_default();
    let mut colour = [0; 3];
    let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap_or_default();
    if decoded.len() == colour.len() {
        colour.copy_from_slice(&decoded);
        return colour;
    }
    let bad = Diagnostic::mistake(text.span(), "not a colour");
    cx.add(bad.label("expected `#` and six hexadecimal digits").hint("as in accent = \"#005f87\""));
    Pages::ACCENT
}

/// A picture that is there, of a kind that browsers show, and small.
fn logo(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<Logo> {
    let extension = Path::new(text.get_ref()).extension().and_then(|e| e.to_str()).unwrap_or_default();
    let Some((extension, media)) = KINDS.into_iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)) else {
        let bad = Diagnostic::mistake(text.span(), "not a picture");
        cx.add(bad.label("expected a file that ends in .svg, .png or .webp").hint("as in logo = \"logo.svg\""));
        return None;
    };
    let path = readable(text, cx)?;
    let bytes = std::fs::read(&path).unwrap_or_default();
    if bytes.is_empty() || bytes.len() > LARGEST {
        let what = if bytes.is_empty() { "this picture is empty" } else { "this picture is too large" };
        let bad = Diagnostic::mistake(text.span(), what);
        let most = show_size(u64::try_from(LARGEST).unwrap_or_default());
        cx.add(bad.label(format!("expected at most {most}")).hint("every sign-in page shows it: make it small"));
        return None;
    }
    Some(Logo { extension, media, bytes: bytes.into() })
}

const KINDS: [(&str, &str); 3] = [("svg", "image/svg+xml"), ("png", "image/png"), ("webp", "image/webp")];
const LARGEST: usize = 64 * 1024;

fn embedder(key: &Key<bool>, home: &HomeAssistant, cx: &mut Context<'_>) -> Option<String> {
    if !flag(key, false) {
        return None;
    }
    let origin = home.api.as_ref().map(|api| api.browser_url.to_string());
    if let (None, Some(given)) = (&origin, key.given()) {
        let nowhere = Diagnostic::mistake(given.span(), "in Home Assistant's pages, and it is not said where they are");
        let hint = "add url = \"http://127.0.0.1:8123\", and browser_url where browsers call it otherwise";
        cx.add(nowhere.label("needs `url` under `[home_assistant]`").hint(hint));
    }
    origin
}
