//! `vestibule why`: a refusal, as people read it.

use crate::clock::Timestamp;
use crate::operations::control::RefusalLine;

/// The whole reason first, then all that is known of the request. What a client wrote stands there escaped: it must not
/// be able to play tricks with the terminal.
pub(super) fn text(refusal: &RefusalLine) -> String {
    let RefusalLine {
        id,
        at,
        reason,
        status,
        why,
        user,
        key,
        session,
        addon,
        client,
        method,
        host,
        target,
        asks_access,
    } = refusal;
    let mut lines = vec![format!("{status} {reason}: {}", shown(why)), format!("  request  {id}")];
    lines.push(format!("  at       {}", Timestamp::from_millis(*at)));
    let named = [("user", user), ("key", key), ("session", session), ("add-on", addon)];
    let named = named.into_iter().filter_map(|(what, value)| Some((what, value.as_ref()?)));
    lines.extend(named.map(|(what, value)| format!("  {what:<8} {}", shown(value))));
    lines.push(format!("  from     {client}"));
    lines.push(format!("  asked    {} {host:?} {target:?}", shown(method)));
    if *asks_access {
        lines.push("  access   its user asks for it".to_owned());
    }
    lines.join("\n")
}

/// With what a terminal would act on escaped; quotes are harmless and stay.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\'' | '"' | '\\') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}
