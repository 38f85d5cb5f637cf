//! What add-ons may do besides showing a web UI: in comes what they ask for, out comes what they are granted, and why.
//!
//! [`rating`] says how far an add-on can be trusted, [`protection`] what it is granted while its protection is on,
//! [`kept`] what an operator decided and the digests of tokens, on disk, [`tokens`] what add-ons show, and [`compose`] writes
//! the container that has just what was granted. What an add-on asks for stands in its manifest, which [`crate::manifest`]
//! reads below the configuration. Nothing here may grant what was not asked for.

pub mod compose;
pub mod kept;
pub mod protection;
pub mod rating;
pub mod tokens;
