//! One word of the language in which manifests describe options (Home Assistant's add-on configuration, "Options /
//! Schema"): `str`, `int(1,10)?`, `list(a|b)`, `match(^[a-z]+$)` and so on. It checks a value by a word: the value is
//! taken, or there is a finding.

use regex::Regex;
use serde_json::Value as Json;

use crate::diagnostic::findings::Findings;
use crate::diagnostic::{Diagnostic, quoted};
use crate::manifest::scalar::{Scalar, json};
use crate::manifest::section::{bad, wrong};
use crate::manifest::yaml::{Node, Value};

/// What the word says.
#[derive(Debug)]
pub(super) struct Element<'a> {
    word: &'a str,
    kind: Kind<'a>,
    optional: bool,
}

#[derive(Debug)]
enum Kind<'a> {
    /// `str`, `password`: how many characters.
    Text {
        least: Option<f64>,
        most: Option<f64>,
        secret: bool,
    },
    Int {
        least: Option<f64>,
        most: Option<f64>,
    },
    Float {
        least: Option<f64>,
        most: Option<f64>,
    },
    Bool,
    Email,
    Url,
    Port,
    /// `device`, `device(subsystem=tty)`
    Device,
    /// A regular expression, at the beginning of the text.
    Match(&'a str),
    /// One of a few words.
    List(Vec<&'a str>),
    /// A word of a language that is newer than this.
    Unknown,
}

impl<'a> Element<'a> {
    /// Reads the word. One that is not known says nothing.
    pub(super) fn parse(word: &'a str) -> Self {
        let (rest, optional) = word.strip_suffix('?').map_or((word, false), |rest| (rest, true));
        let (name, inside) = match rest.split_once('(') {
            Some((name, inside)) => (name, inside.strip_suffix(')')),
            None => (rest, None),
        };
        let bounds = || {
            // Without brackets there are no bounds.
            let (least, most) = inside.unwrap_or(",").split_once(',').unwrap_or_default();
            (least.trim().parse().ok(), most.trim().parse().ok())
        };
        let kind = match (name, inside) {
            ("str" | "password", _) => {
                let (least, most) = bounds();
                Kind::Text { least, most, secret: name == "password" }
            }
            ("int", _) => {
                let (least, most) = bounds();
                Kind::Int { least, most }
            }
            ("float", _) => {
                let (least, most) = bounds();
                Kind::Float { least, most }
            }
            ("bool", None) => Kind::Bool,
            ("email", None) => Kind::Email,
            ("url", None) => Kind::Url,
            ("port", None) => Kind::Port,
            ("device", _) => Kind::Device,
            ("match", Some(pattern)) => Kind::Match(pattern),
            ("list", Some(words)) => Kind::List(words.split('|').collect()),
            _ => Kind::Unknown,
        };
        Self { word, kind, optional }
    }

    /// Whether the option may be missing.
    pub(super) fn is_optional(&self) -> bool {
        self.optional
    }

    /// What is expected, in words.
    pub(super) fn expected(&self) -> String {
        let between = |least: &Option<f64>, most: &Option<f64>, what: &str| match (least, most) {
            (Some(least), Some(most)) => format!(" of {least} to {most}{what}"),
            (Some(least), None) => format!(" of at least {least}{what}"),
            (None, Some(most)) => format!(" of at most {most}{what}"),
            (None, None) => String::new(),
        };
        match &self.kind {
            Kind::Text { least, most, .. } => format!("text{}", between(least, most, " characters")),
            Kind::Int { least, most } => format!("a whole number{}", between(least, most, "")),
            Kind::Float { least, most } => format!("a number{}", between(least, most, "")),
            Kind::Bool => "`true` or `false`".to_owned(),
            Kind::Email => "an e-mail address".to_owned(),
            Kind::Url => "a URL with its scheme".to_owned(),
            Kind::Port => "a port from 1 to 65535".to_owned(),
            Kind::Device => "the path of a device below /dev".to_owned(),
            Kind::Match(pattern) => format!("text that matches {}", quoted(pattern)),
            Kind::List(words) => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" or "),
            Kind::Unknown => "a value".to_owned(),
        }
    }

    /// The value, or nothing and a finding.
    pub(super) fn read(&self, value: &Node, findings: &mut Findings) -> Option<Json> {
        // Before it is judged, so that no message about it shows it.
        if let Kind::Text { secret: true, .. } = self.kind {
            findings.masked.push(value.span.clone());
        }
        let Value::Scalar { text, plain } = &value.value else {
            findings.add(self.wrong(value));
            return None;
        };
        let scalar = Scalar::of(text, *plain);
        match self.judge(&scalar, text) {
            Verdict::Right => Some(json(value)),
            Verdict::Text => Some(Json::from(text.as_str())),
            Verdict::WrongType => {
                findings.add(self.wrong(value));
                None
            }
            Verdict::WrongValue => {
                let expected = format!("expected {}", self.expected());
                findings.add(bad(value.span.clone(), "not a value that this option may have", &expected, &self.hint()));
                None
            }
            Verdict::NobodyKnows => {
                let open = Diagnostic::warning(value.span.clone(), "this value cannot be judged here");
                findings.add(open.label(format!("the schema says {}", quoted(self.word))).hint("it is taken as it is"));
                Some(json(value))
            }
        }
    }

    fn judge(&self, scalar: &Scalar<'_>, as_written: &str) -> Verdict {
        use Verdict::{NobodyKnows, Right, WrongType, WrongValue};
        let within = |number: f64, least: &Option<f64>, most: &Option<f64>| {
            let fits = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
            if fits { Right } else { WrongValue }
        };
        let holds = |fits: bool| if fits { Right } else { WrongValue };
        match (&self.kind, scalar) {
            (Kind::Unknown, _) => NobodyKnows,
            // One of a few words may look like a number, a yes or a no.
            (Kind::List(words), _) if words.contains(&as_written) => Verdict::Text,
            (Kind::List(_), _) => WrongValue,
            (Kind::Bool, Scalar::Bool(_)) => Right,
            (Kind::Int { least, most } | Kind::Float { least, most }, Scalar::Int(number)) => {
                within(approximate(*number), least, most)
            }
            (Kind::Float { least, most }, Scalar::Float(number)) => within(*number, least, most),
            (Kind::Port, Scalar::Int(number)) => holds((1..=65535).contains(number)),
            // Home Assistant looks these up in a file of its own, which is none of ours.
            (_, Scalar::Text(text)) if text.starts_with("!secret ") => WrongValue,
            (Kind::Text { least, most, .. }, Scalar::Text(text)) => {
                within(approximate(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)), least, most)
            }
            (Kind::Email, Scalar::Text(text)) => holds(is_email(text)),
            (Kind::Url, Scalar::Text(text)) => holds(is_url(text)),
            (Kind::Device, Scalar::Text(text)) => {
                holds(text.starts_with("/dev/") && !text.contains(char::is_control) && !text.contains("/../"))
            }
            (Kind::Match(pattern), Scalar::Text(text)) => {
                // Python's `re.match`. An expression that needs more than an automaton cannot be judged here.
                Regex::new(&format!(r"\A(?:{pattern})")).map_or(NobodyKnows, |regex| holds(regex.is_match(text)))
            }
            (
                Kind::Text { .. }
                | Kind::Int { .. }
                | Kind::Float { .. }
                | Kind::Bool
                | Kind::Email
                | Kind::Url
                | Kind::Port
                | Kind::Device
                | Kind::Match(_),
                _,
            ) => WrongType,
        }
    }

    fn wrong(&self, value: &Node) -> Diagnostic {
        wrong(value, &format!("expected {}", self.expected()), &self.hint())
    }

    fn hint(&self) -> String {
        let what = match self.kind {
            Kind::Text { .. } | Kind::Email | Kind::Url | Kind::Match(_) | Kind::Device => {
                "write the value itself, in quotes"
            }
            Kind::Int { .. } | Kind::Float { .. } | Kind::Port => "write a number, without quotes",
            Kind::Bool => "write `true` or `false`, without quotes",
            Kind::List(_) => "write one of these words",
            Kind::Unknown => "ask its author",
        };
        format!("{what}: the manifest's schema says {}", quoted(self.word))
    }
}

/// What a value is to a word.
enum Verdict {
    /// The value is what the word asks for.
    Right,
    /// The value is what the word asks for, and stays text even where it looks like a number.
    Text,
    WrongType,
    WrongValue,
    NobodyKnows,
}

/// Bounds are small; beyond 2^53 a few more or less make no difference to them.
#[allow(clippy::cast_precision_loss, reason = "bounds are small, and what is far beyond them is beyond them")]
fn approximate(number: i64) -> f64 {
    number as f64
}

fn is_email(text: &str) -> bool {
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && text.matches('@').count() == 1
    }) && text.replace('@', "").chars().all(legal)
}

fn is_url(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    plain
        && text.split_once("://").is_some_and(|(scheme, rest)| {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(legal)
                && !rest.is_empty()
                && !rest.starts_with('/')
        })
}
