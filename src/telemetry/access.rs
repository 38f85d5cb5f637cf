//! The access log: one line for every request that was answered.
//!
//! A line is written when the request ends. It is on the way of every request, so it has no tracing machinery and no
//! allocation of its own; and it must never show a secret or let a client write a line of its own (S-83, S-128).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::Level;

use super::line::LogLine;
use super::sink::Sink;
use crate::clock::Timestamp;

/// What is known about a request when it ends.
#[derive(Debug, Clone)]
pub struct AccessEntry<'a> {
    /// When it ended.
    pub at: Timestamp,
    /// Its id, as the client and the add-on got it.
    pub request_id: &'a str,
    /// Whose address it came from.
    pub client: IpAddr,
    /// `HTTP/1.1`, say, or `HTTP/2.0`.
    pub protocol: &'static str,
    /// The method as it was sent, known or not.
    pub method: &'a str,
    /// Its authority's host.
    pub host: &'a str,
    /// Its target as it was sent; secrets are taken out here.
    pub target: &'a str,
    /// The status it was answered with.
    pub status: u16,
    /// The label of the reason why it was refused.
    pub reason: Option<&'static str>,
    /// The id of its user.
    pub user: Option<&'a str>,
    /// What the key is called that it came with, when it came with one.
    pub key: Option<&'a str>,
    /// The client certificate of its connection in short, when there is one.
    pub certificate: Option<&'a str>,
    /// The slug of its add-on.
    pub addon: Option<&'a str>,
    /// Bytes of its body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// From the end of its head to the end of the answer.
    pub duration: Duration,
    /// How long the add-on took to begin its answer.
    pub upstream: Option<Duration>,
    /// The client's `User-Agent`.
    pub user_agent: Option<&'a [u8]>,
    /// Whether the answer was sent to its end.
    pub complete: bool,
}

/// The access log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    sink: Sink,
    on: Arc<AtomicBool>,
}

impl AccessLog {
    pub(super) fn new(sink: Sink, on: bool) -> Self {
        Self { sink, on: Arc::new(AtomicBool::new(on)) }
    }

    pub(super) fn switch(&self, on: bool) {
        // Relaxed: around a reload, one line more or less makes no difference.
        self.on.store(on, Ordering::Relaxed);
    }

    /// Whether lines are wanted: ask before gathering what an entry needs.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Writes the line, unless the access log is off.
    pub fn write(&self, entry: &AccessEntry<'_>) {
        if !self.is_on() {
            return;
        }
        let format = self.sink.format();
        self.sink.append(|out, stamp| {
            let mut line = LogLine::begin(out, stamp, format, entry.at, Level::INFO, "vestibule::access");
            line.text("request_id", entry.request_id.as_bytes(), NAME_LIMIT);
            line.address("client", entry.client);
            line.word("protocol", entry.protocol);
            line.text("method", entry.method.as_bytes(), METHOD_LIMIT);
            line.text("host", entry.host.as_bytes(), HOST_LIMIT);
            line.target("uri", entry.target.as_bytes(), TARGET_LIMIT);
            line.number("status", entry.status.into());
            if let Some(reason) = entry.reason {
                line.word("reason", reason);
            }
            if let Some(user) = entry.user {
                line.text("user", user.as_bytes(), NAME_LIMIT);
            }
            if let Some(key) = entry.key {
                line.text("key", key.as_bytes(), NAME_LIMIT);
            }
            if let Some(certificate) = entry.certificate {
                line.text("certificate", certificate.as_bytes(), NAME_LIMIT);
            }
            if let Some(addon) = entry.addon {
                line.text("addon", addon.as_bytes(), NAME_LIMIT);
            }
            line.number("bytes_in", entry.bytes_in);
            line.number("bytes_out", entry.bytes_out);
            line.millis("duration_ms", entry.duration);
            if let Some(upstream) = entry.upstream {
                line.millis("upstream_ms", upstream);
            }
            if let Some(user_agent) = entry.user_agent {
                line.text("user_agent", user_agent, USER_AGENT_LIMIT);
            }
            line.flag("complete", entry.complete);
            line.end();
        });
    }
}

/// Bytes that are shown of a request id, a user id or a slug.
pub(super) const NAME_LIMIT: usize = 128;

/// Bytes that are shown of a method.
const METHOD_LIMIT: usize = 32;

/// Bytes that are shown of a host: the longest DNS name (RFC 1035 section 2.3.4).
pub(super) const HOST_LIMIT: usize = 255;

/// Bytes that are shown of a target.
pub(super) const TARGET_LIMIT: usize = 2048;

/// Bytes that are shown of a `User-Agent`.
const USER_AGENT_LIMIT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::LogFormat;
    use crate::telemetry::Telemetry;
    use serde_json::Value;

    fn entry<'a>() -> AccessEntry<'a> {
        AccessEntry {
            at: Timestamp::from_millis(1_795_323_000_005),
            request_id: "01J",
            client: "192.168.1.20".parse().unwrap(),
            protocol: "h2",
            method: "GET",
            host: "home.example",
            target: "/ingress/z2m/?code=SESAME&x=1",
            status: 403,
            reason: Some("access_denied"),
            user: Some("frank-id"),
            key: None,
            certificate: None,
            addon: Some("z2m"),
            bytes_in: 0,
            bytes_out: 1234,
            duration: Duration::from_micros(1500),
            upstream: Some(Duration::from_micros(900)),
            user_agent: Some(b"Mozilla/5.0 (X11)"),
            complete: true,
        }
    }

    /// What attackers put where a log shows it (S-128).
    const CORPUS: &[&str] = &[
        "/\r\n2026-11-22T04:50:00.005Z  INFO vestibule::access: status=200",
        "/\n{\"level\":\"INFO\"}",
        "/\u{1b}[2J\u{1b}]0;owned\u{7}",
        "/\u{85}next\u{9b}31m",
        "/\u{2028}line\u{2029}paragraph",
        "/\u{202e}gpj.exe\u{2066}x\u{2069}\u{200f}",
        "/\" status=200 user=\"admin",
        "/\",\"status\":200,\"x\":\"",
        "/back\\slash\\",
        "/\u{0}nul\u{7f}del\u{feff}",
    ];

    #[test]
    fn an_access_line_reads_like_this() {
        let (telemetry, captured) = Telemetry::captured(LogFormat::Text);
        telemetry.access.write(&entry());
        assert_eq!(
            captured.lines(),
            [
                "2026-11-22T04:50:00.005Z  INFO vestibule::access: request_id=01J client=192.168.1.20 protocol=h2 method=GET \
              host=home.example uri=\"/ingress/z2m/?code=***&x=1\" status=403 reason=access_denied user=frank-id addon=z2m \
              bytes_in=0 bytes_out=1234 duration_ms=1.500 upstream_ms=0.900 user_agent=\"Mozilla/5.0 (X11)\" complete=true"
            ]
        );
    }

    #[test]
    fn what_a_client_chose_stays_on_its_line_and_in_its_field() {
        for format in [LogFormat::Text, LogFormat::Json] {
            for evil in CORPUS {
                let (telemetry, captured) = Telemetry::captured(format);
                let user_agent = [evil.as_bytes(), b"\xff\xfe"].concat();
                telemetry.access.write(&AccessEntry {
                    request_id: evil,
                    method: evil,
                    host: evil,
                    target: evil,
                    user: Some(evil),
                    key: None,
                    addon: Some(evil),
                    user_agent: Some(&user_agent),
                    ..entry()
                });
                let [line] = &captured.lines()[..] else { panic!("{evil:?} made {:?}", captured.lines()) };
                assert!(!line.chars().any(|c| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)), "{line}");
                if format == LogFormat::Json {
                    let json: Value = serde_json::from_str(line).unwrap();
                    assert_eq!(json["status"], 403);
                    assert_eq!(json["uri"], *evil);
                    assert_eq!(json["user_agent"], format!("{evil}\\xff\\xfe"));
                } else {
                    assert_eq!(fields(line)["status"], "403");
                    assert_eq!(fields(line)["user"], "\u{22}".to_owned() + &quoted(evil) + "\u{22}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let (telemetry, captured) = Telemetry::captured(LogFormat::Json);
        let long = "é".repeat(10_000);
        telemetry.access.write(&AccessEntry {
            host: &long,
            target: &long,
            user_agent: Some(long.as_bytes()),
            ..entry()
        });
        let lines = captured.lines();
        let json: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(json["uri"], format!("{}…", "é".repeat(TARGET_LIMIT / 2)));
        assert_eq!(json["host"], format!("{}…", "é".repeat(HOST_LIMIT / 2)));
        assert!(lines[0].len() < 6000);
    }

    #[test]
    fn an_access_log_that_is_off_writes_nothing() {
        let (telemetry, captured) = Telemetry::captured(LogFormat::Text);
        telemetry.access.switch(false);
        telemetry.access.write(&entry());
        assert!(captured.lines().is_empty());
    }

    fn quoted(text: &str) -> String {
        let mut out = Vec::new();
        crate::telemetry::escape::push_escaped(
            &mut out,
            text.as_bytes(),
            crate::telemetry::escape::EscapeContext::Quoted,
        );
        String::from_utf8(out).unwrap()
    }

    /// Reads a text line as a reader of logfmt does: a quote in a value ends it unless a backslash stands before it.
    fn fields(line: &str) -> std::collections::BTreeMap<String, String> {
        let (mut fields, mut word, mut in_quotes, mut escaped) = (Vec::new(), String::new(), false, false);
        for c in line.chars() {
            if c == ' ' && !in_quotes {
                fields.push(std::mem::take(&mut word));
                continue;
            }
            in_quotes ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            word.push(c);
        }
        fields.push(word);
        assert!(!in_quotes, "{line}");
        let pairs: Vec<_> = fields.iter().filter_map(|f| f.split_once('=')).collect();
        let map: std::collections::BTreeMap<_, _> = pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
        assert_eq!(map.len(), pairs.len(), "a key twice in {line}");
        map
    }
}
