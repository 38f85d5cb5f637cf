//! `[[addon.public]]`: what can be open to everybody, and what is a mistake there.

use crate::harness::{accepted, addon, refused, warned};

fn public(lines: &str) -> String {
    addon(&format!("[[addon.public]]\n{lines}"))
}

#[test]
fn a_public_path_names_its_methods_and_its_path() {
    let settings = accepted(&public("methods = [\"POST\", \"HEAD\"]\npath = \"/hook/{id}\"")).settings;
    let open = &settings.addons[0].authorization.public;
    assert_eq!((open.len(), open[0].methods.len(), open[0].path.to_string().as_str()), (1, 2, "/hook/{id}"));
    refused(&public("path = \"/hook\""), "7:1", &["`methods` is missing"]);
    refused(&public("methods = [\"POST\"]"), "7:1", &["`path` is missing"]);
}

#[test]
fn what_could_open_more_than_is_written_is_a_mistake() {
    for (methods, says) in [
        ("", "no method: this path would be open to nobody"),
        ("\"get\"", "`get` is no method by which a path can be public"),
        ("\"*\"", "`*` is no method"),
        ("\"DELETE\"", "what acts on a whole tree is never public"),
        ("\"PROPFIND\"", "`PROPFIND` is no method"),
        ("\"MOVE\"", "`MOVE` is no method"),
        ("\"TRACE\"", "`TRACE` is no method"),
    ] {
        let place = if methods.is_empty() { "8:11" } else { "8:12" };
        refused(&public(&format!("methods = [{methods}]\npath = \"/x\"")), place, &[says]);
    }
    for (path, says) in [
        ("hook", "does not begin with `/`"),
        ("/a//b", "empty segment"),
        ("/a/../b", "dot segment"),
        ("/a?b", "`?`"),
        ("/a/.*", "regular expression"),
        ("/k\u{e4}se", "browsers must encode"),
        ("/a b", "browsers must encode"),
    ] {
        refused(&public(&format!("methods = [\"GET\"]\npath = \"{path}\"")), "9:8", &[says]);
    }
    warned(&public("methods = [\"GET\"]\npath = \"/{*rest}\""), "9:8", &["the whole add-on is open to everybody"]);
    warned(&public("methods = [\"GET\"]\npath = \"/a/x\""), "9:8", &["begins with the add-on's own prefix"]);
}

#[test]
fn there_is_a_most_of_them() {
    let many = |count: usize| {
        let entry = |n: usize| format!("[[addon.public]]\nmethods = [\"GET\"]\npath = \"/x{n}\"\n");
        addon(&(0..count).map(entry).collect::<String>())
    };
    accepted(&many(100));
    let found = crate::harness::Folder::new().load(many(101)).unwrap_err().to_string();
    assert!(found.contains("more than 100 public paths"), "{found}");
}
