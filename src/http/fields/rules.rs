//! Which headers of answers an operator may set or take out: none that messages are made of, none that says what the
//! body is, none of ours, none that acts beyond its own answer, and none that would let more happen than without the
//! rule.

use super::field::{Fate, Field, Property};
use super::views::{known, makes_messages};

/// Why a header of answers is not the operator's to set, or to take out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untouchable {
    /// Messages are made of it.
    Message,
    /// It says what the body is.
    Content,
    /// Only we say it.
    Ours,
    /// It does this beyond its own answer.
    ActsBeyond(&'static str),
    /// It lets pages of other origins read the answer.
    Shares,
    /// Without it more would be possible.
    Restricts,
}

/// Whether a rule may set this header.
pub(crate) fn may_set(name: &str) -> Result<(), Untouchable> {
    let Some(field) = known(name) else { return Ok(()) };
    is_theirs(field)?;
    if field.is(Property::Shares) {
        return Err(Untouchable::Shares);
    }
    // As under a prefix, also on a host of the add-on's own: at Home Assistant's entry point it has none.
    match field.effect.filter(|effect| effect.under_prefix != Fate::Passes) {
        Some(effect) => Err(Untouchable::ActsBeyond(effect.does)),
        None => Ok(()),
    }
}

/// Whether a rule may take this header out.
pub(crate) fn may_remove(name: &str) -> Result<(), Untouchable> {
    let Some(field) = known(name) else { return Ok(()) };
    is_theirs(field)?;
    if field.is(Property::Restricts) { Err(Untouchable::Restricts) } else { Ok(()) }
}

/// Whether an add-on says it, of itself, and no part of a message or of ours.
fn is_theirs(field: &Field) -> Result<(), Untouchable> {
    if makes_messages(field) {
        Err(Untouchable::Message)
    } else if field.is(Property::Content) {
        Err(Untouchable::Content)
    } else if field.is(Property::Reserved) || field.is(Property::Ours) {
        Err(Untouchable::Ours)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fields;

    #[test]
    fn what_acts_beyond_its_answer_is_never_set_in_any_spelling() {
        for field in fields::all() {
            let Some(effect) = field.effect.filter(|effect| effect.under_prefix != Fate::Passes) else { continue };
            for name in [field.name.replace('*', "x"), field.name.replace('*', "x").replace('-', "_")] {
                assert!(may_set(&name).is_err(), "{name} {}", effect.does);
            }
        }
        assert_eq!(may_set("set-cookie"), Err(Untouchable::Message));
        assert_eq!(may_set("Content_Encoding"), Err(Untouchable::Content));
        assert_eq!(may_set("x-remote-user-id"), Err(Untouchable::Ours));
        assert_eq!(may_set("access-control-allow-origin"), Err(Untouchable::Shares));
        for name in ["x-frame-options", "content-security-policy", "cache-control", "server", "x-robots-tag"] {
            assert_eq!(may_set(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_restricts_is_replaced_and_never_taken_out() {
        for name in ["x-frame-options", "X_Content_Type_Options", "cross-origin-embedder-policy", "permissions-policy"]
        {
            assert_eq!((may_set(name), may_remove(name)), (Ok(()), Err(Untouchable::Restricts)), "{name}");
        }
        for name in ["etag", "vary", "content-length", "connection", "content-type", "set-cookie", "date"] {
            assert!(may_remove(name).is_err(), "{name}");
        }
        for name in ["server", "x-powered-by", "www-authenticate", "clear-site-data", "access-control-allow-origin"] {
            assert_eq!(may_remove(name), Ok(()), "{name}");
        }
    }
}
