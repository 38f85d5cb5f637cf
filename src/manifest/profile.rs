//! The AppArmor profile beside a manifest: reads from `apparmor.txt` the name under which the kernel has it.

use std::path::Path;

use super::rights::{AppArmor, ProfileName};
use super::scalar::Scalar;
use super::section::{Section, bad, wrong};
use super::source;
use super::yaml::Value;
use crate::diagnostic::findings::Findings;
use crate::diagnostic::{Diagnostic, SourceLocation};

/// `apparmor`: yes, no, or the name of a profile; and `apparmor.txt`, which counts unless it is switched off.
pub(super) fn apparmor(map: &mut Section<'_>, beside: &Path, findings: &mut Findings) -> AppArmor {
    let named = match map.get("apparmor") {
        None => None,
        Some(node) => match &node.value {
            Value::Scalar { text, plain } => match Scalar::of(text, *plain) {
                Scalar::Bool(false) => return AppArmor::Disabled,
                Scalar::Bool(true) => None,
                Scalar::Text(name) => {
                    let complain = |err: super::BadProfileName| {
                        findings.add(bad(node.span.clone(), &err.to_string(), "expected a name", "or write `true`"));
                    };
                    name.parse().map_err(complain).ok()
                }
                Scalar::Null | Scalar::Int(_) | Scalar::Float(_) => {
                    findings.add(wrong(
                        node,
                        "expected yes, no or a name",
                        "write `true`, `false` or the profile's name",
                    ));
                    None
                }
            },
            Value::List(_) | Value::Map(_) => {
                findings.add(wrong(node, "expected yes, no or a name", "write `true`, `false` or the profile's name"));
                None
            }
        },
    };
    if !beside.exists() {
        return named.map_or(AppArmor::Default, AppArmor::Profile);
    }
    match source::bounded(beside, LARGEST) {
        Ok(Some(bytes)) => {
            let declared = declared(&String::from_utf8_lossy(&bytes));
            if declared.is_none() {
                let none =
                    Diagnostic::warning(SourceLocation::File, format!("{} declares no profile", beside.display()));
                findings.add(none.hint("it has a line `profile NAME flags=(...) {`; until then it counts nothing"));
            }
            // What the profile declares comes first: it is the name that the kernel knows it by.
            declared.or(named).map_or(AppArmor::Default, AppArmor::Profile)
        }
        unread => {
            let why = unread.err().map_or_else(|| "it is larger than 256 KiB".to_owned(), |err| err.to_string());
            let unreadable = Diagnostic::mistake(SourceLocation::File, format!("{}: {why}", beside.display()));
            findings.add(unreadable.hint("make it readable for vestibule, or take it away"));
            AppArmor::Default
        }
    }
}

/// The name behind the first `profile` that begins a line.
fn declared(text: &str) -> Option<ProfileName> {
    let mut lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("profile "));
    lines.find_map(|rest| rest.split_whitespace().next()?.trim_matches('"').parse().ok())
}

/// Bytes of a profile.
const LARGEST: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn the_profile_is_the_first_that_is_declared() {
        let text = "#include <tunables/global>\n# profile not_me\nprofile zigbee2mqtt flags=(attach_disconnected) {\n";
        assert_eq!(declared(text).unwrap().as_str(), "zigbee2mqtt");
        assert!(declared("profile $(rm) {").is_none());
        assert!(declared("").is_none());
    }
}
