//! The `Date` of answers (RFC 9110 section 6.6.1), made once a second.

use std::cell::RefCell;
use std::time::{Duration, UNIX_EPOCH};

use crate::clock::Clock;

/// Calls `with` with the date of this moment, as it stands in a head; not where there is none.
pub(super) fn with_date(with: impl FnOnce(&[u8])) {
    let second = Clock::System.now().as_millis() / 1000;
    LAST.with_borrow_mut(|last| {
        if last.second != second || last.text.is_empty() {
            *last = Stamp { second, text: text(second) };
        }
        if !last.text.is_empty() {
            with(last.text.as_bytes());
        }
    });
}

struct Stamp {
    second: u64,
    text: String,
}

thread_local! {
    static LAST: RefCell<Stamp> = const { RefCell::new(Stamp { second: 0, text: String::new() }) };
}

/// In the form that RFC 9110 section 5.6.7 prefers. A clock beyond the year 9999 has no date.
fn text(second: u64) -> String {
    if second >= END_OF_DATES {
        return String::new();
    }
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second))
}

/// The first second of the year 10000: the form has four digits for the year.
const END_OF_DATES: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_in_the_rfc() {
        assert_eq!(text(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(text(END_OF_DATES - 1), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!((text(END_OF_DATES), text(u64::MAX)), (String::new(), String::new()));
    }
}
