//! Fuzz targets: the configuration, and the values in it that have a form of their own.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use super::document::Document;
use super::{FilesAlone, Hours, JsonPointer, PathPattern, judge, parse_time, show_time};
use crate::diagnostic::{Diagnostics, Styling};
use crate::ids::{AddonSlug, EntityId, HostName, PathPrefix, TimeZone, UserId};

/// Whatever a file says, it is read or refused with findings that can be shown, none of which brings a control
/// character to a terminal; and it says the same when it is read again.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Only paths below a folder that is not there: a file that names a device is none of this target's.
    if text.contains("/dev") || text.contains("/proc") || text.contains("/sys") || text.contains("..") {
        return;
    }
    let read = || {
        let document = Document { text: text.to_owned(), writable_by_others: false };
        judge((Path::new("config.toml"), Path::new("/nowhere/config.toml").to_owned()), document, &FilesAlone)
    };
    match (read(), read()) {
        (Ok(first), Ok(second)) => {
            assert_eq!(format!("{:?}", first.settings), format!("{:?}", second.settings));
            show(&first.warnings, text);
        }
        (Err(first), Err(second)) => {
            assert!(first.mistakes() > 0, "refused for nothing");
            assert_eq!(first.render(Styling::Plain), second.render(Styling::Plain));
            show(&first, text);
        }
        (first, second) => assert_eq!(first.is_ok(), second.is_ok()),
    }
}

fn show(found: &Diagnostics, text: &str) {
    let shown = found.render(Styling::Plain);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    let lines = text.split('\n').count();
    for finding in found.findings() {
        assert!(finding.line.is_none_or(|line| line <= lines), "line {:?} of {lines}", finding.line);
    }
}

/// What is read, printed and read again is the same.
pub(crate) fn config_values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    again::<PathPattern>(text);
    again::<JsonPointer>(text);
    again::<Hours>(text);
    again::<EntityId>(text);
    again::<UserId>(text);
    again::<AddonSlug>(text);
    if let Ok(host) = text.parse::<HostName>() {
        assert_eq!(host.as_str().parse().as_ref(), Ok(&host));
    }
    if let Ok(prefix) = text.parse::<PathPrefix>() {
        // At the root it is empty, and written as a slash.
        let written = if prefix.as_str().is_empty() { "/" } else { prefix.as_str() };
        assert_eq!(written.parse().as_ref(), Ok(&prefix));
    }
    let _ = text.parse::<TimeZone>();
    if let Some(time) = parse_time(text) {
        assert_eq!(parse_time(&show_time(time)), Some(time), "{text}");
    }
}

fn again<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str)
where
    T::Err: std::fmt::Debug,
{
    if let Ok(read) = text.parse::<T>() {
        let printed = read.to_string();
        let second = printed.parse::<T>();
        assert!(second.as_ref().is_ok_and(|second| *second == read), "{text:?} was printed as {printed:?}: {second:?}");
    }
}
