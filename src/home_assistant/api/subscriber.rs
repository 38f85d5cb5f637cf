//! The administrator's WebSocket: reads users and registries, and hears when they change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use super::client::Api;
use super::error::{ApiError, Refusal};
use super::people::{ApiUser, people};
use super::registries::{Lists, registries};
use super::socket::Socket;
use crate::config::SecretText;

/// What may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::home_assistant) enum Subject {
    /// Who the users are.
    People,
    /// Entities, devices, areas, labels.
    Registries,
}

/// An open WebSocket with an administrator's token.
pub(in crate::home_assistant) struct Subscriber {
    socket: Socket,
    subjects: BTreeMap<u64, Subject>,
}

impl Api {
    /// Opens it, and subscribes to everything that may change before anything is read: no change falls between the two.
    pub(in crate::home_assistant) async fn subscriber(&self, token: &SecretText) -> Result<Subscriber, ApiError> {
        let opened = self.open_subscriber(token).await;
        if let Err(ApiError::Refused(why @ (Refusal::InvalidToken | Refusal::Unauthorized))) = &opened {
            self.health.token_refused(*why, self.settings());
        }
        opened
    }

    async fn open_subscriber(&self, token: &SecretText) -> Result<Subscriber, ApiError> {
        let mut socket = self.socket(token, None, LARGEST).await?;
        let mut subjects = BTreeMap::new();
        for (event, subject) in EVENTS {
            subjects.insert(socket.subscribe(event).await?, subject);
        }
        Ok(Subscriber { socket, subjects })
    }

    /// Notes that an administrator is needed for what was asked.
    pub(in crate::home_assistant) fn note_refusal(&self, error: &ApiError) {
        match error {
            ApiError::Refused(why) => self.health.token_refused(*why, self.settings()),
            other => self.note(Some(other)),
        }
    }
}

impl Subscriber {
    /// The files that say who the users are.
    pub(in crate::home_assistant) async fn people(&mut self) -> Result<[Vec<u8>; 2], ApiError> {
        let users: Vec<ApiUser> = self.socket.ask("config/auth/list").await?;
        Ok(people(&users))
    }

    /// The name of the zone that Home Assistant is in; nothing where it does not say so.
    pub(in crate::home_assistant) async fn time_zone(&mut self) -> Result<Option<String>, ApiError> {
        match self.socket.ask::<Map<String, Value>>("get_config").await {
            Ok(config) => Ok(config.get("time_zone").and_then(Value::as_str).map(str::to_owned)),
            Err(ApiError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The files of the registries.
    pub(in crate::home_assistant) async fn registries(&mut self) -> Result<[Vec<u8>; 4], ApiError> {
        let socket = &mut self.socket;
        let lists = Lists {
            entities: socket.ask("config/entity_registry/list").await?,
            devices: socket.ask("config/device_registry/list").await?,
            splits: match socket.ask("config/device_registry/list_composite_splits").await {
                // From before devices were split.
                Err(ApiError::Refused(Refusal::UnknownCommand)) => Map::<String, Value>::new(),
                splits => splits?,
            },
            areas: socket.ask("config/area_registry/list").await?,
            labels: match socket.ask("config/label_registry/list").await {
                // From before there were labels.
                Err(ApiError::Refused(Refusal::UnknownCommand)) => Vec::new(),
                labels => labels?,
            },
        };
        Ok(registries(lists))
    }

    /// Waits for changes, and gathers those that come shortly after one another; nothing when none came in time and
    /// Home Assistant is still there.
    pub(in crate::home_assistant) async fn changes(&mut self) -> Result<BTreeSet<Subject>, ApiError> {
        let Ok(first) = tokio::time::timeout(QUIET, self.socket.events()).await else {
            self.socket.ping().await?;
            return Ok(BTreeSet::new());
        };
        let mut heard = first?;
        // An integration that is set up changes hundreds of entities one by one.
        tokio::time::sleep(GATHER).await;
        // Only what is here by now. Cancelling loses nothing, so a later event is heard by the next call.
        if let Ok(more) = tokio::time::timeout(Duration::ZERO, self.socket.events()).await {
            heard.extend(more?);
        }
        Ok(heard.iter().filter_map(|id| self.subjects.get(id).copied()).collect())
    }
}

const EVENTS: [(&str, Subject); 7] = [
    ("user_added", Subject::People),
    ("user_updated", Subject::People),
    ("user_removed", Subject::People),
    ("entity_registry_updated", Subject::Registries),
    ("device_registry_updated", Subject::Registries),
    ("area_registry_updated", Subject::Registries),
    ("label_registry_updated", Subject::Registries),
];

/// The entities of a home with 10,000 of them are about 10 MB.
const LARGEST: usize = 128 << 20;

/// How long there may be no word before Home Assistant is asked for one.
const QUIET: Duration = Duration::from_secs(15);

/// How long changes are gathered after the first one.
const GATHER: Duration = Duration::from_millis(300);
