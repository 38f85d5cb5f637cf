//! The tabs of the operator's pages. They are links: each tab is a page of its own.

use crate::pages::context::PageContext;
use crate::pages::texts::OperatorTexts;

/// One of the operator's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// How it goes.
    Overview,
    /// Who is signed in.
    Sessions,
    /// What the add-ons do and ask for.
    Addons,
    /// Who may open what.
    People,
    /// What was refused.
    Refusals,
    /// Why something is decided as it is.
    Why,
    /// What the configuration says.
    Configuration,
}

impl Tab {
    const ALL: [Self; 7] =
        [Self::Overview, Self::Sessions, Self::Addons, Self::People, Self::Refusals, Self::Why, Self::Configuration];

    /// Where it is.
    pub const fn address(self) -> &'static str {
        match self {
            Self::Overview => "/.vestibule/operator/overview",
            Self::Sessions => "/.vestibule/operator/sessions",
            Self::Addons => "/.vestibule/operator/add-ons",
            Self::People => "/.vestibule/operator/people",
            Self::Refusals => "/.vestibule/operator/refusals",
            Self::Why => "/.vestibule/operator/why",
            Self::Configuration => "/.vestibule/operator/configuration",
        }
    }

    const fn name(self, texts: &OperatorTexts) -> &'static str {
        match self {
            Self::Overview => texts.overview,
            Self::Sessions => texts.sessions,
            Self::Addons => texts.addons,
            Self::People => texts.people,
            Self::Refusals => texts.refusals,
            Self::Why => texts.why,
            Self::Configuration => texts.configuration,
        }
    }
}

/// What every one of them is given: which tab it is, and what all say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) tab: Tab,
    pub(super) texts: &'static OperatorTexts,
}

impl Operator {
    pub(super) fn at(tab: Tab, context: &PageContext) -> Self {
        Self { tab, texts: OperatorTexts::of(context.language()) }
    }

    /// All tabs, each with its name.
    pub(super) fn tabs(self) -> impl Iterator<Item = (Tab, &'static str)> {
        Tab::ALL.into_iter().map(move |tab| (tab, tab.name(self.texts)))
    }
}
