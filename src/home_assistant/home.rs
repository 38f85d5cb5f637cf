//! One configured Home Assistant: its folder, the copy in use, and who may look at it.
//!
//! It holds the directory of users with their permissions and the registries, the verifier of passwords and the status.
//! A new snapshot is made off the requests' way and swapped in whole. It must never fail to start because of a file:
//! without the users' files everybody is refused, without the registries what depends on an entity is. Neither holds
//! the other back.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::api::{Api, PasswordAnswer};
use super::file_poller::{FilePoll, Reading};
use super::reader::{Contents, STORAGE};
use super::registry_files::RegistryFiles;
use super::snapshot::Snapshot;
use super::snapshot_state::Step;
use super::status::Status;
use super::time_zone::{Told, ZoneFile};
use super::totp::{CodeOutcome, UsedCodes};
use super::user_files::UserFiles;
use super::verifier::{Outcome, Verifier};
use crate::clock::{Clock, Timestamp};
use crate::conditions::Environment;
use crate::config::{self, HomeSource, SecretText};
use crate::identity::{Directory, DirectoryCell};
use crate::ids::{TimeZone, UserId};
use crate::permission::Registry;
use crate::telemetry::chain;

/// The users and registries of one configuration folder. A configuration with another folder makes a new one.
pub struct HomeAssistant {
    folder: PathBuf,
    /// The long-lived token, when the files cannot be read and the API is all there is.
    token: Option<SecretText>,
    api: Option<Arc<Api>>,
    clock: Clock,
    directory: Arc<DirectoryCell>,
    current: Arc<ArcSwapOption<Snapshot>>,
    verifier: Verifier,
    used_codes: UsedCodes,
    /// What conditions are judged by.
    environment: Environment,
    /// Whether the configuration says in which zone hours are meant.
    has_zone: bool,
    status: ArcSwap<Status>,
    state: Mutex<HomeState>,
}

/// What the one who reads remembers.
struct HomeState {
    configured: config::Permissions,
    users: Reading<UserFiles>,
    registries: Reading<RegistryFiles>,
    zone: ZoneFile,
}

impl HomeAssistant {
    /// Reads the folder once, for these configured groups. What cannot be read is refused until
    /// [`HomeAssistant::watch`] sees it mended.
    pub fn open(settings: &config::HomeAssistant, configured: &config::Permissions, clock: Clock) -> Self {
        let (folder, token) = match &settings.source {
            HomeSource::Files(config_dir) => (config_dir.join(STORAGE), None),
            HomeSource::Api(token) => {
                let url = settings.api.as_ref().map(|api| api.url.to_string()).unwrap_or_default();
                (PathBuf::from(url), Some(token.clone()))
            }
        };
        let state = HomeState {
            configured: configured.clone(),
            users: Reading::new(folder.clone(), settings.max_stale),
            registries: Reading::new(folder.clone(), settings.max_stale),
            zone: ZoneFile::default(),
        };
        let current = Arc::new(ArcSwapOption::empty());
        let environment = Environment::new(clock.clone());
        environment.set_zone(settings.time_zone.clone());
        let home = Self {
            folder,
            token,
            api: settings.api.as_ref().map(|api| Arc::new(Api::new(api))),
            clock,
            directory: Arc::default(),
            verifier: Verifier::new(Arc::clone(&current)),
            current,
            used_codes: UsedCodes::default(),
            environment,
            has_zone: settings.time_zone.is_some(),
            status: ArcSwap::from_pointee(state.status(0, 0)),
            state: Mutex::new(state),
        };
        // Read once before the start goes on, so that the first request is not refused for want of users.
        if home.token.is_none() {
            home.refresh(FilePoll::Thorough);
        }
        home
    }

    /// The API and the long-lived token, when they are all there is.
    pub fn api_alone(&self) -> Option<(&Arc<Api>, &SecretText)> {
        self.api.as_ref().zip(self.token.as_ref())
    }

    /// Whose password it is: by the file, or by the API when there is no file.
    pub async fn check_password(&self, username: String, password: Zeroizing<String>, client: IpAddr) -> Outcome {
        let Some((api, _)) = self.api_alone() else { return self.verifier.verify(username, password).await };
        match api.check_password(&username, &SecretText::from(password), client).await {
            Ok(PasswordAnswer::Right(user)) => Outcome::Right(user),
            // Refused is right, and Home Assistant does not let the user in: no more is told of it than of a wrong one.
            Ok(PasswordAnswer::Wrong | PasswordAnswer::Refused) => Outcome::Wrong,
            Ok(PasswordAnswer::SecondFactor) => Outcome::SecondFactor,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "Home Assistant could not be asked about a password");
                Outcome::Unavailable
            }
        }
    }

    /// Whether the code of this user's authenticator app can be checked here.
    pub fn has_code(&self, user: &UserId) -> bool {
        self.snapshot().is_some_and(|snapshot| snapshot.totp(user).is_some())
    }

    /// Whether this is the code that the user's authenticator app shows now. It is used up by that.
    pub fn take_code(&self, user: &UserId, code: &str, now: Timestamp) -> CodeOutcome {
        let snapshot = self.snapshot();
        match snapshot.as_ref().and_then(|snapshot| snapshot.totp(user)) {
            Some(secret) => self.used_codes.take(user, secret, code, now),
            None => CodeOutcome::Unknown,
        }
    }

    /// The users, what each of them may do, and the registries: always the current ones, all of one moment.
    pub fn directory(&self) -> &Arc<DirectoryCell> {
        &self.directory
    }

    /// The time, and the states of entities.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether the configuration says in which zone hours are meant.
    pub(super) fn has_zone_of_its_own(&self) -> bool {
        self.has_zone
    }

    /// Home Assistant says in which zone it is. What is no zone leaves the one of before, if there was one.
    pub(super) fn took_zone(&self, name: Option<&str>) {
        match name.map(str::parse) {
            Some(Ok(zone)) => self.environment.set_zone(Some(zone)),
            Some(Err(error)) => tracing::error!(%error, "the time zone of Home Assistant is not known"),
            None => {}
        }
    }

    /// Its API, when that is configured.
    pub fn api(&self) -> Option<&Arc<Api>> {
        self.api.as_ref()
    }

    /// Checks passwords against Home Assistant's file, or over its API where the files cannot be read.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The whole copy in use, for the permission engine and for access tokens.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// The registries in use; none when they have never been read, or the last good copy is too old.
    pub fn registry(&self) -> Option<Arc<Registry>> {
        self.directory.load().registry().cloned()
    }

    /// Whether the files can be read, and since when not.
    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Takes other configured groups into use, from the next request on. Compiles: not for async threads.
    pub fn regroup(&self, configured: &config::Permissions) {
        // Under the lock, or a reading that ends at this moment could put the old groups back.
        let mut state = self.state.lock();
        state.configured.clone_from(configured);
        if let Some(snapshot) = self.snapshot() {
            self.directory.replace(snapshot.directory(configured).with_registry(self.registry()));
        }
    }

    /// The `.storage` folder.
    pub(super) fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Looks at the files and does what is to be done. Reads and parses: not for async threads. The users come first,
    /// and hold before the registries, which are larger, are even looked at.
    pub(super) fn refresh(&self, look: FilePoll) {
        let mut state = self.state.lock();
        let step = state.users.look(look, self.clock.now());
        self.with_people(step, &state);
        let step = state.registries.look(look, self.clock.now());
        self.with_registries(step, &state);
        if !self.has_zone {
            self.with_zone(state.zone.look(&self.folder));
        }
    }

    /// Does what is to be done about what was read elsewhere. Parses: not for async threads.
    pub(super) fn took(&self, people: Option<Contents<UserFiles>>, registries: Option<Contents<RegistryFiles>>) {
        let mut state = self.state.lock();
        if let Some(contents) = people {
            let step = state.users.took(contents, self.clock.now());
            self.with_people(step, &state);
        }
        if let Some(contents) = registries {
            let step = state.registries.took(contents, self.clock.now());
            self.with_registries(step, &state);
        }
    }

    /// Time has passed without anything to read.
    pub(super) fn waited(&self) {
        let mut state = self.state.lock();
        let step = state.users.waited(self.clock.now());
        self.with_people(step, &state);
        let step = state.registries.waited(self.clock.now());
        self.with_registries(step, &state);
    }

    fn with_zone(&self, news: Option<&Told>) {
        match news {
            Some(Told::Zone(zone)) => self.environment.set_zone(Some(zone.clone())),
            // Home Assistant is in UTC as well, until somebody says otherwise.
            Some(Told::NoFile) if self.environment.zone().is_none() => self.environment.set_zone(Some(TimeZone::utc())),
            // Also when it is half written: the zone of before stays.
            Some(Told::Unreadable(why)) => {
                tracing::error!(%why, "core.config does not say in which time zone Home Assistant is");
            }
            Some(Told::NoFile) | None => {}
        }
    }

    fn with_people(&self, step: Step<Snapshot>, state: &HomeState) {
        match step {
            Step::Stay => {}
            Step::Swap(snapshot) => self.swap(snapshot, &state.configured),
            Step::Withdraw => {
                self.current.store(None);
                // The registries stay: they have a condition of their own.
                self.directory.replace(self.directory.load().without_people());
            }
        }
        self.publish(state);
    }

    fn with_registries(&self, step: Step<Registry>, state: &HomeState) {
        match step {
            Step::Stay => {}
            Step::Swap(registry) => self.swap_registry(Some(Arc::new(registry))),
            Step::Withdraw => self.swap_registry(None),
        }
        self.publish(state);
    }

    fn publish(&self, state: &HomeState) {
        let users = self.current.load().as_ref().map_or(0, |snapshot| snapshot.auth().users().len());
        let entities = self.directory.load().registry().map_or(0, |registry| registry.entities().count());
        self.status.store(Arc::new(state.status(users, entities)));
    }

    fn swap_registry(&self, registry: Option<Arc<Registry>>) {
        // All callers hold `state`, so no other swap can come between the reading and the replacing.
        let people = Directory::clone(&self.directory.load());
        self.directory.replace(people.with_registry(registry));
    }

    /// The passwords change before the users do. So a session that is made meanwhile carries the digest of the old
    /// password and ends with it; the other way round, an old password could make a session with the new digest.
    fn swap(&self, snapshot: Snapshot, configured: &config::Permissions) {
        // Compiled before anything is stored: meanwhile passwords and users would be of two moments.
        let directory = snapshot.directory(configured).with_registry(self.registry());
        self.current.store(Some(Arc::new(snapshot)));
        self.tell_of_illegal(&directory);
        self.directory.replace(directory);
    }

    /// Loudly, and once for each mistake as long as it stays: the file changes with every sign-in.
    fn tell_of_illegal(&self, directory: &Directory) {
        let before = self.directory.load();
        for illegal in directory.illegal().iter().filter(|illegal| !before.illegal().contains(illegal)) {
            let (group, error) = (&illegal.id, &illegal.mistake);
            tracing::error!(%group, %error, "a policy is illegal: the members of this group are denied everything");
        }
    }
}

impl HomeState {
    fn status(&self, users: usize, entities: usize) -> Status {
        Status { condition: self.users.condition(), users, registries: self.registries.condition(), entities }
    }
}

impl std::fmt::Debug for HomeAssistant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HomeAssistant")
            .field("folder", &self.folder)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;
    use crate::home_assistant::{Condition, Fault, FileProblem};
    use crate::identity::Health;

    const HOUR: Duration = Duration::from_hours(1);
    const NEARLY_AN_HOUR: Duration = Duration::from_millis(3_599_999);
    const MORNING: Timestamp = Timestamp::from_millis(1_795_323_000_000);

    /// A home whose files and clock are set by tests.
    struct Bench {
        folder: tempfile::TempDir,
        clock: Clock,
        home: HomeAssistant,
    }

    impl Bench {
        fn with_users(ids: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join(".storage")).unwrap();
            let clock = Clock::manual(MORNING);
            let settings = config::HomeAssistant {
                source: HomeSource::Files(folder.path().to_owned()),
                api: None,
                time_zone: None,
                max_stale: HOUR,
            };
            write(folder.path(), "auth_provider.homeassistant", r#"{"version": 1, "data": {"users": []}}"#);
            write(folder.path(), "auth", &auth(ids));
            let home = HomeAssistant::open(&settings, &config::Permissions::default(), clock.clone());
            Self { folder, clock, home }
        }

        fn write(&self, name: &str, text: &str) {
            write(self.folder.path(), name, text);
        }

        fn look_at(&self, after: Duration) {
            self.clock.set(MORNING.saturating_add(after));
            self.home.refresh(FilePoll::Glance);
        }

        fn users(&self) -> Vec<String> {
            let directory = self.home.directory().load();
            assert_eq!(directory.health() == Health::Good, self.home.snapshot().is_some(), "swapped together");
            let mut users: Vec<String> = directory.users().map(|user| user.id.to_string()).collect();
            users.sort();
            users
        }

        fn faults(&self) -> Vec<String> {
            match &self.home.status().condition {
                Condition::Good { .. } => Vec::new(),
                Condition::Stale { why, .. } | Condition::Absent { why } => {
                    why.iter().map(FileProblem::reason).collect()
                }
            }
        }
    }

    fn write(folder: &Path, name: &str, text: &str) {
        fs::write(folder.join(".storage").join(name), text).unwrap();
    }

    fn auth(ids: &[&str]) -> String {
        let user = |id| serde_json::json!({"id": id, "name": null, "is_owner": false, "is_active": true, "system_generated": false});
        let users: Vec<_> = ids.iter().map(user).collect();
        let groups = serde_json::json!([{"id": "system-users", "name": "Users"}]);
        let data = serde_json::json!({"users": users, "groups": groups, "credentials": [], "refresh_tokens": []});
        serde_json::json!({"version": 1, "data": data}).to_string()
    }

    #[test]
    fn a_copy_that_is_confirmed_does_not_age() {
        let bench = Bench::with_users(&["u1", "u2"]);
        bench.look_at(HOUR * 100);
        bench.write("auth", "");
        bench.look_at(HOUR * 100 + NEARLY_AN_HOUR);
        assert_eq!(bench.users(), ["u1", "u2"]);
        assert!(matches!(
            bench.home.status().condition,
            Condition::Stale { since, .. } if since == MORNING.saturating_add(HOUR * 100)
        ));
    }

    #[test]
    fn after_max_stale_everybody_is_refused_until_the_file_is_mended() {
        let bench = Bench::with_users(&["u1", "u2"]);
        bench.write("auth", "{");
        bench.look_at(NEARLY_AN_HOUR);
        assert_eq!(bench.users(), ["u1", "u2"]);
        bench.look_at(HOUR);
        assert!(bench.users().is_empty());
        assert!(matches!(bench.home.status().condition, Condition::Absent { .. }));
        assert_eq!(bench.home.status().users, 0);
        bench.write("auth", &auth(&["u1", "u2"]));
        bench.look_at(HOUR * 2);
        assert_eq!(bench.users(), ["u1", "u2"]);
        assert!(bench.faults().is_empty());
    }

    #[test]
    fn a_file_in_which_all_users_are_new_is_an_alarm_and_stays_one() {
        let bench = Bench::with_users(&["u1", "u2"]);
        for stranger in [auth(&["intruder"]), auth(&[]), "{}".to_owned()] {
            bench.write("auth", &stranger);
            bench.look_at(Duration::ZERO);
            assert_eq!(bench.users(), ["u1", "u2"], "{stranger}");
            assert!(bench.faults()[0].contains("none of the 2 known users"), "{:?}", bench.faults());
        }
        bench.look_at(HOUR);
        assert!(bench.users().is_empty());
        bench.write("auth", &auth(&["intruder", "another"]));
        bench.look_at(HOUR * 2);
        assert!(bench.users().is_empty(), "the known users are remembered when their copy is too old");
        bench.write("auth", &auth(&["u2", "u3"]));
        bench.look_at(HOUR * 3);
        assert_eq!(bench.users(), ["u2", "u3"], "one that is left is enough");
    }

    #[test]
    fn a_file_that_disappears_keeps_the_last_good_copy() {
        for name in ["auth", "auth_provider.homeassistant", "auth_module.totp"] {
            let bench = Bench::with_users(&["u1"]);
            bench.write("auth_module.totp", r#"{"version": 1, "data": {"users": {"u1": {}}}}"#);
            bench.look_at(Duration::ZERO);
            fs::remove_file(bench.home.folder.join(name)).unwrap();
            bench.look_at(Duration::ZERO);
            assert_eq!(bench.users(), ["u1"]);
            let has_mfa = bench.home.directory().load().users().all(|user| user.has_mfa);
            assert!(has_mfa, "{name}: nobody loses a second factor");
            assert_eq!(bench.faults(), [Fault::Disappeared.to_string()], "{name}");
        }
    }

    #[test]
    fn nothing_is_swapped_when_nothing_has_changed() {
        let bench = Bench::with_users(&["u1"]);
        let mut notifier = bench.home.directory().subscribe();
        notifier.mark_unchanged();
        bench.write("auth", &auth(&["u1"]));
        bench.look_at(HOUR);
        bench.home.refresh(FilePoll::Thorough);
        assert!(!notifier.has_changed().unwrap());
        bench.write("auth", &auth(&["u1", "u2"]));
        bench.look_at(HOUR);
        assert!(notifier.has_changed().unwrap());
    }

    #[test]
    fn a_home_without_users_may_get_its_first() {
        let bench = Bench::with_users(&[]);
        assert!(bench.faults().is_empty());
        bench.write("auth", &auth(&["u1"]));
        bench.look_at(Duration::ZERO);
        assert_eq!(bench.users(), ["u1"]);
    }
}
