//! The fuzz targets of all modules, by name: `fuzz/` runs them, and `tests/fuzz_corpus.rs` replays what they were run
//! with.
//!
//! Each target stands beside what it tries, in a file `fuzzing.rs`, and takes any bytes. It fails when an invariant
//! does not hold that its doc comment names. All of it is behind the feature `fuzzing`, which no release has.

/// What is tried, under its name.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its folder in `fuzz/corpus`, and of its binary.
    pub name: &'static str,
    /// Tries these bytes, and panics when an invariant does not hold.
    pub run: fn(&[u8]),
}

/// All targets, in the order of the modules.
pub const TARGETS: &[Target] = &[
    Target { name: "proxy_header", run: crate::listener::fuzzing::proxy_header },
    Target { name: "der", run: crate::tls::fuzzing::der },
    Target { name: "header_sanitizing", run: crate::http::fuzzing::header_sanitizing },
    Target { name: "cookies", run: crate::http::fuzzing::cookies },
    Target { name: "forwarded", run: crate::http::fuzzing::forwarded },
    Target { name: "request_target", run: crate::route::fuzzing::request_target },
    Target { name: "session_records", run: crate::session::fuzzing::session_records },
    #[cfg(feature = "redis-store")]
    Target { name: "redis_entries", run: crate::session::fuzzing::redis_entries },
    Target { name: "protected_paths", run: crate::authorization::protect::fuzzing::protected_paths },
    Target { name: "json_pointers", run: crate::authorization::protect::fuzzing::json_pointers },
    Target { name: "queries", run: crate::authorization::protect::fuzzing::queries },
    Target { name: "websocket_frames", run: crate::upstream::fuzzing::websocket_frames },
    Target { name: "answer_headers", run: crate::upstream::fuzzing::answer_headers },
    Target { name: "policies", run: crate::permission::fuzzing::policies },
    Target { name: "storage_files", run: crate::home_assistant::fuzzing::storage_files },
    Target { name: "entity_filter", run: crate::entity_filter::fuzzing::messages },
    Target { name: "configuration", run: crate::config::fuzzing::configuration },
    Target { name: "config_values", run: crate::config::fuzzing::config_values },
    Target { name: "manifests", run: crate::manifest::fuzzing::manifests },
    Target { name: "compose_yaml", run: crate::addon_rights::compose::fuzzing::compose_yaml },
    Target { name: "redaction", run: crate::telemetry::fuzzing::redaction },
    Target { name: "log_lines", run: crate::telemetry::fuzzing::log_lines },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
