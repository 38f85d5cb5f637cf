//! What the page "Why?" says. Reasons stand there as `vestibule explain` says them, in English.

use super::texts;

texts! {
    /// A decision and its reason.
    WhyTexts {
        title: "Why?" | "Warum?";
        lead: "What would be decided at this moment, and why: by the same rules that decide requests. Nothing is sent."
            | "Was in diesem Moment entschieden würde, und warum: nach denselben Regeln, die über Anfragen entscheiden. Gesendet wird nichts.";
        about_request: "May somebody send a request?" | "Darf jemand eine Anfrage senden?";
        about_entity: "May somebody use an entity?" | "Darf jemand eine Entität benutzen?";
        method: "Method" | "Methode";
        url: "Path, or address with its host" | "Pfad, oder Adresse mit Host";
        from: "From the address" | "Von der Adresse";
        local: "the local network" | "aus dem lokalen Netz";
        with: "Beside another user" | "Neben einem anderen Benutzer";
        entity: "Entity" | "Entität";
        access_key: "What for" | "Wofür";
        ask: "Ask" | "Fragen";
        answer: "Answer" | "Antwort";
        may: "{user} may" | "{user} darf es";
        may_not: "{user} may not" | "{user} darf es nicht";
        same: "With the other user it would be decided the same." | "Mit dem anderen Benutzer würde gleich entschieden.";
        differs: "With the other user it would be decided differently." | "Mit dem anderen Benutzer würde anders entschieden.";
        goes_on: "goes on" | "geht weiter";
        ends: "ends here" | "endet hier";
        route: "Route" | "Weg";
        session: "Session" | "Sitzung";
        user: "User" | "Benutzer";
        address: "Address" | "Adresse";
        access: "Access" | "Zugang";
        rule: "Rule" | "Regel";
        group: "Group" | "Gruppe";
        selector: "Selector" | "Auswahl";
        registry: "Registry" | "Register";
        moment: "The same in a terminal: vestibule explain" | "Dasselbe in einem Terminal: vestibule explain";
    }
}
