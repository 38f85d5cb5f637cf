//! The results of messages, as the client gets them: Home Assistant's own, or those of what is refused here.

use serde_json::{Value, json};

use super::May;
use super::entity_references::{speaks_of_others, without_others};
use super::pending_answers::PendingAnswer;
use super::state::{by_entity, states};
use crate::entity_filter::bounded_json::{Scalar, fields, read};

/// The answer to a message that failed at Home Assistant.
pub(super) fn failed(id: u64, pending_answers: PendingAnswer, told: &str, may: May<'_>) -> String {
    let error = match pending_answers {
        PendingAnswer::Unfiltered(_) => told.to_owned(),
        _ => error(told, may),
    };
    format!(r#"{{"id":{id},"type":"result","success":false,"error":{error}}}"#)
}

/// The answer to a message that succeeded there, as far as the client may know of it.
pub(super) fn succeeded(id: u64, pending_answers: PendingAnswer, result: &str, may: May<'_>) -> String {
    let result = match pending_answers {
        PendingAnswer::States => states(result, may).unwrap_or_else(|| "[]".to_owned()),
        PendingAnswer::Service => service_result(result, may),
        PendingAnswer::Unfiltered(_) => result.to_owned(),
        // Results without content. Should a later version put something there, it does not pass.
        PendingAnswer::Nothing
        | PendingAnswer::Changes
        | PendingAnswer::Entities
        | PendingAnswer::Quiet
        | PendingAnswer::Told(..)
        | PendingAnswer::Ingress(_)
        | PendingAnswer::End(_) => NULL.to_owned(),
    };
    format!(r#"{{"id":{id},"type":"result","success":true,"result":{result}}}"#)
}

/// The code says what went wrong; the words may name anything.
fn error(told: &str, may: May<'_>) -> String {
    let told = fields(told, ["code", "message"]).unwrap_or_default();
    let [code, message] = told.map(|field| {
        let text = field.and_then(|field| serde_json::from_str::<Scalar>(field).ok());
        text.as_ref().and_then(Scalar::text).unwrap_or_default().to_owned()
    });
    let message = if speaks_of_others(&message, may) { "The call failed." } else { &message };
    let code = if speaks_of_others(&code, may) { "unknown_error" } else { &code };
    json!({"code": code, "message": message}).to_string()
}

/// What a service answers is by entity; what is not is no answer for an add-on that is held to entities.
fn service_result(result: &str, may: May<'_>) -> String {
    let Some([response, context]) = fields(result, ["response", "context"]) else { return NULL.to_owned() };
    let response = response.and_then(|response| by_entity(response, may));
    let context = context.and_then(|context| Some(without_others(read(context.as_bytes()).ok()?, may)?.to_string()));
    let [response, context] = [response, context].map(|part| part.unwrap_or_else(|| NULL.to_owned()));
    format!(r#"{{"context":{context},"response":{response}}}"#)
}

/// An answer of ours, with this code.
pub(super) fn refusal(id: &Value, code: &str, message: &str) -> String {
    let error = json!({"code": code, "message": message});
    json!({"id": id, "type": "result", "success": false, "error": error}).to_string()
}

pub(super) const NULL: &str = "null";
