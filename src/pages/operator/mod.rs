//! The operator's pages: how it goes, who is signed in, what the add-ons do and ask for, who may open what, what was
//! refused, and what the configuration says.
//!
//! In come facts, out comes a page or, of the same facts, JSON. `tabs` is what all of them share, `listing` a list that
//! is searched and paged through, `chart` the pictures. What is shown was in part written by others (user agents,
//! names, paths): the templates escape it.

mod addons;
mod chart;
mod configuration;
mod listing;
mod numbers;
mod overview;
mod people;
mod refusals;
mod sessions;
mod tabs;
mod why;

pub use addons::{AddonDetails, AddonList, AddonPackage, AddonRow, AddonState, RatingPoint, RightRow, addon, addons};
pub use configuration::{
    ConfigurationKey, ConfigurationMistake, ConfigurationView, Confirmation, Origin, configuration,
};
pub use listing::Listing;
pub use overview::{Attention, Minute, Overview, overview};
pub use people::{PeopleColumn, PeopleList, PersonAccess, PersonDetails, PersonRow, people, person};
pub use refusals::{RefusalFilter, RefusalRow, one_refusal, refusals};
pub use sessions::{SessionList, SessionNotice, SessionRow, sessions};
pub use tabs::Tab;
pub use why::{WhyAnswer, WhyLink, WhyQuestion, WhyStage, WhyView, why};
