//! No query and no body that is permitted is read by PHP, Node, Python or Go as another entity than the one that was
//! judged, or as more of them. What they read is asked of themselves: one process for each, fed with all cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::tools::{self, Tool};
use crate::support::{RawAddon, Vestibule};
use crate::{RULES, protected};

/// What is asked of us and of the parsers.
#[derive(Debug)]
enum Case {
    Query(String),
    Body { text: String, at: &'static [&'static str] },
}

impl Case {
    /// For `explain`, which decides as the gate does.
    fn question(&self) -> Value {
        match self {
            Self::Query(query) => {
                json!({"user": "owner", "method": "GET", "url": format!("/ingress/a/state?{query}")})
            }
            Self::Body { text, at } => {
                let path = if at.len() == 1 { "call" } else { "target" };
                json!({"user": "owner", "method": "POST", "url": format!("/ingress/a/api/{path}"), "body": text})
            }
        }
    }

    fn asked(&self) -> Value {
        match self {
            Self::Query(query) => json!({"query": query}),
            Self::Body { text, at } => json!({"body": text, "at": at}),
        }
    }
}

/// What a parser read: by its name, every value that it takes for the entity.
type Readings = BTreeMap<String, Vec<String>>;

#[test]
fn no_permitted_query_is_read_as_another_entity_by_any_parser() {
    let mut cases: Vec<Case> = QUERIES.iter().map(|query| Case::Query((*query).to_owned())).collect();
    let mut dice = Dice(0x5EED_0001);
    cases.extend((0..6000).map(|_| Case::Query(dice.query())));
    cases.extend([99, 100, 999, 1000, 1001, 5000].map(|before| Case::Query(many("x=1&", before))));
    let permitted = agree("queries", &cases);
    let number = permitted.iter().filter(|permitted| **permitted).count();
    assert!(number > 500, "queries with nothing odd are permitted, and not just {number}");
    for honest in HONEST_QUERIES {
        assert!(permitted_alone(honest, &cases, &permitted), "{honest} is honest");
    }
}

#[test]
fn no_permitted_body_is_read_as_another_entity_by_any_parser() {
    let mut dice = Dice(0x5EED_0002);
    let mut cases: Vec<Case> =
        BODIES.iter().map(|body| Case::Body { text: (*body).to_owned(), at: &["entity_id"] }).collect();
    cases.extend((0..3000).map(|_| Case::Body { text: dice.body(), at: &["entity_id"] }));
    let nested = |text: String| Case::Body { text, at: &["target", "entity_id"] };
    cases.extend((0..3000).map(|_| nested(format!("{{{}\"target\": {}}}", dice.members(), dice.body()))));
    let permitted = agree("bodies", &cases);
    let number = permitted.iter().filter(|permitted| **permitted).count();
    assert!(number > 1000, "honest bodies are permitted, and not just {number}");
}

/// Asks everybody. Whether each case was permitted, and the assertion that this test is about.
#[allow(clippy::print_stderr, reason = "whoever reads the results must see how much was permitted")]
fn agree(what: &str, cases: &[Case]) -> Vec<bool> {
    let target = "[[addon.protect]]\npath = \"/api/target\"\nbody = \"/target/entity_id\"\naccess = \"control\"\n";
    let (_addon, vestibule): (RawAddon, Vestibule) = protected(RawAddon::start(), &format!("{RULES}{target}"));
    let judged = judged(&vestibule, cases);
    let number = judged.iter().flatten().count();
    eprintln!("{what}: {number} permitted, {} refused", judged.len() - number);
    let mut wrong = String::new();
    for parser in PARSERS {
        let Some(read) = read(parser, &vestibule, cases) else { continue };
        for ((case, entities), readings) in cases.iter().zip(&judged).zip(read) {
            let Some(entities) = entities else { continue };
            for (name, values) in readings.iter().filter(|(_, values)| *values != entities) {
                let _ = writeln!(wrong, "{case:?}: judged by {entities:?}, {name} reads {values:?}");
            }
        }
    }
    let first: Vec<&str> = wrong.lines().take(20).collect();
    assert!(first.is_empty(), "{} readings differ, such as\n{}", wrong.lines().count(), first.join("\n"));
    judged.iter().map(Option::is_some).collect()
}

/// By which entities each case was permitted; nothing when it was refused.
fn judged(vestibule: &Vestibule, cases: &[Case]) -> Vec<Option<Vec<String>>> {
    let file = vestibule.path("cases.jsonl");
    let lines: Vec<String> = cases.iter().map(|case| case.question().to_string()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let answers = vestibule.command_ok(&["explain", "--cases", file.to_str().unwrap()]);
    let judged: Vec<_> = answers.lines().map(entities).collect();
    assert_eq!(judged.len(), cases.len());
    judged
}

fn entities(answer: &str) -> Option<Vec<String>> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
    let rules = answer["rules"].as_array().unwrap();
    let entities = rules.iter().map(|rule| rule["entity"].as_str().unwrap_or_default().to_owned());
    (answer["decision"] == "permit").then(|| entities.collect())
}

fn permitted_alone(query: &str, cases: &[Case], permitted: &[bool]) -> bool {
    let is = |case: &Case| matches!(case, Case::Query(text) if text == query);
    cases.iter().zip(permitted).any(|(case, permitted)| is(case) && *permitted)
}

/// A parser: its program, and what it is called with in the folder of the scripts.
const PARSERS: &[(Tool, &[&str])] = &[
    (Tool::Php, &["-n", "read.php"]),
    (Tool::Php, &["-n", "-d", "arg_separator.input=;&", "read.php"]),
    (Tool::NodeQs, &["read.mjs"]),
    (Tool::Werkzeug, &["read.py"]),
    (Tool::Go, &["run", "read.go"]),
];

fn read(&(tool, arguments): &(Tool, &[&str]), vestibule: &Vestibule, cases: &[Case]) -> Option<Vec<Readings>> {
    let program = tools::find(tool)?;
    let folder = Path::new(tools::PARSERS);
    let mut command = Command::new(program);
    // Without a home of its own Go has no place to keep what it has built.
    command.args(arguments).current_dir(folder).env("GOCACHE", vestibule.path("go"));
    let mut parser = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = cases.iter().map(|case| case.asked().to_string()).collect();
    let lines = lines.join("\n") + "\n";
    let mut stdin = parser.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = parser.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{tool:?}: {}", output.status);
    let output = String::from_utf8(output.stdout).unwrap();
    let readings: Vec<Readings> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{tool:?}: {error}: {line}")))
        .collect();
    assert_eq!(readings.len(), cases.len(), "{tool:?}");
    Some(readings)
}

/// A query that names its entity after so many others.
fn many(pair: &str, before: usize) -> String {
    format!("{}entity_id=light.bed_light", pair.repeat(before))
}

/// Pseudo-random choices that are the same in every run.
struct Dice(u64);

impl Dice {
    /// A number below this one (xorshift).
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn one<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn some(&mut self, all: &[&str], most: usize) -> String {
        let number = self.below(most + 1);
        (0..number).map(|_| self.one(all)).collect()
    }

    /// Pairs of a query: an honest one in most of them, and near misses of its name before and after.
    fn query(&mut self) -> String {
        let mut pairs = Vec::new();
        for _ in 0..self.below(4) {
            pairs.push(self.pair());
        }
        if self.below(8) > 0 {
            let honest =
                self.one(&["entity_id=light.bed_light", "entity_id=light.bed_light", "entity%5Fid=light%2Ebed_light"]);
            let at = self.below(pairs.len() + 1);
            pairs.insert(at, honest.to_owned());
        }
        let mut query = String::new();
        for (position, pair) in pairs.iter().enumerate() {
            if position > 0 {
                let plain = self.below(4) > 0;
                query += if plain { "&" } else { self.one(SEPARATORS) };
            }
            query += pair;
        }
        query
    }

    fn pair(&mut self) -> String {
        if self.below(2) == 0 {
            return self.one(PLAIN_PAIRS).to_owned();
        }
        let (before, after) = (self.some(PIECES, 2), self.some(PIECES, 2));
        let name = self.one(NAMES);
        format!("{before}{name}{after}{}{}", self.one(&["=", "=", "=", "", "%3D", "=="]), self.one(VALUES))
    }

    /// Members of a JSON object, each with its comma.
    fn members(&mut self) -> String {
        let number = self.below(3);
        let member = |_| {
            let key = if self.below(2) == 0 { self.one(HONEST_KEYS) } else { self.one(KEYS) };
            let value = if self.below(2) == 0 { self.one(HONEST_VALUES) } else { self.one(JSON_VALUES) };
            format!("{key}: {value}, ")
        };
        (0..number).map(member).collect()
    }

    fn body(&mut self) -> String {
        let values = if self.below(3) > 0 { HONEST_VALUES } else { JSON_VALUES };
        let honest = format!("\"entity_id\": {}", self.one(values));
        let after = self.members();
        let (before, after) = (self.members(), after.trim_end_matches(", "));
        let comma = if after.is_empty() { "" } else { ", " };
        format!("{{{before}{honest}{comma}{after}}}")
    }
}

/// What must pass, or people switch the rules off.
const HONEST_QUERIES: &[&str] = &[
    "entity_id=light.bed_light",
    "x=1&entity_id=light.bed_light&y",
    "entity%5Fid=light%2Ebed_light",
    "entity_id=light.bed_light&entity=lock.basic_lock&entity_ids=lock.basic_lock",
    "entity_id=light.bed_light&q=union%20select&x=/x.y/&a=%2525&b=a%26b%3Dc",
    "filter[name]=x&columns[0][data]=y&entity_id=light.bed_light&_=1712345678901&sort=-a,b&$top=3&page.size=4",
    "start=2024-01-01T10:00:00%2B01:00&entity_id=light.bed_light&token=YWJj%3D%3D&token2=YWJj==&e=%F0%9F%98%80",
    "&entity_id=light.bed_light&&",
    "return=%2Fpage%3Fentity_id%3Dlock.basic_lock&entity_id=light.bed_light",
];

const QUERIES: &[&str] = &[
    HONEST_QUERIES[0],
    HONEST_QUERIES[1],
    HONEST_QUERIES[2],
    HONEST_QUERIES[3],
    HONEST_QUERIES[4],
    HONEST_QUERIES[5],
    HONEST_QUERIES[6],
    HONEST_QUERIES[7],
    HONEST_QUERIES[8],
    "entity_id=light.bed_light&entity[id=lock.basic_lock",
    "entity[id=lock.basic_lock&entity_id=light.bed_light",
    "entity_id=light.bed_light;lock.basic_lock",
    "entity_id=light.bed_light;x=1",
    "x=1;y=2&entity_id=light.bed_light",
    "[entity_id]=lock.basic_lock&entity_id=light.bed_light",
    "[entity_id]x=lock.basic_lock&entity_id=light.bed_light",
    "entity_id.x=lock.basic_lock&entity_id=light.bed_light",
    "?entity_id=lock.basic_lock&entity_id=light.bed_light",
    "entity_id=light.bed_light&x=?entity_id=lock.basic_lock",
    "x=?&entity_id=light.bed_light",
    "entity_id=light.bed_light&entity%u005Fid=lock.basic_lock",
    "entity_id=light.bed_light&%=1",
    "__proto__[entity_id]=lock.basic_lock&entity_id=light.bed_light",
    "entity_id=light.bed_light&_charset_=utf-7",
    "entity_id=light.bed_light&%00entity_id=lock.basic_lock",
    "entity_id=light.bed_light&entity%C0%9Fid=lock.basic_lock",
];

/// Around names.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[]",
    "[0]",
    "[x]",
    ".",
    "..",
    "+",
    "%20",
    "%00",
    "%09",
    "%5B",
    "%5D",
    "%2E",
    "_",
    "-",
    ":",
    "!",
    "?",
    "%3F",
    "%",
    "%u005f",
    "%C0%80",
    "%ff",
    "%EF%BC%BF",
    "$",
    "@",
    "(",
    "x",
    "%2526",
    "%26",
    "%3B",
    "'",
    "~",
    "*",
    "/",
    "\\",
    "|",
];

const NAMES: &[&str] = &[
    "entity_id",
    "entity_id",
    "entity[id",
    "entity.id",
    "entity+id",
    "entity%20id",
    "entity%5Bid",
    "ENTITY_ID",
    "Entity_Id",
    "entity%255Fid",
    "entity%5fid",
    "entityId",
    "entity-id",
    "x",
    "__proto__",
    "constructor[prototype]",
    "entity%00_id",
    "e%6Etity_id",
    "",
    "_charset_",
    "utf8",
    "amp;entity_id",
    "entity%CC%B2id",
    "ent%C4%B1ty_id",
];

const VALUES: &[&str] = &[
    "lock.basic_lock",
    "lock.basic_lock",
    "light.bed_light",
    "",
    "1",
    "light.bed_light;lock.basic_lock",
    "a%26entity_id=b",
    "x?entity_id=lock.basic_lock",
    "%",
    "%zz",
    "a;entity_id=lock.basic_lock",
    "+light.bed_light",
    "light.bed_light%00",
];

const SEPARATORS: &[&str] = &[";", "&&", "&amp;", "?", "&;", "%26", "&?"];

const PLAIN_PAIRS: &[&str] =
    &["x=1", "y", "z=", "filter[name]=a", "q=a%20b", "a.b=c", "=", "n=100%25", "n=100%", "l[]=1&l[]=2"];

const BODIES: &[&str] = &[
    r#"{"entity_id": "light.bed_light"}"#,
    r#"{"entity_id": ["light.bed_light", "lock.basic_lock"], "x": {"y": [1.5e3, null, "\u00e9"]}}"#,
    r#"{"entity_id": "light.bed_light", "x": "\ud800"}"#,
    r#"{"entity_id": "light.bed_light", "x": 1e999}"#,
    r#"{"entity_id": "light.bed_light", "x": -0, "y": 12345678901234567890123}"#,
];

/// Keys beside the one that is judged.
const KEYS: &[&str] = &[
    r#""x""#,
    r#""Entity_Id""#,
    r#""entity_id""#,
    r#""entity\u005fid""#,
    r#""entity_\u0131d""#,
    r#""\u212aey""#,
    r#""entityId""#,
    r#""entity_id\u0000""#,
    r#""entity_id ""#,
    r#""target.entity_id""#,
    r#""Target""#,
    r#""target""#,
    r#""__proto__""#,
    r#""""#,
    r#""entity_id\ud800""#,
    "entity_id",
    "'entity_id'",
    r#""\x65ntity_id""#,
    r#""target/entity_id""#,
];

const HONEST_KEYS: &[&str] =
    &[r#""x""#, r#""brightness""#, r#""entity""#, r#""entity_ids""#, r#""_id""#, r#""\u00e9""#];

const HONEST_VALUES: &[&str] = &[
    r#""light.bed_light""#,
    r#"["light.bed_light", "lock.basic_lock"]"#,
    r#""light\u002ebed_light""#,
    r#"["light.bed_light"]"#,
];

const JSON_VALUES: &[&str] = &[
    r#""light.bed_light""#,
    r#""light.bed_light""#,
    r#""light\u002ebed_light""#,
    r#"["light.bed_light", "lock.basic_lock"]"#,
    r#"{"entity_id": "lock.basic_lock"}"#,
    r#""lock.basic_lock""#,
    r#""light.bed_light\u0000""#,
    "NaN",
    "1",
    "null",
    "[]",
    r#"["light.bed_light",]"#,
    r#"{"a": {"entity_id": "lock.basic_lock"}}"#,
    r#"/* */ "light.bed_light""#,
    "0x1",
    "01",
    "1e999",
    r#""\ud800""#,
    "+1",
    "-0",
    r#"{"__proto__": {"entity_id": "lock.basic_lock"}}"#,
];
