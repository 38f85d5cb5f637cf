//! Times and sizes with units: in comes `"30m"` or `"16KiB"`, out comes a [`Duration`] or a number of bytes.

use std::str::FromStr;
use std::time::Duration;

use super::findings::Explained;

/// A time: a whole number and one of `ms`, `s`, `m`, `h`, `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) Duration);

/// A size: a whole number and one of `B`, `kB`, `MB`, `GB`, `TB`, `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadTime {
    #[error("a time without its unit")]
    NoUnit,
    #[error("not a time")]
    Malformed,
    #[error("a time too long to count")]
    TooLong,
}

/// Why a text is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadSize {
    #[error("a size without its unit")]
    NoUnit,
    #[error("not a size")]
    Malformed,
    #[error("a size too large to count")]
    TooLarge,
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let (number, unit) = split(text).ok_or(BadTime::Malformed)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            "" => return Err(BadTime::NoUnit),
            _ => return Err(BadTime::Malformed),
        };
        let number: u64 = number.parse().map_err(|_| BadTime::TooLong)?;
        number.checked_mul(millis).map(|millis| Self(Duration::from_millis(millis))).ok_or(BadTime::TooLong)
    }
}

/// Reads a time with its unit, as the configuration has it.
pub fn parse_time(text: &str) -> Option<Duration> {
    text.parse().ok().map(|Time(time)| time)
}

impl FromStr for Size {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let (number, unit) = split(text).ok_or(BadSize::Malformed)?;
        let bytes: u64 = match unit {
            "B" => 1,
            "kB" => 1000,
            "MB" => 1000 * 1000,
            "GB" => 1000 * 1000 * 1000,
            "TB" => 1000 * 1000 * 1000 * 1000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            "" => return Err(BadSize::NoUnit),
            _ => return Err(BadSize::Malformed),
        };
        let number: u64 = number.parse().map_err(|_| BadSize::TooLarge)?;
        number.checked_mul(bytes).map(Self).ok_or(BadSize::TooLarge)
    }
}

impl Explained for BadTime {
    fn expected(&self) -> &'static str {
        "expected a whole number and `ms`, `s`, `m`, `h` or `d`"
    }

    fn hint(&self) -> String {
        match self {
            Self::NoUnit => "add the unit, as in \"30s\" or \"5m\"",
            Self::Malformed => "write one number and one unit, as in \"500ms\", \"30m\" or \"12h\"",
            Self::TooLong => "write a shorter time",
        }
        .into()
    }
}

impl Explained for BadSize {
    fn expected(&self) -> &'static str {
        "expected a whole number and `B`, `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`"
    }

    fn hint(&self) -> String {
        match self {
            Self::NoUnit => "add the unit, as in \"16KiB\" or \"1MiB\"",
            Self::Malformed => "upper and lower case matter: 1KiB is 1024 bytes, 1kB is 1000",
            Self::TooLarge => "write a smaller size, or leave the key out",
        }
        .into()
    }
}

/// A time as people read it, in the largest unit that is exact.
pub fn show_time(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
    let unit = units.into_iter().find(|(_, size)| millis >= *size && millis.is_multiple_of(*size));
    unit.map_or_else(|| format!("{millis}ms"), |(name, size)| format!("{}{name}", millis / size))
}

/// A size as people read it, in the largest binary unit that is exact.
pub(super) fn show_size(size: u64) -> String {
    let units = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = units.into_iter().find(|(_, bytes)| size >= *bytes && size.is_multiple_of(*bytes));
    unit.map_or_else(|| format!("{size}B"), |(name, bytes)| format!("{}{name}", size / bytes))
}

/// Digits, and what follows them; a blank may stand between.
fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    (!number.is_empty()).then(|| (number, unit.strip_prefix(' ').unwrap_or(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_number_and_one_unit() {
        let millis = |text: &str| text.parse().map(|Time(time)| time.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("30 m"), Ok(1_800_000));
        assert_eq!(millis("1d"), Ok(86_400_000));
        assert_eq!(millis("30"), Err(BadTime::NoUnit));
        for bad in ["", "m", "-1s", "1.5h", "1h30m", "5 minutes", "5M", "1  s", "٣s"] {
            assert_eq!(millis(bad), Err(BadTime::Malformed), "{bad}");
        }
        assert_eq!(millis("99999999999999999999s"), Err(BadTime::TooLong));
        assert_eq!(millis("9999999999999999d"), Err(BadTime::TooLong));
    }

    #[test]
    fn sizes_tell_thousands_from_1024() {
        let bytes = |text: &str| text.parse().map(|Size(bytes)| bytes);
        assert_eq!(bytes("16KiB"), Ok(16_384));
        assert_eq!(bytes("64kB"), Ok(64_000));
        assert_eq!(bytes("1MiB"), Ok(1_048_576));
        assert_eq!(bytes("16"), Err(BadSize::NoUnit));
        assert_eq!(bytes("16KB"), Err(BadSize::Malformed));
        assert_eq!(bytes("16777216TiB"), Err(BadSize::TooLarge));
    }

    #[test]
    fn times_and_sizes_are_shown_in_the_largest_exact_unit() {
        assert_eq!(show_time(Duration::from_secs(90)), "90s");
        assert_eq!(show_time(Duration::from_hours(2)), "2h");
        assert_eq!(show_time(Duration::ZERO), "0ms");
        assert_eq!(show_size(16_384), "16KiB");
        assert_eq!(show_size(1000), "1000B");
    }
}
