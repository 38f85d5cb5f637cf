//! `user_map` and `user_template` of an add-on: under which name a user is known there, where the add-on has users of
//! its own.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::findings::{Explained, Findings};
use crate::config::header::{self, BadValue};
use crate::config::raw::section::Key;
use crate::config::raw::shape::{self, Shape};
use crate::config::resolve::context::Context;

/// The names that an add-on has for users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// A user name or id, and the name of that user there, in the order of the file.
    pub map: Vec<(String, Arc<str>)>,
    /// How the name of everybody else is made; without it they have none.
    pub template: Option<UserTemplate>,
}

/// `user_template = "{name}@home"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTemplate(Vec<UserPiece>);

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserPiece {
    /// Stands in every name as it is.
    Text(String),
    /// `{id}`
    Id,
    /// `{name}`
    Name,
    /// `{display_name}`
    DisplayName,
    /// `{email}`
    Email,
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUserTemplate {
    /// `{` without `}`, or the other way round.
    #[error("a brace without its other half")]
    Brace,
    /// Something else in braces.
    #[error("no such placeholder")]
    Unknown,
    /// Two users could have the same.
    #[error("two users could get one name by this")]
    NotUnique,
    /// A control character, or blanks around it.
    #[error("a control character, or blanks around the name")]
    Unsendable,
}

impl UserTemplate {
    /// Its pieces, in order.
    pub fn pieces(&self) -> &[UserPiece] {
        &self.0
    }
}

impl std::str::FromStr for UserTemplate {
    type Err = BadUserTemplate;

    fn from_str(text: &str) -> Result<Self, BadUserTemplate> {
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(BadUserTemplate::Unsendable);
        }
        let (mut pieces, mut rest) = (Vec::new(), text);
        let said = |text: &str| if text.contains('}') { Err(BadUserTemplate::Brace) } else { Ok(text.to_owned()) };
        while let Some((before, inside)) = rest.split_once('{') {
            let (name, after) = inside.split_once('}').ok_or(BadUserTemplate::Brace)?;
            if !before.is_empty() {
                pieces.push(UserPiece::Text(said(before)?));
            }
            pieces.push(match name {
                "id" => UserPiece::Id,
                "name" => UserPiece::Name,
                "display_name" => UserPiece::DisplayName,
                "email" => UserPiece::Email,
                _ => return Err(BadUserTemplate::Unknown),
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(UserPiece::Text(said(rest)?));
        }
        // Ids, user names and addresses are one user's alone; display names are whatever people call themselves. Beside
        // another placeholder even those could be told apart no longer: `a-b` and `c`, or `a` and `b-c`.
        let mut own = pieces.iter().filter(|piece| !matches!(piece, UserPiece::Text(_)));
        let unique = match (own.next(), own.next()) {
            (Some(UserPiece::Id | UserPiece::Name | UserPiece::Email), None) => true,
            // An id is always 32 digits long, so that what follows it or precedes it is told apart.
            _ => pieces.contains(&UserPiece::Id),
        };
        if unique { Ok(Self(pieces)) } else { Err(BadUserTemplate::NotUnique) }
    }
}

impl Explained for BadUserTemplate {
    fn expected(&self) -> &'static str {
        "expected a name with `{id}`, `{name}` or `{email}` in it"
    }

    fn hint(&self) -> String {
        match self {
            Self::Brace => "write a placeholder as `{name}`",
            Self::Unknown => "the placeholders are {id}, {name}, {display_name} and {email}",
            Self::NotUnique => {
                "write `{id}`, `{name}` or `{email}` alone, or `{id}` beside the others: a display name is nobody's own"
            }
            Self::Unsendable => "write it as in \"{name}@home\"",
        }
        .into()
    }
}

/// `user_map` as it stands in the file, in its order.
#[derive(Debug)]
pub(in crate::config) struct UserMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<String>)>);

impl Shape for UserMap {
    const EXPECTED: &'static str = "expected a table of users and their names there";
    const HINT: &'static str = "write it as { frank = \"franklin\", \"zoë\" = \"zoe\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        Some(Self(shape::in_order(table, findings)))
    }
}

impl Accounts {
    /// Whether a name is made of an address.
    pub(super) fn ask_for_emails(&self) -> bool {
        self.template.as_ref().is_some_and(|template| template.pieces().contains(&UserPiece::Email))
    }

    /// Both keys; nothing when users are called there as they are called here.
    pub(super) fn resolve(map: &Key<UserMap>, template: &Key<String>, cx: &mut Context<'_>) -> Option<Self> {
        if matches!((map, template), (Key::Absent, Key::Absent)) {
            return None;
        }
        let listed = map.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
        if listed.len() > MOST {
            let at = map.given().map(Spanned::span).unwrap_or_default();
            let many = Diagnostic::mistake(at, format!("more than {MOST} users"));
            cx.add(many.label("expected fewer users").hint("a `user_template` may do for many"));
        }
        let map = listed.iter().filter_map(|(user, name)| {
            checked(name.get_ref(), name.span(), cx)?;
            Some((user.get_ref().clone(), name.get_ref().as_str().into()))
        });
        let map = map.collect();
        let template = template.given().and_then(|text| cx.findings.parse(text));
        // Even where a value is wrong: users must not fall back to the names that they have here.
        Some(Self { map, template })
    }
}

fn checked(name: &str, at: Span, cx: &mut Context<'_>) -> Option<()> {
    let bad = |err: BadValue| {
        let message = format!("{} is not a name that can be sent: {err}", quoted(name));
        Diagnostic::mistake(at, message).label("expected a user name").hint("write it as the add-on knows it")
    };
    let value = if name.trim() == name { header::value(name.as_bytes()).map(|_| ()) } else { Err(BadValue::Blank) };
    value.map_err(|err| cx.add(bad(err))).ok()
}

/// Users of one map.
const MOST: usize = 1000;
