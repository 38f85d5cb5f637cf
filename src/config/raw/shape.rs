//! The shapes that a value may have: text, yes or no, a whole number, a list. In comes a value of the TOML tree, out
//! comes it in its shape or a finding that says which shape was expected.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;

/// Something that a value can be read as.
pub(in crate::config) trait Shape: Sized {
    /// Stands at the caret.
    const EXPECTED: &'static str;
    /// What to do.
    const HINT: &'static str;
    /// Whether it is a table.
    const IS_TABLE: bool = false;
    /// Whether it is a list of tables, each of which has a heading of its own.
    const IS_LIST_OF_TABLES: bool = false;

    /// Reads it; `None` when it has another shape. Mistakes inside it are added to the findings by the reader itself.
    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self>;
}

/// A time with its unit, not yet parsed.
#[derive(Debug)]
pub(in crate::config) struct TimeText(pub(in crate::config) String);

/// A size with its unit, not yet parsed.
#[derive(Debug)]
pub(in crate::config) struct SizeText(pub(in crate::config) String);

/// Reads a value or adds a finding.
pub(in crate::config) fn read<T: Shape>(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Spanned<T>> {
    let read = T::read(value, findings);
    if read.is_none() && T::IS_LIST_OF_TABLES && value.get_ref().is_table() {
        let one = Diagnostic::mistake(value.span(), "one table, where there may be several");
        let hint = "write the heading in double brackets, as in [[addon]] or [[addon.protect]], before each of them";
        findings.add(one.label("expected a heading in double brackets").hint(hint));
    } else if read.is_none() {
        let message = format!("wrong type: this is {}", kind(value.get_ref()));
        findings.add(Diagnostic::mistake(value.span(), message).label(T::EXPECTED).hint(T::HINT));
    }
    read.map(|read| Spanned::new(value.span(), read))
}

/// The entries of a table whose keys the operator chooses, in the order of the file; the table that toml read is sorted
/// by key.
pub(in crate::config) fn in_order<T: Shape>(
    table: &DeTable<'_>,
    findings: &mut Findings,
) -> Vec<(Spanned<String>, Spanned<T>)> {
    let mut entries = Vec::new();
    for (name, value) in table {
        if let Some(value) = read(value, findings) {
            entries.push((Spanned::new(name.span(), name.get_ref().to_string()), value));
        }
    }
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

impl Shape for String {
    const EXPECTED: &'static str = "expected a string";
    const HINT: &'static str = "put the value in quotes";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        value.get_ref().as_str().map(str::to_owned)
    }
}

impl Shape for TimeText {
    const EXPECTED: &'static str = "expected a time with its unit";
    const HINT: &'static str = "write it in quotes with a unit, as in \"30s\" or \"5m\"";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        String::read(value, findings).map(Self)
    }
}

impl Shape for SizeText {
    const EXPECTED: &'static str = "expected a size with its unit";
    const HINT: &'static str = "write it in quotes with a unit, as in \"16KiB\" or \"1MiB\"";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        String::read(value, findings).map(Self)
    }
}

impl Shape for bool {
    const EXPECTED: &'static str = "expected `true` or `false`";
    const HINT: &'static str = "write `true` or `false` without quotes";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        value.get_ref().as_bool()
    }
}

impl Shape for u64 {
    const EXPECTED: &'static str = "expected a whole number";
    const HINT: &'static str = "write a whole number, not below zero, without quotes";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        let number = value.get_ref().as_integer()?;
        Self::from_str_radix(number.as_str(), number.radix()).ok()
    }
}

impl<T: Shape> Shape for Vec<Spanned<T>> {
    const EXPECTED: &'static str = "expected a list";
    const HINT: &'static str = "write a list in brackets, as in [\"a\", \"b\"]";
    const IS_LIST_OF_TABLES: bool = T::IS_TABLE;

    /// An element of a wrong shape is left out, once it is reported: the list as a whole is still one.
    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let elements = value.get_ref().as_array()?;
        Some(elements.iter().filter_map(|element| read(element, findings)).collect())
    }
}

/// What a value is, as people say it.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or a time of day",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
