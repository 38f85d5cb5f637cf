//! The cases of `[[test]]`, decided with Home Assistant's files as they are now.

use super::home::Home;
use super::question::{Question, RequestQuestion, Sent};
use super::reason;
use super::simulator::Simulator;
use super::supposing::Supposing;
use crate::config::{ConfigTest, ConfigTestSubject, Outcome, Settings};

/// Decides each of them, in order; or says why nothing can be decided: without the registries every denial would be one
/// for another reason than the one that is tested.
pub(crate) fn decide(settings: &Settings, config_tests: &[ConfigTest]) -> Result<Vec<Outcome>, String> {
    let home = Home::read(settings).map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{problem}: {}", problem.reason()));
        lines.collect::<Vec<_>>().join("; ")
    })?;
    let Some(home) = home else {
        return Err(
            "the configuration names no folder of Home Assistant, and no API tells the policies of groups".to_owned()
        );
    };
    if let Some(problem) = home.problem() {
        return Err(problem.to_owned());
    }
    // Of no time in particular: a test that holds at noon must hold at night, or a reload would be refused then.
    let simulator = Simulator::new(home, settings, None);
    Ok(config_tests.iter().map(|test| outcome(&simulator, test)).collect())
}

fn outcome(simulator: &Simulator, test: &ConfigTest) -> Outcome {
    let user = test.user.clone();
    if !simulator.home().knows(&user) {
        return Outcome::Mistaken(reason::unknown_user(&user));
    }
    let states = test.states.iter().map(|(entity, state)| (entity.to_string(), state.clone())).collect();
    let supposing = Supposing { from: test.from, at: test.at.clone(), states };
    let (permit, why) = match &test.subject {
        ConfigTestSubject::Entity { entity, access } => {
            let question = Question { user, entity: entity.clone(), access: access.clone(), supposing };
            match simulator.answer(&question) {
                Ok(answer) => (answer.is_permit(), answer.reason),
                Err(error) => return Outcome::Mistaken(error.to_string()),
            }
        }
        ConfigTestSubject::Request {
            method,
            url,
            websocket,
            body,
            origin,
            token,
            fresh,
            second_factor,
            depth,
            destination,
        } => {
            let (method, url, body) = (method.clone(), url.clone(), body.clone());
            let sent = Sent {
                origin: origin.clone(),
                token: *token,
                fresh: *fresh,
                second_factor: *second_factor,
                depth: depth.clone(),
                destination: destination.clone(),
            };
            let question = RequestQuestion { user, method, url, websocket: *websocket, body, sent, supposing };
            match simulator.decide(&question) {
                Ok(answer) => (answer.is_permit(), answer.reason),
                Err(error) => return Outcome::Mistaken(error.to_string()),
            }
        }
    };
    if permit { Outcome::Permit(why) } else { Outcome::Deny(why) }
}
