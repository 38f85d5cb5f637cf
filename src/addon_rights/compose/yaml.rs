//! Writes a tree as YAML, in the little of YAML that a service needs. All text is in double quotes, written as JSON
//! writes it, which YAML reads as the same (YAML 1.2 section 1.3); `$`, which Compose would replace, is doubled.

use std::fmt::Write as _;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Flag(bool),
    Number(u64),
    List(Vec<Self>),
    Map(Map),
}

/// A mapping in the order in which it was made.
#[derive(Debug, Clone, Default)]
pub(super) struct Map(Vec<(String, Node)>);

impl Map {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// With one more entry, unless there is nothing in its value.
    pub(super) fn with(mut self, key: &str, value: Node) -> Self {
        if !value.is_empty() {
            self.0.push((key.to_owned(), value));
        }
        self
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_) | Self::Flag(_) | Self::Number(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.0.is_empty(),
        }
    }
}

pub(super) fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

pub(super) fn texts(all: impl IntoIterator<Item = String>) -> Node {
    Node::List(all.into_iter().map(Node::Text).collect())
}

/// The tree as text.
pub(super) fn written(map: &Map) -> String {
    let mut out = String::new();
    entries(map, 0, &mut out);
    out
}

fn entries(map: &Map, depth: usize, out: &mut String) {
    for (key, value) in &map.0 {
        let (indent, name) = ("  ".repeat(depth), name(key));
        // Writing to a `String` cannot fail. A key that stands before its colon on one line has 1024 characters at most
        // (YAML 1.2 section 7.4.2).
        let _ = if name.chars().count() > LONGEST_NAME {
            write!(out, "{indent}? {name}\n{indent}:")
        } else {
            write!(out, "{indent}{name}:")
        };
        below(value, depth, out);
    }
}

fn below(value: &Node, depth: usize, out: &mut String) {
    match value {
        Node::Text(_) | Node::Flag(_) | Node::Number(_) => {
            let _ = writeln!(out, " {}", scalar(value));
        }
        Node::Map(map) => {
            out.push('\n');
            entries(map, depth.saturating_add(1), out);
        }
        Node::List(list) => {
            out.push('\n');
            for element in list {
                let _ = write!(out, "{}-", "  ".repeat(depth.saturating_add(1)));
                element_of_list(element, depth.saturating_add(1), out);
            }
        }
    }
}

/// A mapping in a list begins on the line of its dash.
fn element_of_list(element: &Node, depth: usize, out: &mut String) {
    let Node::Map(map) = element else { return below(element, depth, out) };
    let mut block = String::new();
    entries(map, depth.saturating_add(1), &mut block);
    // The first line goes behind the dash, and the others keep their depth.
    let _ = writeln!(out, " {}", block.trim());
}

fn scalar(value: &Node) -> String {
    match value {
        Node::Text(text) => quoted(text),
        Node::Flag(flag) => flag.to_string(),
        Node::Number(number) => number.to_string(),
        Node::List(_) | Node::Map(_) => String::new(),
    }
}

/// Our own names as they are, those of others in quotes.
fn name(key: &str) -> String {
    let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        // Readers of YAML 1.1 take these for booleans or nothing when they stand without quotes.
        && !matches!(key, "on" | "off" | "yes" | "no" | "y" | "n" | "true" | "false" | "null");
    if plain { key.to_owned() } else { serde_json::Value::from(key).to_string() }
}

/// Its quotation marks and escapes included.
const LONGEST_NAME: usize = 1000;

fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('$', "$$")).to_string()
}
