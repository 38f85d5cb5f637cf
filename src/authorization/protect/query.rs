//! An entity id in the query: the one parameter of a name.
//!
//! Add-ons read queries in many ways. Some take the first of two values and some the last; some fold case, cut at `;`,
//! make a list of `name[]`, or another name of what they cannot use as one. So only what they all read alike is read at
//! all: names of plain characters, pairs between `&`, and not many of them. A parameter that any of them could take for
//! the one that is judged makes the query ambiguous.

use std::borrow::Cow;

use super::unreadable::{MOST_PARAMETERS, Unreadable};
use crate::http::decode;
use crate::ids::EntityId;

/// The entity that the parameter `name` names. A cookie that could be called so makes it ambiguous: PHP's `$_REQUEST`
/// may hold it in the parameter's place (S-210).
pub(super) fn entity(query: Option<&str>, cookies: Option<&str>, name: &str) -> Result<EntityId, Unreadable> {
    let cookie_names = cookies.unwrap_or_default().split(';').map(|pair| pair.split('=').next().unwrap_or_default());
    if cookie_names.filter_map(|cookie| decode(cookie.trim())).any(|cookie| could_be(&cookie, name)) {
        return Err(Unreadable::Cookie);
    }
    let query = query.unwrap_or_default();
    // PHP may be told to cut at `;`, Python did, and Go leaves such a pair out. A second `?` is where scripts cut that
    // look for the last one.
    if query.contains([';', '?', '#']) {
        return Err(Unreadable::CutElsewhere);
    }
    if query.split('&').nth(MOST_PARAMETERS).is_some() {
        return Err(Unreadable::TooManyParameters);
    }
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = decode(key).filter(|key| is_plain(key)).ok_or(Unreadable::OddName)?;
        if !could_be(&key, name) {
            continue;
        }
        // The exact name a second time, or a name that only some parsers take for it: which value the add-on uses is
        // not known.
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

/// Whether a decoded name has nothing in it that some parser would trim, cut, decode again or fold, and is none of
/// those that mean something to a parser itself. Honest names are ASCII; what Unicode or another charset makes of the
/// others is not for us to guess.
fn is_plain(key: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.~$@!*'(),:/[]".contains(&b);
    // Keys that change objects of JavaScript, and the name by which a form says its charset.
    let reserved =
        |word: &str| ["__proto__", "prototype", "_charset_"].iter().any(|name| word.eq_ignore_ascii_case(name));
    key.bytes().all(legal) && !key.split(|c| !is_word(c)).any(reserved)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether some add-on would take a parameter of this name for the one called `name`, or for a part of it: `Name`,
/// `name[]`, `[name]`, `name.x`, `name:int`, `na.me` and `na[me` (PHP makes them `na_me`), `naMe` (gRPC's gateways read
/// `na_me` in both ways).
fn could_be(key: &str, name: &str) -> bool {
    let wanted = letters(name);
    let ends = key.char_indices().filter(|(_, c)| !is_word(*c)).map(|(at, _)| at).chain([key.len()]);
    ends.filter_map(|end| key.get(..end)).any(|part| !part.is_empty() && letters(part) == wanted)
}

/// What is left of a name when nothing counts but letters and digits; of one that has none, everything.
fn letters(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if letters.is_empty() { "_".repeat(name.len()) } else { letters.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<String, Unreadable> {
        entity(Some(query), None, "entity_id").map(|entity| entity.to_string())
    }

    #[test]
    fn the_one_parameter_of_the_name_is_read() {
        for query in [
            "entity_id=light.a",
            "x=1&entity_id=light.a&y",
            "entity%5Fid=light%2Ea",
            "entity_id=light.a&entity=lock.b&entity_ids=lock.c",
            "a=/x.y/&entity_id=light.a&q=union select",
            "entity_id=light.a&filter[entity_id]=lock.b&x.entity_id=lock.c&entity_id2=lock.d&=&q=100%&r=a=b",
        ] {
            assert_eq!(read(query), Ok("light.a".to_owned()), "{query}");
        }
    }

    #[test]
    fn a_parameter_that_is_not_there_is_not_guessed() {
        assert_eq!(entity(None, None, "entity_id"), Err(Unreadable::Missing));
        for query in ["", "x=entity_id", "entity=light.a", "entity_ids=light.a"] {
            assert_eq!(read(query), Err(Unreadable::Missing), "{query}");
        }
    }

    #[test]
    fn s210_a_cookie_of_the_parameter_s_name_makes_it_ambiguous() {
        let with = |cookies| entity(Some("entity_id=light.a"), Some(cookies), "entity_id").map(|id| id.to_string());
        for cookies in ["entity_id=lock.b", "a=b; ENTITY.ID=x", "entity%5fid=x", "a=b;entity_id", "entity_id[]=x;c"] {
            assert_eq!(with(cookies), Err(Unreadable::Cookie), "{cookies}");
        }
        for cookies in ["", "a=entity_id", "entity=x; entity_ids=y"] {
            assert_eq!(with(cookies), Ok("light.a".to_owned()), "{cookies}");
        }
    }

    #[test]
    fn whatever_an_add_on_could_take_for_it_besides_makes_it_ambiguous() {
        for query in [
            "entity_id=light.a&entity_id=lock.b",
            "entity_id=light.a&entity_id=light.a",
            "entity_id=light.a&entity_id[]=lock.b",
            "entity_id=light.a&entity_id%5B0%5D=lock.b",
            "entity_id=light.a&entity[id=lock.b",
            "entity_id=light.a&[entity_id]x=lock.b",
            "entity_id=light.a&entity_id.x=lock.b",
            "entity_id=light.a&entity_id:int=lock.b",
            "entity_id=light.a&entityId=lock.b",
            "entity_id=light.a&$entity-id=lock.b",
            "Entity_Id=lock.b&entity_id=light.a",
            "ENTITY_ID=light.a",
            "entity.id=lock.b&entity_id=light.a",
        ] {
            assert_eq!(read(query), Err(Unreadable::Ambiguous), "{query}");
        }
        assert_eq!(entity(Some("a.b=light.a&a.b[x]=lock.b"), None, "a.b"), Err(Unreadable::Ambiguous));
        assert_eq!(entity(Some("_=light.a&.=lock.b"), None, "_"), Err(Unreadable::Ambiguous));
        assert_eq!(
            entity(Some("_=light.a&__=lock.b&x=1"), None, "_").map(|entity| entity.to_string()),
            Ok("light.a".to_owned())
        );
    }

    #[test]
    fn a_name_that_not_all_parsers_read_alike_makes_all_of_it_unreadable() {
        for query in [
            "+entity_id=lock.b&entity_id=light.a",
            "entity%255Fid=lock.b&entity_id=light.a",
            "entity_id%00x=lock.b&entity_id=light.a",
            "entity_id=light.a&%ff=1",
            "entity_id=light.a&x%3D1",
            "entity_id=light.a&x%26entity_id=lock.b",
            "entity_id=light.a&%u0065ntity_id=lock.b",
            "entity_id=light.a&%C3%A9=1",
            "entity_id=light.a&x[__Proto__][entity_id]=lock.b",
            "entity_id=light.a&_charset_=utf-7",
        ] {
            assert_eq!(read(query), Err(Unreadable::OddName), "{query}");
        }
    }

    #[test]
    fn a_query_that_some_parsers_cut_elsewhere_or_not_to_its_end_is_not_read() {
        for query in [
            "x=1;entity_id=lock.b&entity_id=light.a",
            "entity_id=light.a;x",
            "entity_id=light.a&x=?",
            "?entity_id=light.a",
        ] {
            assert_eq!(read(query), Err(Unreadable::CutElsewhere), "{query}");
        }
        let with = |others: usize| read(&format!("{}entity_id=light.a", "&".repeat(others)));
        assert_eq!(with(MOST_PARAMETERS - 1), Ok("light.a".to_owned()));
        assert_eq!(with(MOST_PARAMETERS), Err(Unreadable::TooManyParameters));
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
