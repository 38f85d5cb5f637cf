//! `[home_assistant]`: where its files are, and where it listens. What stands in its files is verified
//! later.

use std::path::Path;
use std::time::Duration;

use toml::Spanned;

use super::context::{Context, OF_WINDOWS, flag, is_of_windows};
use super::trust::trust;
use crate::config::diagnostic::{Diagnostic, SourceLocation};
use crate::config::home::{HomeApi, HomeAssistant, HomeSource};
use crate::config::part::{days, seconds};
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;
use crate::ids::HomeUrl;

/// Resolves the section.
pub(super) fn home_assistant(key: &Key<raw::HomeAssistant>, cx: &mut Context<'_>) -> HomeAssistant {
    let source = HomeSource::Files(cx.base.to_owned());
    let mut resolved = HomeAssistant { source, api: None, time_zone: None, max_stale: Duration::from_hours(1) };
    if matches!(key, Key::Absent) {
        let missing = Diagnostic::mistake(SourceLocation::File, "`[home_assistant]` is missing");
        cx.add(missing.hint(
            "add [home_assistant] with config_dir = \"/path/to/home-assistant\", the folder that `.storage` is in",
        ));
    }
    if let Some(section) = key.given() {
        let raw = section.get_ref();
        resolved.max_stale = cx.time(&raw.max_stale, resolved.max_stale, seconds(1)..=days(30));
        resolved.time_zone = raw.time_zone.given().and_then(|text| cx.findings.parse(text));
        resolved.api = api(raw, cx);
        match (&raw.config_dir, &raw.token) {
            (Key::Absent, Key::Given(file)) => {
                if let Some(token) = token(file, resolved.api.is_some(), cx) {
                    resolved.source = HomeSource::Api(token);
                }
            }
            // A token beside it is for states, if any are asked for.
            (Key::Given(text), _) => {
                let config_dir = cx.path(text);
                // Of what may not be looked at `verify` says more.
                let denied = |err: &std::io::Error| err.kind() == std::io::ErrorKind::PermissionDenied;
                let is_denied = std::fs::metadata(&config_dir).as_ref().err().is_some_and(denied);
                if !config_dir.is_dir() && !is_denied {
                    let file = Diagnostic::mistake(text.span(), "this is not a folder").label("expected a folder");
                    let windows = is_of_windows(text.get_ref());
                    cx.add(file.hint(if windows { OF_WINDOWS.to_owned() } else { name_the_folder(&config_dir) }));
                }
                resolved.source = HomeSource::Files(config_dir);
            }
            (config_dir, _) => {
                cx.required(config_dir, "config_dir", &section.span(), "\"/path/to/home-assistant\"");
            }
        }
    }
    resolved
}

/// The long-lived token of an administrator.
pub(super) fn token(file: &Spanned<raw::ValueFile>, has_url: bool, cx: &mut Context<'_>) -> Option<SecretText> {
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
    Some(HomeApi { trust, url, browser_url, forward_address: flag(&raw.forward_address, true) })
}

/// What to do about a folder that is not Home Assistant's.
pub(in crate::config) fn name_the_folder(folder: &Path) -> String {
    format!("name the folder that holds `configuration.yaml` and `.storage`: this one is {}", folder.display())
}
