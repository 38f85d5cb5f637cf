//! See `vestibule::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (vestibule::fuzzing::target("redis_entries")
    .expect("it is in the table")
    .run)(bytes));
