//! The spellings of a path that some parser reads as another path: one list for all who refuse them, units of `src/`
//! included. Each stands between a place and what is below it, as in `/open/` + spelling + `closed/`.

/// Dot segments, however they are written (S-24, S-25, S-27, S-37): they lead from one place to another.
pub(crate) const DOT_SEGMENTS: [&str; 22] = [
    "../",
    "./",
    "./../",
    "%2e/",
    "%2e%2e/",
    "%2E%2E/",
    ".%2e/",
    "%2e./",
    "..%2f",
    "..%2F",
    "%2e%2e%2f",
    "..\\",
    "..%5c",
    "%2e%2e%5c..%5c",
    // Encoded again and again.
    ".%252e/",
    "%252e%252e/",
    "%252e%252e%252f",
    "%252e%252e%255c",
    "%2525252e%2525252e/",
    // With a parameter.
    "..;/",
    "..;x=y/",
    "%2e%2e%3bx/",
];

/// Control characters, which some parsers leave out, among dots and elsewhere (S-24, S-25).
pub(crate) const CONTROLS: [&str; 12] = [
    ".%09./",
    ".%0a./",
    ".%0d./",
    "%09../",
    "..%09/",
    "..%00/",
    ".%2509./",
    "%00",
    "%7f",
    "a%0d%0ab/",
    "%2500",
    "%25250a/",
];

/// What is no percent-encoding (RFC 3986 section 2.1), at the end of a path.
pub(crate) const BROKEN_ENCODINGS: [&str; 5] = ["%", "%2", "%zz", "%u002e", "%%32e"];

/// All spellings of a path below `place` that leads to `aim`, or would where the odd bytes were left out.
pub(crate) fn astray(place: &str, aim: &str) -> Vec<String> {
    let within = DOT_SEGMENTS.iter().chain(&CONTROLS).map(|spelling| format!("{place}{spelling}{aim}"));
    within.chain(BROKEN_ENCODINGS.iter().map(|spelling| format!("{place}{spelling}"))).collect()
}
