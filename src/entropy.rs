//! Random bytes from the operating system by way of aws-lc: the only source of secrets in the process.
//!
//! Without them the process has no business going on: nothing falls back to a weaker source.

/// `N` random bytes.
///
/// # Panics
/// When the operating system has none to give, which on Linux means that the process is broken.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
