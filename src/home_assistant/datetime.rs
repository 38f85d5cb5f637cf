//! Points in time as Home Assistant writes them.
//!
//! Says whether a text is one. Home Assistant itself reads more forms than it ever writes; here only those that it
//! writes count.

/// Whether this is `YYYY-MM-DDTHH:MM:SS`, with or without a fraction and a zone, on a day that exists.
pub(super) fn is_datetime(text: &str) -> bool {
    let Some((date, clock)) = text.split_once(['T', ' ']) else { return false };
    let (clock, zone) = match clock.find(['Z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let fraction_is_digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    is_date(date) && is_clock(clock, 3) && fraction_is_digits && is_zone(zone)
}

fn is_date(date: &str) -> bool {
    let [year, month, day] = numbers(date, '-', [4, 2, 2]);
    let month = month.and_then(|m| u8::try_from(m).ok()).and_then(|m| time::Month::try_from(m).ok());
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    let day = u8::try_from(day).unwrap_or(0);
    i32::try_from(year).is_ok_and(|year| year > 0 && time::Date::from_calendar_date(year, month, day).is_ok())
}

/// `HH:MM` or `HH:MM:SS`.
fn is_clock(clock: &str, parts: usize) -> bool {
    let limits = [23, 59, 59];
    let given = clock.split(':').count();
    let texts = clock.split(':').zip(limits);
    given == parts && texts.fold(true, |ok, (text, limit)| ok && number(text, 2).is_some_and(|n| n <= limit))
}

fn is_zone(zone: &str) -> bool {
    matches!(zone, "" | "Z") || zone.strip_prefix(['+', '-']).is_some_and(|offset| is_clock(offset, 2))
}

/// The numbers between the separators, each exactly as wide as said.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> [Option<u32>; 3] {
    let mut parts = text.splitn(3, separator);
    widths.map(|width| parts.next().and_then(|part| number(part, width)))
}

fn number(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_home_assistant_writes_is_a_time() {
        for time in [
            "2026-11-22T02:36:05.331737+00:00",
            "2026-11-22T02:36:05+00:00",
            "2018-10-03T13:43:19.774712Z",
            "2018-10-03 13:43:19",
            "2024-02-29T23:59:59-03:30",
        ] {
            assert!(is_datetime(time), "{time}");
        }
    }

    #[test]
    fn what_is_no_time_costs_the_token() {
        for time in [
            "",
            "invalid",
            "2026-02-30T00:00:00+00:00",
            "2026-13-01T00:00:00",
            "2026-11-22T24:00:00",
            "2026-11-22T02:36",
            "2026-11-22T02:36:05+",
            "2026-11-22T02:36:05.",
            "2026-11-22",
            "0000-01-01T00:00:00",
            "2026-11-22T02:36:05+00:00 ",
            "2026-1-22T02:36:05",
            "2026-11-22T02:36:05:07",
        ] {
            assert!(!is_datetime(time), "{time}");
        }
    }
}
