//! `Accept-Encoding`: which coding of an answer the client wants (RFC 9110 section 12.5.3).

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// A coding that we can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    #[cfg(feature = "brotli")]
    Brotli,
    Zstd,
}

impl Coding {
    /// In our order: what costs the least for what it saves comes first, among those that the client likes as well.
    /// Brotli saves a little more than gzip, and holds many times its memory for as long as the answer takes.
    const ALL: &[Self] = &[
        Self::Zstd,
        Self::Gzip,
        #[cfg(feature = "brotli")]
        Self::Brotli,
    ];

    /// As `Content-Encoding` says it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            #[cfg(feature = "brotli")]
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Weights are thousandths: RFC 9110 section 12.4.2 permits three digits.
type Weight = u16;

/// What a client says of each coding. Nothing is said of one that it does not name.
#[derive(Debug, Default)]
struct Wishes {
    gzip: Option<Weight>,
    #[cfg(feature = "brotli")]
    brotli: Option<Weight>,
    zstd: Option<Weight>,
    identity: Option<Weight>,
    others: Option<Weight>,
}

/// The coding that the client wants most; nothing where it would rather have the answer as it is, or says nothing: a
/// program that does not name codings may not know one.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Coding> {
    let mut wishes = Wishes::default();
    for line in headers.get_all(ACCEPT_ENCODING) {
        wishes.read(line);
    }
    let mut best: Option<(Weight, Coding)> = None;
    for &coding in Coding::ALL {
        let weight = wishes.of(coding);
        if weight > 0 && best.is_none_or(|(other, _)| weight > other) {
            best = Some((weight, coding));
        }
    }
    // What is as it is, is acceptable without being named; named, it can be wanted more than any coding.
    best.filter(|(weight, _)| wishes.identity.is_none_or(|identity| identity <= *weight)).map(|(_, coding)| coding)
}

impl Wishes {
    /// What cannot be read is nothing that the client wants.
    fn read(&mut self, line: &HeaderValue) {
        let Ok(text) = line.to_str() else { return };
        for element in text.split(',') {
            let mut parts = element.split(';');
            let name = parts.next().unwrap_or_default().trim_matches(BLANK);
            let weight = match (parts.next(), parts.next()) {
                (None, _) => Some(MOST),
                (Some(parameter), None) => weight(parameter),
                (Some(_), Some(_)) => None,
            };
            let place = match name.to_ascii_lowercase().as_str() {
                // RFC 9110 section 8.4.1.3: a recipient SHOULD consider "x-gzip" to be equivalent to "gzip".
                "gzip" | "x-gzip" => &mut self.gzip,
                #[cfg(feature = "brotli")]
                "br" => &mut self.brotli,
                "zstd" => &mut self.zstd,
                "identity" => &mut self.identity,
                "*" => &mut self.others,
                _ => continue,
            };
            // Said twice, the smaller one counts: a no stays a no.
            let weight = weight.unwrap_or(0);
            *place = Some(place.map_or(weight, |said| said.min(weight)));
        }
    }

    fn of(&self, coding: Coding) -> Weight {
        let said = match coding {
            // Whoever takes anything knows gzip; of younger codings that is not sure.
            Coding::Gzip => self.gzip.or(self.others),
            #[cfg(feature = "brotli")]
            Coding::Brotli => self.brotli,
            Coding::Zstd => self.zstd,
        };
        said.unwrap_or(0)
    }
}

/// `q=` and a number from 0 to 1 with at most three digits behind its point (RFC 9110 section 12.4.2).
fn weight(parameter: &str) -> Option<Weight> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim_matches(BLANK).eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, rest) = value.trim_matches(BLANK).split_once('.').unwrap_or((value.trim_matches(BLANK), ""));
    if rest.len() > 3 || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{rest:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(MOST),
        _ => None,
    }
}

const MOST: Weight = 1000;

/// RFC 9110 section 5.6.3.
const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted_of(lines: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        wanted(&headers).map(Coding::name)
    }

    #[test]
    fn the_coding_with_the_greatest_weight_is_wanted() {
        for (line, coding) in [
            ("gzip", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, deflate, br", Some("gzip")),
            ("br", Some("br")),
            ("br, gzip;q=0.9", Some("br")),
            ("x-gzip", Some("gzip")),
            ("GZIP;Q=1", Some("gzip")),
            ("gzip;q=1.0, br;q=0.9, zstd;q=0.8", Some("gzip")),
            ("gzip;q=0.001", Some("gzip")),
            ("br ; q=0.5 , gzip\t;\tq=0.501", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip;q=0.000", None),
            ("*", Some("gzip")),
            ("*;q=0.1", Some("gzip")),
            ("*;q=0", None),
            ("gzip;q=0, *", None),
            ("br;q=0.5, *;q=0.8", Some("gzip")),
            ("identity", None),
            ("identity, gzip", Some("gzip")),
            ("identity;q=1, gzip;q=0.9", None),
            ("identity;q=0, gzip;q=0.1", Some("gzip")),
            ("deflate, compress", None),
            ("", None),
            (", ,gzip,,", Some("gzip")),
            ("gzip, gzip;q=0", None),
        ] {
            assert_eq!(wanted_of(&[line]), coding, "{line:?}");
        }
        assert_eq!(wanted_of(&["gzip;q=0.5", "br"]), Some("br"), "lines are one list");
        assert_eq!(wanted_of(&[]), None, "who says nothing may not know a coding");
    }

    #[test]
    fn what_cannot_be_read_is_not_wanted() {
        for line in [
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=0.1234",
            "gzip;q=.5",
            "gzip;q=-1",
            "gzip;q=",
            "gzip;q",
            "gzip;q=x",
            "gzip;level=9",
            "gzip;q=1;q=1",
            "gzip q=1",
            "gzi p",
            "\"gzip\"",
            "gzip;q=1,1",
        ] {
            let expected = if line == "gzip;q=1,1" { Some("gzip") } else { None };
            assert_eq!(wanted_of(&[line]), expected, "{line:?}");
        }
    }
}
