//! The judging: what a condition asks, against where the client is, what time it is and what is known of an entity.

use std::cell::OnceCell;

use super::environment::{Environment, NoTime};
use super::local_time::LocalTime;
use crate::config::{Conditions, StateCondition};
use crate::http::ClientAddr;
use crate::refusal::Reason;

/// The circumstances of one decision. The clock is read once, and only where hours are asked for.
#[derive(Debug)]
pub struct Circumstances<'a> {
    client: ClientAddr,
    environment: &'a Environment,
    time: OnceCell<Result<LocalTime, NoTime>>,
}

/// A condition that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What status, log and metrics follow from.
    pub reason: Reason,
    /// What is asked for and what is there, for the operator.
    pub why: String,
}

impl<'a> Circumstances<'a> {
    /// Those of a request from this client.
    pub fn new(client: ClientAddr, environment: &'a Environment) -> Self {
        Self { client, environment, time: OnceCell::new() }
    }

    /// Whether all of it holds.
    pub fn meet(&self, conditions: &Conditions) -> Result<(), Unmet> {
        // Most ask for nothing.
        if conditions.is_empty() {
            return Ok(());
        }
        self.is_there(conditions)?;
        self.is_then(conditions)?;
        conditions.when.iter().try_for_each(|state| self.has(state))
    }

    fn is_there(&self, conditions: &Conditions) -> Result<(), Unmet> {
        let networks = &conditions.networks;
        if networks.is_empty() || self.client.is_within(networks) {
            return Ok(());
        }
        let why = format!("{} is in none of the networks {}", self.client.described(), joined(networks));
        Err(Unmet { reason: Reason::OutsideNetworks, why })
    }

    fn is_then(&self, conditions: &Conditions) -> Result<(), Unmet> {
        let hours = &conditions.hours;
        if hours.is_empty() {
            return Ok(());
        }
        let unmet = |why| Err(Unmet { reason: Reason::OutsideHours, why });
        match self.time.get_or_init(|| self.environment.local_time()) {
            Ok(time) if hours.iter().any(|hours| hours.contain(time.day, time.minute)) => Ok(()),
            Ok(time) => unmet(format!("it is {time}, outside the hours {}", joined(hours))),
            Err(NoTime::NoZone) => unmet("the time zone of its hours is not known".to_owned()),
            Err(NoTime::Unsaid) => {
                unmet(format!("nobody says when (`at`), and it is for the hours {} alone", joined(hours)))
            }
        }
    }

    fn has(&self, asked: &StateCondition) -> Result<(), Unmet> {
        let StateCondition { entity, states } = asked;
        let known = self.environment.states().load();
        let unmet = |reason, is: &str| {
            let wanted = states.iter().map(|state| format!("{state:?}")).collect::<Vec<_>>().join(" or ");
            Err(Unmet { reason, why: format!("{entity} {is}, and must be {wanted}") })
        };
        match known.get(entity) {
            Some(state) if states.contains(state) => Ok(()),
            Some(state) => unmet(Reason::StateDiffers, &format!("is {state:?}")),
            None => unmet(Reason::StateUnknown, "has no state that is known"),
        }
    }
}

impl std::fmt::Display for LocalTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = DAYS.get(usize::from(self.day)).copied().unwrap_or_default();
        write!(f, "{day} {}:{:02}", self.minute / 60, self.minute % 60)
    }
}

fn joined<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// The days of the week in words.
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clock::{Clock, Timestamp};
    use crate::conditions::EntityStates;
    use crate::ids::TimeZone;

    fn client(ip: &str) -> ClientAddr {
        ClientAddr::direct(ip.parse().unwrap())
    }

    fn states(known: &[(&str, &str)]) -> EntityStates {
        known.iter().map(|(entity, state)| (entity.parse().unwrap(), (*state).to_owned())).collect()
    }

    fn reason(conditions: &Conditions, from: &str, environment: &Environment) -> Option<Reason> {
        Circumstances::new(client(from), environment).meet(conditions).err().map(|unmet| unmet.reason)
    }

    #[test]
    fn all_that_stands_there_must_hold_and_nothing_always_does() {
        let noon = Timestamp::from_millis(TimeZone::utc().moment("2026-12-24 12:00").unwrap());
        let environment =
            Environment::supposed(Some(noon), Some(TimeZone::utc()), states(&[("input_boolean.a", "on")]));
        let conditions = Conditions {
            networks: vec!["192.168.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()],
            hours: vec!["7:00-8:00".parse().unwrap(), "thu 12:00-13:00".parse().unwrap()],
            when: vec![StateCondition { entity: "input_boolean.a".parse().unwrap(), states: vec!["on".to_owned()] }],
        };
        let judged = |conditions: &Conditions, from: &str| reason(conditions, from, &environment);
        assert_eq!(judged(&Conditions::default(), "8.8.8.8"), None);
        assert_eq!(judged(&conditions, "192.168.7.7"), None);
        assert_eq!(judged(&conditions, "::ffff:192.168.7.7"), None);
        assert_eq!(judged(&conditions, "fd00::1"), None);
        assert_eq!(judged(&conditions, "127.0.0.1"), Some(Reason::OutsideNetworks));
        let late = Conditions { hours: vec!["12:01-24:00".parse().unwrap()], ..conditions.clone() };
        assert_eq!(judged(&late, "192.168.7.7"), Some(Reason::OutsideHours));
        environment.states().replace(states(&[("input_boolean.a", "off")]));
        assert_eq!(judged(&conditions, "192.168.7.7"), Some(Reason::StateDiffers));
        environment.states().replace(BTreeMap::new());
        assert_eq!(judged(&conditions, "192.168.7.7"), Some(Reason::StateUnknown));
    }

    #[test]
    fn hours_without_a_time_or_a_zone_are_over() {
        let always = Conditions { hours: vec!["mon-sun".parse().unwrap()], ..Conditions::default() };
        let without_time = Environment::supposed(None, Some(TimeZone::utc()), BTreeMap::new());
        assert_eq!(reason(&always, "::1", &without_time), Some(Reason::OutsideHours));
        let without_zone = Environment::new(Clock::default());
        assert_eq!(reason(&always, "::1", &without_zone), Some(Reason::OutsideHours));
        without_zone.set_zone(Some(TimeZone::utc()));
        assert_eq!(reason(&always, "::1", &without_zone), None);
        without_zone.set_zone(None);
        assert_eq!(reason(&always, "::1", &without_zone), Some(Reason::OutsideHours));
    }

    #[test]
    fn what_is_not_met_is_said_with_what_there_is() {
        let at = Timestamp::from_millis(TimeZone::utc().moment("2026-12-24 20:05").unwrap());
        let environment = Environment::supposed(Some(at), Some(TimeZone::utc()), BTreeMap::new());
        let why =
            |conditions| Circumstances::new(client("203.0.113.7"), &environment).meet(&conditions).unwrap_err().why;
        let networks =
            Conditions { networks: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()], ..<_>::default() };
        assert_eq!(why(networks), "203.0.113.7 is in none of the networks 10.0.0.0/8 or ::1/128");
        let hours = Conditions { hours: vec!["mon-fri 7:00-20:05".parse().unwrap()], ..<_>::default() };
        assert_eq!(why(hours), "it is Thursday 20:05, outside the hours mon,tue,wed,thu,fri 7:00-20:05");
        let entity = "input_boolean.a".parse().unwrap();
        let when =
            Conditions { when: vec![StateCondition { entity, states: vec!["on".to_owned()] }], ..<_>::default() };
        assert_eq!(why(when), "input_boolean.a has no state that is known, and must be \"on\"");
    }
}
