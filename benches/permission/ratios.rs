//! The ratios in words: medians of many short rounds, in which what is compared takes turns, so that a busy machine
//! slows both alike.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use vestibule::config::Permissions;
use vestibule::home_assistant::registries::{self, RegistryBytes, RegistryFile};
use vestibule::home_assistant::{AuthFile, read_folder};
use vestibule::permission::Registry;

use super::{Bench, home};

/// What checks cost, in look-ups.
pub(crate) fn of_checks(benches: &[Bench]) {
    let bare = |bench: &Bench| bench.plain.len();
    for bench in benches {
        let (registry, by_area) = (&bench.registry, bench.by_area.as_str());
        let mut contestants: Vec<Contestant<'_>> =
            vec![("look-up".into(), Box::new(|| bench.plain.contains_key(black_box(by_area))))];
        for ((user, direct), name) in bench.users().into_iter().zip(["Home Assistant's", "configured", "both"]) {
            let direct = move || user.check(registry, black_box(direct), black_box("control")).is_permit();
            contestants.push((format!("{name}, direct entity"), Box::new(direct)));
            let area = move || user.check(registry, black_box(by_area), black_box("read")).is_permit();
            contestants.push((format!("{name}, area"), Box::new(area)));
        }
        let times = medians(&contestants);
        let one = times["look-up"];
        for (name, _) in contestants.iter().skip(1) {
            let ratio = times[name].as_secs_f64() / one.as_secs_f64();
            println!("{} entities: {name}: {ratio:.2} look-ups (one is {:.1} ns)", bare(bench), nanoseconds(one));
        }
    }
}

/// What a snapshot costs, as a share of parsing its JSON.
pub(crate) fn of_the_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let storage = folder.path().join(".storage");
    std::fs::create_dir(&storage).expect("a folder in it");
    home::write(&storage, 10_000, 200);
    let [entities, devices, areas, labels] =
        RegistryFile::ALL.map(|file| std::fs::read(storage.join(file.name())).expect("it was written"));
    let auth = std::fs::read(storage.join("auth")).expect("it was written");
    let bytes = RegistryBytes { entities: &entities, devices: &devices, areas: &areas, labels: &labels };
    let people = read_folder(folder.path()).expect("it can be read");
    let (mut parsing, mut making) = (Vec::new(), Vec::new());
    for _ in 0..SNAPSHOTS {
        let begun = Instant::now();
        let records = registries::records(&bytes).expect("as Home Assistant writes it");
        black_box(AuthFile::parse(&auth).expect("as Home Assistant writes it"));
        parsing.push(begun.elapsed());
        let begun = Instant::now();
        let registry = std::sync::Arc::new(Registry::new(records));
        black_box(people.directory(&Permissions::default()).with_registry(Some(registry)));
        making.push(begun.elapsed());
    }
    let (parsing, making) = (median(&mut parsing), median(&mut making));
    let size = entities.len() + devices.len() + areas.len() + labels.len() + auth.len();
    println!(
        "snapshot of 10,000 entities, 2,000 devices, 200 users: made in {:.1} ms, its {} kB of JSON parsed in {:.1} ms: {:.2}",
        making.as_secs_f64() * 1e3,
        size / 1000,
        parsing.as_secs_f64() * 1e3,
        making.as_secs_f64() / parsing.as_secs_f64(),
    );
}

/// What is measured, and what it is called.
type Contestant<'a> = (String, Box<dyn Fn() -> bool + 'a>);

/// The median time of one call of each.
fn medians(contestants: &[Contestant<'_>]) -> BTreeMap<String, Duration> {
    let mut times: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, call) in contestants {
            let begun = Instant::now();
            for _ in 0..CALLS {
                black_box(call());
            }
            times.entry(name.clone()).or_default().push(begun.elapsed() / CALLS);
        }
    }
    times.into_iter().map(|(name, mut times)| (name, median(&mut times))).collect()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Short rounds: one that the machine interrupts must be an exception.
const ROUNDS: usize = 501;
const CALLS: u32 = 200;
const SNAPSHOTS: usize = 15;
