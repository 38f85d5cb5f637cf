//! A home as its files are now: who is in it, and what each of them may do.
//!
//! It is read from the configuration folder, and is the directory that a serving process has: each distinct list of
//! groups is compiled once, and nothing is compiled per question.

use std::sync::Arc;

use super::answer::{Answer, ExplainedEntity};
use super::because::{Because, ConfiguredRule, EchoedQuestion, Part};
use super::groups::{Group, Groups};
use super::question::Question;
use super::reason;
use super::registered::Registered;
use crate::authorization::protect;
use crate::conditions::Circumstances;
use crate::config::{GroupSource, Settings};
use crate::home_assistant::{FileProblem, read_folder, read_registries, read_time_zone};
use crate::identity::{Directory, User};
use crate::ids::{GroupId, TimeZone};
use crate::permission::{Denial, Explanation, FoundBy, Grant, GroupIndex, Rights, Verdict};

/// A home at one moment.
pub(crate) struct Home {
    directory: Directory,
    /// Whose policies count.
    source: GroupSource,
    /// In which zone hours are meant.
    zone: Option<TimeZone>,
    /// What is wrong with the registries, when they cannot be used.
    problem: String,
}

impl Home {
    /// Reads the files; nothing when the configuration names none. Without the users there is nothing to explain;
    /// without the registries everything is denied.
    pub(crate) fn read(settings: &Settings) -> Result<Option<Self>, Vec<FileProblem>> {
        let permissions = &settings.permissions;
        let Some(config_dir) = settings.home_assistant.config_dir() else { return Ok(None) };
        let people = read_folder(config_dir)?.directory(permissions);
        let (registry, problem) = match read_registries(config_dir) {
            Ok(registry) => (Some(Arc::new(registry)), String::new()),
            Err(problems) => {
                let lines: Vec<_> = problems.iter().map(|problem| format!("{problem}: {}", problem.reason())).collect();
                (None, lines.join("; "))
            }
        };
        let zone = settings.home_assistant.time_zone.clone().or_else(|| read_time_zone(config_dir));
        Ok(Some(Self { directory: people.with_registry(registry), source: permissions.source, zone, problem }))
    }

    /// The home of a process that serves, at this moment.
    pub(crate) fn of(directory: Directory, source: GroupSource) -> Self {
        Self { directory, source, zone: None, problem: "they could not be read".to_owned() }
    }

    /// The same, where hours are meant in this zone.
    pub(crate) fn in_zone(self, zone: Option<TimeZone>) -> Self {
        Self { zone, ..self }
    }

    /// The users, what they may do, and the registries.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// In which zone hours are meant.
    pub(super) fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// What is wrong with the registries, if anything is.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.directory.registry().is_none().then_some(self.problem.as_str())
    }

    /// Why the user may do what a rule asks about entities, or not.
    pub(crate) fn sentence(&self, user: &User, asked: &protect::RuleQuery<'_>) -> String {
        let Some(rights) = self.directory.rights(user) else { return reason::unknown_user(user.id.as_str()) };
        let (entity, access, explained) = match asked {
            protect::RuleQuery::Entity { entity, access, .. } => {
                (entity.as_str(), access.as_str(), rights.explain(entity.as_str(), access.as_str()))
            }
            protect::RuleQuery::AllEntities { access, verdict } => {
                let explained = Explanation { verdict: *verdict, looked_up: None, origin: None };
                ("all entities", access.as_str(), explained)
            }
            protect::RuleQuery::Admin { .. }
            | protect::RuleQuery::Owner { .. }
            | protect::RuleQuery::Circumstances { .. }
            | protect::RuleQuery::StepUp { .. }
            | protect::RuleQuery::Unreadable { .. }
            | protect::RuleQuery::Body { .. }
            | protect::RuleQuery::Nothing => return String::new(),
        };
        let because = self.because(user, rights, &explained);
        let registered =
            explained.origin.map(|origin| Registered::new(origin, self.directory.registry().map(Arc::as_ref)));
        let asked = EchoedQuestion { user: user.id.as_str(), entity, access };
        reason::of(&because, asked, &self.groups_of(user), registered.as_ref())
    }

    /// The groups of a user.
    pub(crate) fn groups_of<'a>(&'a self, user: &'a User) -> Groups<'a> {
        let groups = user.groups.iter().map(|id| self.group(id)).collect();
        Groups::new(groups, user.configured_groups.iter().map(|id| &**id).collect(), self.source)
    }

    /// The groups of a user who does not exist.
    pub(crate) fn groups_of_nobody(&self) -> Groups<'_> {
        Groups::new(Vec::new(), Vec::new(), self.source)
    }

    /// Whether there is a user with this name or id.
    pub(crate) fn knows(&self, user: &str) -> bool {
        self.directory.named(user).is_some()
    }

    /// The user who is meant, with the groups that count in these circumstances.
    pub(super) fn user(&self, name: &str, circumstances: &Circumstances<'_>) -> Option<&Arc<User>> {
        self.directory.named_in(name, circumstances)
    }

    /// Decides about a user of this home, and says why.
    pub(super) fn answer<'a>(&'a self, question: &'a Question, user: Option<&'a User>) -> Answer<'a> {
        let Some((user, rights)) = user.and_then(|user| Some((user, self.directory.rights(user)?))) else {
            return Answer::about_nobody(question, self.groups_of_nobody());
        };
        let explained = rights.explain(&question.entity, &question.access);
        let because = self.because(user, rights, &explained);
        let groups = self.groups_of(user);
        let registry = self.directory.registry().map(Arc::as_ref);
        let registered = explained.origin.map(|origin| Registered::new(origin, registry));
        Answer::new(question, user, groups, ExplainedEntity::of(user), because, registered)
    }

    fn because<'a>(&'a self, user: &'a User, rights: Rights<'a>, explained: &Explanation<'a>) -> Because<'a> {
        let group = |index: GroupIndex| {
            self.group(user.groups.get(index.get()).expect("each group of the user gave one policy, in this order"))
        };
        let configured = |index: GroupIndex| {
            &**(user.configured_groups.get(index.get())).expect("each configured group of the user gave one policy")
        };
        let id = explained.looked_up;
        let rule = |found_by: FoundBy, index| ConfiguredRule {
            selector: found_by.selector().as_str(),
            of: Part::of(found_by),
            id,
            group: configured(index),
        };
        match explained.verdict {
            Verdict::Permit(Grant::Owner) => Because::Owner,
            Verdict::Permit(Grant::AllEntities { group: g }) => Because::AllEntities { group: group(g) },
            Verdict::Permit(Grant::WholeSelector { selector, group: g }) => {
                Because::WholeSelector { selector: selector.as_str(), group: group(g) }
            }
            Verdict::Permit(Grant::Rule { selector, group: g }) => {
                Because::Rule { selector: selector.as_str(), id, group: group(g) }
            }
            Verdict::Permit(Grant::Configured { found_by, group: g }) => Because::ConfiguredRule(rule(found_by, g)),
            Verdict::Deny(Denial::TakenBack { found_by, group: g }) => Because::TakenBack(rule(found_by, g)),
            Verdict::Deny(Denial::TakenBackFromSome { selector, group: g }) => {
                Because::TakenBackFromSome { selector: selector.as_str(), group: configured(g) }
            }
            Verdict::Deny(Denial::NotTrue { selector }) => Because::NotTrue { selector: selector.as_str(), id },
            Verdict::Deny(Denial::NoRule) => Because::NoRule,
            Verdict::Deny(Denial::NoRegistry) => Because::NoRegistry { problem: &self.problem },
            Verdict::Deny(Denial::IllegalPolicy) => {
                let illegal = rights.permissions().illegal().expect("an illegal policy is what this denial is for");
                let (path, found) = (illegal.path(), illegal.found().to_string());
                Because::IllegalPolicy { group: group(illegal.group()), path, found }
            }
        }
    }

    fn group<'a>(&'a self, id: &'a GroupId) -> Group<'a> {
        Group { id, name: self.directory.group_name(id) }
    }
}
