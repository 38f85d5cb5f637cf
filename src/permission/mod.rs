//! Home Assistant's permission engine for entities: pure, no I/O, no clock; it knows neither HTTP nor identity and
//! could be a crate of its own.
//!
//! The policies of a user's groups, as they stand in the file, and the registries make a [`UserPermissions`], compiled
//! once per snapshot, that answers [`UserPermissions::check`] for any text with a [`Verdict`] and its reason, without
//! allocating or locking. The answers are those of Home Assistant 2026.11 (spec/permissions.md section 1). It must
//! never permit what Home Assistant would not: a policy on which Home Assistant's own merge fails denies everything to
//! its users and says where it is wrong.
//!
//! Groups that an operator configures here speak a fuller dialect (section 6, point 4), judged beside Home Assistant's.
//!
//! Reading order: [`merge`](merge_policies) (many policies become one), `compiled` (one policy becomes look-ups),
//! `configured` (the fuller dialect), `user` (owner, illegal or policy), `registry` (which device and area an entity
//! belongs to), [`Rights`] (both of one moment, or a refusal), `explain` (where a verdict comes from).

mod merge;
mod illegal;
mod keys;
mod table;
mod compiled;
mod configured;
mod user;
mod verdict;
mod registry;
mod rights;
mod system_groups;
mod explain;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use configured::{ConfiguredPolicy, ConfiguredSelector, Opinions};
pub use explain::{DeviceArea, Explanation, Origin};
pub use illegal::{Found, IllegalPolicy};
pub use merge::{Merged, merge_policies};
pub use registry::{
    AreaRecord, ChildDeviceRecord, Device, DeviceRecord, Entity, EntityRecord, LabelRecord, Registry, RegistryRecords,
    TargetKind,
};
pub use rights::Rights;
pub use system_groups::system_group_policy;
pub use user::{Policies, UserPermissions};
pub use verdict::{Denial, FoundBy, Grant, GroupIndex, Selector, Verdict};
