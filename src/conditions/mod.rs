//! Whether the circumstances are those that a condition of the configuration asks for: where the client is, what time
//! it is, which state an entity has.
//!
//! From [`Conditions`](crate::config::Conditions) and the [`Circumstances`] of one decision comes a yes, or what is
//! [`Unmet`]. Pure: time and states come from the [`Environment`] that it is given. What is not known meets no
//! condition. Nothing is looked up for whoever asks for nothing.
//!
//! Reading order: `states` and `local_time` (what an environment knows), `environment`, `circumstances` (the judging).

mod states;
mod local_time;
mod environment;
mod circumstances;

pub use circumstances::{Circumstances, Unmet};
pub use environment::Environment;
pub use states::{EntityStates, StateCell};
