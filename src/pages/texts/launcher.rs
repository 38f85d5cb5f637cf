//! What the launcher says: the page of the add-ons that a user may open.

use super::texts;

texts! {
    /// The launcher.
    LauncherTexts {
        title: "Start" | "Start";
        greeting: "Hello, {name}" | "Hallo, {name}";
        nobody: "you" | "Sie";
        empty: "There is no add-on here that your account may open. Whoever runs this home can change that."
            | "Hier gibt es kein Add-on, das Ihr Konto öffnen darf. Wer dieses Zuhause betreut, kann das ändern.";
        search: "Search add-ons" | "Add-ons suchen";
        search_hint: "Type to search, Enter to open" | "Tippen zum Suchen, Enter zum Öffnen";
        no_match: "No add-on has that in its name." | "Kein Add-on heißt so.";
        favourites: "Favourites" | "Favoriten";
        others: "More" | "Weitere";
        down: "not reachable" | "nicht erreichbar";
        manifest: "The add-ons of this home" | "Die Add-ons dieses Zuhauses";
    }
}
