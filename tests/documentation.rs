//! The documents say what the program does: the tables in `docs/` are compared with the sources, key by key and name by
//! name. In come both as text, out comes what only one of them has.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what helps a test is a test too, and clippy exempts only the functions marked so"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use vestibule::http::fields::{self, Effect, Field, Property};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The first cell of each row of the tables in a text, without its backticks, and the whole row.
fn rows(text: &str) -> Vec<(String, &str)> {
    let row = |line| {
        let (name, _) = str::strip_prefix(line, "| `")?.split_once("` |")?;
        Some((name.to_owned(), line))
    };
    text.lines().filter_map(row).collect()
}

/// The text from a heading to the next one of any level.
fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading} is missing"));
    rest.find("\n#").map_or(rest, |end| rest.split_at(end).0)
}

/// The tables of the configuration by the name of their type, without the `Raw` in front: what `section!` declares in
/// `src/config`, with the keys of the parts that stand in it (`section_part!` and `part!`).
fn declared_keys() -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::new();
    let mut parts = BTreeMap::new();
    let mut used = BTreeSet::new();
    for source in sources_below("src/config") {
        declared_in(&source, "section", &mut tables);
        declared_in(&source, "section_part", &mut parts);
        declared_in(&source, "part", &mut parts);
    }
    assert!(parts.len() >= 10, "the parts are where this test looks for them: {}", parts.len());
    for keys in tables.values_mut() {
        let of_parts: Vec<String> = keys.extract_if(.., |key| key.starts_with("..")).collect();
        for part in of_parts {
            let name = part.trim_start_matches('.');
            keys.extend(parts.get(name).unwrap_or_else(|| panic!("{name} is declared nowhere")).clone());
            // The same part may stand in several tables.
            used.insert(name.to_owned());
        }
    }
    let unused: Vec<_> = parts.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "parts that stand in no table: {unused:?}");
    tables
}

/// The keys of each type that this macro declares in a file; a part that stands in it is `..` and its type.
fn declared_in(source: &str, by: &str, into: &mut BTreeMap<String, BTreeSet<String>>) {
    for declarations in source.split(&format!("\n{by}! {{\n")).skip(1) {
        let (declarations, _) = declarations.split_once("\n}\n").unwrap();
        let mut current = String::new();
        for line in declarations.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            if let Some(head) = line.strip_suffix(" {") {
                bare(head.rsplit(", ").next().unwrap()).clone_into(&mut current);
            } else if let Some((key, kind)) = line.split_once(": ") {
                let part = || format!("..{}", bare(kind.trim_end_matches(',')));
                let key = if key.starts_with("..") { part() } else { key.to_owned() };
                into.entry(current.clone()).or_default().insert(key);
            }
        }
    }
}

fn bare(type_name: &str) -> &str {
    type_name.strip_prefix("Raw").unwrap_or(type_name)
}

fn sources_below(folder: &str) -> Vec<String> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

#[test]
fn configuration_md_has_the_keys_that_the_program_knows() {
    let document = read("docs/configuration.md");
    let declared = declared_keys();
    let places = [
        ("## Before the first heading", &[][..]),
        ("## `[listen]`", &["Listen", "Listener"]),
        ("## `[tls]`", &["Tls", "Certificate"]),
        ("## `[tls.acme]`", &["Acme", "DnsUpdate"]),
        ("## `[[tls.client_auth]]`", &["ClientAuth"]),
        ("## `[[tls.client_certificate]]`", &["ClientCertificate"]),
        ("## `[home_assistant]`", &["HomeAssistant"]),
        ("## `[home_assistant.front]`", &["Front"]),
        ("## `[permissions]`", &["Permissions"]),
        ("## `[[group]]`", &["Group"]),
        ("## `[group.policy]`", &["Policy", "Rule"]),
        ("## `[session]`", &["Session", "RedisStore"]),
        ("## `[sign_in]`", &["SignIn"]),
        ("## `[limits]`", &["Limits"]),
        ("## `[log]`", &["Log"]),
        ("## `[headers]`", &["Headers"]),
        ("## `[[addon.protect]]`", &["Protect"]),
        ("## `[[addon.public]]`", &["Public"]),
        ("## `[[test]]`", &["Test"]),
        ("## `[assertion]`", &["Assertion"]),
        ("## `[supervisor]`", &["Supervisor"]),
        ("## `[presence]`", &["Presence"]),
        ("## `[pages]`", &["Pages"]),
        (
            "## `[[addon]]`",
            &[
                "Addon",
                "Probe",
                "Cors",
                "ResponseHeaders",
                "IdentityHeaders",
                "Access",
                "State",
                "People",
                "Rights",
                "ValueFile",
            ],
        ),
    ];
    for (heading, types) in places {
        let documented: BTreeSet<String> = rows(section(&document, heading)).into_iter().map(|(key, _)| key).collect();
        let known: BTreeSet<String> = types.iter().flat_map(|name| declared[*name].clone()).collect();
        let known = if types.is_empty() { keys_of_the_root(&declared) } else { known };
        assert_eq!(documented, known, "{heading}");
    }
    let types = places.iter().map(|(_, types)| types.len()).sum::<usize>();
    assert_eq!(declared.len(), types + 1, "a section of the configuration is in no table (one more is the root)");
}

/// What stands in the file before any heading: all keys of the root that are no tables.
fn keys_of_the_root(declared: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let document = read("docs/configuration.md");
    let is_table =
        |key: &str| document.contains(&format!("\n## `[{key}]`")) || document.contains(&format!("`[[{key}]]`\n"));
    declared["Root"].iter().filter(|key| !is_table(key)).cloned().collect()
}

#[test]
fn every_limit_that_is_counted_is_a_key_of_the_configuration() {
    let document = read("docs/configuration.md");
    for (limit, _) in vestibule::budget::Budget::new().refusals() {
        let (heading, key) = match limit.label().split_once('.') {
            Some(("addon", key)) => ("## `[[addon]]`", key),
            Some(("supervisor", key)) => ("## `[supervisor]`", key),
            Some((other, _)) => panic!("{other} is no table"),
            None => ("## `[limits]`", limit.label()),
        };
        let found = rows(section(&document, heading)).into_iter().any(|(name, _)| name == key);
        assert!(found, "{heading} has no row for {key}, by which {limit:?} is counted");
    }
}

/// The keys of `config.toml`, set or commented out, by section; and the value that stands there, unless it is an
/// example.
fn shipped_keys() -> Vec<(String, String, Option<String>)> {
    let (mut found, mut heading, mut example) = (Vec::new(), String::new(), false);
    for line in read("config.toml").lines() {
        // A table that is only an example is commented out as a whole.
        if line.starts_with('[') || line.starts_with("#[") {
            line.trim_start_matches('#').clone_into(&mut heading);
        } else if let Some(words) = line.strip_prefix("# ") {
            example = words.contains("xample:") || words.contains("xamples:") || example && !words.is_empty();
        } else if let Some((key, value)) = line.trim_start_matches('#').split_once(" = ") {
            let default = line.starts_with('#') && !example;
            found.push((heading.clone(), key.to_owned(), default.then(|| value.to_owned())));
        } else {
            example = false;
        }
    }
    found
}

#[test]
fn configuration_md_has_every_key_and_every_default_of_config_toml() {
    let document = read("docs/configuration.md");
    let mut defaults = 0;
    for (heading, key, default) in shipped_keys() {
        let heading = if heading.is_empty() { "## Before the first heading" } else { &format!("## `{heading}`") };
        let rows = rows(section(&document, heading));
        let row = rows.iter().find(|(name, _)| *name == key).map(|(_, row)| *row);
        let row = row.unwrap_or_else(|| panic!("{heading} {key} is not in configuration.md"));
        if let Some(default) = default.filter(|default| !default.starts_with('{')) {
            assert!(row.contains(&format!("| `{default}` |")), "{heading} {key}: the default is {default}, not {row}");
            defaults += 1;
        }
    }
    assert!(defaults > 20, "{defaults} defaults were compared");
}

/// What the operator's page of the configuration shows as a default is what `config.toml` says is one.
#[test]
fn the_defaults_that_are_shown_are_those_of_config_toml() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    let loaded = vestibule::config::load(&file, &vestibule::config::FilesAlone).unwrap();
    let shown: BTreeMap<_, _> = loaded.keys.iter().map(|key| (key.key.as_str(), key)).collect();
    let (mut compared, mut absent) = (0, BTreeSet::new());
    for (heading, key, default) in shipped_keys() {
        let table = heading.trim_matches(['[', ']']);
        let name = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
        let Some(default) = default.filter(|_| !heading.starts_with("[[")) else { continue };
        let Some(found) = shown.get(name.as_str()).filter(|key| key.origin == vestibule::config::KeyOrigin::Default)
        else {
            absent.insert(name);
            continue;
        };
        // Paths are absolute once they are settled, and there are as many workers as the machine has cores.
        let is_path = found.value.ends_with(&format!("/{}", default.trim_start_matches('"')));
        let depends = matches!(&*name, "limits.workers" | "assertion.issuer");
        // One time may be written in several units.
        let time = |value: &str| vestibule::config::parse_time(value.trim_matches('"'));
        let is_same = found.value == default || time(&default).is_some_and(|of| Some(of) == time(&found.value));
        assert!(is_same || is_path || depends, "{name}: {} is shown, not {default}", found.value);
        compared += 1;
    }
    assert!(compared >= 60, "{compared} defaults were compared");
    let nothing: BTreeSet<_> = DEFAULTS_THAT_DO_NOTHING.into_iter().map(str::to_owned).collect();
    assert_eq!(absent, nothing);
}

/// What does nothing in the configuration as it is shipped: without Home Assistant's API or its front, and with its files.
const DEFAULTS_THAT_DO_NOTHING: [&str; 6] = [
    "home_assistant.forward_address",
    "home_assistant.front.addons",
    "home_assistant.front.allow",
    "home_assistant.front.open_paths",
    "home_assistant.front.webhooks",
    "session.password_timeout",
];

#[test]
fn config_toml_names_every_key_that_an_operator_can_set() {
    let shipped: BTreeSet<String> = shipped_keys().into_iter().map(|(_, key, _)| key).collect();
    let declared = declared_keys();
    let sections = [
        "Listen",
        "Tls",
        "Acme",
        "ClientAuth",
        "ClientCertificate",
        "HomeAssistant",
        "Front",
        "Permissions",
        "Group",
        "Policy",
        "Rule",
        "Session",
        "SignIn",
    ];
    let more = ["Limits", "Log", "Headers", "Assertion", "Supervisor", "Addon", "Protect", "Public", "Test"];
    // Another name of `areas`, tables with a heading of their own, and the keys of a rule, which stand inside of one.
    let inside = [
        "area_ids",
        "policy",
        "protect",
        "public",
        "acme",
        "client_auth",
        "client_certificate",
        "front",
        "read",
        "control",
        "edit",
    ]
    .map(str::to_owned);
    let shipped: BTreeSet<String> = shipped.into_iter().chain(inside).collect();
    for section in sections.into_iter().chain(more) {
        let missing: Vec<_> = declared[section].difference(&shipped).collect();
        assert!(missing.is_empty(), "config.toml does not explain {missing:?} of {section}");
    }
}

#[test]
fn reference_md_has_every_reason_with_its_status() {
    // What many refusals are is written once there.
    let source = read("src/refusal/reason.rs")
        .replace("forbidden(\"", "row(S::FORBIDDEN, \"")
        .replace("elsewhere(\"", "row(S::MISDIRECTED_REQUEST, \"")
        .replace("too_many(\"", "row(S::TOO_MANY_REQUESTS, \"")
        .replace("not_ready(\"", "row(S::SERVICE_UNAVAILABLE, \"");
    let mut table = BTreeMap::new();
    for piece in source.split("row(S::").skip(1) {
        let (status, rest) = piece.split_once(", \"").unwrap();
        let (label, _) = rest.split_once('"').unwrap();
        table.insert(label.to_owned(), code(status));
    }
    let variants = section(&source, "pub enum Reason {").split("\n}\n").next().unwrap();
    let variants = variants.lines().filter(|line| line.ends_with(',') && !line.contains("//")).count();
    assert_eq!(table.len(), variants, "every variant has its row");
    let document = read("docs/reference.md");
    let documented: BTreeMap<String, String> = rows(section(&document, "## Refusals"))
        .into_iter()
        .map(|(label, row)| (label, row.split(" | ").nth(1).unwrap().to_owned()))
        .collect();
    assert_eq!(documented, table);
}

/// The number of a status, by the name of its constant.
fn code(constant: &str) -> String {
    let status = match constant {
        "BAD_REQUEST" => 400,
        "UNAUTHORIZED" => 401,
        "FORBIDDEN" => 403,
        "NOT_FOUND" => 404,
        "METHOD_NOT_ALLOWED" => 405,
        "REQUEST_TIMEOUT" => 408,
        "PAYLOAD_TOO_LARGE" => 413,
        "EXPECTATION_FAILED" => 417,
        "REQUEST_HEADER_FIELDS_TOO_LARGE" => 431,
        "MISDIRECTED_REQUEST" => 421,
        "TOO_MANY_REQUESTS" => 429,
        "BAD_GATEWAY" => 502,
        "SERVICE_UNAVAILABLE" => 503,
        "GATEWAY_TIMEOUT" => 504,
        other => panic!("give {other} a number here"),
    };
    status.to_string()
}

#[test]
fn reference_md_has_the_metrics_as_the_source_documents_them() {
    let source = read("src/telemetry/metrics/mod.rs");
    let source = source.replace("//! ", "");
    let in_source: BTreeSet<&str> = rows(&source).into_iter().map(|(_, row)| row).collect();
    let document = read("docs/reference.md");
    let metrics = section(&document, "## Health and metrics");
    let documented: BTreeSet<&str> =
        rows(metrics).into_iter().filter(|(name, _)| name.starts_with("vestibule_")).map(|(_, row)| row).collect();
    assert!(in_source.len() > 15);
    assert_eq!(documented, in_source);
}

#[test]
fn reference_md_has_every_kind_of_reason_that_explain_gives() {
    let source = read("src/explain/because.rs");
    let (_, variants) = source.split_once("pub(crate) enum Because<'a> {\n").unwrap();
    let (variants, _) = variants.split_once("\n}\n").unwrap();
    let snake_case = |name: &str| {
        let capital = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
        name.chars().map(capital).collect::<String>().trim_start_matches('_').to_owned()
    };
    // A variant stands one level deep, whether rustfmt breaks its fields or not.
    let names = variants
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(char::is_uppercase));
    let kinds: BTreeSet<String> = names.map(|line| snake_case(line.split([' ', ',', '(']).next().unwrap())).collect();
    let document = read("docs/reference.md");
    let (_, table) = section(&document, "### Explain").split_once("| `kind` |").unwrap();
    let documented: BTreeSet<String> = rows(table).into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.len() > 5);
    assert_eq!(documented, kinds);
}

#[test]
fn reference_md_has_every_reserved_name() {
    let reserved: BTreeSet<&str> =
        fields::all().filter(|field| field.is(Property::Reserved)).map(|field| field.name).collect();
    let document = read("docs/reference.md");
    let listed = between(&document, "<!-- reserved: begin -->", "<!-- reserved: end -->");
    let documented: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
    assert_eq!(documented, reserved);
}

#[test]
fn reference_md_has_every_hop_by_hop_name() {
    let hop_by_hop: BTreeSet<&str> =
        fields::all().filter(|field| field.is(Property::HopByHop)).map(|field| field.name).collect();
    let document = read("docs/reference.md");
    let listed = between(&document, "<!-- hop-by-hop: begin -->", "<!-- hop-by-hop: end -->");
    let documented: BTreeSet<String> = listed.split('`').skip(1).step_by(2).map(str::to_lowercase).collect();
    assert_eq!(documented, hop_by_hop.into_iter().map(str::to_owned).collect());
}

#[test]
fn reference_md_says_of_every_header_of_answers_that_does_more_what_becomes_of_it() {
    let row = |field: &Field| {
        let Effect { does, under_prefix, on_own_host } = field.effect?;
        Some(format!("| `{}` | {does} | {} | {} |", field.name, under_prefix.word(), on_own_host.word()))
    };
    let expected: Vec<String> = fields::all().filter_map(row).collect();
    let document = read("docs/reference.md");
    let table = between(&document, "<!-- effects: begin -->", "<!-- effects: end -->");
    let documented: Vec<&str> = rows(table).into_iter().map(|(_, row)| row).collect();
    assert_eq!(documented, expected, "the table is to be\n{}", expected.join("\n"));
}

fn between<'a>(document: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = document.split_once(begin).unwrap_or_else(|| panic!("{begin} is missing"));
    rest.split_once(end).unwrap_or_else(|| panic!("{end} is missing")).0
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];
    let manuals = [
        "docs/configuration.md",
        "docs/reference.md",
        "docs/operations.md",
        "docs/supervisor.md",
        "docs/security-cases.md",
        "docs/permissions.md",
        "docs/performance.md",
    ];
    for document in documents.iter().chain(&manuals) {
        let text = read(document);
        for piece in text.split("](").skip(1) {
            let target = piece.split([')', '#']).next().unwrap();
            let elsewhere = target.is_empty() || target.contains("://");
            let there = root.join(document).parent().unwrap().join(target);
            assert!(elsewhere || there.exists(), "{document} links to {target}, which is not there");
        }
    }
}

/// Of each program of `tests/addons/programs`: its slug, its version, and whether it is asked as two users of two roles.
fn programs_that_are_run() -> Vec<(String, String, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/addons/programs");
    let of = |source: &str, name: &str| {
        let (_, rest) = source.split_once(&format!("\nexport const {name} = '")).unwrap_or_else(|| panic!("no {name}"));
        rest.split('\'').next().unwrap().to_owned()
    };
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    files.map(|text| (of(&text, "slug"), of(&text, "version"), text.contains("\nexport const roles = "))).collect()
}

#[test]
fn add_ons_md_names_the_versions_that_are_run() {
    let document = read("docs/add-ons.md");
    let [run, as_two_users] = ["| Add-on | Run | ", "| Add-on | Run as two users | "]
        .map(|head| document.split_once(head).unwrap().1.split("\n\n").next().unwrap());
    let programs = programs_that_are_run();
    assert!(programs.len() >= 10, "{programs:?}");
    for (slug, version, has_roles) in &programs {
        let line = format!("\nslug = \"{slug}\"\n");
        let section = document.split("\n## ").find(|section| section.contains(&line)).unwrap();
        let anchor = section.lines().next().unwrap().to_lowercase().replace(' ', "-");
        let says = |table: &str| {
            let ways = [" |", ", in CI |"].map(|end| format!("](#{anchor}) | {version}{end}"));
            table.lines().any(|row| ways.iter().any(|way| row.contains(way)))
        };
        assert!(says(run), "{slug} is run with {version}");
        assert_eq!(says(as_two_users), *has_roles, "{slug} as two users");
    }
    let run_in_ci = run.lines().filter(|row| row.contains(", in CI |")).count();
    let not_run = |table: &str| table.lines().filter(|row| row.contains("| no package |")).count();
    // Two of those in CI are the browser's run's alone.
    assert_eq!((run_in_ci, run.lines().count() - 2 - not_run(run)), (3, programs.len() + 2));
    let with_roles = programs.iter().filter(|(.., has_roles)| *has_roles).count();
    assert_eq!(as_two_users.lines().count() - 2 - not_run(as_two_users), with_roles);
}

#[test]
fn every_file_that_architecture_md_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = read("ARCHITECTURE.md");
    let is_source = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "rs");
    let is_path = |name: &&str| name.contains('/') && (is_source(name) || name.ends_with('/'));
    let mut named = 0;
    for name in document.split('`').skip(1).step_by(2).filter(is_path) {
        named += 1;
        assert!(root.join("src").join(name).exists() || root.join(name).exists(), "there is no {name}");
    }
    assert!(named > 40, "{named} paths were looked for");
}

/// Each row of the glossary: `| Word | `Type` | `file` | Meaning |`.
#[test]
fn every_word_of_the_glossary_is_a_type_where_it_says() {
    let glossary = read("docs/glossary.md");
    let mut words = 0;
    for line in glossary.lines().filter(|line| line.starts_with("| ") && line.contains("`src/")) {
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let [name, file, ..] = quoted[..] else { panic!("no type and file in: {line}") };
        let source = read(file);
        let is_defined = ["struct", "enum", "trait"].iter().any(|kind| {
            source.match_indices(&format!("{kind} {name}")).any(|(at, found)| {
                !source[at + found.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
            })
        });
        assert!(is_defined, "{file} has no type {name}");
        words += 1;
    }
    assert!(words > 40, "only {words} words");
}

/// What the code called things before it used the field's words: nothing brings them back.
#[test]
fn no_word_of_the_former_private_language_is_a_type() {
    let former = [
        "Court",
        "Errand",
        "Standing",
        "Judgement",
        "Felt",
        "Pulse",
        "Serving",
        "Gauge",
        "Truth",
        "Injection",
        "Confines",
        "LastWord",
        "Farewell",
        "Stamps",
        "TrailerSieve",
        "UnderWay",
        "Portable",
        "Parcels",
        "Journey",
        "Traveller",
        "Forsaken",
        "Keeper",
        "Ear",
        "Seldom",
        "Neighbourhood",
        "Voice",
        "Trial",
        "Desk",
        "Kept",
        "Asking",
    ];
    let mut sources = Vec::new();
    types_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    for (file, name) in sources {
        assert!(!former.contains(&name.as_str()), "{file} brings {name} back: docs/glossary.md has the word");
    }
}

/// Every type of the sources below a folder, with its file.
fn types_of(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            types_of(&path, found);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let words: Vec<&str> = line.split([' ', '<', '(', ';', ':']).collect();
            let kind = words.iter().position(|word| ["struct", "enum", "trait", "type"].contains(word));
            if let Some(name) = kind.and_then(|at| words.get(at + 1)).filter(|_| !line.trim_start().starts_with("//")) {
                found.push((path.display().to_string(), (*name).to_owned()));
            }
        }
    }
}

#[test]
fn every_security_case_that_is_cited_has_its_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cited = BTreeSet::new();
    for folder in ["src", "tests"] {
        cited_in(&root.join(folder), &mut cited);
    }
    assert!(cited.len() > 40, "{} cases were found", cited.len());
    let document = read("docs/security-cases.md");
    let missing: Vec<_> = cited.iter().filter(|number| !document.contains(&format!("\n| {number} | "))).collect();
    assert!(missing.is_empty(), "docs/security-cases.md lacks {missing:?}");
}

#[test]
fn security_md_names_tests_of_each_security_case_or_says_why_there_is_none() {
    let document = read("SECURITY.md");
    let (_, table) = document.split_once("\n## Security cases and their tests\n").unwrap();
    let rows: BTreeMap<&str, &str> =
        table.lines().filter_map(|row| row.strip_prefix("| S-")?.split_once(" | ")).collect();
    let cases = read("docs/security-cases.md");
    let numbers = cases.lines().filter_map(|row| row.strip_prefix("| S-")?.split(' ').next());
    let missing: Vec<_> = numbers.filter(|number| !rows.contains_key(number)).collect();
    assert!(missing.is_empty(), "SECURITY.md has no row for {missing:?}");
    let mut wrong = Vec::new();
    for (number, tests) in rows {
        let is_cited = |file: &&str| {
            let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
            source.contains(&format!("S-{number}")) || source.contains(&format!("fn s{number}_"))
        };
        let files: Vec<_> = tests.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs")).collect();
        let says_why = tests.starts_with("no test: ") || tests.contains("`.ci/run`");
        if !files.iter().all(is_cited) || files.is_empty() && !says_why {
            wrong.push(format!("S-{number}: {tests}"));
        }
    }
    assert!(wrong.is_empty(), "SECURITY.md names files that know nothing of the case: {wrong:#?}");
}

/// The numbers in comments (`S-78`) and in names of tests (`fn s78_...`) of all sources in a folder.
fn cited_in(folder: &Path, cited: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            cited_in(&path, cited);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("documentation.rs") {
            let source = fs::read_to_string(&path).unwrap();
            for (at, start) in source.match_indices("S-").chain(source.match_indices("fn s")) {
                let (before, after) = (&source[..at], &source[at + start.len()..]);
                let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
                // `AES-256` is no number of a case.
                if digits.len() >= 2 && !before.ends_with(char::is_alphanumeric) {
                    cited.insert(format!("S-{digits}"));
                }
            }
        }
    }
}

#[test]
fn every_limit_has_a_test_of_what_it_does() {
    let mut tests = String::new();
    // `tests/check` holds the bounds of the keys and knows nothing of what they do.
    let without = ["check", "fixtures", "documentation.rs", "architecture.rs"];
    texts_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &without, &mut tests);
    // A line within a text is written with `\n`, which is no part of the word behind it.
    let tests = tests.replace("\\n", " ");
    for (file, least) in [("src/config/limits.rs", 30), ("src/config/transport.rs", 11)] {
        let source = read(file);
        let keys: Vec<_> = source.lines().filter_map(key_of_part).collect();
        assert!(keys.len() >= least, "{} keys were found in {file}", keys.len());
        let names =
            |text: &str, key: &str| text.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| word == key);
        let untested: Vec<_> = keys.iter().filter(|key| !names(&tests, key)).collect();
        assert!(untested.is_empty(), "no test sets {untested:?} of {file}");
    }
}

/// The key that a line of a `part!` list is about.
fn key_of_part(line: &str) -> Option<&str> {
    let (key, kind) = line.strip_prefix("        ")?.split_once(": ")?;
    let is_kind = ["count(", "time(", "bytes(", "size(", "number("].iter().any(|name| kind.starts_with(name));
    is_kind.then_some(key)
}

/// All sources of a folder, without the files and folders of these names.
fn texts_of(folder: &Path, without: &[&str], texts: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if without.contains(&name) {
            continue;
        }
        if path.is_dir() {
            texts_of(&path, without, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
