//! Entity ids in a JSON body: at one place, one text or a list of texts.
//!
//! The body is read in one pass that keeps nothing but what the place holds. JSON parsers differ in what they make of
//! two keys with one name; some fold case, end a key at a NUL, or take `entityId` for `entity_id`: on the way to the
//! place, any second key that one of them could take for the one that is judged makes the body ambiguous. What is not
//! UTF-8, or has anything behind its end, is not JSON.

use std::fmt;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::media_type::is_called_json;
use super::unreadable::Unreadable;
use crate::config::JsonPointer;
use crate::http::is_same_look;
use crate::ids::EntityId;

/// What a body says at the places that rules read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodyFacts(Vec<(JsonPointer, Result<Vec<EntityId>, Unreadable>)>);

impl BodyFacts {
    /// Reads a body. `headers` say whether it is one that can be read.
    pub fn read(headers: &HeaderMap, body: &[u8], pointers: &[JsonPointer]) -> Self {
        let called = is_called_json(headers);
        let read = |pointer: &JsonPointer| {
            if called { entities(body, pointer) } else { Err(Unreadable::NotCalledJson) }
        };
        Self(pointers.iter().map(|pointer| (pointer.clone(), read(pointer))).collect())
    }

    /// The entities at this place. At one that was not read, because no rule wanted it at the time, there is nothing.
    pub(super) fn at(&self, pointer: &JsonPointer) -> Result<&[EntityId], Unreadable> {
        let found = self.0.iter().find(|(known, _)| known == pointer).map(|(_, found)| found);
        found.unwrap_or(&Err(Unreadable::Missing)).as_ref().map(Vec::as_slice).map_err(|why| *why)
    }
}

/// The entities at a place of a body: a text, or a list of texts, which must not be empty.
fn entities(body: &[u8], pointer: &JsonPointer) -> Result<Vec<EntityId>, Unreadable> {
    let mut found = Found::Nothing;
    // The library does not look at the bytes of what it passes over.
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)?;
    if !is_read_by_all(text) {
        return Err(Unreadable::NotJson);
    }
    // A walk with a seed and not a `Value`: a tree of a large body would take many times its size in memory, and would
    // keep one of two equal keys.
    let seed = Walk { tokens: pointer.tokens(), found: &mut found };
    let mut reader = serde_json::Deserializer::from_str(text);
    // What stands behind the end is not JSON to us and may be a second text to the add-on.
    let read = seed.deserialize(&mut reader).and_then(|()| reader.end());
    match (found, read) {
        // First, since the walk stops there with an error of its own.
        (Found::Twice, _) => Err(Unreadable::Ambiguous),
        (_, Err(_)) => Err(Unreadable::NotJson),
        (Found::Nothing, Ok(())) => Err(Unreadable::Missing),
        (Found::Other, Ok(())) => Err(Unreadable::Malformed),
        (Found::Texts(texts), Ok(())) => {
            let ids: Result<Vec<EntityId>, _> = texts.iter().map(|text| text.parse()).collect();
            ids.map_err(|_| Unreadable::Malformed)
        }
    }
}

/// Whether it has nothing that some parsers refuse and others pass over, as the library does in what it skips: lists
/// and objects that are nested too deep for them, and halves of surrogate pairs.
fn is_read_by_all(text: &str) -> bool {
    let (mut depth, mut quoted, mut high) = (0_usize, false, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let unit = if quoted && byte == b'\\' { escaped(&mut bytes) } else { None };
        // A high half is followed by a low one, and a low half follows nothing else (RFC 8259 section 8.2).
        if high != unit.is_some_and(|unit| (0xDC00..0xE000).contains(&unit)) {
            return false;
        }
        high = unit.is_some_and(|unit| (0xD800..0xDC00).contains(&unit));
        match byte {
            // An escaped quotation mark never comes here, since `escaped` has consumed it.
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth = depth.saturating_add(1),
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// What follows a backslash: the number of `uXXXX`. Whether it is well-formed is for the library to say.
fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    if bytes.next()? != b'u' {
        return None;
    }
    bytes.take(4).try_fold(0, |number, byte| Some(number << 4 | char::from(byte).to_digit(16)?))
}

enum Found {
    Nothing,
    Texts(Vec<String>),
    /// Something that is neither a text nor a list of texts.
    Other,
    /// Two keys on the way that could be taken for one.
    Twice,
}

/// Goes along the tokens to the place, and past everything else.
struct Walk<'w> {
    tokens: &'w [String],
    found: &'w mut Found,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.here(|| Found::Texts(vec![text.to_owned()]));
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.here(|| Found::Other);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.tokens.split_first() else {
            *self.found = texts(&mut list)?;
            return Ok(());
        };
        // RFC 6901 section 4: a position has no leading zeros.
        let wanted = first.parse::<usize>().ok().filter(|position| position.to_string() == *first);
        let mut position = 0_usize;
        loop {
            let more = if wanted == Some(position) {
                list.next_element_seed(Walk { tokens: rest, found: &mut *self.found })?.is_some()
            } else {
                list.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            position = position.saturating_add(1);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.tokens.split_first() else {
            *self.found = Found::Other;
            return IgnoredAny.visit_map(object).map(|_| ());
        };
        let mut seen = false;
        // To the end of the object: the second key that could be the one may be the last.
        while let Some(key) = object.next_key::<String>()? {
            if !could_be(&key, self.tokens) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            if seen || key != *first {
                *self.found = Found::Twice;
                return Err(A::Error::custom("two keys that could be taken for one"));
            }
            seen = true;
            object.next_value_seed(Walk { tokens: rest, found: &mut *self.found })?;
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// A value that has nothing in it: it is what the place holds, or the way ends before the place.
    fn here(self, found: impl FnOnce() -> Found) {
        if self.tokens.is_empty() {
            *self.found = found();
        }
    }
}

fn texts<'de, A: SeqAccess<'de>>(list: &mut A) -> Result<Found, A::Error> {
    let (mut texts, mut others) = (Vec::new(), false);
    while let Some(Element(text)) = list.next_element()? {
        match text {
            // One more than allowed makes the whole list something else: judged in part, the rest would pass unseen.
            Some(text) if texts.len() < MOST => texts.push(text),
            _ => others = true,
        }
    }
    Ok(if others || texts.is_empty() { Found::Other } else { Found::Texts(texts) })
}

/// An element of a list at the place: a text, or something else, of which nothing is kept. A tree of it would take many
/// times the bytes that the body has (S-153).
struct Element(Option<String>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Element, E> {
        Ok(Element(Some(text.to_owned())))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Element, E> {
        Ok(Element(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Element, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| Element(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Element, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Element(None))
    }
}

/// Whether some library would take this key for the next one on the way, or for all of the way at once (lodash takes
/// `target.entity_id` for a key before it takes it for a path). A key that changes objects of JavaScript could be any.
fn could_be(key: &str, way: &[String]) -> bool {
    let key = key.split('\0').next().unwrap_or_default();
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let (plain, mut joined) = (letters(key), String::new());
    let same = |token: &String| {
        joined.push_str(&letters(token));
        !joined.is_empty() && is_same_look(&joined, &plain)
    };
    way.first().is_some_and(|first| is_same_look(key.trim(), first.trim()))
        || way.iter().any(same)
        || key == "__proto__"
}

/// How deep lists and objects may be nested.
const DEEPEST: usize = 64;

/// Each of them is looked up, now and whenever something changes: no person names more at once.
const MOST: usize = 1000;

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn read(body: &str, pointer: &str) -> Result<Vec<String>, Unreadable> {
        read_bytes(body.as_bytes(), pointer)
    }

    fn read_bytes(body: &[u8], pointer: &str) -> Result<Vec<String>, Unreadable> {
        let ids = entities(body, &pointer.parse().unwrap())?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_text_or_a_list_of_texts_is_read_wherever_it_is() {
        for (body, pointer, ids) in [
            (r#"{"entity_id": "light.a"}"#, "/entity_id", &["light.a"][..]),
            (r#"{"entity_id": ["light.a", "lock.b"]}"#, "/entity_id", &["light.a", "lock.b"]),
            (r#"{"x": [{}, {"target": {"entity_id": "light.a"}}], "y": 1}"#, "/x/1/target/entity_id", &["light.a"]),
            (r#""light.a""#, "", &["light.a"]),
            (r#"["light.a"]"#, "", &["light.a"]),
            ("{\"entity\\u005fid\": \"light\\u002ea\"}", "/entity_id", &["light.a"]),
            (r#"{"a/b": {"m~n": "light.a"}}"#, "/a~1b/m~0n", &["light.a"]),
            (r#"{"other": 1, "other": 2, "entity_id": "light.a"}"#, "/entity_id", &["light.a"]),
        ] {
            assert_eq!(read(body, pointer).unwrap(), ids, "{body} {pointer}");
        }
    }

    #[test]
    fn what_is_not_at_the_place_is_missing() {
        for (body, pointer) in [
            ("{}", "/entity_id"),
            (r#"{"target": {"entity_id": "light.a"}}"#, "/entity_id"),
            (r#"{"entity_id": "light.a"}"#, "/entity_id/0"),
            (r#"["light.a"]"#, "/entity_id"),
            (r#"["light.a"]"#, "/1"),
            (r#"["light.a", "light.b"]"#, "/01"),
            (r#"["light.a"]"#, "/-"),
            ("null", "/entity_id"),
        ] {
            assert_eq!(read(body, pointer), Err(Unreadable::Missing), "{body} {pointer}");
        }
    }

    #[test]
    fn two_keys_that_some_parser_takes_for_one_are_ambiguous() {
        for body in [
            r#"{"entity_id": "light.a", "entity_id": "lock.b"}"#,
            r#"{"entity_id": "light.a", "entity_id": "light.a"}"#,
            r#"{"entity_id": "light.a", "ENTITY_ID": "lock.b"}"#,
            r#"{"Entity_id": "light.a"}"#,
            "{\"entity_id\": \"light.a\", \"entity\\u005fid\": \"lock.b\"}",
        ] {
            assert_eq!(read(body, "/entity_id"), Err(Unreadable::Ambiguous), "{body}");
        }
        let nested = r#"{"target": {"entity_id": "light.a"}, "target": {"entity_id": "lock.b"}}"#;
        assert_eq!(read(nested, "/target/entity_id"), Err(Unreadable::Ambiguous));
        assert_eq!(read("{\"\u{212a}ey\": \"light.a\"}", "/key"), Err(Unreadable::Ambiguous));
    }

    #[test]
    fn anything_but_texts_that_are_entity_ids_is_malformed() {
        for value in [
            "null",
            "1",
            "1.5",
            "true",
            "{}",
            r#"{"x": "light.a"}"#,
            "[]",
            r#"["light.a", 1]"#,
            r#"["light.a", ["lock.b"]]"#,
            r#"["light.a", null]"#,
            r#""""#,
            r#""all""#,
            r#""light.a,lock.b""#,
            r#""light.%61""#,
            r#"["light.a", "ALL"]"#,
        ] {
            assert_eq!(
                read(&format!("{{\"entity_id\": {value}}}"), "/entity_id"),
                Err(Unreadable::Malformed),
                "{value}"
            );
        }
        let list = |length| format!("[{}]", vec![r#""light.a""#; length].join(","));
        assert_eq!(read(&list(MOST), "").unwrap().len(), MOST);
        assert_eq!(read(&list(MOST + 1), ""), Err(Unreadable::Malformed));
    }

    #[test]
    fn what_not_every_parser_takes_is_not_json() {
        for body in [
            "",
            " ",
            r#"{"entity_id": "light.a"} x"#,
            r#"{"entity_id": "light.a"}{"entity_id": "lock.b"}"#,
            r#"{"entity_id": "light.a",}"#,
            r#"{"entity_id": "light.a""#,
            "{'entity_id': 'light.a'}",
            r#"{"entity_id": "light.a" /* lock.b */}"#,
            "entity_id=light.a",
            "\u{feff}{\"entity_id\": \"light.a\"}",
            r#"{"x": NaN, "entity_id": "light.a"}"#,
            r#"{"x": "\ud800", "entity_id": "light.a"}"#,
            r#"{"x": "\ude00\ud83d", "entity_id": "light.a"}"#,
            r#"{"x": "\ud83d \ude00", "entity_id": "light.a"}"#,
            r#"{"x": "\ud83d\\ude00", "entity_id": "light.a"}"#,
        ] {
            assert_eq!(read(body, "/entity_id"), Err(Unreadable::NotJson), "{body}");
        }
        assert_eq!(
            read_bytes(b"{\"x\": \"\xff\", \"entity_id\": \"light.a\"}", "/entity_id"),
            Err(Unreadable::NotJson)
        );
        let utf16: Vec<u8> = r#"{"entity_id": "light.a"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_bytes(&utf16, "/entity_id"), Err(Unreadable::NotJson));
    }

    #[test]
    fn pairs_of_surrogates_and_what_only_looks_like_half_of_one_are_read() {
        for text in [r"\ud83d\ude00", r"\\ud800", r"\\\\ud800", r#"\"\u0022{[[["#, r"\uD7FF\uE000"] {
            assert!(read(&format!(r#"{{"x": "{text}", "entity_id": "light.a"}}"#), "/entity_id").is_ok(), "{text}");
        }
    }

    #[test]
    fn keys_that_some_library_takes_for_the_judged_one_are_ambiguous() {
        for key in ["entityId", "entity-id", "entity_id ", "entity_id\\u0000", "entity_id\\u0000x", "__proto__"] {
            let body = format!(r#"{{"entity_id": "light.a", "{key}": "lock.b"}}"#);
            assert_eq!(read(&body, "/entity_id"), Err(Unreadable::Ambiguous), "{key}");
        }
        for key in ["entity", "entity_ids", "x_entity_id", "", "_"] {
            let body = format!(r#"{{"entity_id": "light.a", "{key}": "lock.b"}}"#);
            assert!(read(&body, "/entity_id").is_ok(), "{key}");
        }
        let dotted = r#"{"target": {"entity_id": "light.a"}, "target.entity_id": "lock.b"}"#;
        assert_eq!(read(dotted, "/target/entity_id"), Err(Unreadable::Ambiguous));
    }

    #[test]
    fn only_what_is_called_plain_json_is_read() {
        let called = |lines: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.append(name, HeaderValue::from_str(value).unwrap());
            }
            is_called_json(&headers)
        };
        let json = ("content-type", "application/json");
        assert!(called(&[json]));
        assert!(called(&[("content-type", "Application/JSON ; charset=UTF-8")]));
        assert!(called(&[("content-type", "application/merge-patch+json"), ("content-encoding", "identity")]));
        for lines in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "text/json")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "application/json, text/plain")],
            &[("content-type", "application/json; charset=utf-16")],
            &[("content-type", "application/jsonx")],
            &[("content-type", "application/+json")],
            &[json, json],
            &[json, ("content-encoding", "gzip")],
            &[json, ("content_encoding", "gzip")],
            &[json, ("content_type", "text/plain")],
        ] {
            assert!(!called(lines), "{lines:?}");
        }
    }

    #[test]
    fn a_place_that_nobody_wanted_to_read_has_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let pointers: Vec<JsonPointer> = vec!["/a".parse().unwrap()];
        let facts = BodyFacts::read(&headers, br#"{"a": "light.a", "b": "light.b"}"#, &pointers);
        assert_eq!(facts.at(&pointers[0]).unwrap().len(), 1);
        assert_eq!(facts.at(&"/b".parse().unwrap()), Err(Unreadable::Missing));
        assert_eq!(BodyFacts::default().at(&pointers[0]), Err(Unreadable::Missing));
    }
}
