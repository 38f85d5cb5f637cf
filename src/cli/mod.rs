//! (to be written)

mod check;
mod output;

pub use check::check;
pub use output::{Exit, Output};
