//! The plain driver: mutates the corpus with nothing but a seed and a dictionary, on any toolchain.
//!
//!     cargo run --release --manifest-path fuzz/Cargo.toml -- TARGET [--seconds N] [--seed N]
//!
//! The same seed makes the same inputs in the same order. It knows nothing of coverage: `fuzz/run` finds more.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, panic};

use vestibule::fuzzing::{TARGETS, Target, target};

fn main() -> ExitCode {
    let Some(wanted) = Arguments::read(env::args().skip(1)) else {
        eprintln!("usage: vestibule-fuzz TARGET [--seconds N] [--seed N]");
        eprintln!("targets: {}", TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(" "));
        return ExitCode::from(2);
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut corpus = inputs(&root.join("corpus").join(wanted.target.name));
    corpus.push(Vec::new());
    let dictionary = words(&fs::read_to_string(root.join("dictionary")).unwrap_or_default());
    let mut random = Random(wanted.seed);
    let end = Instant::now() + wanted.time;
    let mut runs = 0_u64;
    while Instant::now() < end {
        let input = random.mutated(&corpus, &dictionary);
        runs += 1;
        if panic::catch_unwind(|| (wanted.target.run)(&input)).is_err() {
            let kept = keep(&root.join("artifacts").join(wanted.target.name), &input);
            eprintln!("{} breaks after {runs} runs of seed {}: {}", wanted.target.name, wanted.seed, kept.display());
            return ExitCode::FAILURE;
        }
    }
    println!("{}: {runs} runs of seed {}, no invariant broken", wanted.target.name, wanted.seed);
    ExitCode::SUCCESS
}

struct Arguments {
    target: Target,
    time: Duration,
    seed: u64,
}

impl Arguments {
    fn read(mut given: impl Iterator<Item = String>) -> Option<Self> {
        let mut read = Self { target: target(&given.next()?)?, time: Duration::from_secs(60), seed: 1 };
        while let Some(option) = given.next() {
            let number: u64 = given.next()?.parse().ok()?;
            match option.as_str() {
                "--seconds" => read.time = Duration::from_secs(number),
                "--seed" => read.seed = number,
                _ => return None,
            }
        }
        Some(read)
    }
}

/// In the order of their names, so that a seed means the same everywhere.
fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter_map(|file| fs::read(file).ok()).collect()
}

/// libFuzzer's form: `"text"` on a line, with `\xNN` and `\\` and `\"` in it.
fn words(dictionary: &str) -> Vec<Vec<u8>> {
    let quoted = dictionary.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(word).collect()
}

fn word(text: &str) -> Vec<u8> {
    let (mut word, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                (digits.expect("two hexadecimal digits follow `\\x` in the dictionary"), after)
            }
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            (byte, after) => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
    word
}

fn keep(folder: &Path, input: &[u8]) -> PathBuf {
    let mut name = String::from("input-");
    // FNV-1a: a name for a file, and no more.
    let hash = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let _ = write!(name, "{hash:016x}");
    let file = folder.join(name);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, input));
    written.expect("an input that breaks something can be written");
    file
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    fn one_of<'a>(&mut self, all: &'a [Vec<u8>]) -> &'a [u8] {
        if all.is_empty() { &[] } else { &all[self.below(all.len())] }
    }

    /// An input of the corpus with a few changes.
    fn mutated(&mut self, corpus: &[Vec<u8>], dictionary: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.one_of(corpus).to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(input.len() + 1);
            let end = at + self.below(input.len() - at + 1).min(16);
            match self.below(8) {
                0 => input.truncate(at),
                1 => drop(input.drain(at..end)),
                2 => drop(input.splice(at..at, self.one_of(dictionary).to_vec())),
                3 => drop(input.splice(at..end, self.one_of(dictionary).to_vec())),
                4 => drop(input.splice(at..at, [u8::try_from(self.below(256)).unwrap_or_default()])),
                5 if at < input.len() => input[at] ^= 1 << self.below(8),
                6 => {
                    let again = input[at..end].to_vec();
                    drop(input.splice(at..at, again));
                }
                _ => {
                    let other = self.one_of(corpus);
                    let from = self.below(other.len() + 1);
                    drop(input.splice(at.., other[from..].iter().copied()));
                }
            }
            input.truncate(LONGEST);
        }
        input
    }
}

const LONGEST: usize = 4096;
