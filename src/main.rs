//! The `vestibule` command. Everything it does is in [`vestibule::cli`].

use std::process::ExitCode;

/// A request makes some dozens of small allocations. It stands here and not in the library, whose users choose their
/// own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    vestibule::cli::main()
}
