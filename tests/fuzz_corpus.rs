//! Every input of `fuzz/corpus`, once more: those that fuzzing found to be worth keeping, and those on which an invariant
//! did not hold before it was fixed. `fuzz/README.md` says how more are found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use vestibule::fuzzing::TARGETS;

#[test]
fn no_input_of_the_corpus_breaks_an_invariant() {
    let mut broken = Vec::new();
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
        let inputs: Vec<_> = fs::read_dir(&folder).expect(target.name).map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "{} has no corpus", target.name);
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            let held = std::panic::catch_unwind(|| (target.run)(&bytes));
            broken.extend(held.is_err().then_some(input));
        }
    }
    assert!(broken.is_empty(), "these break an invariant: {broken:#?}");
}

#[test]
fn every_target_has_a_binary_and_every_corpus_a_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for name in targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in fuzz/Cargo.toml");
    }
}
