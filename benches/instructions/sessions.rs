//! Fills a file of sessions, which the growth of a request's cost is measured with: through the library, as sign-ins do.
//!
//! `sessions FILE COUNT USERS`: the ids of users are lines of standard input, who get the sessions in turn.

use std::error::Error;
use std::io::{BufRead as _, stdin};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use vestibule::clock::Clock;
use vestibule::config::{Session, SessionStore};
use vestibule::ids::UserId;
use vestibule::session::{MadeBy, NewSession, Sessions};

/// Sessions that are made at once: the writer puts all that wait into one transaction.
const AT_ONCE: usize = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("FILE is missing")?;
    let count: usize = arguments.next().ok_or("COUNT is missing")?.parse()?;
    let users =
        stdin().lock().lines().map(|line| Ok(line?.parse()?)).collect::<Result<Vec<UserId>, Box<dyn Error>>>()?;
    let settings = Session {
        store: SessionStore::File(file.into()),
        idle_timeout: Duration::from_hours(12),
        absolute_timeout: Duration::from_hours(12),
        password_timeout: None,
        per_user: count,
        cross_site_framing: false,
        remembered: None,
        max_age: Vec::new(),
        store_timeout: Duration::from_mins(1),
        max_outage: Duration::from_mins(5),
    };
    let (sessions, _) = Sessions::open(&settings, Clock::System)?;
    let owners = users.iter().cycle().take(count).cloned();
    let made = iter(owners.map(|user| sessions.create(NewSession::new(user, MadeBy::Password))));
    let mut made = made.buffer_unordered(AT_ONCE);
    while let Some(made) = made.next().await {
        made.map_err(|away| format!("no session: {away:?}"))?;
    }
    Ok(())
}
