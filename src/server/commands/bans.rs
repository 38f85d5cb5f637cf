//! Who is banned from signing in, and an end to that.

use std::net::IpAddr;

use super::Server;
use crate::operations::control::{Answer, BanLine};
use crate::sign_in::Whose;
use crate::telemetry::AuditEvent;

/// All bans, those that end last first.
pub(super) async fn list(server: &Server) -> Answer {
    let services = server.gate.services();
    match services.guard.bans(services.clock.now()).await {
        Ok(mut bans) => {
            bans.sort_by_key(|ban| std::cmp::Reverse(ban.until));
            bans.truncate(MOST);
            let line = |ban: &crate::sign_in::Ban| BanLine {
                address: ban.address.to_string(),
                user: ban.user.clone(),
                until: ban.until.as_millis(),
            };
            Answer::Bans { bans: bans.iter().map(line).collect() }
        }
        Err(error) => Answer::failed(error),
    }
}

/// Forgets what was counted of an address, of a name from there, or of everybody.
pub(super) async fn lift(server: &Server, address: Option<&str>, user: Option<String>) -> Answer {
    let address = match address.map(str::parse::<IpAddr>) {
        None => None,
        Some(Ok(address)) => Some(address),
        Some(Err(_)) => return Answer::failed("this is no address; `vestibule bans list` shows those that are banned"),
    };
    let whose = match (address, user.clone()) {
        (None, None) => Whose::All,
        (Some(address), None) => Whose::Address(address),
        (Some(address), Some(user)) => Whose::User(address, user),
        (None, Some(_)) => return Answer::failed("a user name is banned at an address: name that as well"),
    };
    let services = server.gate.services();
    match services.guard.lift(&whose).await {
        Ok(count) => {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            let user_name = user.as_deref();
            services.telemetry.audit.write(&AuditEvent::BansLifted { address, user_name, count });
            Answer::Lifted { count }
        }
        Err(error) => Answer::failed(error),
    }
}

/// What fits an answer.
const MOST: usize = 10_000;
