//! What is wrong with the files that operators write, and how it is shown: file, line, caret, what was expected, and a
//! hint.
//!
//! Findings with the place that they are about become text in the style of rustc's messages. It must never show the
//! value of a header or the password of a URL that stands in a file, nor let control characters of a file reach the
//! terminal. It knows no file by name: the configuration and the manifests of add-ons are read elsewhere.

pub(crate) mod findings;
pub(crate) mod nearest;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{
    AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str as normalized,
};
use serde::Serialize;

/// Bytes of a file's text.
pub(crate) type Span = Range<usize>;

/// Everything that was found, file by file, and in each in the order of the file.
#[derive(Clone, Default)]
pub struct Diagnostics {
    reports: Vec<Report>,
    files: Vec<PathBuf>,
}

/// How text for people is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Styling {
    /// Letters alone.
    Plain,
    /// With the colours of a terminal.
    Ansi,
}

/// What was found in one file.
#[derive(Clone)]
struct Report {
    file: PathBuf,
    /// The text of the file, what may be secret masked.
    text: String,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Puts `list` in the order of the file. The bytes of `text` in `masked` are never shown.
    pub(crate) fn new(file: &Path, text: &str, masked: &[Span], mut list: Vec<Diagnostic>) -> Self {
        // A stable sort: what was found at one place stays in the order in which it was found.
        list.sort_by_key(|d| match d.place {
            SourceLocation::File => 0,
            SourceLocation::Position { .. } => 1,
            SourceLocation::Span(ref span) => span.start.saturating_add(2),
        });
        let reports = vec![Report { file: file.to_owned(), text: mask(text, masked), list }];
        Self { reports, files: Vec::new() }
    }

    /// Puts what was found in other files behind what was found in this one.
    pub(crate) fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        for other in others {
            self.reports.extend(other.reports);
            self.files.extend(other.files);
        }
        self
    }

    /// Notes the files that were looked at.
    pub(crate) fn looking_at(self, files: Vec<PathBuf>) -> Self {
        Self { files, ..self }
    }

    /// The files that were looked at: when one of them changes, what was wrong may be right.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How many mistakes there are: with one or more, the configuration cannot be used.
    pub fn mistakes(&self) -> usize {
        self.count(Severity::Mistake)
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// All of them as text, with a blank line after each; in the style of a terminal or plain.
    pub fn render(&self, styling: Styling) -> String {
        let renderer = match styling {
            Styling::Ansi => Renderer::styled(),
            Styling::Plain => Renderer::plain(),
        };
        let found = self.reports.iter().flat_map(|report| report.list.iter().map(move |it| report.group(it)));
        found.fold(String::new(), |mut all, group| {
            // Writing to a `String` cannot fail.
            let _ = writeln!(all, "{}\n", without_c1(&renderer.render(&[group])));
            all
        })
    }

    /// Each with its place, for programs.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.reports.iter().flat_map(|report| report.list.iter().map(move |it| report.finding(it)))
    }

    fn count(&self, severity: Severity) -> usize {
        self.reports.iter().flat_map(|report| &report.list).filter(|d| d.severity == severity).count()
    }
}

/// What was found, for programs. Lines and columns are counted from one, columns in characters.
#[derive(Debug, Serialize)]
pub struct Finding<'a> {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The file that it is in.
    pub file: Cow<'a, str>,
    /// The line, where it has one.
    pub line: Option<usize>,
    /// The column, where it has one.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: &'a str,
    /// What was expected there.
    pub expected: &'a str,
    /// What to do about it.
    pub hint: &'a str,
}

impl Report {
    fn finding<'a>(&'a self, diagnostic: &'a Diagnostic) -> Finding<'a> {
        let place = match &diagnostic.place {
            SourceLocation::File => None,
            SourceLocation::Position { line, column } => Some((*line, *column)),
            SourceLocation::Span(span) => {
                let before = self.text.get(..span.start).unwrap_or_default();
                let last = before.rsplit('\n').next().unwrap_or_default();
                let line = before.matches('\n').count().saturating_add(1);
                Some((line, last.chars().count().saturating_add(1)))
            }
        };
        Finding {
            severity: match diagnostic.severity {
                Severity::Mistake => "error",
                Severity::Warning => "warning",
            },
            file: self.file.to_string_lossy(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message: &diagnostic.message,
            expected: &diagnostic.label,
            hint: &diagnostic.hint,
        }
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Mistake => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(normalized(&diagnostic.message));
        let path = self.file.to_string_lossy();
        let group = match &diagnostic.place {
            SourceLocation::File => title.element(Origin::path(path)),
            SourceLocation::Position { line, column } => {
                title.element(Origin::path(path).line(*line).char_column(*column))
            }
            SourceLocation::Span(span) => {
                let primary = AnnotationKind::Primary.span(span.clone()).label(&diagnostic.label);
                let first = diagnostic.first.clone();
                let first = first.map(|span| AnnotationKind::Context.span(span).label("first here"));
                title.element(Snippet::source(&self.text).path(path).annotation(primary).annotations(first))
            }
        };
        group.element(Level::HELP.with_name("hint").message(normalized(&diagnostic.hint)))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Styling::Plain))
    }
}

/// The texts of the files stay out of it.
impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.reports.iter().map(|report| &report.file).collect();
        write!(f, "Diagnostics({files:?}, {} mistakes, {} warnings)", self.mistakes(), self.warnings())
    }
}

impl std::error::Error for Diagnostics {}

#[derive(Clone)]
pub(crate) struct Diagnostic {
    severity: Severity,
    place: SourceLocation,
    message: String,
    label: String,
    first: Option<Span>,
    hint: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Severity {
    Mistake,
    Warning,
}

/// What a finding is about.
#[derive(Clone)]
pub(crate) enum SourceLocation {
    /// The file as a whole.
    File,
    /// A place in a file that cannot be shown as text.
    Position {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// A piece of its text.
    Span(Span),
}

impl From<Span> for SourceLocation {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

impl Diagnostic {
    /// The configuration cannot be used.
    pub(crate) fn mistake(place: impl Into<SourceLocation>, message: impl Into<String>) -> Self {
        Self::new(Severity::Mistake, place.into(), message.into())
    }

    /// The configuration can be used, but hardly says what was meant.
    pub(crate) fn warning(place: impl Into<SourceLocation>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, place.into(), message.into())
    }

    fn new(severity: Severity, place: SourceLocation, message: String) -> Self {
        Self { severity, place, message, label: String::new(), first: None, hint: String::new() }
    }

    /// Whether the configuration cannot be used with it.
    pub(super) fn is_mistake(&self) -> bool {
        self.severity == Severity::Mistake
    }

    /// What stands at the caret: what was expected there.
    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Where the same thing stood first.
    pub(crate) fn first(self, first: Span) -> Self {
        Self { first: Some(first), ..self }
    }

    /// What to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

/// A piece of the file as a message shows it: in backticks, escaped, and cut when it is long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let start: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{}{more}`", start.replace("\\\"", "\"").replace("\\'", "'"))
}

/// The renderer replaces the control characters of ASCII. Those behind it (U+0080 to U+009F) would reach the terminal,
/// and to some of them U+009B is what `ESC [` is.
fn without_c1(shown: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| matches!(c, '\u{80}'..='\u{9f}');
    if shown.contains(is_c1) { shown.replace(is_c1, "\u{fffd}").into() } else { shown.into() }
}

/// Puts a `*` for every byte in `spans`, so that all other places stay where they are.
fn mask(text: &str, spans: &[Span]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.get_mut(span.clone()).into_iter().flatten() {
            // Line ends stay, since lines are counted by them, and quotation marks, so that it still reads as a value.
            *byte = if matches!(byte, b'\n' | b'\r' | b'"' | b'\'') { *byte } else { b'*' };
        }
    }
    // Spans begin and end between characters, so that nothing is lost here; if one did not, it would be shown as
    // U+FFFD.
    String::from_utf8_lossy(&bytes).into_owned()
}
