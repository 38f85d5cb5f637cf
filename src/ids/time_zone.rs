//! A time zone, by its name in the IANA database, which is built into the program: what the host has installed, or has
//! not, changes no decision.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::findings::Explained;

/// A time zone.
#[derive(Clone)]
pub struct TimeZone {
    name: Arc<str>,
    rules: jiff::tz::TimeZone,
}

/// For how long the clocks of a zone differ from UTC by the same, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetSpan {
    /// The first second.
    pub from: i64,
    /// The second behind the last one.
    pub until: i64,
    /// What is added to UTC meanwhile, in seconds.
    pub offset: i64,
}

/// No zone of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone {0:?}")]
pub struct BadTimeZone(String);

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMoment {
    /// Neither a date with a time nor one with an offset.
    #[error("{0:?} is no moment: write it as \"2026-12-24 20:00\", or as \"2026-12-24T20:00:00+01:00\"")]
    Malformed(String),
    /// The clocks are put forward over it.
    #[error("{0:?} does not exist in {1}: the clocks are put forward over it")]
    Skipped(String, String),
}

impl TimeZone {
    /// Universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: jiff::tz::TimeZone::UTC }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The offset at this second, and for how long it is the same. Walks through the zone's rules: not for each
    /// request.
    pub fn span(&self, second: i64) -> OffsetSpan {
        let at = jiff::Timestamp::from_second(second);
        // Beyond the calendar it is the same for ever; no clock gets there but a broken one.
        let Ok(at) = at else { return OffsetSpan { from: i64::MIN, until: i64::MAX, offset: 0 } };
        // `preceding` leaves out a transition at this very second, which is where the span would begin.
        let next = at.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(at);
        let from = self.rules.preceding(next).next().map_or(i64::MIN, |change| change.timestamp().as_second());
        let until = self.rules.following(at).next().map_or(i64::MAX, |change| change.timestamp().as_second());
        OffsetSpan { from, until, offset: self.rules.to_offset(at).seconds().into() }
    }

    /// The moment that a text names, in milliseconds since 1970: by this zone's clocks, unless it has an offset of its
    /// own. What the clocks show twice is the first of the two.
    pub fn moment(&self, text: &str) -> Result<u64, BadMoment> {
        let malformed = || BadMoment::Malformed(text.to_owned());
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return u64::try_from(at.as_millisecond()).map_err(|_| malformed());
        }
        let at: jiff::civil::DateTime = text.parse().map_err(|_| malformed())?;
        let ambiguous = self.rules.to_ambiguous_timestamp(at);
        if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            return Err(BadMoment::Skipped(text.to_owned(), self.name.to_string()));
        }
        let at = ambiguous.earlier().map_err(|_| malformed())?;
        u64::try_from(at.as_millisecond()).map_err(|_| malformed())
    }
}

impl FromStr for TimeZone {
    type Err = BadTimeZone;

    fn from_str(text: &str) -> Result<Self, BadTimeZone> {
        let rules = jiff::tz::TimeZone::get(text).map_err(|_| BadTimeZone(text.to_owned()))?;
        let name = rules.iana_name().unwrap_or(text).into();
        Ok(Self { name, rules })
    }
}

/// The database is one and the same for the whole program.
impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TimeZone").field(&self.name).finish()
    }
}

impl Explained for BadTimeZone {
    fn expected(&self) -> &'static str {
        "expected a time zone as in \"Europe/Berlin\""
    }

    fn hint(&self) -> String {
        "write its name in the IANA database, as Home Assistant shows it under Settings > System > General".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_begins_and_ends_where_the_clocks_are_put() {
        let berlin: TimeZone = "Europe/Berlin".parse().unwrap();
        let second = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let (spring, autumn) = (second("2026-03-29T01:00:00Z"), second("2026-10-25T01:00:00Z"));
        let summer = OffsetSpan { from: spring, until: autumn, offset: 7200 };
        for at in [spring, spring + 1, second("2026-07-01T00:00:00Z"), autumn - 1] {
            assert_eq!(berlin.span(at), summer, "{at}");
        }
        for (at, offset) in [(spring - 1, 3600), (autumn, 3600)] {
            assert_eq!(berlin.span(at).offset, offset, "{at}");
        }
        let utc = OffsetSpan { from: i64::MIN, until: i64::MAX, offset: 0 };
        assert_eq!(TimeZone::utc().span(autumn), utc);
        assert_eq!(TimeZone::utc().span(i64::MAX), utc, "a broken clock");
    }

    #[test]
    fn a_moment_is_by_the_zones_clocks() {
        let berlin: TimeZone = "europe/berlin".parse().unwrap();
        assert_eq!(berlin.name(), "Europe/Berlin");
        let millis = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        for (text, same) in [
            ("2026-12-24 20:00", "2026-12-24T19:00:00Z"),
            ("2026-12-24T20:00:30", "2026-12-24T19:00:30Z"),
            ("2026-12-24T20:00:00+03:00", "2026-12-24T17:00:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(berlin.moment(text).unwrap(), u64::try_from(millis(same)).unwrap(), "{text}");
        }
        assert!(matches!(berlin.moment("2026-03-29 02:30"), Err(BadMoment::Skipped(..))));
        for text in ["", "20:00", "tomorrow", "1969-01-01 00:00", "2026-13-01 00:00"] {
            assert!(matches!(berlin.moment(text), Err(BadMoment::Malformed(_))), "{text}");
        }
        assert!("Europe/Berlim".parse::<TimeZone>().is_err());
    }
}
