//! What the page of all sessions says.

use super::texts;

texts! {
    /// All sessions.
    SessionTexts {
        title: "Sessions" | "Sitzungen";
        none: "There is no such session." | "Es gibt keine solche Sitzung.";
        away: "The sessions of other proxies may be missing:" | "Die Sitzungen anderer Proxys können fehlen:";
        this_one: "this one" | "diese";
        stays: "stays signed in" | "bleibt angemeldet";
        only_addon: "for {addon} only" | "nur für {addon}";
        from_address: "from {address}" | "von {address}";
        since: "signed in {time}" | "angemeldet {time}";
        seen: "last seen {time}" | "zuletzt gesehen {time}";
        ends: "ends in {time}" | "endet in {time}";
        unknown_device: "an unknown device" | "ein unbekanntes Gerät";
        end: "End" | "Beenden";
        end_named: "End the session of {user} on {device}" | "Die Sitzung von {user} auf {device} beenden";
        ended: "The session has ended." | "Die Sitzung ist beendet.";
        not_stored: "It has ended here, but this is not stored yet. Try again in a moment."
            | "Sie ist hier beendet, aber das ist noch nicht gespeichert. Versuchen Sie es gleich noch einmal.";
        old_page: "This page was too old, so nothing was ended. Try again."
            | "Diese Seite war zu alt, darum wurde nichts beendet. Versuchen Sie es noch einmal.";
        unknown: "There is no such session, or no longer." | "Diese Sitzung gibt es nicht oder nicht mehr.";
    }
}
