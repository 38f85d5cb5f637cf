//! What add-ons and Home Assistant call: the add-on API and who may use it.

pub mod api;
pub mod entities;
pub mod roles;
