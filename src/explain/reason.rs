//! The reason of a decision as a sentence.
//!
//! Ids and names are any text that was typed into Home Assistant: what a terminal would not show as it is, is shown
//! escaped and in quotes.

use std::borrow::Cow;

use super::because::{Because, ConfiguredRule, EchoedQuestion, Part};
use super::groups::{Group, Groups};
use super::registered::{Area, Device, Registered};

/// Why it was decided so.
pub(crate) fn of(
    because: &Because<'_>,
    asked: EchoedQuestion<'_>,
    groups: &Groups<'_>,
    registered: Option<&Registered<'_>>,
) -> String {
    let access = shown(asked.access);
    match because {
        Because::Owner => "the owner is restricted by nothing".to_owned(),
        Because::AllEntities { group } => format!("{} allows everything: its `entities` is true", of_group(*group)),
        Because::WholeSelector { selector, group } => {
            format!("{} allows everything: its `{selector}` is true as a whole", of_group(*group))
        }
        Because::Rule { selector, id, group } => {
            format!("{} gives {access} by `{selector}`{}", of_group(*group), about(selector, *id, registered))
        }
        Because::NoRule => match groups.without_policy() {
            Some(why) => why.to_owned(),
            None => format!("no group of the user gives {access} on it"),
        },
        Because::ConfiguredRule(rule) => {
            format!("{} gives {access} by `{}`{}", configured(rule.group), rule.selector, rule_about(*rule, registered))
        }
        Because::TakenBack(rule) => {
            format!(
                "{} refuses {access} by `{}`{}",
                configured(rule.group),
                rule.selector,
                rule_about(*rule, registered)
            )
        }
        Because::TakenBackFromSome { selector, group } => {
            format!("{} refuses {access} on something by `{selector}`, and so on everything", configured(group))
        }
        Because::NotTrue { selector, id } => format!(
            "the policies have an object in the place of true for {access} in `{selector}`{}, and that ends the search",
            about(selector, *id, registered)
        ),
        Because::IllegalPolicy { group, path, found } => format!(
            "the policy of {} is illegal, and its members are denied everything until it is mended: {found} at {}, where \
             only true, an object or null may stand",
            of_group(*group),
            if path.is_empty() { Cow::Borrowed("its top") } else { Cow::Owned(shown(&path.join(".")).into_owned()) },
        ),
        Because::NoRegistry { problem } => {
            format!("without the registries nothing can be decided about an entity: {problem}")
        }
        Because::UnknownUser => unknown_user(asked.user),
    }
}

/// There is no user of this name or id.
pub(crate) fn unknown_user(name: &str) -> String {
    format!("there is no user {} in Home Assistant's files", shown(name))
}

/// A group by id and name.
pub(crate) fn of_group(group: Group<'_>) -> String {
    format!("group {}", named(group.id, group.name))
}

/// A configured group by its id.
fn configured(id: &str) -> String {
    format!("configured group {}", shown(id))
}

/// A device by id and name, and what it is a part of.
pub(crate) fn of_device(device: Device<'_>) -> String {
    let part = device.part_of.map(|parent| format!(", part of device {}", shown(parent))).unwrap_or_default();
    format!("device {}{part}", named(device.id, device.name))
}

/// An area by id and name, and how the entity comes by it.
pub(crate) fn of_area(area: Area<'_>) -> String {
    format!("area {} of device {}", named(area.id, area.name), shown(area.of_device))
}

/// An id with the name in brackets.
pub(crate) fn named(id: &str, name: Option<&str>) -> String {
    let name = name.map(|name| format!(" ({})", shown(name))).unwrap_or_default();
    format!("{}{name}", shown(id))
}

/// The text itself, or quoted and escaped when a terminal would not show it as it is.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    // What `escape_debug` leaves alone can be printed; quotes and backslashes can be as well.
    let printable = |c: char| matches!(c, '\'' | '"' | '\\') || c.escape_debug().eq([c]);
    if !text.is_empty() && text.trim() == text && text.chars().all(printable) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("{text:?}"))
    }
}

/// What the deciding rule is for.
fn about(selector: &str, id: Option<&str>, registered: Option<&Registered<'_>>) -> String {
    let Some(id) = id else { return String::new() };
    let device = registered.and_then(|entity| entity.device);
    let area = registered.and_then(|entity| entity.area);
    match (selector, device, area) {
        ("device_ids", Some(device), _) => format!(": {}", of_device(device)),
        ("area_ids", Some(device), Some(area)) if device.id == area.of_device => {
            format!(": area {} of {}", named(area.id, area.name), of_device(device))
        }
        ("area_ids", Some(device), Some(area)) => format!(": {}, for {}", of_area(area), of_device(device)),
        _ => format!(": {}", shown(id)),
    }
}

/// What the deciding rule of a configured group is for, and how the entity comes by it.
fn rule_about(rule: ConfiguredRule<'_>, registered: Option<&Registered<'_>>) -> String {
    let (Some(id), Some(of), Some(entity)) = (rule.id, rule.of, registered) else {
        return about(rule.selector, rule.id, registered);
    };
    let is_area = rule.selector == "areas";
    let name = if is_area { entity.names.area(id) } else { entity.names.label(id) };
    let thing = format!("{} {}", if is_area { "area" } else { "label" }, named(id, name));
    match (of, entity.device, entity.area) {
        (Part::Device, Some(device), Some(area)) if is_area && device.id != area.of_device => {
            format!(": {thing} of device {}, for {}", shown(area.of_device), of_device(device))
        }
        (Part::Device, Some(device), _) => format!(": {thing} of {}", of_device(device)),
        (Part::Entity | Part::Device, _, _) => format!(": {thing} of the entity itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        for plain in ["light.kitchen", "Zoë Ünïcode 日本", "Olivia's \"den\"", r"a\b"] {
            assert_eq!(shown(plain), plain);
        }
        assert_eq!(shown(""), r#""""#);
        assert_eq!(shown(" a"), r#"" a""#);
        assert_eq!(shown("a\u{1b}[2J"), r#""a\u{1b}[2J""#);
        assert_eq!(shown("a\u{202e}b\n"), r#""a\u{202e}b\n""#);
    }
}
