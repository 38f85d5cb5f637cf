//! (to be written)

pub mod registries;
