//! What a scalar without quotes is to Home Assistant's reader, which follows YAML 1.1: `yes` and `off` are booleans
//! there.

use serde_json::Value as Json;

use super::yaml::{Node, Value};

/// What a scalar can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
}

impl<'a> Scalar<'a> {
    /// The kind of this text.
    pub(super) fn of(text: &'a str, plain: bool) -> Self {
        if !plain {
            return Self::Text(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Self::Bool(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Self::Bool(false),
            _ => int(text).map(Self::Int).or_else(|| float(text).map(Self::Float)).unwrap_or(Self::Text(text)),
        }
    }
}

/// Decimal, hexadecimal, octal and binary. Not the numbers to the base of sixty: `22:22` is two ports to everybody.
fn int(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.strip_prefix('+').unwrap_or(text)), |rest| (-1, rest));
    let digits = digits.replace('_', "");
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x', ..] => (digits.get(2..)?, 16),
        [b'0', b'b', ..] => (digits.get(2..)?, 2),
        [b'0', b'o', ..] => (digits.get(2..)?, 8),
        // `0777` is octal in YAML 1.1, which Home Assistant's reader speaks.
        [b'0', _, ..] => (digits.get(1..)?, 8),
        _ => (digits.as_str(), 10),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok()?.checked_mul(sign)
}

fn float(text: &str) -> Option<f64> {
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    let has = |wanted: fn(&u8) -> bool| text.bytes().any(|b| wanted(&b));
    let shaped = text.bytes().all(numeric) && has(|b| *b == b'.') && has(u8::is_ascii_digit);
    text.parse().ok().filter(|number: &f64| shaped && number.is_finite())
}

/// The value as JSON, for what the add-on itself is to read.
pub(super) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Scalar { text, plain } => match Scalar::of(text, *plain) {
            Scalar::Null => Json::Null,
            Scalar::Bool(flag) => flag.into(),
            Scalar::Int(number) => number.into(),
            Scalar::Float(number) => number.into(),
            Scalar::Text(text) => text.into(),
        },
        Value::List(elements) => elements.iter().map(json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.get_ref().clone(), json(value))).collect(),
    }
}

/// What a value is, as people say it.
pub(super) fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Scalar { text, plain } => match Scalar::of(text, *plain) {
            Scalar::Null => "nothing",
            Scalar::Bool(_) => "a yes or no",
            Scalar::Int(_) => "a number",
            Scalar::Float(_) => "a number with a fraction",
            Scalar::Text(_) => "text",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_what_yaml_1_1_says() {
        for (text, is) in [
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("~", Scalar::Null),
            ("8099", Scalar::Int(8099)),
            ("-1", Scalar::Int(-1)),
            ("010", Scalar::Int(8)),
            ("0x1F", Scalar::Int(31)),
            ("1_000", Scalar::Int(1000)),
            ("1.10", Scalar::Float(1.1)),
            ("1.2.3", Scalar::Text("1.2.3")),
            ("22:22", Scalar::Text("22:22")),
            ("yEs", Scalar::Text("yEs")),
            ("09", Scalar::Text("09")),
            (".", Scalar::Text(".")),
            ("infinity", Scalar::Text("infinity")),
        ] {
            assert_eq!(Scalar::of(text, true), is, "{text}");
            assert_eq!(Scalar::of(text, false), Scalar::Text(text));
        }
    }
}
