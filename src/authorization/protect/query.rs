//! An entity id in the query: the one parameter of a name.
//!
//! Add-ons read queries in many ways. Some take the first of two values and some the last; some fold case, cut at `;`, or
//! make a list of `name[]`. A parameter that any of them could take for the one that is judged makes the query ambiguous.

use std::borrow::Cow;

use super::segments::decode;
use super::unreadable::Unreadable;
use crate::config::EntityId;

/// The entity that the parameter `name` names.
pub(super) fn entity(query: Option<&str>, name: &str) -> Result<EntityId, Unreadable> {
    let mut found = None;
    for pair in query.unwrap_or_default().split(['&', ';']) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = plain(key).ok_or(Unreadable::Ambiguous)?;
        if !could_be(&key, name) {
            continue;
        }
        if key != name || found.is_some() {
            return Err(Unreadable::Ambiguous);
        }
        found = Some(value);
    }
    let value = plain(found.ok_or(Unreadable::Missing)?).ok_or(Unreadable::Malformed)?;
    value.parse().map_err(|_| Unreadable::Malformed)
}

/// A text of a form (application/x-www-form-urlencoded): `+` is a blank, the rest is percent-encoded.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let blanks = text.replace('+', " ");
        return decode(&blanks).map(|text| Cow::Owned(text.into_owned()));
    }
    decode(text)
}

/// Whether some add-on would take a parameter of this name for the one called `name`: `Name`, `name[]`, ` name`,
/// `na.me` (PHP makes it `na_me`), or one that decodes to it once more.
fn could_be(key: &str, name: &str) -> bool {
    let again = decode(key).unwrap_or(Cow::Borrowed(key));
    let head = again.split(['[', '\0']).next().unwrap_or_default().trim();
    let squashed = |text: &str| -> String {
        text.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
    };
    squashed(head) == squashed(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<String, Unreadable> {
        entity(Some(query), "entity_id").map(|entity| entity.to_string())
    }

    #[test]
    fn the_one_parameter_of_the_name_is_read() {
        for query in [
            "entity_id=light.a",
            "x=1&entity_id=light.a&y",
            "entity%5Fid=light%2Ea",
            "entity_id=light.a&entity=lock.b&entity_ids=lock.c",
            "a=/x.y/&entity_id=light.a&q=union select",
        ] {
            assert_eq!(read(query), Ok("light.a".to_owned()), "{query}");
        }
    }

    #[test]
    fn a_parameter_that_is_not_there_is_not_guessed() {
        assert_eq!(entity(None, "entity_id"), Err(Unreadable::Missing));
        for query in ["", "x=entity_id", "entity=light.a", "entity_ids=light.a"] {
            assert_eq!(read(query), Err(Unreadable::Missing), "{query}");
        }
    }

    #[test]
    fn whatever_an_add_on_could_take_for_it_besides_makes_it_ambiguous() {
        for query in [
            "entity_id=light.a&entity_id=lock.b",
            "entity_id=light.a&entity_id=light.a",
            "entity_id=light.a&entity_id[]=lock.b",
            "entity_id=light.a&entity_id%5B0%5D=lock.b",
            "Entity_Id=lock.b&entity_id=light.a",
            "ENTITY_ID=light.a",
            "entity.id=lock.b&entity_id=light.a",
            "+entity_id=lock.b&entity_id=light.a",
            "entity%255Fid=lock.b&entity_id=light.a",
            "entity_id%00x=lock.b&entity_id=light.a",
            "x=1;entity_id=lock.b&entity_id=light.a",
            "entity_id=light.a&%ff=1",
        ] {
            assert_eq!(read(query), Err(Unreadable::Ambiguous), "{query}");
        }
    }

    #[test]
    fn a_value_that_is_no_entity_id_is_not_made_one() {
        for query in [
            "entity_id",
            "entity_id=",
            "entity_id=all",
            "entity_id=light.a,lock.b",
            "entity_id=light.a%2Clock.b",
            "entity_id=+light.a",
            "entity_id=light%252Ea",
            "entity_id=LIGHT.a",
            "entity_id=light.a%00",
            "entity_id=light.a=b",
            "entity_id=%ff",
        ] {
            assert_eq!(read(query), Err(Unreadable::Malformed), "{query}");
        }
    }
}
