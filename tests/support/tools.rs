//! Other people's programs that some tests need. Where one is missing its test is skipped with a word, so that a fresh
//! clone needs nothing; with `VESTIBULE_TOOLS=required`, as in CI, it fails.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A program of somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// With `PyJWT` and cryptography.
    Python,
    /// With HTTP/2.
    Curl,
    Openssl,
    Node,
    Nginx,
    Caddy,
    Php,
    Go,
    /// Node with `qs`, which `npm ci` installs beside the scripts.
    NodeQs,
    /// Python with Werkzeug; `VESTIBULE_PYTHON` may name one.
    Werkzeug,
    /// An ACME server.
    Pebble,
    /// A name server.
    Named,
    /// Of Prometheus.
    Promtool,
    Fail2banRegex,
    SystemdAnalyze,
    ApparmorParser,
    /// Debian's, with its library.
    Faketime,
}

/// The scripts that say what parsers of other languages read, for `protected_paths`.
pub(crate) const PARSERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/protected_paths/parsers");

/// Where it is.
#[track_caller]
pub(crate) fn find(tool: Tool) -> Option<PathBuf> {
    let python = std::env::var("VESTIBULE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let python = [python.as_str()];
    let (places, proof): (&[&str], &[&str]) = match tool {
        Tool::Python => (&["/usr/bin/python3", "python3"], &["-c", "import jwt, cryptography"]),
        Tool::Curl => (&["/usr/bin/curl", "curl"], &["--version"]),
        Tool::Openssl => (&["/usr/bin/openssl", "openssl"], &["version"]),
        Tool::Node => (&["node"], &["--version"]),
        Tool::Nginx => (&["/usr/sbin/nginx", "nginx"], &["-v"]),
        Tool::Caddy => (&["/usr/bin/caddy", "caddy"], &["version"]),
        Tool::Php => (&["php"], &["--version"]),
        Tool::Go => (&["go"], &["version"]),
        Tool::NodeQs => (&["node"], &["--input-type=module", "--eval", "import 'qs'"]),
        Tool::Pebble => (&["/usr/bin/pebble", "pebble"], &["-h"]),
        Tool::Named => (&["/usr/sbin/named", "named"], &["-V"]),
        Tool::Werkzeug => (&python, &["-c", "import werkzeug"]),
        Tool::Promtool => (&["/usr/bin/promtool", "promtool"], &["--version"]),
        Tool::Fail2banRegex => (&["/usr/bin/fail2ban-regex", "fail2ban-regex"], &["--version"]),
        Tool::ApparmorParser => (&["/usr/sbin/apparmor_parser", "apparmor_parser"], &["--version"]),
        Tool::Faketime => (&["/usr/bin/faketime"], &["--version"]),
        Tool::SystemdAnalyze => (&["/usr/bin/systemd-analyze", "systemd-analyze"], &["--version"]),
    };
    let works = |place: &&&str| {
        let mut command = Command::new(place);
        command.args(proof).current_dir(PARSERS).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = places.iter().find(works).map(PathBuf::from);
    let required = std::env::var_os("VESTIBULE_TOOLS").is_some_and(|value| value == "required");
    assert!(found.is_some() || !required, "{tool:?} is missing");
    if found.is_none() {
        eprintln!("skipped: {tool:?} is missing");
    }
    found
}
