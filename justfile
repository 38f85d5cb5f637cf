# What contributors run, by name: `just` lists it. CI runs `.ci/run`, which is `just ci`.

_list:
    @just --list --unsorted

# Before each commit, in under two minutes when warm: formatting, lints, unit tests, the crate's shape, the documents
check:
    cargo fmt --check
    cargo clippy --all-targets --all-features --quiet -- -D warnings
    cargo test --all-features --quiet --lib --test architecture --test documentation

# All tests, or one binary and a filter: `just test sign_in wrong_password`
test binary='' filter='':
    cargo test --all-features {{ if binary == '' { '' } else { '--test ' + binary } }} {{ filter }}

# Serve config.toml with a debug build
run *arguments:
    cargo run -- {{ arguments }}

# Criterion's benchmarks, or one of them: `just bench request`
bench name='*':
    cargo bench --all-features --bench '{{ name }}'

# vestibule beside nginx and HAProxy
compare *arguments:
    cargo build --profile dist
    benches/compare/compare.py --bin target/dist/vestibule {{ arguments }}

# Instructions of a request beside the baseline.
instructions:
    cargo build --release
    benches/instructions/count.py

# The whole product in Chromium
browser:
    cargo build --all-features
    cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund && VESTIBULE_BIN="$PWD/../../target/debug/vestibule" npm test

# docs/ as a book, in target/book (needs mdbook)
book:
    mdbook build docs

# Licences, sources and banned crates (needs cargo-deny)
deny:
    cargo deny check licenses bans sources

# Everything that a change must pass, as CI runs it
ci:
    .ci/run
