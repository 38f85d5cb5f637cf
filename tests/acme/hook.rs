//! The command that writes TXT records for the tests' own name server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::dns::Dns;
use crate::support::ConfigFile;

/// Writes a script into a folder and has it called for `dns-01`. `$1` in it is the folder of the records; action, name
/// and value follow.
pub(crate) fn install(config: &mut ConfigFile, folder: &Path, dns: &Dns, script: &str) {
    let file = folder.join("dns-hook");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
    let hook = format!("[\"{}\", \"{}\"]", file.display(), dns.records().display());
    config.set("tls.acme", "dns_hook", &hook).set("tls.acme", "dns_wait", "\"0s\"");
}

/// What has been asked of the script, in order.
pub(crate) fn calls(dns: &Dns) -> Vec<String> {
    fs::read_to_string(dns.records().join("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Does what it should, and notes what was asked of it.
pub(crate) const GOOD: &str = r#"printf '%s %s %s\n' "$2" "$3" "$4" >>"$1/calls"
case $2 in
  present) printf '%s\n' "$4" >>"$1/$3" ;;
  cleanup) rm -f "$1/$3" ;;
esac"#;
