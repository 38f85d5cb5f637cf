//! What the pages of add-ons say. The reasons of ratings and rights stand there as the command line has them, in
//! English.

use super::texts;

texts! {
    /// All add-ons, and one of them.
    AddonTexts {
        title: "Add-ons" | "Add-ons";
        none: "There is no such add-on." | "Es gibt kein solches Add-on.";
        addon: "Add-on" | "Add-on";
        state: "State" | "Zustand";
        up: "answers" | "antwortet";
        up_since: "answers for {time}" | "antwortet seit {time}";
        down_since: "down for {time} ({why})" | "antwortet seit {time} nicht ({why})";
        unknown_yet: "not asked yet" | "noch nicht gefragt";
        requests: "Requests" | "Anfragen";
        failures: "Failures of the add-on" | "Fehler des Add-ons";
        latency: "Time to the end of the answer" | "Zeit bis zum Ende der Antwort";
        open: "Open requests" | "Offene Anfragen";
        since_start: "All numbers are since the start, as in /metrics." | "Alle Zahlen gelten seit dem Start, wie in /metrics.";
        refusals: "What was refused there" | "Was dort abgelehnt wurde";
        route: "Address" | "Adresse";
        upstream: "Listens at" | "Lauscht an";
        rating: "Rating" | "Bewertung";
        rated: "{rating} of 8; on the classic scale {classic} of 6" | "{rating} von 8; auf der klassischen Skala {classic} von 6";
        manifest: "Manifest" | "Manifest";
        no_manifest: "none; what it asks for is in the configuration" | "keines; was es verlangt, steht in der Konfiguration";
        signature: "Signed by" | "Unterschrieben von";
        not_signed: "nobody" | "niemandem";
        points: "Points" | "Punkte";
        key: "Key" | "Schlüssel";
        reason: "Reason" | "Grund";
        advice: "How it would get more" | "Wie es mehr bekäme";
        rights: "Rights" | "Rechte";
        protection: "Protection" | "Schutz";
        on: "on" | "an";
        off: "off" | "aus";
        role: "Role in the add-on API" | "Rolle in der Add-on-API";
        no_role: "none" | "keine";
        no_rights: "It asks for no rights." | "Es verlangt keine Rechte.";
        right: "Right" | "Recht";
        asked: "Asked for" | "Verlangt";
        granted: "Granted" | "Gewährt";
        in_terminal: "In a terminal:" | "In einem Terminal:";
        back: "All add-ons" | "Alle Add-ons";
    }
}
