//! What the page of a user's own account says.

use super::texts;

texts! {
    /// The page of a user's own account.
    AccountTexts {
        title: "My account" | "Mein Konto";
        who: "Who you are" | "Wer Sie sind";
        name: "Name" | "Name";
        username: "User name" | "Benutzername";
        kind: "Kind of account" | "Art des Kontos";
        owner: "Owner: may do everything" | "Eigentümer: darf alles";
        administrator: "Administrator" | "Verwaltung";
        user: "User" | "Benutzer";
        local_only: "from the local network only" | "nur aus dem lokalen Netz";
        groups: "Groups" | "Gruppen";
        second_factor: "Two-step verification" | "Zwei-Faktor-Anmeldung";
        on: "on" | "an";
        off: "off" | "aus";
        may_open: "You may open" | "Sie dürfen öffnen";
        nothing: "no add-on" | "kein Add-on";
        sessions: "Where you are signed in" | "Wo Sie angemeldet sind";
        this_one: "this device" | "dieses Gerät";
        from_address: "signed in from {address}" | "angemeldet von {address}";
        since: "signed in {time}" | "angemeldet {time}";
        seen: "last seen {time}" | "zuletzt gesehen {time}";
        ends: "ends in {time} unless you come back before" | "endet in {time}, wenn Sie nicht vorher wiederkommen";
        only_addon: "for {addon} only" | "nur für {addon}";
        stays: "stays signed in" | "bleibt angemeldet";
        by_command: "A session that an administrator made" | "Eine Sitzung, die die Verwaltung angelegt hat";
        more: "Not all are shown." | "Es sind nicht alle gezeigt.";
        end: "End" | "Beenden";
        end_named: "End the session of {device}" | "Die Sitzung von {device} beenden";
        end_others: "End all others" | "Alle anderen beenden";
        ended_one: "The session has ended." | "Die Sitzung ist beendet.";
        ended_others: "All other sessions have ended." | "Alle anderen Sitzungen sind beendet.";
        not_stored: "It has ended here, but this is not stored yet. Try again in a moment."
            | "Sie ist hier beendet, aber das ist noch nicht gespeichert. Versuchen Sie es gleich noch einmal.";
        old_page: "This page was too old, so nothing was ended. Try again."
            | "Diese Seite war zu alt, darum wurde nichts beendet. Versuchen Sie es noch einmal.";
        unknown: "There is no such session of yours, or no longer." | "Diese Sitzung gibt es nicht oder nicht mehr.";
        program_on: "{program} on {system}" | "{program} auf {system}";
        browser_on: "a browser on {system}" | "ein Browser auf {system}";
        unknown_device: "an unknown device" | "ein unbekanntes Gerät";
    }
}
