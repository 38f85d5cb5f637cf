//! Times that are short, as people and as programs read them.

use std::time::Duration;

use serde::{Serialize as _, Serializer};

use crate::pages::texts::OperatorTexts;

/// "3.4 ms", "60 s", or a dash where nothing was measured.
pub(super) fn in_millis(time: Option<&Duration>, texts: &OperatorTexts) -> String {
    let Some(time) = time else { return "–".to_owned() };
    if *time >= Duration::from_secs(10) {
        return format!("{} s", time.as_secs());
    }
    let tenths = time.as_micros().div_ceil(100);
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if tenths < 100 { format!("{whole}{}{tenth} ms", texts.decimal_sign) } else { format!("{whole} ms") }
}

/// Milliseconds with their fraction.
#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(super) fn millis<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs_f64() * 1000.0).serialize(to)
}

/// Whole seconds.
pub(super) fn seconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(time.as_secs())
}
