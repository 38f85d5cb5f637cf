//! See `vestibule::fuzzing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (vestibule::fuzzing::target("entity_filter")
    .expect("it is in the table")
    .run)(bytes));
