//! The user behind a session, as Home Assistant has them at this moment.
//!
//! This module owns the types of users and of the [`Directory`] they stand in, with what each of them may do, and knows
//! nothing of where they come from: `home_assistant` makes the snapshots. A user who is not in the current snapshot is
//! nobody.

mod directory;
mod identified;
mod people;
mod user;

pub use directory::{Directory, DirectoryCell, Health};
pub use identified::{Identified, user_behind, user_of};
pub use people::{GroupRecord, IllegalGroup};
pub use user::User;
