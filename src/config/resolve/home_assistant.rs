//! `[home_assistant]`: where its files are, and where it listens. What stands in its files, the caller's hook knows.

use std::path::Path;
use std::time::Duration;

use toml::Spanned;

use super::context::{Context, flag};
use super::tls::one_line;
use super::trust::trust;
use crate::config::diagnostic::{Diagnostic, SourceLocation};
use crate::config::home::{HomeApi, HomeAssistant, HomeSource};
use crate::config::part::{days, seconds};
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;
use crate::config::{ApiTrouble, Known};
use crate::ids::HomeUrl;

/// Resolves the section, and asks who is known in the folder that it names.
pub(super) fn home_assistant(key: &Key<raw::HomeAssistant>, cx: &mut Context<'_>) -> (HomeAssistant, Option<Known>) {
    let source = HomeSource::Files(cx.base.to_owned());
    let mut resolved = HomeAssistant { source, api: None, max_stale: Duration::from_hours(1) };
    let mut known = None;
    if matches!(key, Key::Absent) {
        let missing = Diagnostic::mistake(SourceLocation::File, "`[home_assistant]` is missing");
        cx.add(missing.hint(
            "add [home_assistant] with config_dir = \"/path/to/home-assistant\", the folder that `.storage` is in",
        ));
    }
    if let Some(section) = key.given() {
        let raw = section.get_ref();
        resolved.max_stale = cx.time(&raw.max_stale, resolved.max_stale, seconds(1)..=days(30));
        resolved.api = api(raw, cx);
        match (&raw.config_dir, &raw.token) {
            (Key::Absent, Key::Given(file)) => {
                if let Some(token) = token(file, resolved.api.is_some(), cx) {
                    resolved.source = HomeSource::Api(token);
                }
            }
            (Key::Given(text), token) => {
                if let Some(idle) = token.given() {
                    let both = Diagnostic::mistake(idle.span(), "a token for the API, and a folder that says more");
                    let hint = "the token is for a Home Assistant whose files cannot be read: take one of the two out";
                    cx.add(both.first(text.span()).label("expected one of the two").hint(hint));
                }
                let config_dir = cx.path(text);
                known = ask(text, &config_dir, cx);
                for problem in known.iter().flat_map(|known| &known.problems) {
                    cx.add(about_registries(text, problem));
                }
                resolved.source = HomeSource::Files(config_dir);
            }
            (config_dir, _) => {
                cx.required(config_dir, "config_dir", &section.span(), "\"/path/to/home-assistant\"");
            }
        }
    }
    (resolved, known)
}

/// The long-lived token of an administrator.
fn token(file: &Spanned<raw::ValueFile>, has_url: bool, cx: &mut Context<'_>) -> Option<SecretText> {
    if !has_url {
        let nowhere = Diagnostic::mistake(file.span(), "a token, and no word of where Home Assistant listens");
        cx.add(nowhere.label("needs `url`").hint("add url = \"http://127.0.0.1:8123\""));
    }
    let named = cx.required(&file.get_ref().file, "file", &file.span(), "\"secrets/home-assistant\"")?;
    let (at, secret) = (named.span(), cx.secret(named)?);
    let text = String::from_utf8(secret.to_vec()).ok();
    let text = text.filter(|text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
    if text.is_none() {
        let bad = Diagnostic::mistake(at, "this is no token of Home Assistant's");
        let hint = "an administrator makes one in their profile, under Security: the file holds it alone, on one line";
        cx.add(bad.label("expected a file with a long-lived access token").hint(hint));
    }
    text.map(SecretText::new)
}

/// Where it listens, when `url` says so. The other keys about that are of no use without it.
fn api(raw: &raw::HomeAssistant, cx: &mut Context<'_>) -> Option<HomeApi> {
    if matches!(raw.url, Key::Absent) {
        let idle = [
            raw.browser_url.given().map(Spanned::span),
            raw.ca.given().map(Spanned::span),
            raw.pin.given().map(Spanned::span),
            raw.forward_address.given().map(Spanned::span),
        ];
        for span in idle.into_iter().flatten() {
            let alone =
                Diagnostic::mistake(span, "this says how to reach Home Assistant, and `url` does not say where");
            cx.add(alone.label("needs `url`").hint("add url = \"http://127.0.0.1:8123\", or take this key out"));
        }
        return None;
    }
    let text = raw.url.given()?;
    let url: HomeUrl = cx.findings.parse(text)?;
    let browser_url = match raw.browser_url.given() {
        Some(text) => cx.findings.parse(text)?,
        None => url.clone(),
    };
    let trust = trust(&raw.ca, &raw.pin, url.is_tls, cx);
    let api = HomeApi { trust, url, browser_url, forward_address: flag(&raw.forward_address, true) };
    if !cx.around.serving
        && let Some(ask) = cx.around.ask_api
        && let Err(ApiTrouble { why, hint }) = ask(&api)
    {
        let trouble = Diagnostic::warning(text.span(), format!("Home Assistant was asked, and {}", one_line(&*why)));
        cx.add(trouble.label("asked here, just now").hint(hint));
    }
    Some(api)
}

fn ask(text: &Spanned<String>, dir: &Path, cx: &mut Context<'_>) -> Option<Known> {
    // While Home Assistant writes its files they may be away or half there. Whoever asks whether they hold is told so;
    // whoever serves goes on with what there is.
    let away = |said| {
        if cx.around.serving { Diagnostic::warning(text.span(), said) } else { Diagnostic::mistake(text.span(), said) }
    };
    let refusal = if !dir.is_dir() {
        (Diagnostic::mistake(text.span(), "this is not a folder"), "expected a folder")
    } else if !dir.join(".storage/auth").is_file() {
        (
            away("Home Assistant's users are not in this folder".to_owned()),
            "expected a folder with `.storage/auth` in it",
        )
    } else {
        let known = cx.around.known?(dir);
        let unreadable = |err: &(dyn std::error::Error + 'static)| {
            away(format!("Home Assistant's files cannot be used: {}", one_line(err)))
                .label("the folder of these files")
                .hint("make `.storage` readable for vestibule; `check` looks at the files as they are now")
        };
        return known.map_err(|err| cx.add(unreadable(&*err))).ok();
    };
    let hint = format!("name the folder that holds `configuration.yaml` and `.storage`: this one is {}", dir.display());
    cx.add(refusal.0.label(refusal.1).hint(hint));
    None
}

fn about_registries(text: &Spanned<String>, problem: &str) -> Diagnostic {
    Diagnostic::warning(text.span(), format!("Home Assistant's registries cannot be used: {problem}"))
        .label("the folder of this file")
        .hint("without it what depends on an entity is refused; `check` looks at the files as they are now")
}
