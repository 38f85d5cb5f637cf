//! What a permission check costs, and what it costs to make the snapshot that answers it.
//!
//! A check is measured against one plain look-up in a hash map of as many entries as there are entities: a direct
//! entity may cost three of them, an area eight, and neither may grow with the number of entities. A snapshot (10,000
//! entities, 2,000 devices, 200 users) is measured against parsing the JSON that it is made of, which must take longer.
//! The last lines of a run are these ratios, in words.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may panic on its own data, and the ratios are its output"
)]

#[path = "permission/home.rs"]
mod home;
#[path = "permission/ratios.rs"]
mod ratios;

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use vestibule::permission::{Registry, UserPermissions};

/// A registry and three users: of Home Assistant's groups, of configured ones, and of both. Each check is by the last
/// place that is asked, after all others were asked in vain.
struct Bench {
    registry: Registry,
    home_assistant: UserPermissions,
    configured: UserPermissions,
    both: UserPermissions,
    plain: HashMap<String, usize>,
    /// In the middle of the registry, and without a rule of its own in any policy.
    by_area: String,
}

impl Bench {
    fn new(entities: usize) -> Self {
        let by_area = format!("light.number_{}", entities / 2);
        let bench = Self {
            registry: home::registry(entities),
            home_assistant: home::of_home_assistant(RULES),
            configured: home::configured(RULES),
            both: home::both(RULES),
            plain: (0..entities).map(|i| (format!("light.number_{i}"), i)).collect(),
            by_area,
        };
        for (user, direct) in bench.users() {
            assert!(user.check(&bench.registry, direct, "control").is_permit());
            assert!(user.check(&bench.registry, &bench.by_area, "read").is_permit());
            assert!(!user.check(&bench.registry, &bench.by_area, "edit").is_permit());
        }
        bench
    }

    fn users(&self) -> [(&UserPermissions, &'static str); 3] {
        [(&self.home_assistant, home::DIRECT), (&self.configured, home::DIRECT), (&self.both, home::DIRECT)]
    }
}

fn checks(criterion: &mut Criterion) {
    for entities in [10, 10_000] {
        let bench = Bench::new(entities);
        let (registry, by_area) = (&bench.registry, bench.by_area.as_str());
        let mut group = criterion.benchmark_group("permission");
        group.bench_function(BenchmarkId::new("hash_map_look_up", entities), |b| {
            b.iter(|| bench.plain.get(black_box(by_area)));
        });
        for ((user, direct), name) in bench.users().into_iter().zip(["home_assistant", "configured", "both"]) {
            group.bench_function(BenchmarkId::new(format!("{name}/direct_entity"), entities), |b| {
                b.iter(|| user.check(registry, black_box(direct), black_box("control")));
            });
            group.bench_function(BenchmarkId::new(format!("{name}/area"), entities), |b| {
                b.iter(|| user.check(registry, black_box(by_area), black_box("read")));
            });
            group.bench_function(BenchmarkId::new(format!("{name}/nothing_says_yes"), entities), |b| {
                b.iter(|| user.check(registry, black_box(by_area), black_box("edit")));
            });
        }
        group.finish();
    }
}

fn in_words(_: &mut Criterion) {
    ratios::of_checks(&[10, 100, 1_000, 10_000].map(Bench::new));
    ratios::of_the_snapshot();
}

/// Rules in each of the selectors that have many.
const RULES: usize = 1_000;

criterion_group!(benches, checks, in_words);
criterion_main!(benches);
