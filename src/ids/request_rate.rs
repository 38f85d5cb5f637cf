//! How many requests in how long.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::diagnostic::findings::Explained;

/// So many requests in a second, a minute or an hour, as in `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    count: NonZeroU32,
    period: Duration,
}

/// Why a text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRequestRate {
    /// Only a number.
    #[error("a rate without its time")]
    NoPeriod,
    /// Neither a number nor one of the times.
    #[error("not a rate")]
    Malformed,
    /// No request at all, or more than can be counted.
    #[error("a rate that is out of bounds")]
    OutOfBounds,
}

impl RequestRate {
    /// How many requests.
    pub fn count(self) -> NonZeroU32 {
        self.count
    }

    /// The time from one request to the next. Rounded up, so that there are never more than the rate says.
    pub fn interval(self) -> Duration {
        let count = u128::from(self.count.get());
        Duration::from_nanos(u64::try_from(self.period.as_nanos().div_ceil(count)).unwrap_or(u64::MAX))
    }
}

/// As the configuration has it.
impl fmt::Display for RequestRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.period.as_secs() {
            3600 => "h",
            60 => "m",
            _ => "s",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl std::str::FromStr for RequestRate {
    type Err = BadRequestRate;

    fn from_str(text: &str) -> Result<Self, BadRequestRate> {
        let (number, unit) = text.split_once('/').unwrap_or((text, ""));
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadRequestRate::Malformed);
        }
        let period = match unit {
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "" => return Err(BadRequestRate::NoPeriod),
            _ => return Err(BadRequestRate::Malformed),
        };
        let count = number.parse().ok().filter(|count| *count <= MOST).and_then(NonZeroU32::new);
        Ok(Self { count: count.ok_or(BadRequestRate::OutOfBounds)?, period })
    }
}

impl Explained for BadRequestRate {
    fn expected(&self) -> &'static str {
        "expected a whole number and `/s`, `/m` or `/h`"
    }

    fn hint(&self) -> String {
        match self {
            Self::NoPeriod => "say in which time, as in \"50/s\" or \"600/m\"",
            Self::Malformed => "write one number and one time, as in \"50/s\", \"600/m\" or \"1000/h\"",
            Self::OutOfBounds => "write a number from 1 to 1000000, or leave the key out for no limit",
        }
        .into()
    }
}

/// More in one second than any machine answers.
const MOST: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        let interval = |text: &str| text.parse().map(|rate: RequestRate| rate.interval().as_nanos());
        assert_eq!(interval("50/s"), Ok(20_000_000));
        assert_eq!(interval("600/m"), Ok(100_000_000));
        assert_eq!(interval("1/h"), Ok(3_600_000_000_000));
        assert_eq!(interval("7/s"), Ok(142_857_143), "never more than seven");
        assert_eq!(interval("1000000/s"), Ok(1000));
        for bad in ["", "/s", "x/s", "-1/s", "1.5/s", "5/d", "5/S", "5/s ", "5 /s", "5/ s", "1/s/s", "٣/s"] {
            assert_eq!(interval(bad), Err(BadRequestRate::Malformed), "{bad:?}");
        }
        assert_eq!(interval("50"), Err(BadRequestRate::NoPeriod));
        assert_eq!(interval("50/"), Err(BadRequestRate::NoPeriod));
        for bad in ["0/s", "1000001/s", "99999999999/m"] {
            assert_eq!(interval(bad), Err(BadRequestRate::OutOfBounds), "{bad:?}");
        }
    }
}
