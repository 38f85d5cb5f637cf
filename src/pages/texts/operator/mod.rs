//! What the operator's pages say. Reasons stand there as the log has them, in English.

mod addons;
mod configuration;
mod overview;
mod people;
mod refusals;
mod sessions;
mod why;

pub(in crate::pages) use addons::AddonTexts;
pub(in crate::pages) use configuration::ConfigurationTexts;
pub(in crate::pages) use overview::OverviewTexts;
pub(in crate::pages) use people::PeopleTexts;
pub(in crate::pages) use refusals::RefusalListTexts;
pub(in crate::pages) use sessions::SessionTexts;
pub(in crate::pages) use why::WhyTexts;

use super::texts;

texts! {
    /// What all of them say.
    OperatorTexts {
        title: "Administration" | "Verwaltung";
        overview: "Overview" | "Übersicht";
        sessions: "Sessions" | "Sitzungen";
        addons: "Add-ons" | "Add-ons";
        people: "People" | "Personen";
        refusals: "Refusals" | "Ablehnungen";
        why: "Why?" | "Warum?";
        configuration: "Configuration" | "Konfiguration";
        search: "Search" | "Suchen";
        show: "Show" | "Zeigen";
        all: "Show all" | "Alle zeigen";
        decimal_sign: "." | ",";
        pages: "Pages" | "Seiten";
        previous: "Previous" | "Vorige";
        next: "Next" | "Nächste";
        found: "Found: {number}" | "Gefunden: {number}";
        shown: "{first} to {last} of {number}" | "{first} bis {last} von {number}";
    }
}
