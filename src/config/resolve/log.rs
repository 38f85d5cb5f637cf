//! `[log]`: its form, and a filter that names something.

use toml::Spanned;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::context::{Context, flag};
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::nearest::nearest;
use crate::config::raw;
use crate::config::settings::{Log, LogFormat};

/// Resolves `[log]`.
pub(super) fn log(raw: &raw::Log, cx: &mut Context<'_>) -> Log {
    let words = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let filter = raw.filter.given();
    if let Some(text) = filter
        && let Err(err) = EnvFilter::builder().parse(text.get_ref())
    {
        let bad = Diagnostic::mistake(text.span(), format!("not a filter: {err}"));
        cx.add(
            bad.label("expected a level, or targets and levels")
                .hint("write \"info\" or \"info,vestibule::http=debug\""),
        );
    }
    if let Some(text) = filter {
        warn_of_silence(text, cx);
        let names = FORMER_TARGETS.iter().find(|(former, _)| names_target(text.get_ref(), former));
        if let Some((former, now)) = names {
            let gone = Diagnostic::warning(text.span(), format!("nothing logs as `{former}` any more"));
            cx.add(gone.label("a former name").hint(format!("write `{now}`")));
        }
    }
    Log {
        format: cx.word_or(&raw.format, LogFormat::Text, &words),
        filter: filter.map_or_else(|| "info".to_owned(), |text| text.get_ref().clone()),
        access: flag(&raw.access, true),
    }
}

/// A word that is no level counts as the name of a part, and every part without a level is silent: `inf` would be a log
/// of nothing.
fn warn_of_silence(text: &Spanned<String>, cx: &mut Context<'_>) {
    let directives = || text.get_ref().split(',').map(str::trim).filter(|directive| !directive.is_empty());
    // A level alone holds for everything, `off` included: whoever writes that means it.
    let is_for_all = |directive: &str| directive.parse::<LevelFilter>().is_ok() || directive.starts_with('[');
    if directives().next().is_none() || directives().any(is_for_all) {
        return;
    }
    let hint = |text: &str| format!("write a level first, as in \"{text}\"");
    let names_us = directives().any(|directive| names_target(directive, "vestibule"));
    if !names_us {
        let word = directives().next().unwrap_or_default();
        let meant = nearest(word, ["error", "warn", "info", "debug", "trace"]).filter(|_| !word.contains('='));
        let hint =
            meant.map_or_else(|| hint(&format!("info,{}", text.get_ref())), |it| format!("did you mean \"{it}\"?"));
        let silent =
            Diagnostic::warning(text.span(), format!("vestibule would say nothing: {} is no part of it", quoted(word)));
        cx.add(silent.label("expected a level, or parts of vestibule and levels").hint(hint));
    } else if !directives().any(|directive| directive.split('=').next() == Some("vestibule")) {
        let silent = Diagnostic::warning(text.span(), "errors of all other parts would not be logged");
        cx.add(silent.label("no level for everything else").hint(hint(&format!("info,{}", text.get_ref()))));
    }
}

/// Whether a filter names a target, or one below it.
fn names_target(filter: &str, target: &str) -> bool {
    let directives = filter.split(',').map(|directive| directive.split(['=', '[']).next().unwrap_or_default().trim());
    directives
        .into_iter()
        .any(|named| named.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

/// Targets of the log that have another name now. The first that fits is shown.
const FORMER_TARGETS: [(&str, &str); 8] = [
    ("vestibule::supervisor::api", "vestibule::addon_api"),
    ("vestibule::supervisor::ingress", "vestibule::ingress_api"),
    ("vestibule::supervisor", "vestibule::addon_rights"),
    ("vestibule::home_assistant::keeper", "vestibule::home_assistant::snapshot_state"),
    ("vestibule::home_assistant::watcher", "vestibule::home_assistant::folder_watch"),
    ("vestibule::http::serve", "vestibule::connection::serve"),
    ("vestibule::server::greeting", "vestibule::server::banner"),
    ("vestibule::sign_in::journey", "vestibule::sign_in::oauth"),
];
