//! A part of the configuration, said once: from one list of keys come the form that the file has, the settled form, the
//! defaults, the bounds, and the reader of each.
//!
//! ```text
//! part! {
//!     /// What it is.
//!     Limits, RawLimits {
//!         /// What the key is, with its unit.
//!         connections: count(4096, 1..=1_000_000),
//!         header_timeout: time(seconds(15), seconds(1)..=minutes(5)),
//!     }
//! }
//! ```
//!
//! | Kind | In the file | Settled |
//! | --- | --- | --- |
//! | `count` | a whole number | `usize` |
//! | `number` | a whole number | `u32` |
//! | `time` | `"10s"` | `Duration` |
//! | `size` | `"16KiB"` | `u64` |
//! | `bytes` | `"16KiB"` | `usize`: what is held in memory |
//! | `rate` | `"50/s"` | `Option<RequestRate>`; its bounds are those of the type |
//!
//! A default may name a key above it. What is asked of several keys together stands below the list, in a function of
//! its own.

use std::time::Duration;

use crate::ids::RequestRate;

/// Declares a part: see the head of this file.
macro_rules! part {
    (@raw count) => { u64 };
    (@raw number) => { u64 };
    (@raw time) => { $crate::config::raw::shape::TimeText };
    (@raw size) => { $crate::config::raw::shape::SizeText };
    (@raw bytes) => { $crate::config::raw::shape::SizeText };
    (@raw rate) => { String };

    (@settled count) => { usize };
    (@settled number) => { u32 };
    (@settled time) => { std::time::Duration };
    (@settled size) => { u64 };
    (@settled bytes) => { usize };
    (@settled rate) => { Option<$crate::ids::RequestRate> };

    ($(#[$doc:meta])* $name:ident, $raw:ident {
        $($(#[$key_doc:meta])* $key:ident: $kind:ident($default:expr, $bounds:expr),)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$key_doc])* pub $key: part!(@settled $kind),)* }

        $crate::config::raw::section::section_part! {
            /// The same as it stands in the file.
            $raw { $($key: part!(@raw $kind),)* }
        }

        impl $name {
            /// What it says, each value within its bounds, with the defaults for what it does not say.
            pub(in $crate::config) fn resolve(
                raw: &$raw,
                cx: &mut $crate::config::resolve::context::Context<'_>,
            ) -> Self {
                $(let $key = cx.$kind(&raw.$key, $default, $bounds);)*
                Self { $($key),* }
            }

            /// Each key with its value as the file would have it; nothing where there is no bound.
            pub(in $crate::config) fn shown(&self) -> Vec<(&'static str, Option<String>)> {
                vec![$((stringify!($key), $crate::config::part::shown::$kind(self.$key).into())),*]
            }
        }

        /// What counts where nothing is said.
        impl Default for $name {
            fn default() -> Self {
                $(let $key: part!(@settled $kind) = $crate::config::part::default::$kind($default);)*
                Self { $($key),* }
            }
        }
    };
}

pub(in crate::config) use part;

/// The default of a key, as its kind is settled.
pub(in crate::config) mod default {
    use std::time::Duration;

    use crate::ids::RequestRate;

    pub(in crate::config) fn count(number: u32) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    pub(in crate::config) const fn number(number: u32) -> u32 {
        number
    }

    pub(in crate::config) const fn time(time: Duration) -> Duration {
        time
    }

    pub(in crate::config) const fn size(size: u64) -> u64 {
        size
    }

    pub(in crate::config) const fn rate(rate: Option<RequestRate>) -> Option<RequestRate> {
        rate
    }

    pub(in crate::config) fn bytes(size: u64) -> usize {
        usize::try_from(size).unwrap_or(usize::MAX)
    }
}

/// A settled value, as the file would have it.
pub(in crate::config) mod shown {
    use std::time::Duration;

    use crate::config::units::{show_size, show_time};
    use crate::ids::RequestRate;

    pub(in crate::config) fn count(number: usize) -> String {
        number.to_string()
    }

    pub(in crate::config) fn number(number: u32) -> String {
        number.to_string()
    }

    pub(in crate::config) fn time(time: Duration) -> String {
        format!("\"{}\"", show_time(time))
    }

    pub(in crate::config) fn size(size: u64) -> String {
        format!("\"{}\"", show_size(size))
    }

    pub(in crate::config) fn bytes(size: usize) -> String {
        self::size(u64::try_from(size).unwrap_or(u64::MAX))
    }

    pub(in crate::config) fn rate(rate: Option<RequestRate>) -> Option<String> {
        rate.map(|rate| format!("\"{rate}\""))
    }
}

/// As many requests at once as there may be in the time that the rate names.
pub(in crate::config) fn burst_of(rate: Option<RequestRate>) -> u32 {
    rate.map_or(1, |rate| rate.count().get())
}

/// So many seconds.
pub(in crate::config) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many minutes.
pub(in crate::config) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes.saturating_mul(60))
}

/// So many days.
pub(in crate::config) const fn days(days: u64) -> Duration {
    Duration::from_hours(days.saturating_mul(24))
}
