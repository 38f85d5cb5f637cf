//! What the overview says.

use super::texts;

texts! {
    /// The overview.
    OverviewTexts {
        title: "Overview" | "Übersicht";
        attention: "Needs attention" | "Braucht Aufmerksamkeit";
        nothing: "Nothing. All is well." | "Nichts. Alles in Ordnung.";
        more: "More" | "Mehr";
        addon_down: "{addon} does not answer ({why})" | "{addon} antwortet nicht ({why})";
        more_addons_down: "{number} more add-ons do not answer" | "{number} weitere Add-ons antworten nicht";
        certificate_ends: "A certificate ends in {time}" | "Ein Zertifikat läuft in {time} ab";
        certificate_ended: "A certificate has ended: browsers refuse it" | "Ein Zertifikat ist abgelaufen: Browser lehnen es ab";
        certificates_revoked: "Certificates that were revoked: {number}" | "Widerrufene Zertifikate: {number}";
        users_stale: "Home Assistant's users cannot be read; the last good copy counts"
            | "Die Benutzer von Home Assistant sind nicht zu lesen; die letzte gute Kopie gilt";
        users_absent: "Home Assistant's users cannot be read: everybody is refused"
            | "Die Benutzer von Home Assistant sind nicht zu lesen: Alle werden abgelehnt";
        registries_unreadable: "Home Assistant's registries cannot be read; what depends on an entity may be refused"
            | "Die Register von Home Assistant sind nicht zu lesen; was an einer Entität hängt, kann abgelehnt werden";
        store_degraded: "Sessions are in memory alone: their store fails" | "Sitzungen sind nur im Speicher: ihr Speicherort versagt";
        configuration_refused: "The changed configuration has a mistake; the one before it counts"
            | "Die geänderte Konfiguration hat einen Fehler; die vorige gilt";
        configuration_on_trial: "The configuration is on trial and not confirmed" | "Die Konfiguration ist auf Probe und nicht bestätigt";
        configuration_taken_back: "The configuration was not confirmed in time" | "Die Konfiguration wurde nicht rechtzeitig bestätigt";
        illegal_policy: "The policy of the group {group} is illegal: its members may do nothing"
            | "Die Regeln der Gruppe {group} sind ungültig: Ihre Mitglieder dürfen nichts";
        access_asked: "Requests for access: {number}" | "Bitten um Zugang: {number}";
        now: "Now" | "Jetzt";
        version: "Version" | "Version";
        running: "Running for" | "Läuft seit";
        sessions: "Sessions" | "Sitzungen";
        users: "Users" | "Benutzer";
        open_requests: "Open requests" | "Offene Anfragen";
        open_tunnels: "Open WebSockets" | "Offene WebSockets";
        addons: "Add-ons" | "Add-ons";
        addons_up: "{up} of {all} answer" | "{up} von {all} antworten";
        certificate: "Certificate" | "Zertifikat";
        certificate_for: "ends in {time}" | "läuft in {time} ab";
        certificate_over: "has ended" | "ist abgelaufen";
        no_certificate: "none" | "keines";
        hour: "The last hour" | "Die letzte Stunde";
        requests: "Requests a minute" | "Anfragen je Minute";
        requests_summary: "{requests} requests, {client} refused or not found (4xx), {server} failed (5xx)"
            | "{requests} Anfragen, {client} abgelehnt oder nicht gefunden (4xx), {server} gescheitert (5xx)";
        latency: "Time to the end of the answer, logarithmic" | "Zeit bis zum Ende der Antwort, logarithmisch";
        latency_summary: "half within {p50}, 99 of 100 within {p99}" | "die Hälfte in {p50}, 99 von 100 in {p99}";
        answered: "answered" | "beantwortet";
        refused: "4xx" | "4xx";
        failed: "5xx" | "5xx";
        half: "half (p50)" | "die Hälfte (p50)";
        nearly_all: "99 of 100 (p99)" | "99 von 100 (p99)";
        hour_ago: "an hour ago" | "vor einer Stunde";
        as_table: "The same as a table" | "Dasselbe als Tabelle";
        minutes_ago: "Minutes ago" | "Vor Minuten";
        all: "Requests" | "Anfragen";
        same_numbers: "The numbers are those of /metrics, kept in memory for an hour."
            | "Die Zahlen sind die von /metrics, im Speicher eine Stunde lang aufgehoben.";
    }
}
