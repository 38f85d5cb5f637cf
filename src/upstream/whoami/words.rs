//! What whoami's page says, in the language that the browser asks for.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// Its texts.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) tag: &'static str,
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) request: &'static str,
    pub(super) bytes: &'static str,
    pub(super) headers: &'static str,
    pub(super) header: &'static str,
    pub(super) value: &'static str,
    pub(super) lie: &'static str,
    pub(super) lie_lead: &'static str,
    pub(super) lie_without: &'static str,
    pub(super) lines: &'static str,
    pub(super) send: &'static str,
    pub(super) none: &'static str,
    pub(super) ours: &'static str,
    pub(super) arrived: &'static str,
    pub(super) bad: &'static str,
    pub(super) echo: &'static str,
    pub(super) events: &'static str,
    pub(super) clock: &'static str,
    pub(super) connecting: &'static str,
}

impl Words {
    /// German for who asks for it before English, else English (RFC 9110 section 12.5.4, of which the order counts
    /// here: browsers list what their user prefers first).
    pub(super) fn of(headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let tags = asked.split(',').map(|range| range.trim().split(['-', ';']).next().unwrap_or_default());
        let first = tags.into_iter().find(|tag| ["de", "en"].iter().any(|known| tag.eq_ignore_ascii_case(known)));
        if first.is_some_and(|tag| tag.eq_ignore_ascii_case("de")) { &GERMAN } else { &ENGLISH }
    }
}

const ENGLISH: Words = Words {
    tag: "en",
    title: "This is what an add-on sees",
    lead: "The marked headers are vestibule's own: whatever a client sends under these names is taken out first.",
    request: "Your request",
    bytes: "bytes of body",
    headers: "Headers",
    header: "Header",
    value: "Value",
    lie: "Try to be somebody else",
    lie_lead: "Send headers that claim to be another user, and see what of them arrives here.",
    lie_without: "A page can only do this with JavaScript. In a terminal:",
    lines: "Headers, one a line",
    send: "Send",
    none: "did not arrive",
    ours: "vestibule's own arrived in its place:",
    arrived: "arrived as you sent it",
    bad: "The browser did not send it: one of these is no header.",
    echo: "Echo:",
    events: "Server-sent events",
    clock: "Clock:",
    connecting: "connecting",
};

const GERMAN: Words = Words {
    tag: "de",
    title: "Das sieht ein Add-on",
    lead: "Die markierten Header sind die von vestibule: Was ein Client unter diesen Namen sendet, wird vorher entfernt.",
    request: "Ihre Anfrage",
    bytes: "Bytes im Body",
    headers: "Header",
    header: "Header",
    value: "Wert",
    lie: "Versuchen Sie, jemand anderes zu sein",
    lie_lead: "Senden Sie Header, die einen anderen Benutzer vorgeben, und sehen Sie, was davon hier ankommt.",
    lie_without: "Eine Seite kann das nur mit JavaScript. In einem Terminal:",
    lines: "Header, einer je Zeile",
    send: "Senden",
    none: "kam nicht an",
    ours: "an seiner Stelle kam der von vestibule an:",
    arrived: "kam so an, wie Sie ihn gesendet haben",
    bad: "Der Browser hat es nicht gesendet: Eines davon ist kein Header.",
    echo: "Echo:",
    events: "Server-Sent Events",
    clock: "Uhr:",
    connecting: "verbindet",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_is_for_who_asks_for_it_first() {
        for (asked, tag) in [("de-AT,de;q=0.9,en", "de"), ("en-GB,de", "en"), ("fr,DE", "de"), ("fr", "en"), ("", "en")]
        {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, asked.parse().unwrap())]);
            assert_eq!(Words::of(&headers).tag, tag, "{asked}");
        }
    }
}
