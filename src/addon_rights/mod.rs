//! What an add-on may do besides showing a web UI: what of its manifest's wishes it is granted, and why.
//!
//! [`rating`] says how far an add-on can be trusted, [`protection`] what it is granted while its protection is on,
//! [`roles`] which add-on may call what of the API, and [`compose`] writes the container that has just what was
//! granted. [`state`] is what an operator decided and the digests of tokens, on disk; [`tokens`] and [`ingress_key`]
//! are what add-ons and Home Assistant's pages show. What an add-on asks for stands in its manifest, which
//! [`crate::manifest`] reads below the configuration. Nothing here may grant what was not asked for.

pub mod compose;
pub mod ingress_key;
pub mod protection;
pub mod rating;
pub mod roles;
pub mod state;
pub mod tokens;
