//! What `vestibule explain` can be asked.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::ExplainArguments;
use crate::cli::output::Format;
use crate::explain::{Case, Question, RequestQuestion, Sent, Supposing};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["entity", "url", "cases"])))]
pub(in crate::cli) struct Explain {
    /// The user's name or id.
    #[arg(long, value_name = "NAME", required_unless_present = "cases", conflicts_with = "cases")]
    user: Option<String>,
    /// The entity's id, or any text.
    #[arg(long, value_name = "TEXT")]
    entity: Option<String>,
    /// `read`, `control`, `edit`, or any text.
    #[arg(long, value_name = "TEXT", default_value = "read", conflicts_with_all = ["url", "cases"])]
    access: String,
    /// The address of a request: a path, or an https URL when the host matters.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The method of the request.
    #[arg(long, value_name = "METHOD", default_value = "GET", conflicts_with_all = ["entity", "cases"])]
    method: String,
    /// The request asks for a WebSocket.
    #[arg(long, requires = "url")]
    websocket: bool,
    /// The JSON body of the request.
    #[arg(long, value_name = "FILE", requires = "url")]
    body: Option<PathBuf>,
    /// The `Origin` that the request names, `none` for a program; by default a page of the add-on sends it.
    #[arg(long, value_name = "ORIGIN", requires = "url")]
    origin: Option<String>,
    /// The client's address; by default one of the local network.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "cases")]
    from: Option<IpAddr>,
    /// When it is asked, as "2026-12-24 20:00"; by default now.
    #[arg(long, value_name = "TIME", conflicts_with = "cases")]
    at: Option<String>,
    /// The state of an entity, as `input_boolean.guest_mode=on`; may be repeated. No other state is known.
    #[arg(long, value_name = "ENTITY=STATE", value_parser = state_of, conflicts_with = "cases")]
    state: Vec<(String, String)>,
    /// It is signed in with an access token of Home Assistant's instead of a session.
    #[arg(long, requires = "url")]
    token: bool,
    /// Its user has signed in a moment ago.
    #[arg(long, requires = "url", conflicts_with = "token")]
    fresh: bool,
    /// Its user has shown a second factor.
    #[arg(long, requires = "url", conflicts_with = "token")]
    second_factor: bool,
    /// The `Depth` of a request of `WebDAV`.
    #[arg(long, value_name = "DEPTH", requires = "url")]
    depth: Option<String>,
    /// The `Destination` of MOVE and COPY: a path, or a URL where `--url` is one.
    #[arg(long, value_name = "URL", requires = "url")]
    destination: Option<String>,
    /// Answer as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Answer each line of a file (`-`: standard input) with a line of JSON. A line is
    /// `{"user": "...", "entity": "...", "access": "..."}` or `{"user": "...", "method": "...", "url": "..."}`.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
}

impl Explain {
    /// What is to be explained.
    pub(in crate::cli) fn asked(self) -> ExplainArguments {
        let Self {
            user,
            entity,
            access,
            url,
            method,
            websocket,
            body,
            origin,
            from,
            at,
            state,
            token,
            fresh,
            second_factor,
            depth,
            destination,
            json,
            cases,
        } = self;
        // Without `--cases` there is a user, and an entity or a URL.
        let user = user.unwrap_or_default();
        let supposing = Supposing { from, at, states: state.into_iter().collect() };
        match (cases, url) {
            (Some(path), _) => ExplainArguments::Cases(path),
            (None, Some(url)) => {
                let sent = Sent { origin, token, fresh, second_factor, depth, destination };
                let question = RequestQuestion { user, method, url, websocket, body: None, sent, supposing };
                ExplainArguments::One { case: Case::Request(question).into(), body, format: Format::of_flag(json) }
            }
            (None, None) => {
                let question = Question { user, entity: entity.unwrap_or_default(), access, supposing };
                ExplainArguments::One { case: Case::Entity(question).into(), body: None, format: Format::of_flag(json) }
            }
        }
    }
}

/// An entity and its state.
fn state_of(text: &str) -> Result<(String, String), &'static str> {
    let (entity, state) = text.split_once('=').ok_or("write ENTITY=STATE, as in input_boolean.guest_mode=on")?;
    Ok((entity.to_owned(), state.to_owned()))
}
