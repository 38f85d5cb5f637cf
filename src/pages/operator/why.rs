//! Why? A decision and its reason as a chain, for one user or for two beside each other.

use askama::Template;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::tabs::{Operator, Tab};
use crate::pages::context::PageContext;
use crate::pages::document::html;
use crate::pages::response::Page;
use crate::pages::texts::{WhyTexts, fill};

/// What is asked. What is empty is not.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WhyQuestion {
    /// A user name or a user id.
    pub user: String,
    /// Another one, beside the first.
    pub with: String,
    /// The address that the request comes from; where nothing is said, one of the local network.
    pub from: String,
    /// The method of the request.
    pub method: String,
    /// Its path, or an address with a host.
    pub url: String,
    /// An entity, in the place of a request.
    pub entity: String,
    /// What is to be done with it.
    pub access: String,
}

impl WhyQuestion {
    /// Whether there is enough to decide something.
    pub fn is_asked(&self) -> bool {
        !(self.user.is_empty() || self.url.is_empty() && self.entity.is_empty())
    }
}

/// What a link of the chain is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyStage {
    /// Where it goes.
    Route,
    /// What it shows.
    Session,
    /// Who is meant.
    User,
    /// From where.
    Address,
    /// Whether the add-on is for them.
    Access,
    /// What a protected path asks.
    Rule,
    /// Whose policy decides.
    Group,
    /// What in it.
    Selector,
    /// What is registered under the entity.
    Registry,
}

/// A link of the chain.
#[derive(Debug, Serialize)]
pub struct WhyLink {
    /// What it is about.
    pub stage: WhyStage,
    /// Whether it goes on here.
    pub goes_on: bool,
    /// What was found.
    pub text: String,
}

/// What was decided about one user.
#[derive(Debug, Serialize)]
pub struct WhyAnswer {
    /// Who was asked about.
    pub user: String,
    /// Whether it is a yes.
    pub permit: bool,
    /// Why, in a sentence.
    pub reason: String,
    /// The same, link by link.
    pub chain: Vec<WhyLink>,
    /// What `vestibule explain --json` says.
    pub explained: Value,
}

/// The question and its answers.
#[derive(Debug, Serialize)]
pub struct WhyView {
    /// What was asked.
    pub asked: WhyQuestion,
    /// Why it cannot be decided.
    pub problem: Option<String>,
    /// One for each user.
    pub answers: Vec<WhyAnswer>,
    /// The names that the form proposes.
    #[serde(skip)]
    pub users: Vec<String>,
}

#[derive(Template)]
#[template(path = "operator/why.html")]
struct WhyPage<'a> {
    context: &'a PageContext,
    operator: Operator,
    texts: &'static WhyTexts,
    view: &'a WhyView,
}

impl WhyPage<'_> {
    fn stage(&self, link: &WhyLink) -> &'static str {
        let t = self.texts;
        match link.stage {
            WhyStage::Route => t.route,
            WhyStage::Session => t.session,
            WhyStage::User => t.user,
            WhyStage::Address => t.address,
            WhyStage::Access => t.access,
            WhyStage::Rule => t.rule,
            WhyStage::Group => t.group,
            WhyStage::Selector => t.selector,
            WhyStage::Registry => t.registry,
        }
    }

    fn verdict(&self, answer: &WhyAnswer) -> String {
        let text = if answer.permit { self.texts.may } else { self.texts.may_not };
        fill(text, &[("user", &answer.user)])
    }

    /// What a second user changes, where there is one.
    fn difference(&self) -> Option<&'static str> {
        let [first, second] = &*self.view.answers else { return None };
        Some(if first.permit == second.permit { self.texts.same } else { self.texts.differs })
    }

    fn methods(&self) -> [(&'static str, bool); 5] {
        ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|method| (method, self.view.asked.method == method))
    }

    fn accesses(&self) -> [(&'static str, bool); 3] {
        ["read", "control", "edit"].map(|access| (access, self.view.asked.access == access))
    }
}

/// The page.
pub fn why(context: &PageContext, view: &WhyView) -> Page {
    let (texts, operator) = (WhyTexts::of(context.language()), Operator::at(Tab::Why, context));
    html(StatusCode::OK, context, &WhyPage { context, operator, texts, view })
}
