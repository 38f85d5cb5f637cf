//! A stand-in for Home Assistant's API: it answers as the transcript of 2026.11 does, or as 2024.3 did, or misbehaves.
//!
//! In come the calls of vestibule, recorded byte for byte, and what a person does on its page; out come codes, tokens
//! and WebSocket messages. It checks what the real one checks: who asked for a code must bring it, with the right
//! verifier, and once.

mod answers;
mod socket;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::addon::{RawAddon, Recorded};

pub(crate) use answers::fields_of;

/// The stand-in.
pub(crate) struct There {
    addon: RawAddon,
    state: Arc<Mutex<State>>,
}

/// How it behaves, and what it has given out.
pub(crate) struct State {
    /// Whether it lists `S256`, as 2026.11 does.
    pub(crate) pkce: bool,
    /// Whether it believes `X-Forwarded-For`; if not, it answers 400 to it.
    pub(crate) trusts: bool,
    /// What it does instead of answering properly, by path.
    pub(crate) mischief: BTreeMap<String, Mischief>,
    /// Whose id it names in the place of the right one.
    pub(crate) impostor: Option<String>,
    /// Whether `POST /auth/token` leaves the refresh token out.
    pub(crate) no_refresh_token: bool,
    /// What `config/auth/list` says.
    pub(crate) people: Vec<Value>,
    /// Passwords, by user name; a user in `second_factors` is asked for more.
    pub(crate) passwords: BTreeMap<String, String>,
    pub(crate) second_factors: Vec<String>,
    /// The administrator's long-lived token; another one is refused.
    pub(crate) long_lived: String,
    /// Whether the administrator is the owner.
    pub(crate) is_owners: bool,
    /// What happens while the next code is being looked at.
    pub(crate) before_tokens: Option<Box<dyn FnOnce() + Send>>,
    /// The types of all events so far.
    pub(super) events: Vec<String>,
    codes: BTreeMap<String, Code>,
    tokens: BTreeMap<String, Token>,
    made: usize,
}

/// What is done in the place of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Mischief {
    /// Nothing, for longer than anybody waits.
    Silence,
    /// These bytes, and the connection closed.
    Bytes(Vec<u8>),
}

/// A code that was not bought anything with yet.
struct Code {
    user: String,
    client_id: String,
    challenge: Option<String>,
}

/// A refresh token.
#[derive(Clone)]
struct Token {
    id: String,
    user: String,
    client_id: String,
}

impl There {
    /// One that answers as 2026.11 does.
    pub(crate) fn start() -> Self {
        let state = State {
            pkce: true,
            trusts: true,
            mischief: BTreeMap::new(),
            impostor: None,
            no_refresh_token: false,
            people: Vec::new(),
            passwords: BTreeMap::new(),
            second_factors: Vec::new(),
            long_lived: LONG_LIVED.to_owned(),
            is_owners: true,
            before_tokens: None,
            events: Vec::new(),
            codes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            made: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let addon = RawAddon::scripted(move |request, wire| answers::answer(&shared, request, wire));
        Self { addon, state }
    }

    /// One that has the users of `examples/home`.
    pub(crate) fn with_people() -> Self {
        let there = Self::start();
        let file = include_str!("../../../examples/home/.storage/auth");
        let file: Value = serde_json::from_str(file).expect("the example is JSON");
        let data = &file["data"];
        let username = |id: &Value| {
            let all = data["credentials"].as_array().expect("a list");
            all.iter().find(|one| one["user_id"] == *id).map(|one| one["data"]["username"].clone())
        };
        for user in data["users"].as_array().expect("a list") {
            let mut told = user.clone();
            told["username"] = username(&user["id"]).unwrap_or_default();
            let mut state = there.state();
            if let Some(name) = told["username"].as_str() {
                state.passwords.insert(name.to_owned(), super::home::password_of(name));
            }
            state.people.push(told);
        }
        there
    }

    /// Changes what is told of a user, found by user name, and says that it has changed.
    pub(crate) fn change_user(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state();
        change(state.people.iter_mut().find(|user| user["username"] == name).expect("the user is there"));
        state.events.push("user_updated".to_owned());
    }

    /// Its `url` in the configuration, quoted.
    pub(crate) fn url(&self) -> String {
        format!("\"{}\"", self.addon.url())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addon.address()
    }

    /// How it behaves.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    /// A person signs in on the page at this address, and is sent back there: path and query on our own origin. What
    /// the page itself would check is checked.
    #[track_caller]
    pub(crate) fn approve(&self, authorize: &str, user_id: &str) -> String {
        let (page, query) = authorize.split_once('?').expect("a query");
        assert_eq!(page, format!("{}/auth/authorize", self.addon.url()));
        let asked = fields_of(query.as_bytes());
        assert_eq!(asked["response_type"], "code");
        let (client_id, back) = (&asked["client_id"], &asked["redirect_uri"]);
        assert_eq!(client_id, "https://p.test/", "our origin and a slash");
        let path = back.strip_prefix("https://p.test").expect("the way back has the client's origin");
        let challenge = asked.get("code_challenge").cloned();
        assert_eq!(challenge.is_some(), self.state().pkce, "PKCE where it is listed");
        assert_eq!(asked.get("code_challenge_method").map(String::as_str), challenge.as_ref().map(|_| "S256"));
        let code = self.state().code(user_id, client_id, challenge);
        format!("{path}?code={code}&state={}&storeToken=true", asked["state"])
    }

    /// The ids of the refresh tokens that are good now.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.state().tokens.values().map(|token| token.id.clone()).collect()
    }

    /// Revokes all refresh tokens, as a person can in their profile: WebSockets that were opened with them close.
    pub(crate) fn revoke_all(&self) {
        self.state().tokens.clear();
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Recorded> {
        self.addon.requests()
    }

    /// The calls to one path so far.
    pub(crate) fn calls_to(&self, path: &str) -> Vec<Recorded> {
        self.calls().into_iter().filter(|call| call.target().split('?').next() == Some(path)).collect()
    }
}

impl State {
    /// A new code.
    fn code(&mut self, user: &str, client_id: &str, challenge: Option<String>) -> String {
        self.made += 1;
        let code = format!("{:032x}", 0xC0DE_0000_usize + self.made);
        let grant = Code { user: user.to_owned(), client_id: client_id.to_owned(), challenge };
        self.codes.insert(code.clone(), grant);
        code
    }

    /// A new refresh token: its text.
    fn grant(&mut self, user: &str, client_id: &str) -> String {
        self.made += 1;
        let token = Token {
            id: format!("{:032x}", 0x1D00_0000_usize + self.made),
            user: user.to_owned(),
            client_id: client_id.to_owned(),
        };
        let text = format!("{:0128x}", 0x5EC2_E700_usize + self.made);
        self.tokens.insert(text.clone(), token);
        text
    }

    /// An access token made from a refresh token.
    fn access(&self, refresh: &str) -> Option<String> {
        use base64::Engine as _;
        let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        let token = self.tokens.get(refresh)?;
        let claims = json!({ "iss": token.id, "iat": 1_795_315_044, "exp": 1_795_316_844 });
        Some(format!("{}.{}.c2lnbmF0dXJl", encode(json!({ "alg": "HS256", "typ": "JWT" })), encode(claims)))
    }

    /// The user behind an access token, if its refresh token is still good.
    fn user_of(&self, access: &str) -> Option<(String, String)> {
        let found = self.tokens.iter().find(|(text, _)| self.access(text).as_deref() == Some(access));
        found.map(|(text, token)| (text.clone(), token.user.clone()))
    }
}

/// The administrator's token.
pub(crate) const LONG_LIVED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJsb25nIn0.bG9uZy1saXZlZA";

/// Longer than anybody waits.
fn be_silent() {
    thread::sleep(Duration::from_mins(1));
}
