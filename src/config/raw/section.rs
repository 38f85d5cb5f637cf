//! A table of the file: the macro that makes its type, its reader and its list of keys from one list of fields, so that
//! the three cannot drift apart. `..name: Type` is a part whose keys stand in the same table: `section_part!` makes
//! one, and so does `part!` (`config/part.rs`).

use toml::Spanned;
use toml::de::DeTable;

use super::shape::{self, Shape};
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::findings::Findings;
use crate::config::nearest::nearest;

/// What stands for one key.
#[derive(Debug, Default)]
pub(in crate::config) enum Key<T> {
    /// Nothing: the default counts.
    #[default]
    Absent,
    /// A value of a wrong type, already reported.
    Wrong,
    /// A value.
    Given(Spanned<T>),
}

impl<T> Key<T> {
    /// The value, if there is one of the right type.
    pub(in crate::config) fn given(&self) -> Option<&Spanned<T>> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }
}

/// Several values, each with its place.
pub(in crate::config) type List<T> = Vec<Spanned<T>>;

/// Declares a table of the file: the type, its reader and its keys.
macro_rules! section {
    ($($(#[$doc:meta])* $name:ident { $(..$part:ident: $part_type:ty,)* $($key:ident: $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::config) struct $name {
            $(pub(in crate::config) $part: $part_type,)*
            $(pub(in crate::config) $key: $crate::config::raw::section::Key<$type>,)*
        }

        impl $name {
            /// Every key that may stand in it, those of its parts first.
            pub(in crate::config) fn keys() -> Vec<&'static str> {
                let of_parts: [Vec<&'static str>; _] = [$(<$part_type>::keys()),*];
                let own: [&'static str; _] = [$(stringify!($key)),*];
                of_parts.into_iter().flatten().chain(own).collect()
            }

            /// Reads the fields, whatever they are worth.
            pub(in crate::config) fn read_table(
                table: &toml::de::DeTable<'_>,
                findings: &mut $crate::config::findings::Findings,
            ) -> Self {
                $crate::config::raw::section::refuse_unknown(table, &Self::keys(), findings);
                Self {
                    $($part: <$part_type>::read_keys(table, findings),)*
                    $($key: $crate::config::raw::section::key(table, stringify!($key), findings),)*
                }
            }
        }

        impl $crate::config::raw::shape::Shape for $name {
            const EXPECTED: &'static str = "expected a table";
            const HINT: &'static str = "write it as `{ key = value }`, or under a header of its own in brackets";
            const IS_TABLE: bool = true;

            fn read(
                value: &toml::Spanned<toml::de::DeValue<'_>>,
                findings: &mut $crate::config::findings::Findings,
            ) -> Option<Self> {
                let toml::de::DeValue::Table(table) = value.get_ref() else { return None };
                Some(Self::read_table(table, findings))
            }
        }
    )* };
}

/// Declares a part of a table: keys that belong together and stand in the table beside those of other parts.
macro_rules! section_part {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::config) struct $name {
            $(pub(in crate::config) $key: $crate::config::raw::section::Key<$type>,)*
        }

        impl $name {
            /// Every key of it.
            pub(in crate::config) fn keys() -> Vec<&'static str> {
                vec![$(stringify!($key)),*]
            }

            /// Reads the keys of a table, which may have others besides.
            pub(in crate::config) fn read_keys(
                table: &toml::de::DeTable<'_>,
                findings: &mut $crate::config::findings::Findings,
            ) -> Self {
                Self { $($key: $crate::config::raw::section::key(table, stringify!($key), findings),)* }
            }
        }
    };
}

pub(in crate::config) use {section, section_part};

/// Reads what stands for this key.
pub(in crate::config) fn key<T: Shape>(table: &DeTable<'_>, name: &str, findings: &mut Findings) -> Key<T> {
    match table.get(name) {
        None => Key::Absent,
        Some(value) => shape::read(value, findings).map_or(Key::Wrong, Key::Given),
    }
}

/// Adds a finding for every key of the table that is not in `known`.
pub(in crate::config) fn refuse_unknown(table: &DeTable<'_>, known: &[&str], findings: &mut Findings) {
    for key in table.keys().filter(|key| !known.contains(&&**key.get_ref())) {
        let name: &str = key.get_ref();
        let (label, hint) = if let Some(meant) = nearest(name, known.iter().copied()) {
            (format!("did you mean `{meant}`?"), format!("write `{meant}`, or take the key out"))
        } else if name == "state_dir" {
            // The slip that its place invites: behind the first heading it is a key of that table.
            let hint = "write it at the top of the file, before the first heading";
            ("not a key of this table".to_owned(), hint.to_owned())
        } else {
            ("not a key of this table".to_owned(), format!("the keys that may stand here are {}", known.join(", ")))
        };
        findings.add(Diagnostic::mistake(key.span(), format!("unknown key {}", quoted(name))).label(label).hint(hint));
    }
}
