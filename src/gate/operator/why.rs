//! Why? For a user and a request, or a user and an entity: what would be decided, by the code that `vestibule explain`
//! asks, with the users, states and the configuration of this moment. A second user may stand beside the first.

use serde_json::{Value, json};

use super::Form;
use crate::explain::{
    Home, Link, Question, RequestQuestion, Sent, Simulator, Stage, Supposing, about_entity, of_answer, of_request,
};
use crate::gate::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::pages::operator::{self, WhyAnswer, WhyLink, WhyQuestion, WhyView};
use crate::pages::{Page, PageContext};

/// The page.
pub(super) fn answer(
    request: &Sanitized,
    form: Form,
    context: &PageContext,
    (stages, services): (&Stages, &Services),
) -> Page {
    let asked = question(request.query().unwrap_or_default());
    let mut view = WhyView { asked, problem: None, answers: Vec::new(), users: users(services) };
    if view.asked.is_asked() {
        let simulator = simulator(stages, services);
        match supposing(&view.asked, services) {
            Err(problem) => view.problem = Some(problem),
            Ok(supposing) => {
                let second = Some(&view.asked.with).filter(|with| !with.is_empty());
                let users = [Some(&view.asked.user), second].into_iter().flatten();
                let answers: Result<Vec<_>, _> =
                    users.map(|user| decided(&simulator, &view.asked, user, &supposing)).collect();
                match answers {
                    Ok(answers) => view.answers = answers,
                    Err(problem) => view.problem = Some(problem),
                }
            }
        }
    }
    match form {
        Form::Json => super::json(&view),
        Form::Html => operator::why(context, &view),
    }
}

fn question(query: &str) -> WhyQuestion {
    let mut asked = WhyQuestion { method: "GET".to_owned(), access: "read".to_owned(), ..WhyQuestion::default() };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "user" => &mut asked.user,
            "with" => &mut asked.with,
            "from" => &mut asked.from,
            "method" => &mut asked.method,
            "url" => &mut asked.url,
            "entity" => &mut asked.entity,
            "access" => &mut asked.access,
            _ => continue,
        };
        value.trim().clone_into(field);
    }
    asked
}

/// What is so at this moment: a decision that depends on an hour or on a state is the one that would be made now.
fn simulator(stages: &Stages, services: &Services) -> Simulator {
    let home = services.home.load();
    let directory = (**home.directory().load()).clone();
    let source = stages.settings.permissions.source;
    let home = Home::of(directory, source).in_zone(home.environment().zone());
    Simulator::new(home, &stages.settings, Some(services.clock.now()))
}

fn supposing(asked: &WhyQuestion, services: &Services) -> Result<Supposing, String> {
    let from = match &*asked.from {
        "" => None,
        text => Some(text.parse().map_err(|_| format!("{text:?} is no address"))?),
    };
    let home = services.home.load();
    let states = home.environment().states().load();
    let states = states.iter().map(|(entity, state)| (entity.to_string(), state.clone())).collect();
    Ok(Supposing { from, at: None, states })
}

fn decided(simulator: &Simulator, asked: &WhyQuestion, user: &str, supposing: &Supposing) -> Result<WhyAnswer, String> {
    let (user, supposing) = (user.to_owned(), supposing.clone());
    if asked.url.is_empty() {
        let question = Question { user, entity: asked.entity.clone(), access: asked.access.clone(), supposing };
        let answer = simulator.answer(&question).map_err(|error| error.to_string())?;
        return Ok(shown(&question.user, answer.is_permit(), answer.reason.clone(), of_answer(&answer), json!(answer)));
    }
    let (method, url) = (asked.method.clone(), asked.url.clone());
    let question = RequestQuestion {
        user,
        method,
        url,
        websocket: false,
        body: None,
        sent: Sent::default(),
        supposing: supposing.clone(),
    };
    let answer = simulator.decide(&question).map_err(|error| error.to_string())?;
    let about = |entity: &str, access: &str| {
        let (user, supposing) = (question.user.clone(), supposing.clone());
        let question = Question { user, entity: entity.to_owned(), access: access.to_owned(), supposing };
        // It has been decided for the same circumstances just now.
        simulator.answer(&question).map(|answer| about_entity(&answer)).unwrap_or_default()
    };
    let chain = of_request(&answer, about);
    Ok(shown(&question.user, answer.is_permit(), answer.reason.clone(), chain, json!(answer)))
}

fn shown(user: &str, permit: bool, reason: String, chain: Vec<Link>, explained: Value) -> WhyAnswer {
    let link = |link: Link| WhyLink {
        stage: match link.stage {
            Stage::Route => operator::WhyStage::Route,
            Stage::Session => operator::WhyStage::Session,
            Stage::User => operator::WhyStage::User,
            Stage::Address => operator::WhyStage::Address,
            Stage::Access => operator::WhyStage::Access,
            Stage::Rule => operator::WhyStage::Rule,
            Stage::Group => operator::WhyStage::Group,
            Stage::Selector => operator::WhyStage::Selector,
            Stage::Registry => operator::WhyStage::Registry,
        },
        goes_on: link.decision == crate::explain::Outcome::Permit,
        text: link.text,
    };
    let chain = chain.into_iter().map(link).collect();
    WhyAnswer { user: user.to_owned(), permit, reason, chain, explained }
}

/// The names that the form proposes: the first of them, in the order of the alphabet.
fn users(services: &Services) -> Vec<String> {
    let home = services.home.load();
    let directory = home.directory().load();
    let people = directory.users().filter(|user| !user.system_generated);
    let mut names: Vec<_> = people.filter_map(|user| user.username()).map(str::to_owned).collect();
    names.sort_unstable();
    names.truncate(PROPOSED);
    names
}

/// More names than these would make the page long, and who has so many users types the name.
const PROPOSED: usize = 200;
