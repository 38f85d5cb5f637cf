//! Moments in DER (RFC 5280 section 4.1.2.5).

use time::{Date, Month, OffsetDateTime};

use super::der::{Der, GENERALIZED_TIME, UTC_TIME};
use crate::clock::Timestamp;

/// `YYMMDDHHMMSSZ`, in which 50 is 1950, or `YYYYMMDDHHMMSSZ` (RFC 5280 section 4.1.2.5).
pub(super) fn instant(der: &mut Der<'_>) -> Option<Timestamp> {
    let (tag, text) = der.element()?;
    let mut digits = text.strip_suffix(b"Z")?;
    let year = match tag {
        UTC_TIME => match number(&mut digits, 2)? {
            year @ 0..50 => year.saturating_add(2000),
            year => year.saturating_add(1900),
        },
        GENERALIZED_TIME => number(&mut digits, 4)?,
        _ => return None,
    };
    let mut two = || number(&mut digits, 2).and_then(|number| u8::try_from(number).ok());
    let (month, day, hour, minute, second) = (two()?, two()?, two()?, two()?, two()?);
    let date = Date::from_calendar_date(i32::from(year), Month::try_from(month).ok()?, day).ok()?;
    let at = date.with_hms(hour, minute, second).ok()?.assume_utc();
    digits.is_empty().then(|| timestamp(at))
}

fn number(digits: &mut &[u8], length: usize) -> Option<u16> {
    let (number, rest) = digits.split_at_checked(length)?;
    *digits = rest;
    std::str::from_utf8(number).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

fn timestamp(at: OffsetDateTime) -> Timestamp {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    Timestamp::from_millis(seconds.saturating_mul(1000))
}
