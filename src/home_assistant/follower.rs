//! Following a Home Assistant whose files cannot be read, over its API.
//!
//! Makes the same readings as of files, with a long-lived token: new ones when Home Assistant says that something has
//! changed, and failed ones while it is away, with longer and longer pauses. What becomes of a reading is not decided
//! here: the last good copy is kept, for as long as one of files is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::api::{Api, ApiError, Subject, Subscriber};
use super::file_fault::{Fault, FileBytes};
use super::home::HomeAssistant;
use super::reader::Contents;
use super::registry_files::RegistryFiles;
use super::user_files::UserFiles;
use crate::config::SecretText;
use crate::workers::spawn_blocking;

impl HomeAssistant {
    /// Follows it for ever.
    pub(super) async fn follow(self: Arc<Self>, api: Arc<Api>, token: SecretText) {
        let mut pause = SHORTEST;
        loop {
            let begun = Instant::now();
            let error = self.follow_once(&api, &token).await;
            api.note_refusal(&error);
            self.could_not(&api, error).await;
            // A connection that held for a while was a good one: the next attempt is a first one again.
            if begun.elapsed() > LONGEST {
                pause = SHORTEST;
            }
            let until = Instant::now() + pause;
            while Instant::now() < until {
                tokio::time::sleep(MOMENT).await;
                self.told(Self::waited).await;
            }
            pause = pause.saturating_mul(2).min(LONGEST);
        }
    }

    /// Until the connection ends, which it does with an error.
    async fn follow_once(self: &Arc<Self>, api: &Arc<Api>, token: &SecretText) -> ApiError {
        let mut there = match api.subscriber(token).await {
            Ok(there) => there,
            Err(error) => return error,
        };
        // After each connection everything: nothing tells of what changed while there was none.
        let mut stale = vec![Subject::People, Subject::Registries];
        let mut whole = Instant::now();
        loop {
            for subject in stale.drain(..) {
                if let Err(error) = self.read(api, &mut there, subject).await {
                    return error;
                }
            }
            match there.changes().await {
                // Read again now and then although nothing was heard of: what is confirmed does not age.
                Ok(_) if whole.elapsed() >= WHOLE => {
                    whole = Instant::now();
                    stale.extend([Subject::People, Subject::Registries]);
                }
                Ok(changes) => {
                    self.told(Self::waited).await;
                    stale.extend(changes);
                }
                Err(error) => return error,
            }
        }
    }

    async fn read(self: &Arc<Self>, api: &Api, there: &mut Subscriber, subject: Subject) -> Result<(), ApiError> {
        match subject {
            Subject::People => {
                let [auth, passwords] = there.people().await?.map(whole_file);
                let contents = Contents::<UserFiles>::of(place(api), [auth, passwords, Ok(None), Ok(None)]);
                self.told(move |home| home.took(Some(contents), None)).await;
                if !self.has_zone_of_its_own() {
                    self.took_zone(there.time_zone().await?.as_deref());
                }
            }
            Subject::Registries => {
                let files = there.registries().await?.map(whole_file);
                let contents = Contents::<RegistryFiles>::of(place(api), files);
                self.told(move |home| home.took(None, Some(contents))).await;
            }
        }
        Ok(())
    }

    async fn could_not(self: &Arc<Self>, api: &Api, error: ApiError) {
        let error = Arc::new(error);
        let fault = || -> FileBytes { Err(Fault::Api(Arc::clone(&error))) };
        let people = Contents::<UserFiles>::of(place(api), [fault(), fault(), fault(), fault()]);
        let registries = Contents::<RegistryFiles>::of(place(api), [fault(), fault(), fault(), fault()]);
        self.told(move |home| home.took(Some(people), Some(registries))).await;
    }

    /// Parsing is not for async threads.
    async fn told(self: &Arc<Self>, take: impl FnOnce(&Self) + Send + 'static) {
        let home = Arc::clone(self);
        if let Err(error) = spawn_blocking(move || take(&home)).await {
            tracing::error!(%error, "reading what Home Assistant said ended early");
        }
    }
}

/// In the place of a folder, for the log.
fn place(api: &Api) -> PathBuf {
    PathBuf::from(api.settings().url.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "a file may be missing or unreadable, and this one is neither")]
fn whole_file(bytes: Vec<u8>) -> FileBytes {
    Ok(Some(bytes.into()))
}

/// The pause after a failure, at first and at most.
const SHORTEST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(30);

/// The last good copy may become too old in a pause.
const MOMENT: Duration = Duration::from_secs(1);

/// How often everything is read again although nothing was heard of.
const WHOLE: Duration = Duration::from_mins(1);
