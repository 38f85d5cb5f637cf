//! vestibule as an add-on on Home Assistant OS.
//!
//! In come the add-on's options and what the Supervisor says of the other add-ons, out comes a `config.toml` with a
//! route for each that runs (`configuration`), written anew whenever one of them starts, stops or is updated
//! (`follow`). The serving process takes that up as it takes up every change of its configuration. The Supervisor is
//! asked what its role `default` may ask, and nothing is ever changed there. What it does not say (who may open an
//! add-on) is the stricter one.

mod configuration;
mod follow;
mod options;
mod supervisor;
mod written_by_people;

pub use configuration::{Places, Written};
pub use follow::{Follower, StartError};
pub use options::{AddonOptions, Options, OptionsError};
pub use supervisor::{InstalledAddon, Supervisor, SupervisorError};
