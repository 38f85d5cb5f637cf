//! What the stand-in answers to each call, word for word as in the transcript.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Mischief, State, be_silent, socket};
use crate::support::addon::{Keep, Recorded, Wire};

pub(super) fn answer(state: &Mutex<State>, request: &Recorded, wire: &mut Wire) -> Keep {
    let lock = || state.lock().expect("no test panics while it holds this");
    let path = request.target().split('?').next().unwrap_or_default().to_owned();
    let mischief = lock().mischief.get(&path).cloned();
    match mischief {
        Some(Mischief::Silence) => {
            be_silent();
            return Keep::Closed;
        }
        Some(Mischief::Bytes(bytes)) => {
            let _ = wire.write(&bytes);
            return Keep::Closed;
        }
        None => {}
    }
    if request.fields.has("x-forwarded-for") && !lock().trusts {
        return say(wire, 400, "text/plain; charset=utf-8", "400: Bad Request");
    }
    let method = request.line.split(' ').next().unwrap_or_default();
    match (method, path.as_str()) {
        ("GET", "/.well-known/oauth-authorization-server") => {
            let pkce = lock().pkce;
            tell(wire, 200, &metadata(pkce))
        }
        ("POST", "/auth/token") => {
            let before = lock().before_tokens.take();
            if let Some(before) = before {
                before();
            }
            let (status, value) = token(&mut lock(), &fields_of(&request.body));
            tell(wire, status, &value)
        }
        ("POST", "/auth/revoke") => {
            lock().tokens.remove(&fields_of(&request.body)["token"]);
            say(wire, 200, "application/octet-stream", "")
        }
        ("POST", "/auth/login_flow") => {
            let flow = json!({ "type": "form", "flow_id": "832207a224c31afcff53671f96d3701b", "step_id": "init", "errors": {} });
            tell(wire, 200, &flow)
        }
        ("POST", "/auth/login_flow/832207a224c31afcff53671f96d3701b") => {
            let asked = serde_json::from_slice(&request.body).expect("JSON");
            let value = log_in(&mut lock(), &asked);
            tell(wire, 200, &value)
        }
        (_, path) if path.starts_with("/api/events/") || path.starts_with("/api/states/") => {
            let token = format!("Bearer {}", lock().long_lived);
            let is_right = request.fields.text("authorization") == Some(token);
            let (status, text) = if is_right { (200, "{\"message\": \"done\"}") } else { (401, "401: Unauthorized") };
            say(wire, status, "application/json", text)
        }
        ("GET", "/api/websocket") => socket::serve(state, request, wire),
        _ => say(wire, 404, "text/plain; charset=utf-8", "404: Not Found"),
    }
}

/// 2024.3 has the page, but no list of methods.
fn metadata(pkce: bool) -> Value {
    let mut value = json!({
        "authorization_endpoint": "http://elsewhere.test/auth/authorize",
        "token_endpoint": "http://elsewhere.test/auth/token",
        "revocation_endpoint": "http://elsewhere.test/auth/revoke",
        "response_types_supported": ["code"],
        "service_documentation": "https://developers.home-assistant.io/docs/auth_api",
    });
    if pkce {
        value["code_challenge_methods_supported"] = json!(["S256"]);
        value["issuer"] = json!("http://elsewhere.test");
    }
    value
}

fn token(state: &mut State, asked: &BTreeMap<String, String>) -> (u16, Value) {
    let of = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let refused = |error: &str, why: &str| (400, json!({ "error": error, "error_description": why }));
    match of("grant_type") {
        "authorization_code" => {
            let Some(code) = state.codes.remove(of("code")).filter(|code| code.client_id == of("client_id")) else {
                return refused("invalid_request", "Invalid code");
            };
            let proof =
                asked.get("code_verifier").map(|verifier| URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())));
            if proof != code.challenge {
                return refused("invalid_grant", "Invalid code verifier");
            }
            let refresh = state.grant(&code.user, &code.client_id);
            let mut value = json!({
                "access_token": state.access(&refresh), "token_type": "Bearer", "refresh_token": refresh,
                "expires_in": 1800, "ha_auth_provider": "homeassistant",
            });
            if state.no_refresh_token {
                value.as_object_mut().expect("an object").remove("refresh_token");
            }
            (200, value)
        }
        "refresh_token" => match state.tokens.get(of("refresh_token")) {
            None => (400, json!({ "error": "invalid_grant" })),
            Some(token) if token.client_id != of("client_id") => (400, json!({ "error": "invalid_request" })),
            Some(_) => {
                let access = state.access(of("refresh_token"));
                (200, json!({ "access_token": access, "token_type": "Bearer", "expires_in": 1800 }))
            }
        },
        _ => (400, json!({ "error": "unsupported_grant_type" })),
    }
}

/// A wrong password is a 200 as well.
fn log_in(state: &mut State, asked: &Value) -> Value {
    let name = asked["username"].as_str().unwrap_or_default();
    let flow = json!({ "type": "form", "flow_id": "832207a224c31afcff53671f96d3701b", "errors": {} });
    let with = |fields: Value| {
        let mut flow = flow.clone();
        flow.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        flow
    };
    if state.passwords.get(name).map(String::as_str) != asked["password"].as_str() {
        return with(json!({ "step_id": "init", "errors": { "base": "invalid_auth" } }));
    }
    if state.second_factors.iter().any(|one| one == name) {
        return with(json!({ "step_id": "mfa" }));
    }
    let user = state.people.iter().find(|user| user["username"] == name).expect("somebody with this name");
    let id = user["id"].as_str().expect("an id").to_owned();
    let code = state.code(&id, asked["client_id"].as_str().unwrap_or_default(), None);
    with(json!({ "type": "create_entry", "result": code }))
}

fn tell(wire: &mut Wire, status: u16, value: &Value) -> Keep {
    say(wire, status, "application/json", &value.to_string())
}

fn say(wire: &mut Wire, status: u16, media: &str, body: &str) -> Keep {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n", body.len());
    if wire.write(format!("{head}{body}").as_bytes()).is_ok() { Keep::Open } else { Keep::Closed }
}

/// The fields of a form or a query, each once.
pub(crate) fn fields_of(form: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        assert!(fields.insert(name.to_string(), value.into_owned()).is_none(), "{name} comes once");
    }
    fields
}
