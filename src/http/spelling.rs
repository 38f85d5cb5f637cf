//! When two texts of a path are the same to some server: percent-decoding, and letters of the same look.

use std::borrow::Cow;

/// Percent-decoding (RFC 3986 section 2.1), once. What is no UTF-8 then is no text: servers make different things of it
/// (S-34).
pub fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('%') {
        return Some(Cow::Borrowed(raw));
    }
    percent_encoding::percent_decode_str(raw).decode_utf8().ok()
}

/// Whether some server takes two texts for the same: they differ in case alone, in ways of writing one character
/// (Unicode's compatibility caseless match), or in invisible characters.
pub fn is_same_look(one: &str, other: &str) -> bool {
    // Nearly all paths are ASCII, where none of the tables below makes a difference.
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    caseless::compatibility_caseless_match_str(&plain(one), &plain(other))
}

/// What is left where the caseless match sees a difference that servers do not. They map letter by letter, so that `İ`
/// (Go, Java) and `ı` (Python, JavaScript, in capitals) end as `i`, although Unicode's own folding keeps them apart
/// (S-207); and file systems leave out what is not shown.
fn plain(text: &str) -> String {
    let letters = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    letters.filter(|c| *c != DOT_ABOVE && !is_invisible(*c)).collect()
}

/// What `İ` has above it in small letters.
const DOT_ABOVE: char = '\u{307}';

/// Unicode's `Default_Ignorable_Code_Point`.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s207_letters_that_some_server_maps_to_the_same_one_look_alike() {
        for other in [
            "ADMIN",
            "adm\u{130}n",
            "adm\u{131}n",
            "ADM\u{130}N",
            "a\u{fe0f}dmin",
            "adm\u{200b}in",
            "\u{ff41}dmin",
            "admi\u{307}n",
        ] {
            assert!(is_same_look("admin", other) && is_same_look(other, "admin"), "{other}");
        }
        for (one, other) in [("kitchen", "\u{212a}itchen"), ("files", "file\u{17f}"), ("caf\u{e9}", "cafe\u{301}")] {
            assert!(is_same_look(one, other), "{other}");
        }
        for other in ["admon", "\u{e4}dmin", "admin\u{301}", "adm"] {
            assert!(!is_same_look("admin", other), "{other}");
        }
    }

    #[test]
    fn text_is_decoded_once_and_other_bytes_are_none() {
        for (raw, text) in [
            ("a", Some("a")),
            ("%41%25zz", Some("A%zz")),
            ("%2541", Some("%41")),
            ("%ff", None),
            ("%zz%", Some("%zz%")),
        ] {
            assert_eq!(decode(raw).as_deref(), text, "{raw}");
        }
    }
}
