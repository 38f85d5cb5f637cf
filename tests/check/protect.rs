//! `[[addon.protect]]`: a rule that could not be meant, that could never match, or that asks for nothing is shown.

use crate::harness::{accepted, addon, refused, warned};
use std::time::Duration;

use vestibule::config::{StepUp, Unlisted};

/// An add-on with one rule of these lines, the first of which is line 8.
fn rule(lines: &str) -> String {
    addon(&format!("[[addon.protect]]\n{lines}"))
}

const ADMIN: &str = "require = \"admin\"";

#[test]
fn a_rule_needs_a_path_and_something_to_ask() {
    refused(&rule(ADMIN), "7:1", &["`path` is missing", "add path ="]);
    refused(&rule("path = \"/x\""), "7:1", &["asks for nothing", "default = \"deny\""]);
    refused(&rule("path = \"/x\"\nall_entities = false"), "7:1", &["asks for nothing"]);
    refused(&rule("path = \"/x\"\nentities = [\"light.a\"]"), "7:1", &["`access` is missing", "add access ="]);
    refused(&rule("path = \"/x\"\nall_entities = true"), "7:1", &["`access` is missing"]);
    refused(&rule("path = \"/x\"\nrequire = \"admin\"\naccess = \"read\""), "10:10", &["`access` without an entity"]);
    accepted(&addon("default = \"deny\"\n[[addon.protect]]\npath = \"/x\""));
}

#[test]
fn a_pattern_has_one_reading() {
    let path = |path: &str| rule(&format!("path = '{path}'\n{ADMIN}"));
    refused(&path("x"), "8:8", &["does not begin with `/`"]);
    refused(&path("/a//b"), "8:8", &["an empty segment"]);
    refused(&path("/a/../b"), "8:8", &["a dot segment"]);
    refused(&path("/a%20b"), "8:8", &["a pattern with `%`", "write the character itself"]);
    refused(&path("/a/*"), "8:8", &["a pattern with `*`", "{*rest}"]);
    refused(&path("/a?x"), "8:8", &["a pattern with `?`", "query ="]);
    refused(&path("/a{b}"), "8:8", &["not a whole segment"]);
    refused(&path("/{B}"), "8:8", &["`{B}` is not a placeholder"]);
    refused(&path("/{a}/{a}"), "8:8", &["two placeholders are called `a`"]);
    refused(&path("/{*a}/b"), "8:8", &["not the last segment"]);
}

#[test]
fn an_entity_is_made_of_what_the_path_has() {
    let entity = |entity: &str| rule(&format!("path = \"/{{a}}/{{*rest}}\"\nentity = \"{entity}\"\naccess = \"read\""));
    refused(&entity("light.{b}"), "9:10", &["`{b}` is not a placeholder of `path`"]);
    refused(&entity("light.{*rest}"), "9:10", &["more than one segment"]);
    refused(&entity("light.{a"), "9:10", &["a brace without its other half"]);
    refused(&entity("light.kitchen"), "9:10", &["nothing of the path", "entities = ["]);
    refused(&entity("Light.{a}"), "9:10", &["never be an entity id"]);
    let with = |lines: &str| rule(&format!("path = \"/x\"\naccess = \"read\"\n{lines}"));
    refused(&with("entities = [\"light.a\", \"Light.b\"]"), "10:24", &["not an entity id"]);
    refused(&with("entities = []"), "10:12", &["no entity"]);
    refused(&with("body = \"entity_id\""), "10:8", &["does not begin with `/`"]);
    refused(&with("body = \"/a~\""), "10:8", &["a `~`"]);
    refused(&with("query = \"entity id\""), "10:9", &["not the name of a parameter"]);
}

#[test]
fn words_and_methods_are_known() {
    let with = |lines: &str| rule(&format!("path = \"/x\"\n{lines}"));
    refused(&with("require = \"admn\""), "9:11", &["unknown word", "did you mean \"admin\"?"]);
    refused(&with("all_entities = true\naccess = \"write\""), "10:10", &["unknown word", "\"control\""]);
    refused(&with(&format!("{ADMIN}\nmethods = [\"get\"]")), "10:12", &["no method `get`", "GET, POST"]);
    refused(&with(&format!("{ADMIN}\nmethods = [\"HEAD\"]")), "10:12", &["HEAD is judged as GET"]);
    refused(&with(&format!("{ADMIN}\nmethods = []")), "10:11", &["no method"]);
    refused(&with(&format!("{ADMIN}\npaths = \"/y\"")), "10:1", &["unknown key `paths`", "did you mean `path`?"]);
    refused(&addon("default = \"denyy\""), "7:11", &["unknown word", "did you mean \"deny\"?"]);
    refused(&addon("[limits]\njudged_body_size = \"1GiB\""), "8:20", &["out of bounds", "the default is 64KiB"]);
}

#[test]
fn a_rule_that_was_written_for_what_the_browser_sees_is_shown() {
    warned(&rule(&format!("path = \"/a/settings\"\n{ADMIN}")), "8:8", &["the add-on's own prefix", "without /a"]);
    accepted(&rule(&format!("path = \"/ab\"\n{ADMIN}")));
    let keep = |path: &str| addon(&format!("prefix = \"keep\"\n[[addon.protect]]\npath = \"{path}\"\n{ADMIN}"));
    refused(&keep("/settings"), "9:8", &["never matches", "write /a/settings"]);
    refused(&keep("/"), "9:8", &["never matches"]);
    accepted(&keep("/a/settings"));
    accepted(&keep("/{x}/settings"));
    accepted(&keep("/{*rest}"));
}

#[test]
fn signing_in_again_has_bounds_and_is_never_less_than_was_meant() {
    refused(&addon("fresh = \"1s\""), "7:9", &["out of bounds", "2s to 30d"]);
    refused(&addon("fresh = \"31d\""), "7:9", &["out of bounds"]);
    refused(&addon("fresh = 5"), "7:9", &["wrong type"]);
    refused(&addon("second_factor = \"yes\""), "7:17", &["wrong type"]);
    refused(&rule("path = \"/x\"\nfresh = \"1s\""), "9:9", &["out of bounds"]);
    refused(&rule("path = \"/x\"\nsecond_factor = false"), "7:1", &["asks for nothing", "`fresh`"]);
    warned(&addon("tokens = true\nfresh = \"5m\""), "7:10", &["no token opens this add-on", "[[addon.protect]]"]);
    let settings = accepted(&addon("fresh = \"2s\"\nsecond_factor = true")).settings;
    let both = StepUp { fresh: Some(Duration::from_secs(2)), second_factor: true };
    assert_eq!(settings.addons[0].authorization.step_up, both);
    accepted(&rule("path = \"/x\"\nfresh = \"30d\""));
    accepted(&rule("path = \"/x\"\nsecond_factor = true"));
}

#[test]
fn a_default_of_the_wrong_kind_is_never_the_wider_one() {
    let settings = accepted(&addon("default = \"deny\"")).settings;
    assert_eq!(settings.addons[0].authorization.protect.as_ref().unwrap().default, Unlisted::Deny);
    assert_eq!(accepted(&addon("")).settings.addons[0].authorization.protect, None);
}
