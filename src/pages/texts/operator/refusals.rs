//! What the pages about refusals say.

use super::texts;

texts! {
    /// The list of refusals, and one of them.
    RefusalListTexts {
        refusals: "Refusals" | "Ablehnungen";
        refusals_lead: "The last requests that were refused since vestibule started, each with the whole reason: 1,000 of users, 1,000 of strangers."
            | "Die letzten Anfragen, die seit dem Start von vestibule abgelehnt wurden, jede mit dem ganzen Grund: 1.000 von Benutzern, \
               1.000 von Fremden.";
        refusals_count: "Found: {number}" | "Gefunden: {number}";
        refusal: "Refusal" | "Ablehnung";
        none: "Nothing was refused." | "Nichts wurde abgelehnt.";
        unknown: "There is no refusal with this number, or it is too long ago. The log has it still."
            | "Es gibt keine Ablehnung mit dieser Nummer, oder sie ist zu lange her. Das Protokoll hat sie noch.";
        user: "User" | "Benutzer";
        addon: "Add-on" | "Add-on";
        reason: "Reason" | "Grund";
        asks_access: "Asks for access" | "Bittet um Zugang";
        only_asking: "Only those who ask for access" | "Nur wer um Zugang bittet";
        show: "Show" | "Zeigen";
        all: "Show all" | "Alle zeigen";
        newer: "Newer" | "Neuere";
        older: "Older" | "Ältere";
        when: "When" | "Wann";
        what: "What" | "Was";
        who: "Who" | "Wer";
        why: "Why" | "Warum";
        client: "Address" | "Adresse";
        session: "Session" | "Sitzung";
        request: "Request" | "Anfrage";
        answer: "Answer" | "Antwort";
        stranger: "nobody" | "niemand";
        now: "Would it be refused now?" | "Würde sie jetzt abgelehnt?";
        back: "All refusals" | "Alle Ablehnungen";
        in_terminal: "In a terminal:" | "In einem Terminal:";
    }
}
