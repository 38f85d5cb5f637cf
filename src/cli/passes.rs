//! `vestibule passes`: keys of Home Assistant's front that are held to a group, asked for as all keys are.

use clap::Subcommand;

use super::keys::lifetime;
use crate::config::{FRONT, Hours};
use crate::operations::control::{KeyWish, Request};

/// `vestibule passes`
#[derive(Debug, Subcommand)]
pub(super) enum Passes {
    /// Make a pass to Home Assistant's front and print it, this once. It is a secret.
    New {
        /// The user in whose name it acts: a user name or id.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// The group whose policy it is held to, whatever more the user may do.
        #[arg(long, value_name = "GROUP")]
        group: String,
        /// For how long it is good.
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = lifetime)]
        expires: u64,
        /// The times of the week at which it counts, as in "sat,sun 8:00-20:00"; without it, always. May be repeated.
        #[arg(long, value_name = "HOURS", value_parser = hours)]
        times: Vec<String>,
        /// The networks in which it counts; without it, everywhere.
        #[arg(long, value_name = "NETWORK,...", value_delimiter = ',')]
        networks: Vec<String>,
        /// What lists and logs call it; by default as the group.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// List all passes, newest first, with their last use.
    List {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a pass and what it has open.
    Revoke {
        /// Its id, as `passes list` shows it.
        id: String,
    },
}

impl Passes {
    /// Whether the answer is for programs.
    pub(super) fn as_json(&self) -> bool {
        matches!(self, Self::List { json: true })
    }

    /// The question to the running process.
    pub(super) fn request(self) -> Request {
        match self {
            Self::New { user, group, expires, times, networks, name } => Request::KeysNew(KeyWish {
                name,
                addon: FRONT.to_owned(),
                user,
                methods: Vec::new(),
                paths: Vec::new(),
                networks,
                websockets: true,
                lifetime: expires,
                group: Some(group),
                hours: times,
            }),
            Self::List { .. } => Request::PassesList {},
            Self::Revoke { id } => Request::KeysRevoke { id },
        }
    }
}

/// As it is written back: what is wrong with it is said where it was typed.
fn hours(text: &str) -> Result<String, String> {
    text.parse::<Hours>().map(|hours| hours.to_string()).map_err(|error| error.to_string())
}
