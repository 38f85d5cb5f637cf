//! The `Date` of answers (RFC 9110 section 6.6.1), made once a second.

use std::cell::RefCell;

use http::HeaderValue;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::clock::Clock;

/// Calls `with` with the date of this moment, as it stands in a head.
pub(super) fn with_date(with: impl FnOnce(&[u8])) {
    let second = Clock::System.now().as_millis() / 1000;
    LAST.with_borrow_mut(|last| {
        if last.second != second || last.text.is_empty() {
            *last = Stamp { second, text: text(second) };
        }
        with(last.text.as_bytes());
    });
}

struct Stamp {
    second: u64,
    text: HeaderValue,
}

thread_local! {
    static LAST: RefCell<Stamp> = const { RefCell::new(Stamp { second: 0, text: HeaderValue::from_static("") }) };
}

/// In the form that RFC 9110 section 5.6.7 prefers. A clock beyond the calendar has no date.
fn text(second: u64) -> HeaderValue {
    let at = i64::try_from(second).ok().and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
    let text = at.and_then(|at| at.format(FORM).ok());
    text.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or_else(|| HeaderValue::from_static(""))
}

const FORM: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_as_in_the_rfc() {
        assert_eq!(text(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(text(u64::MAX), "");
    }
}
