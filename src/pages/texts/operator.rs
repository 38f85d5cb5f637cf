//! What the operator's pages say.

use super::texts;

texts! {
    /// The operator's pages.
    OperatorTexts {
        title: "Administration" | "Verwaltung";
        refusals: "Refusals" | "Ablehnungen";
    }
}
