//! JSON of a peer, read with a bound on what it costs to hold.
//!
//! Read into a tree, JSON takes many times its length: `[{"":0},{"":0},...]` takes eighty times. So a text is measured
//! first, in one pass that allocates nothing, and what would take too much is not read at all.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadJson {
    /// It is not JSON.
    #[error("it is not JSON")]
    Malformed,
    /// A tree of it would take too much memory, or is too deep.
    #[error("it holds too many values, or is nested too deeply")]
    TooHeavy,
}

/// Reads a text that may be held as a tree.
pub(crate) fn read(text: &[u8]) -> Result<Value, BadJson> {
    // Measured before it is parsed: afterwards the memory has been taken.
    Weight::of(text).bearable(text.len())?;
    serde_json::from_slice(text).map_err(|_| BadJson::Malformed)
}

/// Whether the text is nested no deeper than anything here reads.
pub(crate) fn is_shallow(text: &[u8]) -> bool {
    Weight::of(text).depth <= DEEPEST
}

/// The elements of a list, one after the other, as far as `keep` leaves something of them: as a list again. Nothing,
/// when it is no list. No more than one element is ever read at a time.
pub(crate) fn filter_list(text: &str, keep: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut out = String::from("[");
    let filter = Filter { out: &mut out, keep, of: PhantomData::<List> };
    whole(text, |parser| filter.deserialize(parser))?;
    out.push(']');
    Some(out)
}

/// The same for the fields of an object: `keep` is given the name, and the value as it stands.
pub(crate) fn filter_fields(text: &str, keep: impl FnMut(&str, &str) -> Option<String>) -> Option<String> {
    let mut out = String::from("{");
    let filter = Filter { out: &mut out, keep, of: PhantomData::<Fields> };
    whole(text, |parser| filter.deserialize(parser))?;
    out.push('}');
    Some(out)
}

/// The values of these fields of an object, as they stand. Nothing, when it is no object, or has one of them twice:
/// which of two is meant, others might see otherwise.
pub(crate) fn fields<'t, const N: usize>(text: &'t str, names: [&str; N]) -> Option<[Option<&'t str>; N]> {
    whole(text, |parser| parser.deserialize_map(Picked { names }))
}

/// Reads the text to its end.
fn whole<'t, T>(
    text: &'t str,
    read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'t>>) -> serde_json::Result<T>,
) -> Option<T> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let found = read(&mut parser).ok()?;
    parser.end().ok()?;
    Some(found)
}

struct List;
struct Fields;

struct Filter<'o, K, T> {
    out: &'o mut String,
    keep: K,
    of: PhantomData<T>,
}

impl<'de, K: FnMut(&str) -> Option<String>> DeserializeSeed<'de> for Filter<'_, K, List> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, K: FnMut(&str) -> Option<String>> Visitor<'de> for Filter<'_, K, List> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        // As text, so that only one element at a time becomes a tree.
        while let Some(one) = list.next_element::<&RawValue>()? {
            if let Some(kept) = (self.keep)(one.get()) {
                self.out.push_str(if self.out.len() > 1 { "," } else { "" });
                self.out.push_str(&kept);
            }
        }
        Ok(())
    }
}

impl<'de, K: FnMut(&str, &str) -> Option<String>> DeserializeSeed<'de> for Filter<'_, K, Fields> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: FnMut(&str, &str) -> Option<String>> Visitor<'de> for Filter<'_, K, Fields> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if let Some(kept) = (self.keep)(&name, value.get()) {
                self.out.push_str(if self.out.len() > 1 { "," } else { "" });
                // Quoted anew: the name was unescaped when it was read.
                self.out.push_str(&Value::String(name).to_string());
                self.out.push(':');
                self.out.push_str(&kept);
            }
        }
        Ok(())
    }
}

struct Picked<'n, const N: usize> {
    names: [&'n str; N],
}

impl<'de, const N: usize> Visitor<'de> for Picked<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            let place = self.names.iter().zip(&mut found).find(|(wanted, _)| **wanted == name);
            if let Some((_, place)) = place
                && place.replace(value.get()).is_some()
            {
                return Err(A::Error::custom("a field that stands there twice"));
            }
        }
        Ok(found)
    }
}

/// What a tree of a text would take, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    depth: usize,
    bytes: usize,
}

impl Weight {
    /// Goes by the signs outside of strings. Of a text that is not JSON the result means nothing: the parser refuses
    /// it.
    fn of(text: &[u8]) -> Self {
        let mut weight = Self { depth: 0, bytes: text.len() };
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        for byte in text {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    _ => {}
                }
                continue;
            }
            let takes = match byte {
                b'"' => {
                    in_string = true;
                    STRING
                }
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    weight.depth = weight.depth.max(depth);
                    if *byte == b'{' { OBJECT } else { LIST }
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    0
                }
                b',' => ITEM,
                _ => 0,
            };
            weight.bytes = weight.bytes.saturating_add(takes);
        }
        weight
    }

    fn bearable(self, length: usize) -> Result<(), BadJson> {
        let most = length.saturating_mul(TIMES).max(ALWAYS);
        if self.depth <= DEEPEST && self.bytes <= most { Ok(()) } else { Err(BadJson::TooHeavy) }
    }
}

/// A field of which only a text is of interest: whatever else stands there is read over, and takes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    /// A number from zero on.
    Number(u64),
    Null,
    Other,
}

impl Scalar {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub(crate) fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// How deep anything is nested that is read here. The parser's own limit.
const DEEPEST: usize = 127;
/// What a tree may take: this many times its text,
const TIMES: usize = 8;
/// or this much, whatever its length: a state with its attributes is dense, and short.
const ALWAYS: usize = 512 * 1024;

// What `serde_json::Value` takes at most, with the room that a growing list or a node of a map keeps free.
/// A map's first node: eleven keys and values.
const OBJECT: usize = 640;
/// A list's first four values.
const LIST: usize = 128;
/// One more value of a list, while the list moves to twice its room; or of a map whose nodes are half full.
const ITEM: usize = 128;
/// What an allocation takes besides its bytes.
const STRING: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_small_or_like_its_text_is_read() {
        assert_eq!(read(br#"{"a": [1, "b\"}{", null]}"#), Ok(json!({"a": [1, "b\"}{", null]})));
        let text = format!("[\"{}\"]", "x".repeat(4 << 20));
        assert!(read(text.as_bytes()).is_ok());
        assert_eq!(read(b"{"), Err(BadJson::Malformed));
        assert_eq!(read(b""), Err(BadJson::Malformed));
    }

    #[test]
    fn what_would_take_many_times_its_text_is_not() {
        for one in ["{}", "[]", "0", r#"{"":0}"#, r#"{"a":{"b":{}}}"#, "\"\"", "[[[]]]"] {
            let text = format!("[{}]", vec![one; (1 << 20) / (one.len() + 1)].join(","));
            assert_eq!(read(text.as_bytes()), Err(BadJson::TooHeavy), "{one}");
        }
        let fields = (0..100_000).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(",");
        assert_eq!(read(format!("{{{fields}}}").as_bytes()), Err(BadJson::TooHeavy));
        for depth in [128, 100_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(read(text.as_bytes()), Err(BadJson::TooHeavy));
            assert!(!is_shallow(text.as_bytes()));
        }
    }

    #[test]
    fn a_string_hides_nothing_from_the_measure() {
        let heavy = format!("[{}]", vec!["{}"; 100_000].join(","));
        for start in [r#"["\\","#, r#"["\"","#, r#"["a","#, r#"["\u005c","#] {
            let text = format!("{start}{heavy}]");
            assert_eq!(read(text.as_bytes()), Err(BadJson::TooHeavy), "{start}");
        }
    }

    #[test]
    fn a_list_and_an_object_are_filtered_one_by_one() {
        let text = r#" [1, "a", {"b": [2]}, [ ] ] "#;
        assert_eq!(filter_list(text, |one| (one != "1").then(|| one.to_owned())).unwrap(), r#"["a",{"b": [2]},[ ]]"#);
        assert_eq!(filter_list("[1]", |_| None).unwrap(), "[]");
        for other in ["{}", "1", "[1", "[1] 2", ""] {
            assert_eq!(filter_list(other, |one| Some(one.to_owned())), None, "{other}");
        }
        let text = r#"{"a": 1, "\u0062\"": {"c": 2}, "d": 3}"#;
        let kept = filter_fields(text, |name, value| (name != "a").then(|| value.to_owned()));
        assert_eq!(kept.unwrap(), r#"{"b\"":{"c": 2},"d":3}"#);
        assert_eq!(filter_fields("[]", |_, value| Some(value.to_owned())), None);
    }

    #[test]
    fn fields_are_found_once_or_not_at_all() {
        assert_eq!(fields(r#"{"b": [1], "a": 2, "c": 3}"#, ["a", "b", "x"]), Some([Some("2"), Some("[1]"), None]));
        assert_eq!(fields(r#"{"c": 1, "c": 2}"#, ["a"]), Some([None]));
        for other in [r#"{"a": 1, "\u0061": 1}"#, "[]", "{", r#"{"a": 1} x"#] {
            assert_eq!(fields(other, ["a"]), None, "{other}");
        }
    }

    #[test]
    fn of_a_scalar_only_the_text_or_the_number_is_kept() {
        let scalar = |text: &str| serde_json::from_str::<Scalar>(text).unwrap();
        assert_eq!(scalar("\"a\""), Scalar::Text("a".to_owned()));
        assert_eq!(scalar("7"), Scalar::Number(7));
        assert_eq!(scalar("null"), Scalar::Null);
        for other in ["-1", "1.5", "true", "[[{}]]", r#"{"a":{"b":1}}"#] {
            assert_eq!(scalar(other), Scalar::Other, "{other}");
        }
    }
}
