//! An answer for people: the decision, the reason, and one line each for the user and the entity.

use super::answer::{Answer, Entry, Registered};
use super::reason::{named, of_area, of_device, shown};

/// The answer as lines.
pub(super) fn of(answer: &Answer<'_>) -> String {
    let asked = answer.question;
    let (word, may) = if answer.is_permit() { ("permit", "may") } else { ("deny", "may not") };
    let mut lines =
        vec![format!("{word}: {} {may} {} {}", shown(asked.user), shown(asked.access), shown(asked.entity))];
    lines.push(format!("because: {}", answer.reason));
    lines.extend(answer.entry.and_then(but));
    lines.push(format!("user: {}", user(answer)));
    lines.push(format!("entity: {}", answer.registered.as_ref().map_or_else(|| unregistered(answer), entity)));
    lines.join("\n")
}

/// Who is refused before any policy is asked has nothing of a permit.
fn but(entry: Entry) -> Option<String> {
    let whence = match (entry.local, entry.elsewhere) {
        (Entry::PERMIT, Entry::PERMIT) => return None,
        (Entry::PERMIT, label) => format!("when they do not come from the local network ({label})"),
        (label, _) => format!("wherever they come from ({label})"),
    };
    Some(format!("but: this user is refused before any policy is asked, {whence}"))
}

fn user(answer: &Answer<'_>) -> String {
    let who = named(answer.user_id.unwrap_or(answer.question.user), answer.user_name);
    let groups: Vec<_> = answer.groups.iter().map(|group| named(group.id, group.name)).collect();
    if groups.is_empty() { format!("{who}, in no group") } else { format!("{who}, in {}", groups.join(", ")) }
}

fn entity(entity: &Registered<'_>) -> String {
    let mut text = format!("{}, registered as {}", shown(entity.entity_id), shown(entity.id));
    match (entity.device, entity.named_device) {
        (Some(device), named) => {
            text.push_str(&format!("; {}", of_device(device)));
            if let Some(old) = named {
                text.push_str(&format!(", split from device {}", shown(old)));
            }
            match entity.area {
                Some(area) => text.push_str(&format!("; {}", of_area(area))),
                None => text.push_str("; in no area"),
            }
        }
        (None, Some(gone)) => text.push_str(&format!("; no device and no area: device {} is not there", shown(gone))),
        (None, None) => text.push_str("; no device, and so no area"),
    }
    if let Some(own) = entity.own_area {
        text.push_str(&format!("; its own area {} does not count", shown(own)));
    }
    text
}

fn unregistered(answer: &Answer<'_>) -> String {
    format!("{}, not looked up in any registry or not in it: no device and no area", shown(answer.question.entity))
}
