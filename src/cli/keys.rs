//! `vestibule keys`: the arguments, the question to the running process, and its answer in words.

use clap::Subcommand;

use crate::clock::Timestamp;
use crate::config::parse_time;
use crate::operations::control::{KeyLine, KeyWish, Request};

/// `vestibule keys`
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key for a program and print it, this once. It is a secret.
    New {
        /// The add-on that it opens.
        #[arg(long, value_name = "SLUG")]
        addon: String,
        /// The user in whose name it asks: a user name or id.
        #[arg(long = "as", value_name = "NAME")]
        user: String,
        /// The paths that it may ask for, as the add-on sees them, as in "/api/{*rest}".
        #[arg(long, value_name = "PATH,...", value_delimiter = ',', required = true)]
        paths: Vec<String>,
        /// The methods that it may use; HEAD must be named.
        #[arg(long, value_name = "METHOD,...", value_delimiter = ',', required = true)]
        methods: Vec<String>,
        /// For how long it is good.
        #[arg(long, value_name = "TIME", default_value = "90d", value_parser = lifetime)]
        expires: u64,
        /// The networks in which it counts; without it, everywhere.
        #[arg(long, value_name = "NETWORK,...", value_delimiter = ',')]
        networks: Vec<String>,
        /// It may open WebSockets at these paths, too.
        #[arg(long)]
        websockets: bool,
        /// What lists and logs call it; by default as the add-on.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// List all keys, newest first, with their last use.
    List {
        /// Answer as one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a key and what it has open.
    Revoke {
        /// Its id, as `keys list` shows it.
        id: String,
    },
}

impl Keys {
    /// Whether the answer is for programs.
    pub(super) fn as_json(&self) -> bool {
        matches!(self, Self::List { json: true })
    }

    /// The question to the running process.
    pub(super) fn request(self) -> Request {
        match self {
            Self::New { addon, user, paths, methods, expires, networks, websockets, name } => {
                let (group, hours, lifetime) = (None, Vec::new(), expires);
                Request::KeysNew(KeyWish {
                    name,
                    addon,
                    user,
                    methods,
                    paths,
                    networks,
                    websockets,
                    lifetime,
                    group,
                    hours,
                })
            }
            Self::List { .. } => Request::KeysList {},
            Self::Revoke { id } => Request::KeysRevoke { id },
        }
    }
}

/// Milliseconds.
pub(super) fn lifetime(text: &str) -> Result<u64, String> {
    let time = parse_time(text).ok_or_else(|| "write a number with its unit, as in 90d or 12h".to_owned())?;
    u64::try_from(time.as_millis()).map_err(|_| "too long".to_owned())
}

/// One line for people.
pub(super) fn line(key: &KeyLine) -> String {
    let user = key.user_name.as_deref().unwrap_or(&key.user_id);
    let last_used = key.last_used.map_or_else(|| "never".to_owned(), |used| Timestamp::from_millis(used).to_string());
    let networks = if key.networks.is_empty() { "any".to_owned() } else { key.networks.join(",") };
    let opens = match &key.group {
        Some(group) => {
            let times = if key.hours.is_empty() { "any".to_owned() } else { format!("{:?}", key.hours.join("; ")) };
            format!("group={} times={times} networks={networks}", group.escape_debug())
        }
        None => format!(
            "addon={} methods={} paths={} networks={networks}{}",
            key.addon,
            key.methods.join(","),
            key.paths.join(","),
            if key.websockets { " websockets" } else { "" },
        ),
    };
    format!(
        "{} name={:?} {} user={} {opens} created={} expires={} used={last_used}",
        key.id,
        key.name,
        key.state,
        user.escape_debug(),
        Timestamp::from_millis(key.created),
        Timestamp::from_millis(key.expires),
    )
}

/// The same for programs. Times are RFC 3339, as in the log.
pub(super) fn as_json(key: &KeyLine) -> serde_json::Value {
    let at = |millis| Timestamp::from_millis(millis).to_string();
    serde_json::json!({
        "id": key.id,
        "name": key.name,
        "state": key.state,
        "user_id": key.user_id,
        "user_name": key.user_name,
        "addon": key.addon,
        "methods": key.methods,
        "paths": key.paths,
        "networks": key.networks,
        "websockets": key.websockets,
        "group": key.group,
        "times": key.hours,
        "created": at(key.created),
        "expires": at(key.expires),
        "last_used": key.last_used.map(at),
    })
}
