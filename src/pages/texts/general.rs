//! What stands on every page.

use super::texts;

texts! {
    /// What stands on every page.
    GeneralTexts {
        home: "Home" | "Zuhause";
        skip: "Skip to the content" | "Zum Inhalt springen";
        language: "Language" | "Sprache";
        sign_out: "Sign out" | "Abmelden";
        account: "My account" | "Mein Konto";
        launcher: "Add-ons" | "Add-ons";
        operator: "Administration" | "Verwaltung";
        request: "Request" | "Anfrage";
        copy: "Copy" | "Kopieren";
        copied: "Copied" | "Kopiert";
        one_second: "1 second" | "1 Sekunde";
        seconds: "{number} seconds" | "{number} Sekunden";
        one_minute: "1 minute" | "1 Minute";
        minutes: "{number} minutes" | "{number} Minuten";
        one_hour: "1 hour" | "1 Stunde";
        hours: "{number} hours" | "{number} Stunden";
        one_day: "1 day" | "1 Tag";
        days: "{number} days" | "{number} Tagen";
        ago: "{time} ago" | "vor {time}";
        just_now: "just now" | "gerade eben";
        one_moment: "One moment" | "Einen Moment";
        go_on: "Go on" | "Weiter";
    }
}
