//! The connection to Redis: made, watched, lost, made again.
//!
//! Keeps a connection that is known to answer, to take writes, and to have told us everything that happened while there
//! was none; or knows since when there is none. One connection carries commands and what other nodes say (RESP3), so
//! that a connection that answers is one that would have told us. A beat each second finds out what no request would: a
//! Redis that hangs, is full, or has become a replica.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisConnectionInfo, TlsCertificates, Value, cmd,
};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::cache::SessionCache;
use super::ended::RedisRun;
use super::error::SharedError;
use super::store::{Condition, SharedStore};
use crate::config::{RedisPlace, RedisStore};
use crate::session::token::SessionDigest;

impl SharedStore {
    /// Keeps a connection until `stop`, and says before it ends what Redis does not know yet.
    pub(in crate::session) async fn run(&self, stop: &CancellationToken) {
        let (mut pause, mut server) = (SHORTEST_PAUSE, None);
        loop {
            match self.serve(&mut server, stop).await {
                Ok(()) => return,
                Err(why) => {
                    // The connection had come about before it broke: the next attempt is a first one again.
                    if matches!(**self.condition.load(), Condition::Connected(_)) {
                        pause = SHORTEST_PAUSE;
                    }
                    self.went_away(why);
                }
            }
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// One connection, from its beginning to its end. `server` is the run of Redis that was caught up with last.
    async fn serve(&self, server: &mut Option<String>, stop: &CancellationToken) -> Result<(), SharedError> {
        let lost = Arc::new(Notify::new());
        // Before the new connection is tried: from here on nothing counts that was read over the old one.
        self.cache.next_generation();
        let making = self.connect(server, &lost);
        let Some(connected) = stop.run_until_cancelled(making).await else { return Ok(()) };
        let mut connection = connected?;
        // Only when everything has been compared: requests that ask from here on get answers that miss no end.
        self.came_back(connection.clone());
        let mut beat = interval(BEAT);
        // After a pause of this process one beat shows as much as all that were missed.
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = Instant::now() + self.propagation();
        loop {
            tokio::select! {
                // A last time, so that the other nodes know when the sessions of this one were last seen.
                () = stop.cancelled() => return self.catch_up(&mut connection, RedisRun::Same).await,
                () = lost.notified() => return Err(SharedError::Lost),
                _ = beat.tick() => {
                    self.beat(&mut connection).await?;
                    self.flush(&mut connection).await?;
                }
                () = self.nudge.notified() => self.flush(&mut connection).await?,
                () = tokio::time::sleep_until(look) => {
                    self.catch_up(&mut connection, RedisRun::Same).await?;
                    look = Instant::now() + self.propagation();
                }
            }
        }
    }

    /// A connection over which nothing was missed: it listens first, and then looks at everything.
    async fn connect(
        &self,
        server: &mut Option<String>,
        lost: &Arc<Notify>,
    ) -> Result<MultiplexedConnection, SharedError> {
        let patience = self.cache.limits().store_timeout;
        let client = client(&self.settings).await?;
        let (cache, channel, lost) = (Arc::clone(&self.cache), self.names.channel(), Arc::clone(lost));
        let config = AsyncConnectionConfig::new()
            // Both, since a Redis that hangs may still accept connections.
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience))
            .set_push_sender(move |push: PushInfo| {
                hear(&cache, &channel, &lost, push);
                Ok::<_, SendError>(())
            });
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        // The library's own limit ends with the TCP connection; what is said first may hang as well.
        let connected = timeout(patience.saturating_mul(2), connecting).await.map_err(|_| SharedError::Slow)?;
        let mut connection = connected.map_err(SharedError::Connect)?;
        // Listening comes before looking: an end between the two is then heard, and in the other order it would be
        // missed.
        connection.subscribe(self.names.channel()).await.map_err(SharedError::of)?;
        let run = run_id(&mut connection).await?;
        // Two names that are known and differ. Where Redis does not tell us its run, it counts as one that forgets
        // nothing, which ends sessions and never revives any.
        let is_another = matches!((&*server, &run), (Some(before), Some(now)) if before != now);
        let seen = if is_another { RedisRun::Another } else { RedisRun::Same };
        self.beat(&mut connection).await?;
        self.catch_up(&mut connection, seen).await?;
        // Only after catching up: if that breaks off, the next connection still has the new run before it.
        *server = run;
        Ok(connection)
    }

    /// Shows that this node lives. It is a write, because a Redis that takes none is of no use.
    async fn beat(&self, connection: &mut MultiplexedConnection) -> Result<(), SharedError> {
        let mut command = cmd("SET");
        command.arg(self.names.node(&self.node)).arg(env!("CARGO_PKG_VERSION")).arg("PX").arg(15_000);
        command.query_async(connection).await.map_err(SharedError::of)
    }

    /// How long a sighting may wait until the other nodes know of it: a minute, less where sessions are short.
    pub(super) fn propagation(&self) -> Duration {
        let idle = self.cache.limits().lifetimes.ordinary.idle;
        // Well below the idle limit, or a session that is in use on this node would idle out on another.
        (idle / 4).clamp(Duration::from_millis(250), Duration::from_mins(1))
    }

    fn came_back(&self, connection: MultiplexedConnection) {
        self.condition.store(Arc::new(Condition::Connected(connection)));
        self.away_since.store(0, Ordering::Release);
        self.was_there.store(true, Ordering::Release);
        self.nudge.notify_one();
        tracing::info!(store = %self.settings.place, "the session store is there");
    }

    fn went_away(&self, why: SharedError) {
        let before = self.condition.load();
        match &**before {
            Condition::Away { why: before, .. } if !matches!(**before, SharedError::NotYet) => {
                tracing::debug!(error = %crate::telemetry::chain(&why), "the session store is still away");
            }
            Condition::Away { .. } | Condition::Connected(_) => {
                let (store, known_for) = (&self.settings.place, self.cache.limits().max_outage);
                tracing::error!(%store, error = %crate::telemetry::chain(&why), ?known_for,
                    "the session store is away: sessions that are known here go on for a while, and nobody new is let in");
                // Kept at the first failure: an outage that goes on must not begin anew with each attempt.
                if self.away_since.load(Ordering::Acquire) == 0 {
                    self.away_since.store(self.uptime(), Ordering::Release);
                }
                let since = self.cache.clock.now();
                self.condition.store(Arc::new(Condition::Away { since, why: Arc::new(why) }));
            }
        }
    }

    /// Milliseconds since the start, never 0.
    pub(super) fn uptime(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// What came without being asked for: an end that another node tells, or the end of the connection.
fn hear(cache: &SessionCache, channel: &str, lost: &Notify, push: PushInfo) {
    match push.kind {
        PushKind::Disconnection => lost.notify_one(),
        PushKind::Message => {
            let mut parts = push.data.into_iter().map(text);
            if let (Some(Some(from)), Some(Some(said))) = (parts.next(), parts.next())
                // Only our own channel and only digests: whoever else publishes there can at most end sessions whose
                // digest they know.
                && from == channel
                && let Some(digest) = SessionDigest::from_hex(&said)
            {
                cache.hear(digest);
            }
        }
        _ => {}
    }
}

fn text(value: Value) -> Option<String> {
    redis::from_redis_value(value).ok()
}

/// Names this run of Redis: after a restart it is another. Nothing when we may not know.
async fn run_id(connection: &mut MultiplexedConnection) -> Result<Option<String>, SharedError> {
    match cmd("INFO").arg("server").query_async::<String>(connection).await {
        Ok(info) => Ok(info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned)),
        Err(error) => match SharedError::of(error) {
            SharedError::Refused(_) => Ok(None),
            away => Err(away),
        },
    }
}

/// Made anew for every connection, so that a renewed authority counts.
async fn client(settings: &RedisStore) -> Result<Client, SharedError> {
    let mut login = RedisConnectionInfo::default()
        .set_protocol(ProtocolVersion::RESP3)
        .set_db(settings.database.into())
        // Redis 7.2 knows `CLIENT SETINFO`, and older ones refuse a rule that allows it.
        .set_skip_set_lib_name();
    if let Some(user) = &settings.user {
        login = login.set_username(user);
    }
    if let Some(password) = &settings.password {
        login = login.set_password(password.reveal());
    }
    let address = match &settings.place {
        RedisPlace::Tcp { host, port } => ConnectionAddr::Tcp(host.clone(), *port),
        RedisPlace::Tls { host, port } => {
            ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
        }
        RedisPlace::Unix(path) => ConnectionAddr::Unix(path.clone()),
    };
    let info = address.into_connection_info().map_err(SharedError::Connect)?.set_redis_settings(login);
    let client = match &settings.ca {
        Some(path) => {
            let failed = |source| SharedError::Authority { path: path.clone(), source };
            let root_cert = Some(tokio::fs::read(path).await.map_err(failed)?);
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
        }
        None => Client::open(info),
    };
    client.map_err(SharedError::Connect)
}

/// How often Redis is asked whether it still takes what we say.
const BEAT: Duration = Duration::from_secs(1);

/// How long after a failure it is tried again, at first and at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
