//! When a certificate is renewed, and when a server that has said no is asked again. Pure: time and chance are
//! arguments.

use std::time::Duration;

use super::dns_update;
use crate::clock::Timestamp;
use crate::config::{Acme, AcmeChallenge, DnsWriter};
use crate::tls::Facts;

/// When a server would like a certificate to be renewed (RFC 9773 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// When this certificate is renewed: within the server's window where it has one, else at two thirds of its life and a
/// little later. Each certificate has a moment of its own, which no restart changes, so that not all of the world's
/// come at once.
pub(super) fn renewal(facts: &Facts, window: Option<Window>) -> Timestamp {
    let life = facts.not_after.saturating_since(facts.not_before);
    let (from, within) = match window {
        Some(Window { start, end }) => (start, end.saturating_since(start)),
        None => (facts.not_before.saturating_add(life / 3 * 2), life / 24),
    };
    let chosen = from.saturating_add(fraction(within, chance_of(facts)));
    // A window that a server has set too late, or a wrong clock of its, must not cost the certificate.
    chosen.min(facts.not_before.saturating_add(life / 10 * 9))
}

/// For how long after an order none follows for the same name, whatever dates are in the certificate that came of it:
/// with a clock that is wrong by months each would be due at once, and authorities count orders by the week.
pub(super) fn rest(facts: &Facts) -> Duration {
    (facts.not_after.saturating_since(facts.not_before) / 3).min(LONGEST_PAUSE)
}

/// How long a server is left in peace after so many failures in a row.
pub(super) fn pause(failures: u32, chance: u16) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    let pause = SHORTEST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
    // Up to a fifth more, so that those who failed together do not come back together.
    pause.saturating_add(fraction(pause / 5, chance))
}

/// How long an order may take with all its attempts. What is not over then is given up.
pub fn longest_order(acme: &Acme) -> Duration {
    let hook = match &acme.challenge {
        AcmeChallenge::Dns01(dns) => longest_change(&dns.writer).saturating_add(dns.wait),
        AcmeChallenge::TlsAlpn01 | AcmeChallenge::Http01 => Duration::ZERO,
    };
    ORDER.saturating_add(hook).saturating_add(longest_cleanup(acme))
}

/// How long it may take to take the answer to a challenge away.
pub(super) fn longest_cleanup(acme: &Acme) -> Duration {
    match &acme.challenge {
        // And what a hook has started may hold its output for a little longer.
        AcmeChallenge::Dns01(dns) => longest_change(&dns.writer).saturating_add(Duration::from_secs(5)),
        AcmeChallenge::TlsAlpn01 | AcmeChallenge::Http01 => Duration::ZERO,
    }
}

fn longest_change(writer: &DnsWriter) -> Duration {
    match writer {
        DnsWriter::Hook(hook) => hook.timeout,
        DnsWriter::Update(_) => dns_update::LONGEST,
    }
}

/// Numbers of certificates are random (CA/Browser Forum, Baseline Requirements section 7.1).
fn chance_of(facts: &Facts) -> u16 {
    facts.serial.last_chunk().copied().map_or(0, u16::from_be_bytes)
}

fn fraction(of: Duration, chance: u16) -> Duration {
    of / 65536 * u32::from(chance)
}

/// Questions to a server that is as slow as it may be.
const ORDER: Duration = Duration::from_mins(20);
const SHORTEST_PAUSE: Duration = Duration::from_mins(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(12);

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);
    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn facts(days: u32, serial: u8) -> Facts {
        Facts {
            not_before: START,
            not_after: START.saturating_add(DAY * days),
            serial: vec![1, serial, serial],
            ..Facts::default()
        }
    }

    fn day_of(at: Timestamp) -> u64 {
        at.saturating_since(START).as_secs() / DAY.as_secs()
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life_or_a_little_later() {
        assert_eq!(renewal(&facts(90, 0), None), START.saturating_add(DAY * 60));
        let latest = renewal(&facts(90, 255), None);
        assert_eq!(day_of(latest), 63);
        assert_eq!(latest, renewal(&facts(90, 255), None), "the same after a restart");
        assert!(renewal(&facts(6, 255), None) < START.saturating_add(DAY * 5));
        assert_eq!(renewal(&Facts { serial: Vec::new(), ..facts(90, 0) }, None), START.saturating_add(DAY * 60));
    }

    #[test]
    fn the_servers_window_counts_more() {
        let window = |from: u32, to: u32| {
            Some(Window { start: START.saturating_add(DAY * from), end: START.saturating_add(DAY * to) })
        };
        for serial in [0, 100, 255] {
            let day = day_of(renewal(&facts(90, serial), window(10, 12)));
            assert!((10..12).contains(&day), "{day}");
        }
        assert_eq!(
            renewal(&facts(90, 0), window(10, 5)),
            START.saturating_add(DAY * 10),
            "a window that ends too soon"
        );
        assert_eq!(day_of(renewal(&facts(90, 0), window(200, 300))), 81, "never too late");
    }

    #[test]
    fn a_certificate_that_is_due_as_it_comes_is_not_ordered_again_at_once() {
        assert_eq!(rest(&facts(90, 0)), Duration::from_hours(12));
        assert_eq!(rest(&facts(1, 0)), Duration::from_hours(8), "before two thirds of any life");
        assert_eq!(rest(&Facts::default()), Duration::ZERO);
    }

    #[test]
    fn a_server_that_says_no_is_asked_less_and_less() {
        assert_eq!(pause(1, 0), Duration::from_mins(5));
        assert_eq!(pause(2, 0), Duration::from_mins(10));
        assert_eq!(pause(4, 0), Duration::from_mins(40));
        for failures in [9, 100, u32::MAX] {
            assert_eq!(pause(failures, 0), Duration::from_hours(12), "{failures}");
        }
        let most = pause(1, u16::MAX);
        assert!(most > Duration::from_mins(5) && most <= Duration::from_mins(6), "{most:?}");
    }
}
