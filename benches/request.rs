//! What a request costs before it leaves: sanitising its headers, and finding its route. In comes nothing, out come
//! criterion's figures.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName, HeaderValue};
use vestibule::config::{self, FilesAlone};
use vestibule::http::{Names, OwnCookies, Reserved, Rules, judge_path, strip};
use vestibule::route::Routes;

fn rules() -> Rules {
    Rules {
        reserved: Reserved::always(&[]),
        names: Names::default(),
        cookies: OwnCookies {
            session: "__Host-ingress_session",
            form: "__Host-ingress_form",
            oauth: "__Host-ingress_journey",
            ticket: "__Host-ingress_hand_over",
            retired: "__Host-ingress_session_framed",
        },
        header_count: 100,
        client_auth: None,
    }
}

/// What Chromium sends for a page.
fn browser() -> HeaderMap {
    let lines = [
        ("host", "home.example:8443"),
        ("connection", "keep-alive"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-US,en;q=0.9"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
        ("upgrade-insecure-requests", "1"),
        ("cookie", "theme=dark; __Host-ingress_session=Xhz0ssLn0VUXDDcOiakrLwX4wt0gpm3nqjoEQK0VSV4; lang=en"),
    ];
    lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn sanitize(c: &mut Criterion) {
    let rules = rules();
    let honest = browser();
    let mut spoofed = browser();
    for name in ["x-remote-user-id", "x_remote_user_name", "x.forwarded.for", "remote-user"] {
        spoofed.insert(HeaderName::from_static(name), HeaderValue::from_static("root"));
    }
    for (name, headers) in [("honest", &honest), ("spoofed", &spoofed)] {
        c.bench_function(&format!("sanitize/{name}"), |b| {
            b.iter_batched_ref(|| headers.clone(), |headers| black_box(strip(headers, &rules)), BatchSize::SmallInput);
        });
    }
    c.bench_function("sanitize/path", |b| b.iter(|| judge_path(black_box("/ingress/nodered/red/images/%C3%A9.svg"))));
}

/// A configuration with this many add-ons, each with a prefix and a host.
fn routes(addons: usize) -> Routes {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "[home_assistant]\nconfig_dir = \"home\"\n".to_owned();
    for number in 0..addons {
        let _ = write!(
            text,
            "[[addon]]\nslug = \"a{number}\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/a{number}\"\n\
             host = \"a{number}.example\"\n"
        );
    }
    let storage = folder.path().join("home/.storage");
    std::fs::create_dir_all(&storage).expect("a folder");
    std::fs::write(storage.join("auth"), "{}").expect("a file");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).expect("a file");
    let loaded = config::load(&file, &FilesAlone).expect("a configuration");
    Routes::new(&loaded.settings.addons.iter().map(Arc::clone).collect::<Vec<_>>())
}

fn route(c: &mut Criterion) {
    for addons in [2, 500] {
        let routes = routes(addons);
        c.bench_function(&format!("route/prefix_of_{addons}"), |b| {
            b.iter(|| routes.longest(black_box("/ingress/a1/red/images/node-red.svg")).expect("a route"));
        });
    }
}

criterion_group!(benches, sanitize, route);
criterion_main!(benches);
