//! The examples of `docs/permissions.md`: each is a configuration, and what it promises in its `[[test]]`s is tried.

use crate::{Folder, root};

/// The TOML examples of the page, in order.
fn examples() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/permissions.md")).unwrap();
    let blocks = page.split("\n```toml\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_example_holds_what_it_promises() {
    let examples = examples();
    assert!(examples.len() >= 6, "{} examples", examples.len());
    let mut tests = 0;
    for example in &examples {
        tests += example.matches("[[test]]").count();
        let folder = Folder::new();
        folder.configure(example);
        let said = folder.run("check", &[]);
        assert_eq!(said.code, 0, "{example}\n{}", said.err);
    }
    println!("docs/permissions.md: {} examples with {tests} tests, 0 failed", examples.len());
    assert!(tests >= 25, "{tests} tests");
}

#[test]
fn an_example_would_not_pass_if_one_of_its_tests_expected_the_opposite() {
    for example in examples() {
        for (at, word) in example.match_indices("expect = \"") {
            let (before, after) = example.split_at(at + word.len());
            let (was, rest) = after.split_once('"').unwrap();
            let opposite = if was == "permit" { "deny" } else { "permit" };
            let folder = Folder::new();
            folder.configure(&format!("{before}{opposite}\"{rest}"));
            let said = folder.run("check", &[]);
            assert!(said.code == 2 && said.err.contains("a test fails"), "{before}{opposite}\n{}", said.err);
        }
    }
}
