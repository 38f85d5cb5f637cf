//! Clocks that jump: summer time begins and ends, somebody sets the clock of the machine forward or back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::opened::BOUND;
use crate::support::tools::{Tool, find};
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, Extra, Protocol, RawAddon, Stopwatch, Vestibule};

/// 2026-03-29 01:00 UTC: Berlin's clocks go from 2:00 to 3:00.
const SPRING: u64 = 1_774_746_000;
/// 2026-10-25 00:30 UTC: it is 2:30 in Berlin for the first time, and an hour later once more.
const AUTUMN: u64 = 1_792_888_200;
/// 2026-11-27 12:00 UTC, a Friday.
const FRIDAY: u64 = 1_795_780_800;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

#[test]
fn the_hour_that_the_clocks_skip_in_spring_ends_hours_that_would_end_in_it() {
    let Some(house) = House::open("sun 0:00-2:30", SPRING - HOUR) else { return };
    let mut all = house.opened();
    house.ends_at(SPRING, &mut all);
    assert_eq!(house.status(), 403);
}

#[test]
fn hours_end_twice_in_the_night_in_which_the_clocks_are_put_back() {
    let Some(house) = House::open("sun 0:00-2:30", AUTUMN - HOUR) else { return };
    for end in [AUTUMN, AUTUMN + HOUR] {
        let mut all = house.opened();
        house.ends_at(end, &mut all);
        assert_eq!(house.status(), 403);
        house.set_clock(end + HOUR / 2 + 60);
    }
    assert_eq!(house.status(), 403, "it is three o'clock");
}

#[test]
fn a_clock_that_is_set_forward_or_back_beyond_the_hours_cuts_what_is_open() {
    for elsewhere in [FRIDAY + DAY, FRIDAY - 12 * HOUR, FRIDAY + 12 * HOUR] {
        let Some(house) = House::open("mon-fri 8:00-18:00", FRIDAY) else { return };
        let mut all = house.opened();
        house.set_clock(elsewhere);
        House::all_end(Stopwatch::start(), &mut all);
        // Before it was made, a session counts as little as outside the hours.
        assert_eq!(house.status(), if elsewhere < FRIDAY { 401 } else { 403 });
    }
}

/// S-81: a session whose time was up stays ended, whatever the clock says later.
#[test]
fn a_clock_that_is_set_back_brings_no_session_back() {
    let Some(house) = House::open("mon-sun", FRIDAY) else { return };
    let mut all = house.opened();
    assert_eq!(house.status(), 200);
    house.set_clock(FRIDAY + 31 * DAY);
    House::all_end(Stopwatch::start(), &mut all);
    assert_eq!(house.status(), 401);
    house.set_clock(FRIDAY + HOUR);
    assert_eq!(house.status(), 401);
}

/// A vestibule in Berlin, whose clock the test sets, with one add-on that is open at some hours.
struct House {
    vestibule: Vestibule,
    cookie: String,
    _addon: RawAddon,
}

impl House {
    /// None where there is no libfaketime.
    fn open(hours: &str, now: u64) -> Option<Self> {
        let library = library()?;
        let addon = echo();
        let vestibule = Vestibule::start_with(
            |config| {
                config.set("home_assistant", "time_zone", "\"Europe/Berlin\"");
                config.set("session", "idle_timeout", "\"30d\"").set("session", "absolute_timeout", "\"30d\"");
                config.addon_with("a", &addon, &format!("access = {{ hours = \"{hours}\" }}"));
            },
            |_| {},
            |folder| {
                write_offset(&offset_file(folder), now);
                let file = offset_file(folder);
                let environment = [
                    ("LD_PRELOAD", library.as_path()),
                    ("FAKETIME_TIMESTAMP_FILE", &file),
                    ("FAKETIME_NO_CACHE", Path::new("1")),
                    // What is measured and waited for goes on as it is.
                    ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
                    ("DONT_FAKE_MONOTONIC", Path::new("1")),
                ];
                let environment = environment.map(|(key, value)| (key.to_owned(), value.display().to_string()));
                Extra { environment: environment.into(), ..Extra::default() }
            },
        );
        let cookie = vestibule.cookie("bob");
        Some(Self { vestibule, cookie, _addon: addon })
    }

    fn status(&self) -> u16 {
        self.vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(&self.cookie)).status
    }

    /// A WebSocket over each protocol.
    fn opened(&self) -> Vec<Tunnel> {
        BOTH.map(|protocol| Tunnel::opened(&self.vestibule, protocol, "/ingress/a/", &self.cookie)).into()
    }

    fn set_clock(&self, to: u64) {
        write_offset(&offset_file(self.vestibule.folder()), to);
    }

    /// The clock comes to this moment by itself: what is open carries bytes before it and ends within a second after it.
    #[track_caller]
    fn ends_at(&self, end: u64, all: &mut [Tunnel]) {
        let lead = Duration::from_secs(3);
        self.set_clock(end - lead.as_secs());
        let (set, due) = (Stopwatch::start(), Instant::now() + lead);
        while Instant::now() + lead / 3 < due {
            for tunnel in &mut *all {
                tunnel.assert_alive("before");
            }
        }
        assert_eq!(self.status(), 200, "the hours last to their end");
        all[0].await_end();
        assert!(Instant::now() + lead / 10 > due, "not before its time");
        set.assert_within(lead + BOUND, "what is open is cut with the end of the hours");
        for tunnel in all {
            tunnel.await_end();
        }
        set.assert_within(lead + BOUND, "what else is open is cut with the end of the hours");
    }

    #[track_caller]
    fn all_end(since: Stopwatch, all: &mut [Tunnel]) {
        for tunnel in all {
            tunnel.await_end();
            since.assert_within(BOUND, "what is open is cut");
        }
    }
}

fn library() -> Option<PathBuf> {
    find(Tool::Faketime)?;
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path().join("faketime/libfaketime.so.1"));
    Some(folders.into_iter().find(|library| library.exists()).expect("Debian's faketime has its library there"))
}

fn offset_file(folder: &Path) -> PathBuf {
    folder.join("clock")
}

/// The clock of the program is so many seconds from ours. The file is exchanged whole: it is read at every look at the clock.
#[expect(clippy::disallowed_methods, reason = "the other clock is set by this one")]
fn write_offset(file: &Path, to: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock beyond 1970");
    let new = file.with_extension("new");
    fs::write(&new, format!("{:+.3}\n", Duration::from_secs(to).as_secs_f64() - now.as_secs_f64())).unwrap();
    fs::rename(new, file).unwrap();
}
