//! The shape of the crate, held by tests: who may import whom, how large a file may get, where rustls may be named, and
//! that every file says what it is for. In come the files under `src/`, out comes everything that breaks a rule.
//!
//! The second half of the tests breaks each rule on purpose: a rule that finds nothing proves nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what helps a test is a test too, and clippy exempts only the functions marked so"
)]

use std::fs;
use std::path::Path;

/// The stages in the order in which a request meets them. A stage may import the ones before it.
const WAY: [&str; 9] =
    ["listener", "tls", "connection", "http", "route", "session", "identity", "authorization", "upstream"];

/// What every module may import, because it imports no stage itself.
const FOUNDATION: [&str; 13] = [
    "atomic_file",
    "decimal",
    "ids",
    "refusal",
    "config",
    "manifest",
    "diagnostic",
    "budget",
    "telemetry",
    "clock",
    "entropy",
    "secret",
    "workers",
];

/// What stands beside the stages, and what each may import besides itself.
const BESIDE: [(&str, &[&str]); 27] = [
    // The names of things, and how they are read: below everything but the form in which a mistake is shown.
    ("ids", &["diagnostic"]),
    ("refusal", &[]),
    // Pictures, embedded; the configuration asks which there are.
    ("icons", &[]),
    // What is open, of both APIs: below everything that judges, and above nothing but the connection that it aborts.
    ("exchanges", &["connection", "refusal"]),
    ("diagnostic", &[]),
    ("manifest", &["diagnostic"]),
    // What a configured group says is the engine's to define; it is pure and imports nothing. The configuration names
    // manifests, and shows what is wrong in one as it shows its own mistakes.
    ("config", &["icons", "ids", "diagnostic", "manifest", "permission", "secret"]),
    ("budget", &["ids", "refusal"]),
    ("atomic_file", &["entropy"]),
    ("clock", &[]),
    ("decimal", &[]),
    ("entropy", &[]),
    ("secret", &[]),
    // The threads: they run what they are given.
    ("workers", &[]),
    ("telemetry", &["ids", "refusal", "budget", "clock", "decimal"]),
    ("permission", &[]),
    // Where, when and in which state something is asked for: pure, like the stages that ask it, and knows a client by
    // the address that `http` found.
    ("conditions", &["ids", "refusal", "config", "clock", "http"]),
    // Certificates that are ordered: shown by `tls`, which also judges what a server gave.
    ("acme", &["atomic_file", "ids", "config", "dial", "tls", "telemetry", "clock", "entropy", "secret", "workers"]),
    // Who is asked whether certificates were revoked; `tls` shows and judges what they answer.
    ("revocation", &["ids", "config", "dial", "tls", "telemetry", "clock"]),
    // Connections out: the add-ons' and those of whoever else dials, Home Assistant's readers among them.
    ("dial", &["ids", "config", "workers"]),
    (
        "home_assistant",
        &[
            "ids",
            "dial",
            "permission",
            "conditions",
            "identity",
            "refusal",
            "config",
            "telemetry",
            "clock",
            "entropy",
            "secret",
            "workers",
        ],
    ),
    // Pages show a request's id, and say which methods `http` knows.
    ("pages", &["icons", "ids", "http", "refusal", "config", "telemetry", "clock", "entropy"]),
    ("operations", &FOUNDATION),
    // What Home Assistant is told of sessions and devices: it makes texts and keeps digests.
    ("presence", &["atomic_file", "ids", "config", "session", "clock", "entropy", "secret"]),
    // Copies files that others write, and looks into none of them.
    ("backup", &["config", "entropy", "secret"]),
    // What an add-on may do. A key of Home Assistant's pages is kept with it, and a route is found by it.
    ("addon_rights", &["ids", "config", "manifest", "route", "clock", "entropy", "secret"]),
    // Pure: what may be done with an entity is an argument. What an area is the engine says.
    ("entity_filter", &["config", "permission"]),
];

/// What may import every stage and what is beside them. `sign_in` judges, reads passwords, shows pages and makes
/// sessions.
const ABOVE: [(&str, &[&str]); 9] = [
    ("sign_in", &["gate", "server", "cli", "operations", "addon_rights", "addon_api", "ingress_api", "upstream"]),
    // The limits on attempts to sign in are one for people and for add-ons.
    ("addon_api", &["gate", "server", "cli", "operations", "ingress_api", "explain"]),
    ("ingress_api", &["gate", "server", "cli", "operations", "explain", "entity_filter"]),
    ("explain", &["gate", "server", "cli", "operations", "addon_api", "ingress_api", "sign_in", "upstream"]),
    // It writes a configuration and serves nothing.
    ("as_addon", &["gate", "server", "cli", "operations", "ingress_api", "explain", "sign_in"]),
    ("gate", &["server", "cli", "operations"]),
    ("server", &["cli"]),
    ("cli", &[]),
    // A table of what is fuzzed, wherever it is.
    ("fuzzing", &[]),
];

/// Imports against the order, each with its reason.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("config", "http::fields", "which header names an operator may set is in the one table of header names")];

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: [&str; 7] = ["common", "utils", "util", "helpers", "types", "misc", "prelude"];

/// Code lines that a file may have.
const CEILING: usize = 300;

struct Source {
    /// Below `src/`, as in `tls/handshake.rs`.
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// `tls`, `http`, ...; `lib` and `main` for the two roots.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// The lines that are code and not behind `#[cfg(test)]`, without comments. Relies on rustfmt: an item ends at the
    /// first line that closes it at the indentation at which it began.
    fn code(&self) -> Vec<&str> {
        let mut kept = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let indent = &line[..line.len() - line.trim_start().len()];
            if line.trim() == "#[cfg(test)]" {
                let ends = ["}", "};"].map(|end| format!("{indent}{end}"));
                let item = lines.by_ref().find(|line| !line.trim_start().starts_with("#["));
                if !item.is_some_and(|line| line.ends_with(';') || line.ends_with('}')) {
                    lines.by_ref().find(|line| ends.iter().any(|end| line == end));
                }
                continue;
            }
            let code = line.split(" //").next().unwrap_or_default();
            if !code.trim().is_empty() && !code.trim_start().starts_with("//") {
                kept.push(code);
            }
        }
        kept
    }

    /// `upstream::pool` for `upstream/pool.rs`, `upstream` for `upstream/mod.rs`.
    fn module_path(&self) -> String {
        let path = self.path.trim_end_matches(".rs");
        path.strip_suffix("/mod").unwrap_or(path).replace('/', "::")
    }

    /// The paths that the `use` lines name, from the crate's root on, each item of a group by itself.
    fn names_of_modules(&self, module: &str) -> Vec<String> {
        let code = self.code().join("\n");
        let mut found = Vec::new();
        for (at, _) in code.match_indices("use ") {
            let Some(statement) = code[at + 4..].split(';').next() else { continue };
            let parts: Vec<&str> = module.split("::").collect();
            let supers = statement.split("::").take_while(|part| *part == "super").count();
            let base = match statement.strip_prefix("crate::") {
                Some(_) => String::new(),
                None if supers > 0 && supers <= parts.len() => parts[..parts.len() - supers].join("::"),
                None => continue,
            };
            let rest = statement.trim_start_matches("crate::").trim_start_matches("super::");
            let (path, group) = rest.split_once('{').unwrap_or((rest, ""));
            let items = if group.is_empty() { vec![""] } else { group.split(',').collect() };
            for item in items {
                let name: String = item.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let full = [base.as_str(), path.trim_end_matches("::"), &name].map(str::trim);
                found.push(full.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::"));
            }
        }
        found
    }

    /// The paths of the crate that the code names: `http::Sanitized` for `crate::http::Sanitized`.
    fn imports(&self) -> Vec<String> {
        let depth = self.path.trim_end_matches("/mod.rs").trim_end_matches(".rs").split('/').count();
        let mut found = Vec::new();
        for line in self.code() {
            for rest in line.split("crate::").skip(1) {
                found.push(path_at_start(rest));
            }
            // `super::super::` can reach beyond the module it starts in.
            for (at, _) in line.match_indices("super::") {
                let rest = &line[at..];
                let supers = rest.split("::").take_while(|part| *part == "super").count();
                let first = at < 7 || !line[..at].ends_with("super::");
                if first && supers >= depth {
                    found.push(path_at_start(&rest[supers * 7..]));
                }
            }
        }
        found
    }
}

fn path_at_start(text: &str) -> String {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
    text[..end].trim_end_matches(':').to_owned()
}

fn sources() -> Vec<Source> {
    fn read(folder: &Path, found: &mut Vec<Source>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                read(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap();
                found.push(Source::new(below, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    read(&root().join("src"), &mut found);
    assert!(found.len() > 100, "the sources are where this test looks for them");
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether code of `module` may name `path`.
fn may_import(module: &str, path: &str) -> bool {
    let target = path.split("::").next().unwrap_or_default();
    let excepted = EXCEPTIONS.iter().any(|(from, to, _)| *from == module && is_or_in(path, to));
    if target.is_empty() || target == module || excepted {
        return !target.is_empty();
    }
    if let Some(place) = place(module) {
        // `permission` and `conditions` stand before the stage that knows the user.
        let permission = matches!(target, "permission" | "conditions") && Some(place) >= self::place("identity");
        let dials = target == "dial" && module == "upstream";
        let opens = target == "exchanges" && Some(place) >= self::place("authorization");
        return permission || dials || opens || FOUNDATION.contains(&target) || WAY[..place].contains(&target);
    }
    if let Some((_, allowed)) = BESIDE.iter().find(|(name, _)| *name == module) {
        return allowed.contains(&target);
    }
    ABOVE.iter().any(|(name, forbidden)| *name == module && !forbidden.contains(&target))
}

fn place(module: &str) -> Option<usize> {
    WAY.iter().position(|stage| *stage == module)
}

fn is_or_in(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn imports_against_the_order(sources: &[Source]) -> Vec<String> {
    let offences = |source: &Source| {
        let refused = source.imports().into_iter().filter(|path| !may_import(source.module(), path));
        refused.map(|path| format!("{} must not import {path}", source.path)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(offences).collect()
}

fn files_over_the_ceiling(sources: &[Source]) -> Vec<String> {
    let sizes = sources.iter().map(|source| (source, source.code().len()));
    sizes
        .filter(|(_, size)| *size > CEILING)
        .map(|(source, size)| format!("{}: {size} code lines", source.path))
        .collect()
}

fn files_that_do_not_say_what_they_are_for(sources: &[Source]) -> Vec<String> {
    let mut offences: Vec<String> =
        sources.iter().filter(|s| !s.text.starts_with("//! ")).map(|s| format!("{} has no `//!`", s.path)).collect();
    for source in sources {
        let Some((folder, _)) = source.path.rsplit_once('/') else { continue };
        let heads = [format!("{folder}/mod.rs"), format!("{folder}.rs")];
        if !sources.iter().any(|other| heads.contains(&other.path)) {
            offences.push(format!("{folder}/ has neither mod.rs nor a file of its name beside it"));
        }
    }
    offences
}

fn rustls_out_of_its_place(sources: &[Source]) -> Vec<String> {
    let elsewhere = |source: &&Source| !["tls/", "dial/"].iter().any(|place| source.path.starts_with(place));
    let named = |source: &&Source| source.code().iter().any(|line| line.contains("rustls"));
    sources.iter().filter(elsewhere).filter(named).map(|source| format!("{} names rustls", source.path)).collect()
}

fn names_that_say_nothing(sources: &[Source]) -> Vec<String> {
    let empty = |source: &&Source| source.path.split(['/', '.']).any(|part| EMPTY_NAMES.contains(&part));
    sources.iter().filter(empty).map(|source| format!("{}: name it after its idea", source.path)).collect()
}

/// `lib.rs` is a map: its diagram and its `pub mod`s name the stages in the order of the way, and nothing is on it that
/// this test does not know.
fn mistakes_of_the_map(sources: &[Source]) -> Vec<String> {
    let Some(lib) = sources.iter().find(|source| source.path == "lib.rs") else { return vec!["no lib.rs".to_owned()] };
    let is_stage = |name: &&str| WAY.contains(name);
    let drawn: Vec<&str> = lib
        .text
        .lines()
        .filter_map(|l| l.strip_prefix("//!  ")?.split("->").next().map(str::trim))
        .filter(is_stage)
        .collect();
    let modules: Vec<&str> =
        lib.code().iter().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: Vec<&str> = modules.iter().copied().filter(|name| is_stage(name)).collect();
    let mut offences = Vec::new();
    if drawn != WAY {
        offences.push(format!("the diagram of lib.rs has the stages in another order: {drawn:?}"));
    }
    if listed != WAY {
        offences.push(format!("lib.rs lists the stages in another order: {listed:?}"));
    }
    let beside = BESIDE.iter().map(|(name, _)| *name).chain(ABOVE.iter().map(|(name, _)| *name));
    let known: Vec<&str> = WAY.iter().copied().chain(beside).collect();
    offences.extend(modules.iter().filter(|m| !known.contains(m)).map(|m| format!("{m} has no place in the order")));
    offences
}

/// rustfmt leaves a long text and a long comment as they are. A text may be longer, since a search must find it whole,
/// and so may the row of a table.
fn lines_over_120_columns(sources: &[Source]) -> Vec<String> {
    let too_long = |line: &&str| {
        line.chars().count() > 120 && !line.contains('"') && !line.ends_with('\\') && !line.contains("//! |")
    };
    let offences = |source: &Source| {
        let lines = source.text.lines().filter(too_long).map(|line| format!("{}: {line}", source.path));
        lines.collect::<Vec<_>>()
    };
    sources.iter().flat_map(offences).collect()
}

/// What admission asks. Each is asked by it alone: a decision that is made of the same pieces elsewhere would be a
/// second one.
const OF_ADMISSION: [&str; 6] =
    ["may_open(", "is_vouched_for(", "user_behind(", "is_public(", "intent.judge(", "Permitted {"];

/// Where a piece of admission may be named besides `authorization/admission.rs`: where it is defined, and where its
/// outcome is put into a type.
const BESIDE_ADMISSION: [(&str, &str); 5] = [
    ("authorization/protect/public.rs", "is_public("),
    ("authorization/access.rs", "may_open("),
    ("authorization/cors.rs", "is_vouched_for("),
    ("identity/identified.rs", "user_behind("),
    ("authorization/permitted.rs", "Permitted {"),
];

fn decisions_beside_admission(sources: &[Source]) -> Vec<String> {
    let mut offences = Vec::new();
    for source in sources.iter().filter(|source| source.path != "authorization/admission.rs") {
        for piece in OF_ADMISSION {
            let allowed = BESIDE_ADMISSION.contains(&(source.path.as_str(), piece));
            // The name of a type in a pattern or a signature makes none.
            let made = |line: &&str| names(line, piece) && !line.contains("struct ") && !line.contains("impl ");
            if !allowed && source.code().iter().any(made) {
                offences.push(format!("{} has `{piece}...`, which is admission's to ask", source.path));
            }
        }
    }
    offences
}

/// Whether a line has this name, and not a longer one that ends so.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Files of one folder that import each other in a circle: whoever reads one must read all of them. What a folder's own
/// file hands on under its name is not followed.
fn circles_of_files(sources: &[Source]) -> Vec<String> {
    let modules: Vec<String> = sources.iter().map(Source::module_path).collect();
    let edges: Vec<Vec<usize>> = sources
        .iter()
        .zip(&modules)
        .map(|(source, module)| {
            let names = source.names_of_modules(module);
            let targets = names.iter().filter_map(|path| {
                let is_it = |known: &&String| is_or_in(path, known);
                let longest = modules.iter().filter(is_it).max_by_key(|known| known.len())?;
                modules.iter().position(|known| known == longest)
            });
            let in_folder = |at: &usize| modules[*at].split("::").next() == module.split("::").next();
            targets.filter(in_folder).filter(|at| modules[*at] != *module).collect()
        })
        .collect();
    let reaches = |from: usize, to: usize| {
        let (mut seen, mut next) = (vec![false; edges.len()], edges[from].clone());
        while let Some(at) = next.pop() {
            if at == to {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                next.extend(&edges[at]);
            }
        }
        false
    };
    let in_circle = (0..sources.len()).filter(|at| reaches(*at, *at));
    in_circle.map(|at| format!("{} is in a circle of imports", sources[at].path)).collect()
}

type Rule = fn(&[Source]) -> Vec<String>;

const RULES: [(&str, Rule); 9] = [
    ("files of a folder form no circle", circles_of_files),
    ("no line is over 120 columns", lines_over_120_columns),
    ("imports go downwards", imports_against_the_order),
    ("no file is over the ceiling", files_over_the_ceiling),
    ("every file and folder says what it is for", files_that_do_not_say_what_they_are_for),
    ("rustls is named in tls/ and dial/ alone", rustls_out_of_its_place),
    ("no file's name is empty of meaning", names_that_say_nothing),
    ("lib.rs is the map of the way", mistakes_of_the_map),
    ("there is one admission", decisions_beside_admission),
];

#[test]
fn the_crate_has_the_shape_that_its_map_promises() {
    let sources = sources();
    let broken =
        RULES.iter().flat_map(|(rule, find)| find(&sources).into_iter().map(move |it| format!("{rule}: {it}")));
    let broken: Vec<String> = broken.collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_exception_is_still_needed() {
    let sources = sources();
    for (from, to, _) in EXCEPTIONS {
        let mut imports = sources.iter().filter(|source| source.module() == from).flat_map(Source::imports);
        assert!(imports.any(|path| is_or_in(&path, to)), "`{from}` no longer imports {to}: take the exception out");
    }
}

/// What the rules find in one more file.
fn found_in(path: &str, text: &str) -> Vec<String> {
    let planted = [Source::new(path, text)];
    RULES.iter().filter(|(name, _)| !name.contains("map")).flat_map(|(_, find)| find(&planted)).collect()
}

#[test]
fn an_import_of_a_later_stage_is_found_however_it_is_written() {
    let offends = |path: &str, code: &str| !found_in(path, &format!("//! A file.\n{code}\n")).is_empty();
    assert!(offends("http.rs", "use crate::route::Route;"));
    assert!(offends("http.rs", "fn f(route: &crate::route::Route) {}"));
    assert!(offends("http.rs", "use super::route::Route;"));
    assert!(offends("permission.rs", "use crate::clock::Clock;"));
    assert!(offends("session.rs", "use crate::permission::User;"));
    assert!(!offends("identity.rs", "use crate::permission::User;"));
    assert!(offends("config.rs", "use crate::telemetry::Telemetry;"));
    assert!(offends("telemetry.rs", "use crate::http::RequestId;"));
    assert!(offends("home_assistant.rs", "use crate::session::Session;"));
    assert!(offends("session.rs", "use crate::identity::User;"));
    assert!(offends("gate.rs", "use crate::server::Server;"));
    assert!(offends("gate.rs", "use crate::{http, server};"), "a group of modules hides what is imported");
    assert!(offends("http.rs", "use crate::dial::Dialer;"), "of the stages, the last one alone dials");
    assert!(!offends("upstream.rs", "use crate::dial::Dialer;"));
    assert!(!offends("session.rs", "use crate::ids::UserId;"));
    assert!(offends("ids.rs", "use crate::config::Addon;"));
    assert!(!offends("route.rs", "use crate::http::Sanitized;"));
    assert!(!offends("route.rs", "#[cfg(test)]\nmod tests {\n    use crate::upstream::Upstreams;\n}"));
    assert!(!offends("route.rs", "/// See [`crate::upstream`].\nfn f() {}"));
}

#[test]
fn a_circle_of_files_is_found() {
    let planted = |b: &str| {
        let mut all = vec![Source::new("http/mod.rs", "//! A folder.\nmod a;\nmod b;\nmod c;\n")];
        all.push(Source::new("http/a.rs", "//! A file.\nuse super::b::B;\n"));
        all.push(Source::new("http/b.rs", &format!("//! A file.\n{b}\n")));
        all.push(Source::new("http/c.rs", "//! A file.\nuse crate::http::a::A;\n"));
        circles_of_files(&all).len()
    };
    assert_eq!(planted("use std::fmt;"), 0);
    assert_eq!(planted("use super::a::A;"), 2);
    assert_eq!(planted("use crate::http::c::{C, D};"), 3);
    assert_eq!(planted("use super::{X, c::C};"), 3);
    assert_eq!(planted("#[cfg(test)]\nmod tests {\n    use super::super::a::A;\n}"), 0);
}

#[test]
fn a_line_over_120_columns_is_found() {
    let long =
        |tail: &str| lines_over_120_columns(&[Source::new("http.rs", &format!("// {}{tail}", "x".repeat(117)))]).len();
    assert_eq!((long(""), long("x"), long("\"")), (0, 1, 0));
}

#[test]
fn a_decision_beside_admission_is_found() {
    let offends = |path: &str, code: &str| !found_in(path, &format!("//! A file.\n{code}\n")).is_empty();
    for code in [
        "fn f() { may_open(&user, &addon.access) }",
        "fn f() { if !crate::authorization::access::may_open(&user, &addon.access) {} }",
        "fn f() { Ok(Permitted { identified, open }) }",
        "fn f() { let user = user_behind(&credential, &directory); }",
    ] {
        assert!(offends("gate.rs", code), "{code}");
        assert!(!decisions_beside_admission(&[Source::new("authorization/admitted.rs", code)]).is_empty(), "{code}");
        assert!(decisions_beside_admission(&[Source::new("authorization/admission.rs", code)]).is_empty(), "{code}");
    }
    assert!(!offends("gate.rs", "fn f() { is_listed_for(&user, &addon.access); they_may_open(1) }"));
}

#[test]
fn an_import_through_super_is_found_from_any_depth() {
    let code = "//! A file.\nuse super::super::upstream::Answer;\n";
    let planted = [Source::new("http/mod.rs", "//! A folder.\n"), Source::new("http/path.rs", code)];
    assert_eq!(imports_against_the_order(&planted), ["http/path.rs must not import upstream::Answer"]);
    let within = [Source::new("http/deep/path.rs", "//! A file.\nuse super::super::upstream::Answer;\n")];
    assert!(imports_against_the_order(&within).is_empty());
}

#[test]
fn a_file_over_the_ceiling_is_found_and_its_tests_do_not_count() {
    let code = |lines: usize| format!("//! A file.\n\n{}", "fn f() {}\n// why\n\n".repeat(lines));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn f() {}\n".repeat(CEILING));
    assert!(found_in("route.rs", &(code(CEILING) + &tests)).is_empty());
    assert_eq!(found_in("route.rs", &(code(CEILING + 1) + &tests)), ["route.rs: 301 code lines"]);
}

#[test]
fn a_file_or_a_folder_that_says_nothing_of_itself_is_found() {
    assert_eq!(found_in("route.rs", "fn f() {}\n"), ["route.rs has no `//!`"]);
    assert_eq!(
        found_in("route/table.rs", "//! A file.\n"),
        ["route/ has neither mod.rs nor a file of its name beside it"]
    );
}

#[test]
fn rustls_out_of_its_place_and_an_empty_name_are_found() {
    let code = "//! A file.\nuse rustls_pki_types::ServerName;\n";
    assert_eq!(found_in("route.rs", code), ["route.rs names rustls"]);
    for place in ["tls/stream.rs", "dial/tls.rs"] {
        assert!(rustls_out_of_its_place(&[Source::new(place, code)]).is_empty());
    }
    assert_eq!(found_in("helpers.rs", "//! A file.\n"), ["helpers.rs: name it after its idea"]);
}

#[test]
fn a_map_in_another_order_is_found() {
    let lib = sources().into_iter().find(|source| source.path == "lib.rs").unwrap();
    let swapped = lib.text.replace("pub mod route;", "pub mod X;").replace("pub mod http;", "pub mod route;");
    let swapped = swapped.replace("pub mod X;", "pub mod http;");
    assert_eq!(mistakes_of_the_map(&[Source::new("lib.rs", &swapped)]).len(), 1);
    let redrawn = lib.text.replace("//!  route  ", "//!  http  ");
    assert_eq!(mistakes_of_the_map(&[Source::new("lib.rs", &redrawn)]).len(), 1);
    let stranger = format!("{}pub mod stranger;\n", lib.text);
    assert_eq!(mistakes_of_the_map(&[Source::new("lib.rs", &stranger)]), ["stranger has no place in the order"]);
}
