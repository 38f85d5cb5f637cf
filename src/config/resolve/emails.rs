//! `emails` under `[home_assistant]`: each an address, and no two the same.

use std::collections::BTreeSet;

use toml::Spanned;

use super::context::Context;
use crate::config::addon::UserMap;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::emails::Emails;
use crate::config::raw::Key;

/// Resolves the table.
pub(super) fn emails(key: &Key<UserMap>, cx: &mut Context<'_>) -> Emails {
    let listed = key.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
    let (mut seen, mut emails) = (BTreeSet::new(), Vec::new());
    for (user, email) in listed {
        if !is_address(email.get_ref()) {
            cx.add(no_address(email));
        } else if seen.insert(email.get_ref().to_lowercase()) {
            emails.push((user.get_ref().clone(), email.get_ref().as_str().into()));
        } else {
            let message = format!("{} is another user's address already", quoted(email.get_ref()));
            let twice = Diagnostic::mistake(email.span(), message);
            // Add-ons take it for the user.
            cx.add(twice.label("expected an address of this user alone").hint("give each user an address"));
        }
    }
    Emails::new(emails)
}

fn no_address(email: &Spanned<String>) -> Diagnostic {
    let message = format!("{} is not an e-mail address", quoted(email.get_ref()));
    Diagnostic::mistake(email.span(), message)
        .label("expected an address of visible ASCII characters")
        .hint("write it as in \"frank@home.example\"")
}

/// As far as it matters to whoever reads it out of a header: one `@`, something on both sides of it, and nothing that
/// could be taken for the end of it or for another one.
fn is_address(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')'));
    let parts = text.split_once('@');
    let is_whole = parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    is_plain && is_whole && text.len() <= LONGEST
}

/// RFC 5321 section 4.5.3.1.3, without the angle brackets.
const LONGEST: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_word_with_one_at() {
        for good in ["frank@home.example", "a@b", "f.r+x@h-1.example"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@b", "a".repeat(254));
        for bad in ["", "@", "a@", "@b", "a@b@c", "a b@c", "zoë@c", "a@b,c@d", "<a@b>", "a@b\r\n", long.as_str()] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
