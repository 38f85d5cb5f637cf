//! Fuzz targets: what reaches the log of a text that a client chose.

use std::cell::RefCell;

use super::escape::{EscapeContext, cut, push_escaped};
use super::redact::{ApiCallPath, redacted};

/// Whatever stands around it, the value of a parameter that is secret is not logged, nor the id of a webhook; and what
/// is cut is no longer than it may be.
pub(crate) fn redaction(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (path, before, after) = (part().replace('?', "*"), part(), part());
    if text.contains(SECRET) {
        return;
    }
    for name in ["code", "access_token", "authSig", "ToKeN", "api-key", "c%6Fde"] {
        for target in [format!("/{path}?{before}&{name}={SECRET}&{after}"), format!("/{path}?{name}={SECRET}")] {
            let shown = redacted(&target, usize::MAX);
            assert!(!shown.contains(SECRET), "{target} is logged as {shown}");
        }
    }
    for target in [format!("/{path}/api/webhook/{SECRET}?{before}"), format!("/api/hassio_ingress/{SECRET}/{path}")] {
        let shown = redacted(&target, usize::MAX);
        assert!(!shown.contains(SECRET), "{target} is logged as {shown}");
    }
    let call = format!("/{path}/ingress/{SECRET}");
    let shown = ApiCallPath(&call).to_string();
    assert!(!shown.contains(SECRET), "{call} is logged as {shown}");
    let most = before.len();
    let redacted = redacted(text, most);
    assert!(text.len() <= most || redacted.ends_with("..."));
}

const SECRET: &str = "S3cr7tV4lue";

/// Whatever a text is, its line is one line of plain UTF-8, and a reader of JSON finds the text again.
pub(crate) fn log_lines(bytes: &[u8]) {
    thread_local! {
        static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    let escaped = |place| {
        LINE.with_borrow_mut(|line| {
            line.clear();
            push_escaped(line, bytes, place);
            let line = std::str::from_utf8(line).expect("what is written is UTF-8").to_owned();
            assert!(
                !line.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202e}')),
                "{line:?}"
            );
            line
        })
    };
    let quoted = escaped(EscapeContext::Quoted);
    let _whole = escaped(EscapeContext::LogLine);
    let json = escaped(EscapeContext::Json);
    let mut is_escaped = false;
    for letter in quoted.chars() {
        assert!(is_escaped || letter != '"', "{quoted:?} ends before its end");
        is_escaped = letter == '\\' && !is_escaped;
    }
    assert!(!is_escaped, "{quoted:?} escapes what is behind it");
    let read: String = serde_json::from_str(&format!("\"{json}\"")).expect("what is written is JSON");
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(read, text);
    }
    for limit in 0..bytes.len().min(9) {
        assert!(cut(bytes, limit).len() <= limit && bytes.starts_with(cut(bytes, limit)));
    }
}
