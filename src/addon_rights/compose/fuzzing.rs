//! Fuzz target: the YAML of Compose files.

use saphyr_parser::{Event, Parser};

use super::yaml::{Map, texts, written};

/// Whatever a text is, one that is written as a value or as a name is read as the same text, and as nothing more.
pub(crate) fn compose_yaml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let inner = Map::new().with(text, super::yaml::text(text));
    let file = Map::new().with("services", super::yaml::Node::Map(inner)).with("list", texts([text.to_owned()]));
    let yaml = written(&file);
    let mut scalars = Vec::new();
    let mut parser = Parser::new_from_str(&yaml);
    while let Some(event) = parser.next_event() {
        let (event, _) = event.expect("what is written here is YAML");
        if let Event::Scalar(scalar, ..) = event {
            scalars.push(scalar.into_owned());
        }
    }
    // Compose takes one of two dollar signs away, in values alone.
    let value = text.replace('$', "$$");
    assert_eq!(scalars, ["services", text, &value, "list", &value], "{yaml}");
}
