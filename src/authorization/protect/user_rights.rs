//! What a user may do, at one moment, and their answers to what a rule asks.

use super::View;
use super::evaluation::RuleQuery;
use super::form::BodyKind;
use super::json::BodyFacts;
use super::matching::captured;
use super::query;
use super::segments::Segments;
use super::unreadable::Unreadable;
use crate::authorization::proof::Proof;
use crate::conditions::Circumstances;
use crate::config::{AccessKey, Conditions, EntitySource, EntityTemplate, Piece, ProtectAsk, ProtectRule, StepUp};
use crate::identity::User;
use crate::ids::EntityId;
use crate::permission::Rights;

/// A user, and what Home Assistant's files and the groups of the configuration let them do.
#[derive(Debug, Clone, Copy)]
pub struct UserRights<'a> {
    /// The user as the snapshot has them.
    pub user: &'a User,
    /// What their groups allow.
    pub rights: Rights<'a>,
    /// Where from, when and in which states it is asked.
    pub circumstances: &'a Circumstances<'a>,
    /// What they have proved beside being signed in.
    pub proof: Proof,
}

impl UserRights<'_> {
    /// Everything that a rule asks of this request, with its answers. A rule that asks for nothing says so.
    pub(super) fn ask<'r>(
        &self,
        rule: &'r ProtectRule,
        view: &View<'_>,
        segments: &Segments<'_>,
        body: Option<&BodyFacts>,
    ) -> Vec<RuleQuery<'r>> {
        let mut asked = Vec::with_capacity(rule.asks.len().max(1));
        for ask in &rule.asks {
            match ask {
                ProtectAsk::Admin => asked.push(RuleQuery::Admin { is: self.user.is_admin() }),
                ProtectAsk::Owner => asked.push(RuleQuery::Owner { is: self.user.is_owner }),
                ProtectAsk::Circumstances(conditions) => asked.push(self.about_circumstances(conditions)),
                ProtectAsk::StepUp(wanted) => asked.push(self.proved(*wanted)),
                ProtectAsk::AllEntities { access } => asked.push(self.about_all(*access)),
                ProtectAsk::Entities { from, access } => {
                    let one = |found: Result<EntityId, Unreadable>| match found {
                        Ok(entity) => self.about(entity, *access),
                        Err(why) => RuleQuery::Unreadable { from, why },
                    };
                    match from {
                        EntitySource::Path(template) => asked.push(one(fill(template, rule, segments))),
                        // Before the query is read: many frameworks let a form's field win over the query's parameter
                        // of that name.
                        EntitySource::Query(_) if may_say_more(rule, view) => asked.push(one(Err(Unreadable::Form))),
                        EntitySource::Query(name) => asked.push(one(query::entity(view.query, view.cookies, name))),
                        EntitySource::Fixed(ids) => asked.extend(ids.iter().map(|id| one(Ok(id.clone())))),
                        EntitySource::Body(pointer) => match body.map(|facts| facts.at(pointer)) {
                            // Not refused yet. The evaluation wants the body, and admission decides again when it has
                            // it.
                            None => asked.push(RuleQuery::Body { pointer }),
                            Some(Err(why)) => asked.push(one(Err(why))),
                            Some(Ok(ids)) => asked.extend(ids.iter().map(|id| one(Ok(id.clone())))),
                        },
                    }
                }
            }
        }
        // Without a finding the rule would not show in `explain`, though it opens the path.
        if asked.is_empty() {
            asked.push(RuleQuery::Nothing);
        }
        asked
    }

    /// Everything that a rule asks whose paths are a part of what the request acts on, with its answers. An entity that
    /// only a request for one of these paths would name could be any: who may use all of them may go on.
    pub(super) fn ask_of_tree<'r>(&self, rule: &'r ProtectRule, segments: &Segments<'_>) -> Vec<RuleQuery<'r>> {
        let mut asked = Vec::with_capacity(rule.asks.len());
        for ask in &rule.asks {
            match ask {
                ProtectAsk::Admin => asked.push(RuleQuery::Admin { is: self.user.is_admin() }),
                ProtectAsk::Owner => asked.push(RuleQuery::Owner { is: self.user.is_owner }),
                ProtectAsk::Circumstances(conditions) => asked.push(self.about_circumstances(conditions)),
                ProtectAsk::StepUp(wanted) => asked.push(self.proved(*wanted)),
                ProtectAsk::AllEntities { access } => asked.push(self.about_all(*access)),
                ProtectAsk::Entities { from: EntitySource::Fixed(ids), access } => {
                    asked.extend(ids.iter().map(|id| self.about(id.clone(), *access)));
                }
                ProtectAsk::Entities { from, access } => {
                    let known = match from {
                        EntitySource::Path(template) => {
                            known(template, rule, segments).then(|| fill(template, rule, segments))
                        }
                        _ => None,
                    };
                    asked.push(match known {
                        None => self.about_all(*access),
                        Some(Ok(entity)) => self.about(entity, *access),
                        Some(Err(why)) => RuleQuery::Unreadable { from, why },
                    });
                }
            }
        }
        asked
    }

    fn about_circumstances<'r>(&self, conditions: &Conditions) -> RuleQuery<'r> {
        RuleQuery::Circumstances { unmet: self.circumstances.meet(conditions).err() }
    }

    fn proved<'r>(&self, wanted: StepUp) -> RuleQuery<'r> {
        RuleQuery::StepUp { wanted, lacks: self.proof.satisfies(&wanted).into_result().err() }
    }

    fn about_all<'r>(&self, access: AccessKey) -> RuleQuery<'r> {
        RuleQuery::AllEntities { access, verdict: self.rights.access_all_entities(access.as_str()) }
    }

    fn about<'r>(&self, entity: EntityId, access: AccessKey) -> RuleQuery<'r> {
        let verdict = self.rights.check(entity.as_str(), access.as_str());
        RuleQuery::Entity { entity, access, verdict }
    }
}

/// Whether the body may have parameters besides those of the query. One of JSON has none where the rule judges it too,
/// since what is no JSON then is refused.
fn may_say_more(rule: &ProtectRule, view: &View<'_>) -> bool {
    let is_judged = |ask: &ProtectAsk| matches!(ask, ProtectAsk::Entities { from: EntitySource::Body(_), .. });
    match view.kind {
        BodyKind::None => false,
        BodyKind::CalledJson => !rule.asks.iter().any(is_judged),
        BodyKind::MaybeForm => true,
    }
}

/// Whether the path has all that a template needs.
fn known(template: &EntityTemplate, rule: &ProtectRule, segments: &Segments<'_>) -> bool {
    template.pieces().iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Placeholder(position) => captured(&rule.path, segments, *position).is_some(),
    })
}

/// The entity that a template and the path make.
fn fill(template: &EntityTemplate, rule: &ProtectRule, segments: &Segments<'_>) -> Result<EntityId, Unreadable> {
    let mut text = String::new();
    for piece in template.pieces() {
        text.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Placeholder(position) => captured(&rule.path, segments, *position).ok_or(Unreadable::Malformed)?,
        });
    }
    // What a template makes of decoded text need not be an entity id, and only an id can be asked about.
    text.parse().map_err(|_| Unreadable::Malformed)
}
