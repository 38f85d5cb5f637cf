//! Numbers and addresses as text, on the way of every request: without what `Display` does before each digit.

use std::io::Write as _;
use std::net::IpAddr;

/// Appends a number.
pub(crate) fn push_number(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let (mut rest, mut used) = (value, 0);
    for digit in digits.iter_mut().rev() {
        *digit = last_digit(rest);
        used += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Appends the last three digits of a number.
pub(crate) fn push_three_digits(out: &mut Vec<u8>, value: u64) {
    out.extend([last_digit(value / 100), last_digit(value / 10), last_digit(value)]);
}

/// Appends an address.
pub(crate) fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => {
            // Put together first, so that the vector grows once.
            let (mut text, mut used) = ([b'.'; "255.255.255.255.".len()], 0);
            let mut push = |digit| {
                if let Some(place) = text.get_mut(used) {
                    *place = digit;
                }
                used += 1;
            };
            for octet in v4.octets() {
                if octet >= 100 {
                    push(b'0' + octet / 100);
                }
                if octet >= 10 {
                    push(b'0' + octet / 10 % 10);
                }
                push(b'0' + octet % 10);
                push(b'.');
            }
            out.extend_from_slice(text.get(..used.saturating_sub(1)).unwrap_or_default());
        }
        // Writing into a vector cannot fail.
        IpAddr::V6(v6) => drop(write!(out, "{v6}")),
    }
}

fn last_digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_read_as_numbers() {
        for value in [0, 7, 9, 10, 80, 443, 999, 8123, 65_535, 1_000_000, u64::MAX] {
            assert_eq!(written(|out| push_number(out, value)), value.to_string());
        }
    }

    #[test]
    fn addresses_read_as_addresses() {
        for text in ["0.0.0.0", "1.20.255.100", "127.0.0.1", "10.9.99.109", "10.0.250.3", "2001:db8::1", "::"] {
            assert_eq!(written(|out| push_address(out, text.parse().unwrap())), text);
        }
    }
}
