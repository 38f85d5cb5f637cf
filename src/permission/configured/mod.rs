//! The groups that an operator configures here, for what Home Assistant has no groups for: the fuller dialect.
//!
//! The policies of a user's configured groups have an opinion on an entity and an access key: yes, no, or none
//! (spec/permissions.md section 6, point 4). They can say `false`, and know labels and the entity's own area. They are
//! never merged with Home Assistant's policies: there a `false` would be illegal, and a `true` would hide it.
//!
//! The order of selectors is `entity_ids`, `device_ids`, `domains`, `areas` and `labels` of the entity itself, `areas`
//! and `labels` of its device, `all`; the first that has an opinion on the key decides, so that a more specific `false`
//! takes back what a wider selector gives. Where several things of one rank have one (an area and a label, or two
//! labels), a `false` wins. Across groups a `true` wins, at the same selector and id.

mod policy;
mod rules;

pub use policy::{ConfiguredPolicy, ConfiguredSelector, Opinions};
pub(super) use rules::ConfiguredRules;

#[cfg(test)]
mod tests;
