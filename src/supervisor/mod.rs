//! What add-ons may do besides showing a web UI: in comes what they ask for, out comes what they are granted, and why.
//!
//! [`rating`] says how far an add-on can be trusted, [`protection`] what it is granted while its protection is on,
//! [`kept`] what an operator decided and the digests of tokens, on disk, [`tokens`] what add-ons show, and [`compose`] writes
//! the container that has just what was granted. [`api`] is what add-ons call, [`roles`] says who may call what of it, and
//! [`entities`] holds a call to the entities of a policy; [`ingress`] is what Home Assistant calls, and both answer in the same
//! [`shape`]; what they read of a peer's JSON is measured first (`bounded_json`). What an add-on asks for stands in its manifest, which
//! [`crate::manifest`] reads below the configuration. Nothing here may grant what was not asked for.

pub mod api;
mod bounded_json;
pub mod compose;
pub mod entities;
pub mod ingress;
pub mod kept;
mod messages;
pub mod protection;
pub mod rating;
pub mod roles;
pub mod shape;
pub mod tokens;
