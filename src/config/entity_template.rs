//! Entity ids, and templates that make one from pieces of a path.
//!
//! In comes text, out comes an [`EntityId`] as Home Assistant's `valid_entity_id` would let it pass, or an
//! [`EntityTemplate`] whose every result is judged by the same rule. Only protected paths insist on it: the permission
//! engine itself takes any text.

use crate::ids::EntityId;

use super::findings::Explained;
use super::path_pattern::PathPattern;

/// `entity = "cover.{cover}"`: text and placeholders of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTemplate(Vec<Piece>);

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stands in the entity id as it is.
    Text(String),
    /// The placeholder at this position of the pattern, counted from zero.
    Placeholder(usize),
}

/// Why a text is no template for this pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    /// `{` without `}`, or the other way round.
    #[error("a brace without its other half")]
    Brace,
    /// The path has no such placeholder.
    #[error("`{{{0}}}` is not a placeholder of `path`")]
    Unknown(String),
    /// The placeholder for all the rest.
    #[error("`{{*{0}}}` stands for more than one segment and cannot be a part of an entity id")]
    Rest(String),
    /// Whatever stands in the path, the result is no entity id.
    #[error("this can never be an entity id")]
    NeverAnEntity,
    /// Always the same.
    #[error("nothing of the path is in it")]
    NoPlaceholder,
}

impl EntityTemplate {
    /// Its pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Reads a template over the placeholders of `pattern`.
    pub fn parse(text: &str, pattern: &PathPattern) -> Result<Self, BadTemplate> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once('{') {
            let (name, after) = inside.split_once('}').ok_or(BadTemplate::Brace)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let name = name.strip_prefix('*').unwrap_or(name);
            if pattern.rest() == Some(name) {
                return Err(BadTemplate::Rest(name.to_owned()));
            }
            let place = pattern.placeholders().position(|known| known == name);
            pieces.push(Piece::Placeholder(place.ok_or_else(|| BadTemplate::Unknown(name.to_owned()))?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Self(pieces);
        if template.texts().any(|text| text.contains('}')) {
            Err(BadTemplate::Brace)
        } else if template.texts().count() == template.0.len() {
            Err(BadTemplate::NoPlaceholder)
        } else if template.can_be_an_entity() {
            Ok(template)
        } else {
            Err(BadTemplate::NeverAnEntity)
        }
    }

    /// Whether some values make an entity id of it: where the text has no dot, a value may hold it.
    fn can_be_an_entity(&self) -> bool {
        let fill = |value: &str| {
            let pieces = self.0.iter().map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Placeholder(_) => value,
            });
            pieces.collect::<String>()
        };
        let plain = fill("x");
        let with_dot = if plain.contains('.') { plain } else { fill("x").replacen('x', "x.x", 1) };
        with_dot.parse::<EntityId>().is_ok()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Placeholder(_) => None,
        })
    }
}

impl Explained for BadTemplate {
    fn expected(&self) -> &'static str {
        "expected an entity id with placeholders of `path`, as in \"cover.{cover}\""
    }

    fn hint(&self) -> String {
        match self {
            Self::Brace => "write a placeholder as `{name}`",
            Self::Unknown(_) => "name a placeholder that stands in `path`, as in path = \"/covers/{cover}\"",
            Self::Rest(_) => "give the segment a placeholder of its own in `path`",
            Self::NeverAnEntity => "an entity id is lower-case letters, digits and `_`, with one dot",
            Self::NoPlaceholder => "for entities that are always the same write entities = [\"light.kitchen\"]",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::BadEntityId;

    #[test]
    fn an_entity_id_is_what_home_assistant_takes_for_one() {
        for good in ["light.kitchen", "1.a", "a.1", "input_boolean.hello_world_0123"] {
            assert!(good.parse::<EntityId>().is_ok(), "{good}");
        }
        let long = format!("light.{}", "a".repeat(250));
        for bad in [
            "",
            ".",
            "light",
            "light.",
            ".kitchen",
            "light.a.b",
            "Light.a",
            "light.A",
            "light._a",
            "light.a_",
            "_light.a",
            "light_.a",
            "light.a__b",
            "li__ght.a",
            "light.a b",
            "light.ä",
            "light.a\n",
            "light.a,lock.b",
            "light.%61",
            "light.a\0",
            "all",
            "41a6ad8bcf3e4d7dbf86f1ac05e31f5e",
            &long,
        ] {
            assert_eq!(bad.parse::<EntityId>(), Err(BadEntityId), "{bad}");
        }
    }

    #[test]
    fn a_template_is_made_of_the_placeholders_of_its_path() {
        let pattern: PathPattern = "/api/{domain}/{name}/{*rest}".parse().unwrap();
        let parse = |text| EntityTemplate::parse(text, &pattern);
        let (text, placeholder) = (|text: &str| Piece::Text(text.to_owned()), Piece::Placeholder);
        assert_eq!(parse("cover.{name}").unwrap().pieces(), [text("cover."), placeholder(1)]);
        assert_eq!(
            parse("{domain}.{name}_x").unwrap().pieces(),
            [placeholder(0), text("."), placeholder(1), text("_x")]
        );
        assert_eq!(parse("{name}").unwrap().pieces(), [placeholder(1)]);
        assert_eq!(parse("light.kitchen"), Err(BadTemplate::NoPlaceholder));
        assert_eq!(parse("cover.{other}"), Err(BadTemplate::Unknown("other".to_owned())));
        assert_eq!(parse("cover.{*rest}"), Err(BadTemplate::Rest("rest".to_owned())));
        assert_eq!(parse("cover.{rest}"), Err(BadTemplate::Rest("rest".to_owned())));
        for bad in ["cover.{name", "cover.name}{name}", "cover.{name}}"] {
            assert_eq!(parse(bad), Err(BadTemplate::Brace), "{bad}");
        }
        for never in ["Cover.{name}", "cover/{name}", "a.b.{name}", "cover.{name}.x", "cover. {name}"] {
            assert_eq!(parse(never), Err(BadTemplate::NeverAnEntity), "{never}");
        }
    }
}
