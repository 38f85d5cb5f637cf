//! YAML as a tree that knows where everything stands: text becomes a [`Node`] or a finding.
//!
//! The events are saphyr's; what is made of them is ours, because a manifest comes from somebody else: an alias is
//! expanded only within a budget (a "billion laughs" ends as one finding), nesting has a limit, and a key that stands
//! twice is a mistake where most readers quietly take the last. Merge keys (`<<`) work, as Home Assistant's reader has
//! them.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as Marks, Tag};
use toml::Spanned;

use crate::diagnostic::{Diagnostic, Span, quoted};

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
    /// How many nodes it is, itself and all below.
    size: usize,
}

/// What a value is before anybody expects something of it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Text; `plain` when it stands without quotes, and so may be a number, a yes or a null.
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file, each key once.
    Map(Entries),
}

/// The entries of a mapping.
pub(crate) type Entries = Vec<(Spanned<String>, Node)>;

impl Node {
    /// A value that was read elsewhere.
    pub(crate) fn new(span: Span, value: Value) -> Self {
        Self { span, value, size: 1 }
    }
}

/// Reads the one document of a file.
pub(super) fn parse(text: &str) -> Result<Node, Box<Diagnostic>> {
    let places = Places::new(text);
    let mut parser = Parser::new_from_str(text);
    let mut loader = Loader { places: &places, anchors: HashMap::new(), budget: MOST_NODES };
    let mut root = None;
    while let Some(event) = parser.next_event() {
        let (event, marks) = event.map_err(|err| Box::new(not_yaml(&places, &err)))?;
        match event {
            Event::DocumentStart(_) if root.is_some() => {
                let second = Diagnostic::mistake(places.span(marks), "a second document in one file");
                return Err(Box::new(
                    second.label("begins here").hint("a manifest is one document: take the rest out"),
                ));
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => root = Some(loader.node(event, marks, &mut parser, 0)?),
        }
    }
    // An empty file is a mapping without keys: what it lacks is reported key by key.
    Ok(root.unwrap_or_else(|| Node { span: 0..0, value: Value::Map(Vec::new()), size: 1 }))
}

/// What the parser says, or what is behind it.
fn not_yaml(places: &Places<'_>, err: &ScanError) -> Diagnostic {
    if let Some(tab) = tab_in_indentation(places.text) {
        return tab;
    }
    let at = places.at(err.marker());
    let bad = Diagnostic::mistake(at..places.after(at), format!("not YAML: {}", err.info()));
    bad.label("here").hint("the rest of the file is judged when it can be read")
}

/// The first line that is indented with a tab, which YAML has no indentation with (section 6.1): the parser notices it
/// lines later, or calls it something else.
fn tab_in_indentation(text: &str) -> Option<Diagnostic> {
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let indent = line.len().saturating_sub(line.trim_start_matches([' ', '\t']).len());
        if let Some(tab) = line.get(..indent).and_then(|indent| indent.find('\t')).filter(|_| !line.trim().is_empty()) {
            let at = start.saturating_add(tab);
            let bad = Diagnostic::mistake(at..at.saturating_add(1), "not YAML: this line is indented with a tab");
            return Some(bad.label("expected spaces").hint("write two spaces for each level, and no tabs"));
        }
        start = start.saturating_add(line.len());
    }
    None
}

struct Loader<'a> {
    places: &'a Places<'a>,
    anchors: HashMap<usize, Node>,
    budget: usize,
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;

impl Loader<'_> {
    /// Makes the node that begins with this event.
    fn node(
        &mut self,
        event: Event<'_>,
        marks: Marks,
        parser: &mut Events<'_>,
        depth: usize,
    ) -> Result<Node, Box<Diagnostic>> {
        let span = self.places.span(marks);
        if depth > DEEPEST {
            let deep = Diagnostic::mistake(span, format!("nested more than {DEEPEST} deep"));
            return Err(Box::new(deep.label("too deep").hint("no key of a manifest needs that")));
        }
        self.pay(1, &span)?;
        let (anchor, node) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !is_text(tag.as_deref(), &span)?;
                (anchor, Node { span, value: Value::Scalar { text: text.into_owned(), plain }, size: 1 })
            }
            Event::SequenceStart(anchor, tag) => {
                // For its refusal of strange tags; a list is no text, whatever its tag.
                is_text(tag.as_deref(), &span)?;
                (anchor, self.list(span, parser, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                is_text(tag.as_deref(), &span)?;
                (anchor, self.map(span, parser, depth)?)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(Box::new(self.broken(span))),
        };
        if anchor != 0 {
            // Paid a second time, because the copy is kept for its aliases.
            self.pay(node.size, &node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Box<Diagnostic>> {
        // An anchor is kept when its node is complete. The parser refuses unknown ones, so this one is still being
        // read.
        let Some(size) = self.anchors.get(&anchor).map(|node| node.size) else {
            let open = Diagnostic::mistake(span, "an alias inside of what it stands for");
            return Err(Box::new(open.label("refers to itself").hint("write the value out")));
        };
        // By what the alias stands for, before it is copied: nine lines of aliases can unfold to billions of nodes.
        self.pay(size, &span)?;
        self.anchors.get(&anchor).cloned().ok_or_else(|| Box::new(self.broken(span)))
    }

    fn list(&mut self, span: Span, parser: &mut Events<'_>, depth: usize) -> Result<Node, Box<Diagnostic>> {
        let (mut elements, mut size) = (Vec::new(), 1_usize);
        loop {
            let (event, marks) = self.next(parser, &span)?;
            if event == Event::SequenceEnd {
                let span = span.start..self.places.span(marks).end.max(span.end);
                return Ok(Node { span: self.places.trimmed(span), value: Value::List(elements), size });
            }
            let element = self.node(event, marks, parser, depth.saturating_add(1))?;
            size = size.saturating_add(element.size);
            elements.push(element);
        }
    }

    fn map(&mut self, span: Span, parser: &mut Events<'_>, depth: usize) -> Result<Node, Box<Diagnostic>> {
        let (mut entries, mut merged, mut size) = (Entries::new(), Vec::new(), 1_usize);
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, marks) = self.next(parser, &span)?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, marks, parser, depth.saturating_add(1))?;
            let (event, marks) = self.next(parser, &span)?;
            let value = self.node(event, marks, parser, depth.saturating_add(1))?;
            size = size.saturating_add(key.size).saturating_add(value.size);
            let Value::Scalar { text, plain } = key.value else {
                let bad = Diagnostic::mistake(key.span, "a key that is no text");
                return Err(Box::new(bad.label("expected a name").hint("write `name: value`")));
            };
            // In quotes it is a key like any other.
            if plain && text == "<<" {
                merged.push(value);
            } else if let Some(first) = seen.insert(text.clone(), key.span.clone()) {
                let twice = Diagnostic::mistake(key.span, format!("the key {} stands twice", quoted(&text)));
                let hint = "readers differ in which of the two they believe: take one out";
                return Err(Box::new(twice.label("here again").first(first).hint(hint)));
            } else {
                entries.push((Spanned::new(key.span, text), value));
            }
        }
        // Behind all keys of its own, wherever `<<` stands among them: its own keys win.
        for source in merged {
            merge(&mut entries, &mut seen, source)?;
        }
        let end = entries.last().map_or(span.end, |(_, value)| value.span.end.max(span.end));
        Ok(Node { span: self.places.trimmed(span.start..end), value: Value::Map(entries), size })
    }

    fn next<'t>(&self, parser: &mut Events<'t>, span: &Span) -> Result<(Event<'t>, Marks), Box<Diagnostic>> {
        match parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(err)) => Err(Box::new(not_yaml(self.places, &err))),
            None => Err(Box::new(self.broken(span.clone()))),
        }
    }

    fn pay(&mut self, nodes: usize, at: &Span) -> Result<(), Box<Diagnostic>> {
        self.budget = self.budget.checked_sub(nodes).ok_or_else(|| {
            let much = Diagnostic::mistake(at.clone(), format!("more than {MOST_NODES} values, aliases written out"));
            Box::new(
                much.label("too many here").hint("a manifest has some hundred: write aliases out or take them out"),
            )
        })?;
        Ok(())
    }

    fn broken(&self, span: Span) -> Diagnostic {
        let span = self.places.trimmed(span);
        Diagnostic::mistake(span, "not YAML: this does not end").label("begins here").hint("close it")
    }
}

/// Whether a tag says that this is text; a tag that means anything to a certain reader alone is a mistake.
fn is_text(tag: Option<&Tag>, span: &Span) -> Result<bool, Box<Diagnostic>> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() => Ok(tag.suffix == "str"),
        Some(tag) => {
            let strange = Diagnostic::mistake(span.clone(), format!("the tag {}", quoted(&tag.to_string())));
            Err(Box::new(strange.label("only YAML's own tags").hint("Home Assistant reads no tags here: take it out")))
        }
    }
}

/// Puts in what a merge key refers to, where the mapping does not say otherwise itself.
fn merge(entries: &mut Entries, seen: &mut HashMap<String, Span>, source: Node) -> Result<(), Box<Diagnostic>> {
    match source.value {
        Value::Map(others) => {
            for (key, value) in others {
                if !seen.contains_key(key.get_ref()) {
                    seen.insert(key.get_ref().clone(), key.span());
                    entries.push((key, value));
                }
            }
            Ok(())
        }
        Value::List(sources) => sources.into_iter().try_for_each(|source| merge(entries, seen, source)),
        Value::Scalar { .. } => {
            let bad = Diagnostic::mistake(source.span, "`<<` with something that is no mapping");
            Err(Box::new(bad.label("expected an alias of a mapping").hint("write `<<: *name`, or take it out")))
        }
    }
}

/// From the characters that saphyr counts to the bytes that messages are about.
struct Places<'a> {
    text: &'a str,
    /// The byte at which each character begins; nothing when all are one byte long.
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let starts = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Self { text, starts }
    }

    fn at(&self, mark: &Marker) -> usize {
        let at = if self.text.is_ascii() {
            mark.index()
        } else {
            self.starts.get(mark.index()).copied().unwrap_or(self.text.len())
        };
        at.min(self.text.len())
    }

    /// The end of the character that begins here.
    fn after(&self, at: usize) -> usize {
        let rest = self.text.get(at..).and_then(|rest| rest.chars().next());
        at.saturating_add(rest.map_or(0, char::len_utf8))
    }

    fn span(&self, marks: Marks) -> Span {
        let start = self.at(&marks.start);
        start..self.at(&marks.end).max(start)
    }

    /// The first line of a place, without blanks at its end: a caret under a whole block says nothing.
    fn trimmed(&self, span: Span) -> Span {
        let shown = self.text.get(span.clone()).unwrap_or_default();
        let line = shown.lines().next().unwrap_or_default().trim_end();
        span.start..span.start.saturating_add(line.len())
    }
}

/// Values that a manifest may have, with aliases written out. The largest known has some six hundred.
const MOST_NODES: usize = 20_000;

/// How deep values may be nested.
const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        parse(text).unwrap_or_else(|_| panic!("{}", why(text)))
    }

    fn why(text: &str) -> String {
        let Err(found) = parse(text) else { return String::new() };
        let found = crate::diagnostic::Diagnostics::new("f".as_ref(), text, &[], vec![*found]);
        found.to_string()
    }

    fn keys(node: &Node) -> Vec<&str> {
        let Value::Map(entries) = &node.value else { panic!("{node:?}") };
        entries.iter().map(|(key, _)| key.get_ref().as_str()).collect()
    }

    #[test]
    fn every_value_knows_its_bytes_even_behind_longer_characters() {
        let text = "näme: \"Zoë\"\nlist:\n  - 漢字\n  - x # why\n";
        let Value::Map(entries) = read(text).value else { panic!() };
        assert_eq!(text.get(entries[0].0.span()), Some("näme"));
        assert_eq!(text.get(entries[0].1.span.clone()), Some("\"Zoë\""));
        let Value::List(list) = &entries[1].1.value else { panic!() };
        assert_eq!(list.iter().map(|node| text.get(node.span.clone()).unwrap()).collect::<Vec<_>>(), ["漢字", "x"]);
    }

    #[test]
    fn aliases_and_merge_keys_are_what_they_stand_for() {
        let text = "a: &x {k: 1, l: 2}\nb: *x\nc:\n  <<: *x\n  l: 3\n";
        let Value::Map(entries) = read(text).value else { panic!() };
        assert_eq!(keys(&entries[1].1), ["k", "l"]);
        let Value::Map(c) = &entries[2].1.value else { panic!() };
        assert_eq!(keys(&entries[2].1), ["l", "k"]);
        assert!(matches!(&c[0].1.value, Value::Scalar { text, plain: true } if text == "3"));
    }

    #[test]
    fn a_billion_laughs_end_as_one_finding() {
        let level = |n| format!("a{n}: &a{n} [{}]\n", [format!("*a{}", n - 1).as_str(); 9].join(", "));
        let text = "a0: &a0 [l, o, l]\n".to_owned() + &(1..40).map(level).collect::<Vec<_>>().concat();
        assert!(why(&text).contains("more than 20000 values"), "{}", why(&text));
        assert!(why("a: &a [*a]\n").contains("inside of what it stands for"));
    }

    #[test]
    fn nesting_has_a_limit() {
        assert!(parse(&format!("{}{}", "[".repeat(33), "]".repeat(33))).is_ok());
        assert!(why(&format!("{}{}", "[".repeat(34), "]".repeat(34))).contains("nested more than 32"));
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn what_readers_would_differ_in_is_a_mistake() {
        insta::assert_snapshot!(why("slug: a\nname: b\nslug: c\n"), @r"
        error: the key `slug` stands twice
         --> f:3:1
          |
        1 | slug: a
          | ---- first here
        2 | name: b
        3 | slug: c
          | ^^^^ here again
          |
          = hint: readers differ in which of the two they believe: take one out
        ");
        assert!(why("a: !secret x\n").contains("the tag `!secret`"));
        assert!(why("a: 1\n---\nb: 2\n").contains("a second document"));
        assert!(why("? [a, b]\n: c\n").contains("a key that is no text"));
        assert!(why("a: [1, 2\n").contains("not YAML"));
        assert!(why("a:\n\t- b\n").contains("not YAML"));
        assert!(why("a: *nobody\n").contains("not YAML"));
    }

    #[test]
    fn nothing_is_an_empty_mapping() {
        for text in ["", "# only a comment\n", "---\n"] {
            let node = read(text);
            assert!(matches!(&node.value, Value::Map(entries) if entries.is_empty()) || text == "---\n", "{text:?}");
        }
    }
}
