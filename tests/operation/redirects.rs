//! The listener in the clear sends browsers on to HTTPS, at hosts that are ours alone; and what answers over TLS say of
//! HTTPS.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use crate::support::launch::announced;
use crate::support::{Answer, Ask, BOTH, ConfigFile, RawAddon, Vestibule, eventually, h1};

/// A vestibule that has a listener in the clear, and where that is.
fn start(configure: impl FnOnce(&mut ConfigFile)) -> (Vestibule, SocketAddr) {
    let server = Vestibule::start(|config| {
        config.set("listen", "http", r#"["127.0.0.1:0"]"#);
        configure(config);
    });
    let line = server.await_line(&["listening for redirections on http://"]);
    let address = announced(&line, "http://").expect("the line names the address");
    (server, address)
}

#[track_caller]
fn ask(address: SocketAddr, target: &str, host: &str) -> Answer {
    h1::raw(address, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap()
}

#[track_caller]
fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 308, "{answer:#?}");
    answer.location()
}

#[test]
fn a_browser_is_sent_on_to_the_same_page_over_https() {
    let (server, http) = start(|_| {});
    let port = server.https().port();
    for host in ["p.test", "a.p.test", "127.0.0.1", "P.TEST.:8080"] {
        let name = if host.starts_with('P') { "p.test" } else { host };
        let answer = ask(http, "/ingress/x/?a=%2F&b", host);
        assert_eq!(location(&answer), format!("https://{name}:{port}/ingress/x/?a=%2F&b"));
        assert_eq!(answer.fields.text("strict-transport-security"), None, "RFC 6797 section 7.2");
        assert_eq!(
            answer.fields.text("cache-control").as_deref(),
            Some("no-store"),
            "ports change, and browsers keep a 308"
        );
    }
    let line = server.await_line(&["/ingress/x/?a=", "308"]);
    assert!(line.contains("127.0.0.1"), "{line}");
    assert!(server.command_ok(&["status"]).contains(&format!("http://{http}")));
}

#[test]
fn the_port_is_the_one_that_browsers_know() {
    let (_server, http) = start(|config| {
        config.set("listen", "public_urls", r#"["https://home.example", "https://other.example:8443"]"#);
        config.addon_with("grocy", &RawAddon::start(), "host = \"grocy.example\"");
    });
    assert_eq!(location(&ask(http, "/", "home.example")), "https://home.example/");
    assert_eq!(location(&ask(http, "/", "other.example")), "https://other.example:8443/");
    assert_eq!(location(&ask(http, "/", "grocy.example")), "https://grocy.example/");
}

#[test]
fn nobody_is_sent_to_a_host_that_is_not_ours() {
    let (_server, http) = start(|config| {
        config.set("listen", "public_urls", r#"["https://home.example"]"#);
    });
    for host in ["evil.example", "home.example.evil.example", "nohome.example", "a.b.p.test", "192.0.2.1", "[::1]"] {
        let answer = ask(http, "/", host);
        assert_eq!((answer.status, answer.fields.text("location")), (421, None), "{host}");
    }
    for host in ["home.example@evil.example", "home.example/x", "home.example:x", "", "home.example, evil.example"] {
        let answer = ask(http, "/", host);
        assert_eq!((answer.status, answer.fields.text("location")), (400, None), "{host}");
    }
    let twice = "GET / HTTP/1.1\r\nHost: home.example\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let elsewhere = "GET http://evil.example/ HTTP/1.1\r\nHost: home.example\r\nConnection: close\r\n\r\n";
    let nowhere = "GET / HTTP/1.0\r\n\r\n";
    for request in [twice, elsewhere, nowhere] {
        assert_eq!(h1::raw(http, request.as_bytes()).unwrap().status, 400, "{request}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_not_repeated() {
    let (_server, http) = start(|_| {});
    // The path is never taken for a host: it stands behind one.
    assert!(location(&ask(http, "//evil.example/", "p.test")).starts_with("https://p.test:"));
    for target in ["/a/../b", "/%2e%2e/", "/%0d%0aSet-Cookie:x", "/\u{e9}", "*"] {
        assert_eq!(ask(http, target, "p.test").status, 400, "{target}");
    }
    let strange = "BREW / HTTP/1.1\r\nHost: p.test\r\nConnection: close\r\n\r\n";
    assert_eq!(h1::raw(http, strange.as_bytes()).unwrap().status, 405);
}

#[test]
fn no_page_is_served_in_the_clear_and_a_body_is_not_waited_for() {
    let (server, http) = start(|_| {});
    let cookie = server.cookie("frank");
    for path in ["/", "/.vestibule/", "/.vestibule/session", "/.vestibule/sign-in"] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        let answer = h1::raw(http, head.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.fields.text("set-cookie")), (308, None), "{path}");
    }
    let posted = "POST / HTTP/1.1\r\nHost: p.test\r\nContent-Length: 1000000\r\n\r\n";
    assert_eq!(h1::raw(http, posted.as_bytes()).unwrap().status, 308);
}

#[test]
fn its_connections_count_with_all_others() {
    let (server, http) = start(|config| {
        config.set("limits", "connections_per_address", "2").set("limits", "header_timeout", "\"1s\"");
    });
    let held: Vec<_> = (0..2).map(|_| TcpStream::connect(http).unwrap()).collect();
    let refused = r#"vestibule_connections_refused_total{why="too_many_from_address"} "#;
    eventually("a refusal", || {
        let _third = TcpStream::connect(server.https()).and_then(|mut stream| stream.write_all(b"x"));
        let metrics = server.ask_operations(&Ask::get("/metrics")).text();
        let count = metrics.lines().find_map(|line| line.strip_prefix(refused))?.parse::<u64>().ok()?;
        (count > 0).then_some(())
    });
    drop(held);
    eventually("a place", || {
        (h1::raw(http, b"GET / HTTP/1.1\r\nHost: p.test\r\n\r\n").ok()?.status == 308).then_some(())
    });
    let mut silent = TcpStream::connect(http).unwrap();
    silent.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    let closed = std::io::Read::read(&mut silent, &mut [0; 1]);
    assert!(matches!(closed, Ok(0)) || closed.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock));
}

#[test]
fn a_reload_takes_it_away_and_brings_it_back() {
    let (mut server, http) = start(|_| {});
    server.reconfigure(|config| {
        config.unset("listen", "http");
    });
    server.command_ok(&["reload"]);
    eventually("the end of the listener", || TcpStream::connect(http).is_err().then_some(()));
    server.reconfigure(|config| {
        config.set("listen", "http", &format!("[\"{http}\"]"));
    });
    server.command_ok(&["reload"]);
    assert_eq!(ask(http, "/", "p.test").status, 308);
}

#[test]
fn hsts_is_said_over_tls_when_it_is_asked_for() {
    let mut server = Vestibule::start(|_| {});
    let said = |server: &Vestibule, protocol| {
        let answer = server.ask(protocol, &Ask::get("/"));
        answer.fields.text("strict-transport-security")
    };
    for protocol in BOTH {
        assert_eq!(said(&server, protocol), None);
    }
    for (written, expected) in [("\"30d\"", "max-age=2592000"), ("\"0s\"", "max-age=0")] {
        server.reconfigure(|config| {
            config.set("tls", "hsts", written);
        });
        server.command_ok(&["reload"]);
        for protocol in BOTH {
            assert_eq!(said(&server, protocol).as_deref(), Some(expected));
        }
    }
}
