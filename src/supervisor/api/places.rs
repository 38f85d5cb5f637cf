//! Places of each add-on, counted one by one, so that their number may be changed while some are taken.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::AddonSlug;

/// Places of one kind.
#[derive(Debug, Default)]
struct Places(Arc<AtomicUsize>);

/// A place that is taken until this is dropped.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub(super) struct Place(Arc<AtomicUsize>);

impl Places {
    /// Takes a place, if fewer than `most` are taken.
    fn take(&self, most: usize) -> Option<Place> {
        let more = |taken: usize| (taken < most).then(|| taken.saturating_add(1));
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Place(Arc::clone(&self.0)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Places of each add-on.
#[derive(Debug, Default)]
pub(super) struct PlacesOfAddons(Mutex<HashMap<AddonSlug, Places>>);

impl PlacesOfAddons {
    /// Takes a place of this add-on, if fewer than `most` of its are taken.
    pub(super) fn take(&self, addon: &AddonSlug, most: usize) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(addon.clone()).or_default().take(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_when_it_is_dropped_and_the_limit_may_change() {
        let places = Places::default();
        let first = places.take(2).unwrap();
        let _second = places.take(2).unwrap();
        assert!(places.take(2).is_none());
        let _third = places.take(3).unwrap();
        drop(first);
        assert!(places.take(2).is_none(), "two are still taken");
        assert!(places.take(3).is_some());
    }

    #[test]
    fn each_addon_has_places_of_its_own() {
        let places = PlacesOfAddons::default();
        let (one, other) = ("one".parse().unwrap(), "other".parse().unwrap());
        let _place = places.take(&one, 1).unwrap();
        assert!(places.take(&one, 1).is_none());
        assert!(places.take(&other, 1).is_some());
    }
}
