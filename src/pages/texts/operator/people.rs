//! What the pages of people say.

use super::texts;

texts! {
    /// All users, and one of them.
    PeopleTexts {
        title: "People" | "Personen";
        lead: "The users of Home Assistant, and which add-ons each may open at this moment from the local network."
            | "Die Benutzer von Home Assistant, und welche Add-ons jeder in diesem Moment aus dem lokalen Netz öffnen darf.";
        none: "There is no such user." | "Es gibt keinen solchen Benutzer.";
        user: "User" | "Benutzer";
        username: "User name" | "Benutzername";
        id: "Id" | "Kennung";
        groups: "Groups" | "Gruppen";
        kind: "Kind of account" | "Art des Kontos";
        ordinary: "ordinary" | "gewöhnlich";
        account: "Account" | "Konto";
        sessions: "Sessions" | "Sitzungen";
        owner: "owner" | "Eigentümer";
        administrator: "administrator" | "Verwaltung";
        deactivated: "deactivated" | "deaktiviert";
        local_only: "local network only" | "nur lokales Netz";
        second_factor: "second factor" | "zweiter Faktor";
        may: "may open" | "darf öffnen";
        may_not: "may not open" | "darf nicht öffnen";
        why: "Why?" | "Warum?";
        nothing: "No add-on." | "Kein Add-on.";
        moment: "At this moment, from the local network." | "In diesem Moment, aus dem lokalen Netz.";
        addons: "Add-ons" | "Add-ons";
        columns: "Add-ons {first} to {last} of {number}" | "Add-ons {first} bis {last} von {number}";
        previous_addons: "Previous add-ons" | "Vorige Add-ons";
        next_addons: "Next add-ons" | "Nächste Add-ons";
        back: "All people" | "Alle Personen";
    }
}
