//! Text that somebody else chose, made fit for one line of a log (S-128).
//!
//! Whatever would end the line, move the cursor, turn the reading direction or hide is written as an escape. The result
//! never holds a control character and is always valid UTF-8.

/// Where the text will stand, which decides whether quotes and backslashes must be escaped too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EscapeContext {
    /// Between the quotes of a `key="value"`.
    Quoted,
    /// Inside a JSON string (RFC 8259 section 7).
    Json,
    /// A whole line that another formatter has made: its own quotes and backslashes stay.
    LogLine,
}

/// Whether text can stand in `key=value` without quotes, and so without escapes.
pub(super) fn is_bare(bytes: &[u8]) -> bool {
    !bytes.is_empty() && classes(bytes) & NOT_BARE == 0
}

/// Appends `bytes`, escaped for `place`. Bytes that are not UTF-8 become `\xNN`.
pub(super) fn push_escaped(out: &mut Vec<u8>, bytes: &[u8], place: EscapeContext) {
    // Nearly all values are plain.
    let special = if place == EscapeContext::LogLine { HIDDEN } else { HIDDEN | QUOTED };
    if classes(bytes) & special == 0 {
        return out.extend_from_slice(bytes);
    }
    let mut rest = bytes;
    loop {
        let plain = rest.iter().position(|&byte| !is_plain(byte, place)).unwrap_or(rest.len());
        let (run, special) = rest.split_at(plain);
        out.extend_from_slice(run);
        let Some(&byte) = special.first() else { return };
        let taken = if byte.is_ascii() { push_ascii(out, byte) } else { push_beyond_ascii(out, special, place) };
        rest = special.get(taken..).unwrap_or_default();
    }
}

/// At most `limit` bytes of `text`, never half a character.
pub(super) fn cut(text: &[u8], limit: usize) -> &[u8] {
    let Some(head) = text.get(..limit) else { return text };
    // A character has at most three bytes behind its first one, so that one is among the last four.
    let half = head.iter().rev().take(4).position(|&byte| !(0x80..0xc0).contains(&byte)).unwrap_or(0);
    let (whole, tail) = head.split_at(head.len().saturating_sub(half.saturating_add(1)));
    if tail.first().is_some_and(|&lead| lead >= 0xc0 && utf8_length(lead) > tail.len()) { whole } else { head }
}

fn is_plain(byte: u8, place: EscapeContext) -> bool {
    (0x20..0x7f).contains(&byte) && (place == EscapeContext::LogLine || (byte != b'"' && byte != b'\\'))
}

/// All the classes that bytes of this text are in.
fn classes(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |found, byte| found | CLASSES.get(usize::from(*byte)).copied().unwrap_or(HIDDEN))
}

/// Not printable ASCII.
const HIDDEN: u8 = 1;
/// A quote or a backslash.
const QUOTED: u8 = 2;
/// A blank, or the sign between key and value.
const APART: u8 = 4;
const NOT_BARE: u8 = HIDDEN | QUOTED | APART;

/// What each byte is: one look at a byte tells everything that is asked of it.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
static CLASSES: [u8; 256] = {
    let mut table = [HIDDEN; 256];
    let mut byte = 0x20_u8;
    while byte < 0x7f {
        table[byte as usize] = match byte {
            b'"' | b'\\' => QUOTED,
            b' ' | b'=' => APART,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn push_ascii(out: &mut Vec<u8>, byte: u8) -> usize {
    match byte {
        b'"' => out.extend_from_slice(br#"\""#),
        b'\\' => out.extend_from_slice(br"\\"),
        b'\n' => out.extend_from_slice(br"\n"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\t' => out.extend_from_slice(br"\t"),
        _ => push_unit(out, u16::from(byte)),
    }
    1
}

/// One character, or one broken sequence, from the front of `bytes`; says how many bytes it took.
fn push_beyond_ascii(out: &mut Vec<u8>, bytes: &[u8], place: EscapeContext) -> usize {
    // No character has more than four bytes, so that a long text is not judged again for each of its characters.
    let window = bytes.get(..4).unwrap_or(bytes);
    let Some(chunk) = window.utf8_chunks().next() else { return 1 };
    let Some(character) = chunk.valid().chars().next() else {
        for &byte in chunk.invalid() {
            // A JSON string knows no `\x`: there the backslash itself is escaped.
            out.extend_from_slice(if place == EscapeContext::Json { br"\\x" } else { br"\x" });
            out.extend([hex(byte >> 4), hex(byte)]);
        }
        return chunk.invalid().len().max(1);
    };
    let mut units = [0; 2];
    if is_hidden(character) {
        // JSON's escapes are of UTF-16 (RFC 8259 section 7): a character beyond the first plane takes two.
        character.encode_utf16(&mut units).iter().for_each(|&unit| push_unit(out, unit));
    } else {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    character.len_utf8()
}

/// Controls (C0, DEL, C1), line and paragraph separators, marks that turn the direction, and characters without a
/// shape.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn push_unit(out: &mut Vec<u8>, unit: u16) {
    let [high, low] = unit.to_be_bytes();
    out.extend([b'\\', b'u', hex(high >> 4), hex(high), hex(low >> 4), hex(low)]);
}

fn hex(nibble: u8) -> u8 {
    match nibble & 0x0f {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + (letter - 10),
    }
}

fn utf8_length(lead: u8) -> usize {
    match lead {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(bytes: &[u8], place: EscapeContext) -> String {
        let mut out = Vec::new();
        push_escaped(&mut out, bytes, place);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_hides_or_moves_is_written_out() {
        assert_eq!(escaped(b"a\r\nb\x1b[2J", EscapeContext::Quoted), r"a\r\nb\u001b[2J");
        assert_eq!(escaped("\u{2028}\u{202e}\u{85}é漢😀".as_bytes(), EscapeContext::Json), r"\u2028\u202e\u0085é漢😀");
        assert_eq!(escaped("\u{e0041}".as_bytes(), EscapeContext::Json), r"\udb40\udc41");
        assert_eq!(escaped(b"\xff\xc3(", EscapeContext::Quoted), r"\xff\xc3(");
        assert_eq!(escaped(b"\xff", EscapeContext::Json), r"\\xff");
        assert_eq!(escaped(br#"say "\""#, EscapeContext::Quoted), r#"say \"\\\""#);
        assert_eq!(escaped(br#"key="a\nb""#, EscapeContext::LogLine), r#"key="a\nb""#);
    }

    #[test]
    fn a_cut_never_leaves_half_a_character() {
        assert_eq!(cut("aé".as_bytes(), 2), b"a");
        assert_eq!(cut("aé".as_bytes(), 3), "aé".as_bytes());
        assert_eq!(cut("a😀b".as_bytes(), 4), b"a");
        assert_eq!(cut("a😀b".as_bytes(), 5), "a😀".as_bytes());
        assert_eq!(cut(b"", 0), b"");
        assert_eq!(cut(b"\xbf\xbf\xbf\xbf\xbf\xbf", 5), b"\xbf\xbf\xbf\xbf\xbf");
    }

    #[test]
    fn the_table_agrees_with_what_is_plain() {
        for byte in 0..=u8::MAX {
            let graphic = byte.is_ascii_graphic() && !b"\"\\=".contains(&byte);
            assert_eq!(is_bare(&[byte]), graphic, "{byte}");
            for place in [EscapeContext::Quoted, EscapeContext::Json, EscapeContext::LogLine] {
                let unchanged = escaped(&[byte], place).as_bytes() == [byte];
                assert_eq!(unchanged, is_plain(byte, place), "{byte} {place:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_stay_on_one_line_and_json_reads_them(bytes: Vec<u8>) {
            for place in [EscapeContext::Quoted, EscapeContext::Json, EscapeContext::LogLine] {
                prop_assert!(!escaped(&bytes, place).chars().any(is_hidden));
            }
            let json = format!("\"{}\"", escaped(&bytes, EscapeContext::Json));
            let read: String = serde_json::from_str(&json).unwrap();
            if let Ok(text) = std::str::from_utf8(&bytes) {
                prop_assert_eq!(read, text);
            }
        }

        #[test]
        fn a_cut_text_stays_text(text: String, limit in 0_usize..40) {
            let head = cut(text.as_bytes(), limit);
            prop_assert!(head.len() <= limit.max(text.len().min(limit)));
            prop_assert!(std::str::from_utf8(head).is_ok());
        }
    }
}
