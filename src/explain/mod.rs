//! Why something is decided as it is: for the operator who asks (`vestibule explain`), for the tests of the
//! configuration, and for the audit line of a refusal.
//!
//! It answers questions about a user and an entity, or a user and a request. Nothing here decides: every answer is the
//! permission engine's and admission's, with the names of groups, devices and areas put to it. It must never permit
//! where it could not look: without the registries everything about an entity is denied.

mod question;
mod groups;
mod registered;
mod reason;
mod answer;
mod because;
mod certificates;
mod home;
mod request;
mod chain;
mod simulator;
mod told;
mod supposing;
mod config_tests;

pub(crate) use answer::{Answer, ExplainedEntity, Outcome};
pub(crate) use because::Because;
pub(crate) use chain::{Link, Stage, about_entity, of_answer, of_request};
pub(crate) use config_tests::decide;
pub(crate) use groups::Groups;
pub(crate) use home::Home;
pub(crate) use question::{Case, Question, RequestQuestion, Sent};
pub(crate) use reason::{named, of_area, of_device, shown, unknown_user};
pub(crate) use registered::Registered;
#[cfg(test)]
pub(crate) use registered::{Area, Device, Names};
pub(crate) use request::{RequestAnswer, Ruled};
pub(crate) use simulator::Simulator;
pub(crate) use supposing::Supposing;
