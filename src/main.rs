//! The command. See `vestibule::cli`.
fn main() {}
