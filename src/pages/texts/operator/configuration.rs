//! What the page of the configuration says. Mistakes stand there as `vestibule check` says them, in English.

use super::texts;

texts! {
    /// The configuration.
    ConfigurationTexts {
        title: "Configuration" | "Konfiguration";
        mistake: "The last change was refused" | "Die letzte Änderung wurde abgelehnt";
        refused: "It has a mistake, so what was in force stays:" | "Sie hat einen Fehler, darum gilt weiter, was vorher galt:";
        in_force: "In force" | "In Kraft";
        file: "File" | "Datei";
        loaded: "Read" | "Gelesen";
        trial: "Trial" | "Probe";
        confirmed: "confirmed" | "bestätigt";
        on_trial: "on trial, not confirmed yet" | "auf Probe, noch nicht bestätigt";
        taken_back: "not confirmed in time, the one before counts" | "nicht rechtzeitig bestätigt, die vorige gilt";
        values: "Values that count" | "Werte, die gelten";
        none: "There is no such key." | "Es gibt keinen solchen Schlüssel.";
        key: "Key" | "Schlüssel";
        value: "Value" | "Wert";
        from: "From" | "Woher";
        line: "line {line}" | "Zeile {line}";
        manifest: "the add-on's manifest" | "das Manifest des Add-ons";
        default: "default" | "Vorgabe";
        secrets: "What may be a secret is dots. Keys that are absent and then do nothing are not listed."
            | "Was ein Geheimnis sein kann, steht als Punkte da. Schlüssel, die fehlen und dann nichts tun, stehen nicht da.";
    }
}
