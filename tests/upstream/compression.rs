//! `compress`: what an add-on sends plain is compressed on its way, where nobody can learn anything by that, and all
//! that it says of its answer stays true.

use std::io::Read as _;
use std::process::Command;

use crate::behind;
use crate::bodies::{MIB, growth};
use crate::support::tools::{self, Tool};
use crate::support::{Answer, Ask, BOTH, H2Client, Keep, Protocol, RawAddon, RawClient, Vestibule, eventually};

const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn style() -> String {
    let rules: Vec<_> =
        (0..2000).map(|number| format!(".class-{number} {{ margin: {}px; color: #112233 }}\n", number % 7)).collect();
    rules.concat()
}

/// An answer with these lines and the style as its body.
fn saying(lines: &str) -> String {
    let style = style();
    format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n{style}", style.len())
}

fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
        "zstd" => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut out),
        other => panic!("{other}"),
    };
    out
}

/// A request of a page of ours, by a browser that takes all three.
fn own(cookie: &str) -> Ask {
    Ask::get("/ingress/a/app.css").cookie(cookie).field("Sec-Fetch-Site", "same-origin")
}

fn all_codings(ask: Ask) -> Ask {
    ask.field("Accept-Encoding", "gzip, deflate, br, zstd")
}

#[track_caller]
fn assert_compressed(answer: &Answer, coding: &str) {
    assert_eq!((answer.status, answer.complete), (200, true), "{:?}", answer.fields);
    assert_eq!(answer.fields.one("content-encoding"), coding, "{:?}", answer.fields);
    assert!(!answer.fields.has("content-length") && !answer.fields.has("accept-ranges"), "{:?}", answer.fields);
    assert!(answer.body.len() < style().len() / 4, "{}", answer.body.len());
    assert!(decoded(coding, &answer.body) == style().as_bytes());
}

#[track_caller]
fn assert_plain(answer: &Answer, why: &str) {
    assert!(!answer.fields.has("content-encoding"), "{why}: {:?}", answer.fields);
    assert_eq!((answer.status, answer.body == style().as_bytes()), (200, true), "{why}: {:?}", answer.fields);
    assert_eq!(answer.fields.one("content-length"), style().len().to_string(), "{why}");
}

#[test]
fn a_style_is_compressed_as_the_client_wants_it() {
    let addon = RawAddon::answering(saying(
        "Content-Type: text/css; charset=utf-8\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nVary: Cookie\r\n",
    ));
    let (vestibule, cookie) = behind(&addon, "compress = true");
    for protocol in BOTH {
        for coding in CODINGS {
            let answer = vestibule.ask(protocol, &own(&cookie).field("Accept-Encoding", coding));
            assert_compressed(&answer, coding);
            assert_eq!(answer.fields.one("vary"), "Cookie, Accept-Encoding");
            assert_eq!(answer.fields.one("etag"), "W/\"v1+vestibule\"");
            assert_eq!(answer.fields.one("content-type"), "text/css; charset=utf-8");
        }
        assert_compressed(&vestibule.ask(protocol, &all_codings(own(&cookie))), "zstd");
        let weighed = own(&cookie).field("Accept-Encoding", "zstd;q=0.5").field("Accept-Encoding", "gzip, br;q=0");
        assert_compressed(&vestibule.ask(protocol, &weighed), "gzip");
    }
}

#[test]
fn an_answer_without_a_length_is_compressed_too() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in style().as_bytes().chunks(7000) {
            let _ = wire.write(format!("{:x}\r\n", piece.len()).as_bytes());
            let _ = wire.write(piece);
            let _ = wire.write(b"\r\n");
        }
        let _ = wire.write(b"0\r\n\r\n");
        Keep::Open
    });
    let (vestibule, cookie) = behind(&addon, "compress = true");
    for protocol in BOTH {
        for coding in CODINGS {
            assert_compressed(&vestibule.ask(protocol, &own(&cookie).field("Accept-Encoding", coding)), coding);
        }
    }
    assert_eq!(addon.accepted(), 1, "the connection to the add-on is kept");
}

#[test]
fn without_the_key_nothing_is_compressed() {
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\nETag: \"v1\"\r\n"));
    for lines in ["", "compress = false"] {
        let (vestibule, cookie) = behind(&addon, lines);
        let answer = vestibule.ask(Protocol::H1, &all_codings(own(&cookie)));
        assert_plain(&answer, lines);
        assert!(!answer.fields.has("vary"));
        assert_eq!(answer.fields.one("etag"), "\"v1\"");
    }
}

#[test]
fn an_answer_that_is_about_its_bytes_or_its_reader_stays_as_it_is() {
    for lines in [
        "Content-Type: text/css\r\nCache-Control: max-age=1, no-transform\r\n",
        "Content-Type: text/css\r\nSet-Cookie: a=b\r\n",
        "Content-Type: text/css\r\nCache-Control: private\r\n",
        "Content-Type: text/css\r\nRepr-Digest: sha-256=:x:\r\n",
        "Content-Type: text/html\r\n",
        "Content-Type: application/json\r\n",
        "Content-Type: image/png\r\n",
        "",
    ] {
        let addon = RawAddon::answering(saying(lines));
        let (vestibule, cookie) = behind(&addon, "compress = true");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &all_codings(own(&cookie)));
            assert_plain(&answer, lines);
            assert!(!answer.fields.has("vary"), "{lines}");
        }
    }
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\nContent-Encoding: x-own\r\n"));
    let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
    let answer = vestibule.ask(Protocol::H2, &all_codings(own(&cookie)));
    assert_eq!(answer.fields.one("content-encoding"), "x-own", "compressed already");
    assert!(answer.body == style().as_bytes());
}

#[test]
fn parts_and_short_answers_stay_as_they_are() {
    for answer in [
        "HTTP/1.1 206 Partial Content\r\nContent-Type: text/css\r\nContent-Range: bytes 0-1999/4000\r\nContent-Length: \
         2000\r\n\r\n"
            .to_owned() + &"x".repeat(2000),
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: 1023\r\n\r\n{}", "x".repeat(1023)),
        format!("HTTP/1.1 404 Not Found\r\nContent-Type: text/css\r\nContent-Length: 2000\r\n\r\n{}", "x".repeat(2000)),
    ] {
        let addon = RawAddon::answering(answer);
        let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &all_codings(own(&cookie)));
            assert!(!answer.fields.has("content-encoding") && answer.body.iter().all(|b| *b == b'x'), "{answer:#?}");
            assert!(answer.fields.has("content-length") && answer.complete);
        }
    }
}

#[test]
fn what_the_client_asks_for_as_it_is_comes_as_it_is() {
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\n"));
    let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
    let ask = || all_codings(own(&cookie));
    for protocol in BOTH {
        assert_plain(&vestibule.ask(protocol, &ask().field("Range", "bytes=0-1")), "Range");
        assert_plain(&vestibule.ask(protocol, &ask().field("Cache-Control", "no-transform")), "no-transform");
        let post = Ask { method: "POST".to_owned(), body: Some(b"x".to_vec()), ..ask() };
        assert_plain(&vestibule.ask(protocol, &post), "POST");
        for line in ["identity", "gzip;q=0, br;q=0, zstd;q=0", "deflate"] {
            let answer = vestibule.ask(protocol, &own(&cookie).field("Accept-Encoding", line));
            assert_plain(&answer, line);
            assert_eq!(answer.fields.one("vary"), "Accept-Encoding", "a cache must not give it to others: {line}");
        }
        assert_plain(&vestibule.ask(protocol, &own(&cookie)), "no Accept-Encoding");
    }
    let addon = RawAddon::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nETag: \"v1\"\r\nContent-Length: 5000\r\n\r\n",
    );
    let (vestibule, cookie) = behind(&addon, "compress = true");
    for protocol in BOTH {
        let head = Ask { method: "HEAD".to_owned(), ..all_codings(own(&cookie)) };
        let answer = vestibule.ask(protocol, &head);
        assert!(!answer.fields.has("content-encoding"), "{answer:#?}");
        assert_eq!((answer.fields.one("content-length"), answer.fields.one("etag")), ("5000".into(), "\"v1\"".into()));
        assert_eq!(answer.fields.one("vary"), "Accept-Encoding");
    }
}

#[test]
fn what_another_site_may_have_caused_is_never_compressed() {
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\n"));
    let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
    for protocol in BOTH {
        for site in ["cross-site", "same-site", "nonsense"] {
            let ask = all_codings(Ask::get("/ingress/a/").cookie(&cookie)).field("Sec-Fetch-Site", site);
            let navigates = ask.field("Sec-Fetch-Mode", "navigate").field("Sec-Fetch-Dest", "document");
            let answer = vestibule.ask(protocol, &navigates);
            assert!(!answer.fields.has("content-encoding"), "{site}: {:?}", answer.fields);
        }
    }
}

#[test]
fn all_text_is_compressed_for_pages_of_our_own_and_for_nobody_of_whom_that_is_not_known() {
    for media_type in ["text/html; charset=utf-8", "application/json", "text/plain"] {
        let addon = RawAddon::answering(saying(&format!("Content-Type: {media_type}\r\n")));
        let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
        for protocol in BOTH {
            assert_compressed(&vestibule.ask(protocol, &all_codings(own(&cookie))), "zstd");
            let typed = all_codings(Ask::get("/ingress/a/").cookie(&cookie)).field("Sec-Fetch-Site", "none");
            assert_compressed(&vestibule.ask(protocol, &typed), "zstd");
            let silent = all_codings(Ask::get("/ingress/a/").cookie(&cookie));
            assert_plain(&vestibule.ask(protocol, &silent), "an old browser");
        }
    }
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\n"));
    let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
    let silent = all_codings(Ask::get("/ingress/a/").cookie(&cookie));
    assert_compressed(&vestibule.ask(Protocol::H1, &silent), "zstd");
}

/// Compares tags as text, as many do, and knows one version.
fn revalidating() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        let asked = request.fields.text("if-none-match");
        let said = if request.line.starts_with("PUT") {
            let fits = request.fields.text("if-match").as_deref() == Some("\"v1\"");
            let status = if fits { "204 No Content" } else { "412 Precondition Failed" };
            format!("HTTP/1.1 {status}\r\n{}\r\n", if fits { "" } else { "Content-Length: 0\r\n" })
        } else if asked.as_deref() == Some("\"v1\"") {
            "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n".to_owned()
        } else {
            saying("Content-Type: text/css\r\nETag: \"v1\"\r\n")
        };
        if wire.write(said.as_bytes()).is_ok() { Keep::Open } else { Keep::Closed }
    })
}

#[test]
fn a_copy_is_revalidated_by_the_add_on_with_the_tag_that_it_gave() {
    let addon = revalidating();
    let (vestibule, cookie) = behind(&addon, "compress = true");
    for protocol in BOTH {
        let first = vestibule.ask(protocol, &all_codings(own(&cookie)));
        assert_compressed(&first, "zstd");
        let tag = first.fields.one("etag");
        addon.forget();
        let again = vestibule.ask(protocol, &all_codings(own(&cookie)).field("If-None-Match", &tag));
        assert_eq!(addon.one().fields.one("if-none-match"), "\"v1\"", "{protocol:?}");
        assert_eq!((again.status, again.fields.one("etag")), (304, tag.clone()), "the copy is found by its tag");
        assert_eq!(again.fields.one("vary"), "Accept-Encoding");
        // A copy of the plain answer has the add-on's own tag.
        let plain = vestibule.ask(protocol, &own(&cookie).field("If-None-Match", "\"v1\""));
        assert_eq!((plain.status, plain.fields.one("etag")), (304, "\"v1\"".to_owned()));
        // A weak tag of the add-on's own, and a list.
        addon.forget();
        vestibule.ask(protocol, &own(&cookie).field("If-None-Match", format!("W/\"own\", {tag}")));
        assert_eq!(addon.one().fields.one("if-none-match"), "W/\"own\", \"v1\"");
        // What is changed must be what was read.
        let put = |tag: &str| Ask {
            method: "PUT".to_owned(),
            body: Some(b"x".to_vec()),
            ..own(&cookie).field("Origin", "https://p.test").field("If-Match", tag)
        };
        assert_eq!(vestibule.ask(protocol, &put(&tag)).status, 204, "{protocol:?}");
        assert_eq!(vestibule.ask(protocol, &put("W/\"v2+vestibule\"")).status, 412);
        // Part of a compressed copy is never put together with a part of the plain file.
        addon.forget();
        vestibule.ask(protocol, &own(&cookie).field("Range", "bytes=5-").field("If-Range", &tag));
        assert_eq!(addon.one().fields.one("if-range"), tag, "which matches nothing");
    }
}

#[test]
fn an_event_stream_is_left_alone_and_other_text_comes_while_the_add_on_pauses() {
    let addon = RawAddon::scripted(|request, wire| {
        let media_type = if request.line.contains("events") { "text/event-stream" } else { "text/plain" };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n");
        let _ = wire.write(head.as_bytes());
        let _ = wire.write(b"d\r\ndata: first\n\n\r\n");
        while !wire.some().is_empty() {}
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "compress = \"all\"");
    for coding in CODINGS {
        let ask = |target: &str| Ask::get(target).field("Sec-Fetch-Site", "same-origin").cookie(&cookie);
        let mut client = H2Client::connect(vestibule.https());
        let (answer, mut stream) = client.stream(&ask("/ingress/a/events").field("Accept-Encoding", coding));
        assert!(!answer.fields.has("content-encoding") && !answer.fields.has("vary"), "{answer:#?}");
        assert_eq!(stream.up_to(13), b"data: first\n\n");
        let (answer, mut stream) = client.stream(&ask("/ingress/a/log").field("Accept-Encoding", coding));
        assert_eq!(answer.fields.one("content-encoding"), coding);
        let mut seen = Vec::new();
        while decoded(coding, &seen) != b"data: first\n\n" {
            let some = stream.some();
            assert!(!some.is_empty(), "{coding}: all of it comes, and the add-on has not ended");
            seen.extend(some);
        }
    }
}

#[test]
fn an_add_on_that_breaks_off_breaks_off_at_the_client() {
    for framing in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let addon = RawAddon::scripted(move |_, wire| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n{framing}\r\n\r\n");
            let _ = wire.write(head.as_bytes());
            let body = if framing.starts_with('T') {
                format!("c350\r\n{}\r\n", "x".repeat(50_000))
            } else {
                "x".repeat(50_000)
            };
            let _ = wire.write(body.as_bytes());
            Keep::Closed
        });
        let (vestibule, cookie) = behind(&addon, "compress = true");
        for protocol in BOTH {
            for coding in CODINGS {
                let answer = vestibule.ask(protocol, &own(&cookie).field("Accept-Encoding", coding));
                // Before anything of it was ready, not even the head has left.
                assert!(answer.status == 0 || answer.fields.one("content-encoding") == coding, "{answer:#?}");
                assert!(!answer.complete, "{protocol:?} {coding} {framing}");
            }
        }
        eventually("the account", || {
            let text = vestibule.ask_operations(&Ask::get("/metrics")).text();
            text.contains("vestibule_upstream_failures_total{addon=\"a\",kind=\"cut_short\"} 6").then_some(())
        });
    }
}

#[test]
fn with_no_place_left_an_answer_comes_as_it_is() {
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\n"));
    for limit in ["compressions", "compressions_per_user"] {
        let vestibule = Vestibule::start(|config| {
            config.set("limits", limit, "0").addon_with("a", &addon, "compress = true");
        });
        let answer = vestibule.ask(Protocol::H1, &all_codings(own(&vestibule.cookie("bob"))));
        assert_plain(&answer, limit);
        assert_eq!(answer.fields.one("vary"), "Accept-Encoding");
        eventually(limit, || {
            let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
            metrics.contains(&format!("vestibule_limit_refusals_total{{limit=\"{limit}\"}} 1\n")).then_some(())
        });
    }
}

#[test]
fn places_come_back_with_the_end_of_the_answer_however_it_ends() {
    let addon = RawAddon::scripted(|request, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nTransfer-Encoding: chunked\r\n\r\n");
        let _ = wire.write(b"5\r\nbegin\r\n");
        if request.line.contains("/hangs") {
            while !wire.some().is_empty() {}
            return Keep::Closed;
        }
        let _ = wire.write(b"0\r\n\r\n");
        Keep::Open
    });
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "compressions_per_user", "1").addon_with("a", &addon, "compress = true");
    });
    let cookie = vestibule.cookie("bob");
    let is_compressed = || vestibule.ask(Protocol::H1, &all_codings(own(&cookie))).fields.has("content-encoding");
    assert!(is_compressed() && is_compressed());
    let mut client = RawClient::connect(vestibule.https());
    client.send(&all_codings(Ask::get("/ingress/a/hangs").cookie(&cookie)).to_bytes());
    assert_eq!(client.head().fields.one("content-encoding"), "zstd");
    assert!(!is_compressed(), "the one place is taken");
    drop(client);
    eventually("the place", || is_compressed().then_some(()));
}

#[test]
fn a_great_text_takes_little_memory() {
    const MEBIBYTES: usize = 48;
    let addon = RawAddon::scripted(|_, wire| {
        let length = MEBIBYTES << 20;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Length: {length}\r\n\r\n");
        let _ = wire.write(head.as_bytes());
        let piece = style().repeat(2).into_bytes();
        let mut left = length;
        while left > 0 {
            let now = piece.len().min(left);
            if wire.write(&piece[..now]).is_err() {
                return Keep::Closed;
            }
            left -= now;
        }
        Keep::Open
    });
    let (vestibule, cookie) = behind(&addon, "compress = true");
    let grown = growth(&vestibule, || {
        let answer = vestibule.ask(Protocol::H1, &own(&cookie).field("Accept-Encoding", "zstd"));
        assert!(answer.complete && answer.body.len() < MEBIBYTES << 16, "{}", answer.body.len());
        assert_eq!(decoded("zstd", &answer.body).len(), MEBIBYTES << 20);
    });
    assert!(grown < 8 * MIB, "{grown} bytes for {MEBIBYTES} MiB");
}

#[test]
fn curl_reads_every_coding() {
    let Some(curl) = tools::find(Tool::Curl) else { return };
    let addon = RawAddon::answering(saying("Content-Type: text/css\r\nETag: \"v1\"\r\n"));
    let (vestibule, cookie) = behind(&addon, "compress = true");
    let address = vestibule.https();
    for version in ["--http1.1", "--http2"] {
        for coding in CODINGS {
            let output = Command::new(&curl)
                .args(["-sS", "-k", "--compressed", version, "-H", &format!("Accept-Encoding: {coding}")])
                .args(["-b", &cookie, "--resolve", &format!("p.test:{}:{}", address.port(), address.ip())])
                .arg(format!("https://p.test:{}/ingress/a/app.css", address.port()))
                .output()
                .unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && output.stdout == style().as_bytes(), "{version} {coding}: {error}");
        }
    }
}
