//! What conditions are judged by besides the client: a clock, the zone of its hours, and the states of entities.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::local_time::{LocalClock, LocalTime};
use super::states::{EntityStates, StateCell};
use crate::clock::{Clock, Timestamp};
use crate::ids::TimeZone;

/// It belongs to one Home Assistant, and lives as long.
#[derive(Debug)]
pub struct Environment {
    /// None where a question is asked of no time in particular.
    clock: Option<Clock>,
    /// None while nobody knows in which zone hours are meant.
    local: ArcSwapOption<LocalClock>,
    states: StateCell,
}

impl Environment {
    /// The time of this clock, in no zone yet, and no state that is known.
    pub fn new(clock: Clock) -> Self {
        Self { clock: Some(clock), local: ArcSwapOption::empty(), states: StateCell::default() }
    }

    /// One that stands still: for questions about a moment, or about none.
    pub fn supposed(at: Option<Timestamp>, zone: Option<TimeZone>, states: EntityStates) -> Self {
        let made = Self { clock: at.map(Clock::manual), ..Self::new(Clock::default()) };
        made.states.replace(states);
        made.set_zone(zone);
        made
    }

    /// Says in which zone hours are meant.
    pub fn set_zone(&self, zone: Option<TimeZone>) {
        let same = match (&*self.local.load(), &zone) {
            (Some(local), Some(zone)) => local.zone() == zone,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            self.local.store(zone.map(|zone| Arc::new(LocalClock::new(zone))));
        }
    }

    /// In which zone hours are meant.
    pub fn zone(&self) -> Option<TimeZone> {
        self.local.load().as_ref().map(|local| local.zone().clone())
    }

    /// The states of entities.
    pub fn states(&self) -> &StateCell {
        &self.states
    }

    /// What the clocks show.
    pub(super) fn local_time(&self) -> Result<LocalTime, NoTime> {
        let clock = self.clock.as_ref().ok_or(NoTime::Unsaid)?;
        let local = self.local.load();
        Ok(local.as_ref().ok_or(NoTime::NoZone)?.at(clock.now()))
    }
}

/// Why nobody knows what the clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTime {
    /// The question does not say when.
    Unsaid,
    /// The zone is not known.
    NoZone,
}
