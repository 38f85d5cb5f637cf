//! Signatures beside manifests: a good one by a named key counts, and one that is not good refuses the add-on.

use vestibule::cli::Exit;
use vestibule::manifest::Signed;

use crate::harness::{Folder, HOME};

const MANIFEST: &str = include_str!("../fixtures/signed/config.yaml");
const AUTHOR: &str = include_str!("../fixtures/signed/author.pub");
const OTHER: &str = include_str!("../fixtures/signed/other.pub");
const BY_AUTHOR: &str = include_str!("../fixtures/signed/author.minisig");
const BY_OTHER: &str = include_str!("../fixtures/signed/other.minisig");
const LEGACY: &str = include_str!("../fixtures/signed/legacy.minisig");

fn config(keys: &[&str]) -> String {
    let keys = keys.iter().map(|key| format!("\"{}\"", key.trim())).collect::<Vec<_>>().join(", ");
    format!(
        "{HOME}[supervisor]\nsigning_keys = [{keys}]\n\n[[addon]]\nmanifest = \"config.yaml\"\npath = \"/signed\"\n"
    )
}

fn folder(manifest: &str, signature: &str) -> Folder {
    let folder = Folder::new();
    folder.write("config.yaml", manifest);
    folder.write("config.yaml.minisig", signature);
    folder
}

/// Why the configuration with this manifest, this signature and these keys is refused.
#[track_caller]
fn refused(manifest: &str, signature: &str, keys: &[&str]) -> String {
    let (exit, _, err) = folder(manifest, signature).check(config(keys));
    assert_eq!(exit, Exit::Mistaken, "{err}");
    assert!(err.contains("--> ") && err.contains("config.yaml") && err.contains(": 1 mistake"), "{err}");
    err
}

#[test]
fn a_signature_by_a_named_key_counts() {
    for keys in [&[AUTHOR][..], &[OTHER, AUTHOR]] {
        let loaded = folder(MANIFEST, BY_AUTHOR).load(config(keys)).unwrap();
        assert_eq!(loaded.warnings.warnings(), 0);
        let Signed::By(key) = &loaded.settings.addons[0].package.manifest.as_ref().unwrap().signed else {
            panic!("not signed")
        };
        assert_eq!(format!("{key:?}"), AUTHOR.trim());
    }
}

#[test]
fn a_manifest_that_was_changed_is_refused() {
    let changed = MANIFEST.replace("panel_admin: false", "panel_admin: true");
    assert!(refused(&changed, BY_AUTHOR, &[AUTHOR]).contains("does not fit this manifest"));
    assert!(refused(&MANIFEST.replace('\n', "\r\n"), BY_AUTHOR, &[AUTHOR]).contains("does not fit this manifest"));
}

#[test]
fn a_signature_that_was_changed_is_refused() {
    let comment = BY_AUTHOR.replace("by its author", "by somebody else");
    assert!(refused(MANIFEST, &comment, &[AUTHOR]).contains("does not fit this manifest"));
    for nonsense in ["", "good, trust me", BY_AUTHOR.lines().next().unwrap()] {
        assert!(refused(MANIFEST, nonsense, &[AUTHOR]).contains("not minisign's"));
    }
    assert!(refused(MANIFEST, LEGACY, &[AUTHOR]).contains("of an old kind"));
    assert!(refused(MANIFEST, &"x".repeat(20_000), &[AUTHOR]).contains("not minisign's"));
}

#[test]
fn a_signature_by_a_key_that_nobody_named_is_refused() {
    assert!(refused(MANIFEST, BY_OTHER, &[AUTHOR]).contains("a key that the configuration does not name"));
}

#[test]
fn without_a_signature_or_a_key_nothing_counts() {
    let (_, out, err) = folder(MANIFEST, BY_AUTHOR).check(config(&[]));
    assert!(out.ends_with(", 1 warning\n") && err.contains("no key is configured to judge that"), "{out}{err}");
    let unsigned = Folder::new();
    unsigned.write("config.yaml", MANIFEST);
    let loaded = unsigned.load(config(&[AUTHOR])).unwrap();
    assert_eq!(loaded.settings.addons[0].package.manifest.as_ref().unwrap().signed, Signed::No);
}

#[test]
fn a_key_that_is_none_is_shown() {
    let (exit, _, err) = folder(MANIFEST, BY_AUTHOR).check(config(&["RWQ-not-a-key"]));
    assert_eq!(exit, Exit::Mistaken);
    assert!(err.contains("config.toml:4:17") && err.contains("not a public key of minisign"), "{err}");
}
