//! Why a request does not say which entity it is about.

use crate::refusal::Reason;

/// What is wrong with the place where a request should name its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// It is there more than once, or something beside it could be taken for it.
    #[error("it is there more than once, or something beside it could be taken for it")]
    Ambiguous,
    /// The query has a character at which some parsers cut it and others do not.
    #[error("the query has a `;`, `?` or `#` that is not percent-encoded, where parsers cut it in different ways")]
    CutElsewhere,
    /// The query has a parameter that could be taken for any other.
    #[error("a parameter has a name that not all parsers read alike")]
    OddName,
    /// The query has more parameters than all parsers read.
    #[error("the query has more than {} parameters, and some parsers leave the rest out", super::query::MOST)]
    TooManyParameters,
    /// What the body says is put among the parameters of the query, or over them.
    #[error(
        "some servers take the body for a form, and its fields for parameters of the query; only JSON that the same rule judges with `body` may stand beside it"
    )]
    Form,
    /// A cookie has a name that could be that of the parameter.
    #[error("a cookie could be taken for the parameter")]
    Cookie,
    /// It is no entity id, or no list of some.
    #[error("it is not an entity id")]
    Malformed,
    /// The body is not what `Content-Type: application/json` says, or nothing says so.
    #[error("the body is not said to be plain JSON")]
    NotCalledJson,
    /// The body is no JSON text.
    #[error("the body is not JSON")]
    NotJson,
}

impl Unreadable {
    /// The reason of the refusal.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Missing => Reason::EntityMissing,
            Self::Ambiguous
            | Self::CutElsewhere
            | Self::OddName
            | Self::TooManyParameters
            | Self::Form
            | Self::Cookie => Reason::EntityAmbiguous,
            Self::Malformed => Reason::EntityMalformed,
            Self::NotCalledJson => Reason::BodyNotCalledJson,
            Self::NotJson => Reason::BodyNotJson,
        }
    }
}
