//! `[[addon.protect]]` and `default`: which requests a rule is for, and what it asks of the user.

use http::Method;

use super::step_up::StepUp;
use crate::config::conditions::{Conditions, RawConditions};
use crate::config::entity_template::EntityTemplate;
use crate::config::json_pointer::JsonPointer;
use crate::config::path_pattern::PathPattern;
use crate::config::raw::section::{List, section};
use crate::config::raw::shape::TimeText;
use crate::ids::EntityId;

section! {
    /// `[[addon.protect]]`
    RawProtect {
        ..conditions: RawConditions,
        methods: List<String>,
        websocket: bool,
        path: String,
        allow_ambiguous_path: bool,
        entity: String,
        query: String,
        body: String,
        entities: List<String>,
        all_entities: bool,
        access: String,
        require: String,
        fresh: TimeText,
        second_factor: bool,
    }
}

/// What an add-on's paths need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protect {
    /// What becomes of a path for which there is no rule.
    pub default: Unlisted,
    /// The rules, in the order of the file. All that match must permit.
    pub rules: Vec<ProtectRule>,
    /// Whether one of them reads the query: every request asks that.
    reads_query: bool,
}

impl Protect {
    /// These rules, with this for paths that none of them is for.
    pub fn new(default: Unlisted, rules: Vec<ProtectRule>) -> Self {
        let is_query = |ask: &ProtectAsk| matches!(ask, ProtectAsk::Entities { from: EntitySource::Query(_), .. });
        let reads_query = rules.iter().flat_map(|rule| &rule.asks).any(is_query);
        Self { default, rules, reads_query }
    }

    /// Whether a rule reads the query.
    pub fn reads_query(&self) -> bool {
        self.reads_query
    }
}

/// `default` of an add-on: what becomes of a path for which there is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// It is open to everybody who may open the add-on.
    #[default]
    Permit,
    /// It is refused.
    Deny,
}

/// One `[[addon.protect]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectRule {
    /// The methods that it is for; none means all of them. HEAD counts as GET and never stands here.
    pub methods: Vec<Method>,
    /// Whether it is for WebSockets alone, for everything else alone, or for both.
    pub websocket: Option<bool>,
    /// The paths that it is for, as the add-on sees them.
    pub path: PathPattern,
    /// Paths that not all servers read alike may pass.
    pub allow_ambiguous_path: bool,
    /// What it asks of the user: all of it. Nothing, where a path is only to be opened.
    pub asks: Vec<ProtectAsk>,
}

/// One thing that a rule asks of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtectAsk {
    /// They may use the entities that the request names.
    Entities {
        /// Where the request names them.
        from: EntitySource,
        /// What they must be allowed to do.
        access: AccessKey,
    },
    /// They may use all entities there are.
    AllEntities {
        /// What they must be allowed to do.
        access: AccessKey,
    },
    /// They are an administrator; the owner is one.
    Admin,
    /// They are the owner.
    Owner,
    /// The circumstances are these.
    Circumstances(Conditions),
    /// They have proved this.
    StepUp(StepUp),
}

/// Where a request names the entities that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntitySource {
    /// In its path.
    Path(EntityTemplate),
    /// In this parameter of its query.
    Query(String),
    /// At this place of its JSON body: one text, or a list of texts.
    Body(JsonPointer),
    /// Nowhere: it is always these.
    Fixed(Vec<EntityId>),
}

/// What somebody may do to an entity (spec/permissions.md section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessKey {
    /// See its state.
    Read,
    /// Call services on it.
    Control,
    /// Change its settings.
    Edit,
}

impl AccessKey {
    /// The key as policies have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Control => "control",
            Self::Edit => "edit",
        }
    }
}
