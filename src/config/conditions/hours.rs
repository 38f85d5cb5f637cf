//! `hours`: times of the week, as `"mon-fri 7:00-21:00"`, by the clocks of the configured time zone.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::findings::Explained;

/// A time of the week: the same hours on each of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// A bit for each day on which they begin, Monday's the lowest.
    days: u8,
    /// The first minute of the day, and the one behind the last. Where they end before they begin, they go on over
    /// midnight.
    from: u16,
    until: u16,
}

/// A text that names no time of the week.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no time of the week: {why}")]
pub struct BadHours {
    text: String,
    why: &'static str,
}

impl Hours {
    /// Whether a minute of a day is among them. Days are counted from Monday, minutes from midnight.
    pub fn contain(self, day: u8, minute: u16) -> bool {
        let begins = |day: u8| self.days & (1 << (day % WEEK)) != 0;
        if self.from < self.until {
            return begins(day) && (self.from..self.until).contains(&minute);
        }
        // Over midnight: the evening of such a day, or the morning behind one.
        let yesterday = day.saturating_add(WEEK - 1);
        (begins(day) && minute >= self.from) || (begins(yesterday) && minute < self.until)
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let bad = |why| BadHours { text: text.to_owned(), why };
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let (days, times) = match words.as_slice() {
            [one] if one.contains(':') => (None, Some(*one)),
            [one] => (Some(*one), None),
            [first, second] => (Some(*first), Some(*second)),
            _ => return Err(bad("it has not one or two words")),
        };
        let days = days.map_or(Ok(EVERY_DAY), days_of).map_err(bad)?;
        let (from, until) = times.map_or(Ok((0, DAY)), times_of).map_err(bad)?;
        Ok(Self { days, from, until })
    }
}

/// `mon-fri`, `sat,sun`, `fri-mon,wed`.
fn days_of(text: &str) -> Result<u8, &'static str> {
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (day_of(first)?, day_of(last)?);
        days |= 1 << day;
        while day != last {
            day = (day + 1) % WEEK;
            days |= 1 << day;
        }
    }
    Ok(days)
}

fn day_of(text: &str) -> Result<u8, &'static str> {
    let place = NAMES.iter().position(|name| name.eq_ignore_ascii_case(text));
    place.and_then(|place| u8::try_from(place).ok()).ok_or("a day is one of mon, tue, wed, thu, fri, sat and sun")
}

/// `7:00-21:00`
fn times_of(text: &str) -> Result<(u16, u16), &'static str> {
    let (from, until) = text.split_once('-').ok_or("it has no `-` between two times")?;
    match (time_of(from)?, time_of(until)?) {
        (from, until) if from == until => Err("it begins when it ends"),
        (DAY, _) => Err("nothing begins at 24:00"),
        // Until midnight, and not over it.
        (from, 0) => Ok((from, DAY)),
        times => Ok(times),
    }
}

/// `7:00`, `07:00`, `24:00`.
fn time_of(text: &str) -> Result<u16, &'static str> {
    const WHY: &str = "a time is one as in 7:00 or 21:30, up to 24:00";
    let (hour, minute) = text.split_once(':').ok_or(WHY)?;
    let number = |text: &str, digits: &[usize], most: u16| -> Result<u16, &'static str> {
        let legal = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| legal && *number <= most).ok_or(WHY)
    };
    let time = number(hour, &[1, 2], 24)? * 60 + number(minute, &[2], 59)?;
    if time <= DAY { Ok(time) } else { Err(WHY) }
}

/// As it would be written.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = NAMES.iter().enumerate().filter(|(place, _)| self.days & (1 << place) != 0);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        if self.days != EVERY_DAY {
            write!(f, "{} ", names.join(","))?;
        }
        let [from, until] = [self.from, self.until].map(|time| (time / 60, time % 60));
        write!(f, "{}:{:02}-{}:{:02}", from.0, from.1, until.0, until.1)
    }
}

impl Explained for BadHours {
    fn expected(&self) -> &'static str {
        "expected hours as in \"mon-fri 7:00-21:00\""
    }

    fn hint(&self) -> String {
        "write days, times or both: \"sat,sun\", \"22:00-6:00\" (over midnight), \"mon-fri 7:00-21:00\"; several stand \
         in a list"
            .into()
    }
}

/// The days as they are written.
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WEEK: u8 = 7;
const EVERY_DAY: u8 = 0b111_1111;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> Hours {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_minute_is_among_them_and_the_last_is_not() {
        let office = hours("mon-fri 7:00-21:00");
        for (day, minute, expected) in
            [(0, 419, false), (0, 420, true), (4, 1259, true), (4, 1260, false), (5, 600, false)]
        {
            assert_eq!(office.contain(day, minute), expected, "{day} {minute}");
        }
    }

    #[test]
    fn over_midnight_the_day_is_the_one_on_which_they_begin() {
        let night = hours("fri 22:00-6:00");
        for (day, minute, expected) in
            [(4, 1319, false), (4, 1320, true), (5, 0, true), (5, 359, true), (5, 360, false), (4, 10, false)]
        {
            assert_eq!(night.contain(day, minute), expected, "{day} {minute}");
        }
        let sunday = hours("sun 22:00-6:00");
        assert!(sunday.contain(0, 359) && !sunday.contain(6, 359));
    }

    #[test]
    fn days_times_or_both() {
        for (text, shown) in [
            ("sat,sun", "sat,sun 0:00-24:00"),
            ("fri-mon 09:30-9:45", "mon,fri,sat,sun 9:30-9:45"),
            ("  Mon   7:00-24:00 ", "mon 7:00-24:00"),
            ("20:00-0:00", "20:00-24:00"),
            ("mon-sun", "0:00-24:00"),
        ] {
            assert_eq!(hours(text).to_string(), shown, "{text}");
            assert_eq!(hours(shown), hours(text), "{text}");
        }
        for text in [
            "",
            "mon-",
            "monday",
            "7-21",
            "7:00",
            "7:00-7:00",
            "24:00-7:00",
            "7:60-8:00",
            "7:00-24:01",
            "25:00-26:00",
            "007:00-8:00",
            "7:0-8:00",
            "+7:00-8:00",
            "mon 7:00-8:00 tue",
            "mon 7:00 - 8:00",
            "mon;tue",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }
}
