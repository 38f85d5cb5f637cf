//! Add-ons that break off, lie, or never answer: what is missing is missing for the browser as well.

use crate::support::{Ask, BOTH, Keep, RawAddon, RawClient, Vestibule};

fn behind(addon: &RawAddon, lines: &str) -> (Vestibule, String) {
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", addon, lines);
    });
    let cookie = vestibule.cookie("bob");
    (vestibule, cookie)
}

#[test]
fn a_body_that_breaks_off_does_not_end_well() {
    let broken = [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n0\r\n",
    ];
    for bytes in broken {
        let addon = RawAddon::scripted(move |_, wire| {
            let _ = wire.write(bytes.as_bytes());
            Keep::Closed
        });
        let (vestibule, cookie) = behind(&addon, "");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert!(!answer.complete, "{protocol:?} {bytes:?}: {answer:#?}");
            assert!(answer.status == 200 || answer.status >= 500 || answer.status == 0, "{answer:#?}");
        }
    }
}

#[test]
fn a_body_that_is_whole_ends_well() {
    let whole = [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody",
        "HTTP/1.0 200 OK\r\n\r\nbody",
    ];
    for bytes in whole {
        let addon = RawAddon::scripted(move |_, wire| {
            let _ = wire.write(bytes.as_bytes());
            Keep::Closed
        });
        let (vestibule, cookie) = behind(&addon, "");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "body", true), "{bytes:?}");
        }
    }
}

#[test]
fn an_answer_that_is_not_http_is_a_502_and_the_next_one_is_fine() {
    let wrong = [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody!",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Bad : 1\r\n\r\n",
        "\r\n",
        "",
    ];
    for bytes in wrong {
        let addon = RawAddon::scripted(move |request, wire| {
            let good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            let _ = wire.write(if request.target() == "/good" { good.as_bytes() } else { bytes.as_bytes() });
            if request.target() == "/good" { Keep::Open } else { Keep::Closed }
        });
        let (vestibule, cookie) = behind(&addon, "");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/bad", "x").cookie(&cookie));
            assert_eq!(answer.status, 502, "{protocol:?} {bytes:?}: {answer:#?}");
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/good").cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
        }
    }
}

#[test]
fn an_answer_of_one_request_is_never_that_of_another() {
    // The add-on says more than it was asked for: the rest must not be taken for the next answer.
    let addon = RawAddon::scripted(|request, wire| {
        let own = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", request.target().len(), request.target());
        let more = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen";
        let _ = wire.write(if request.target() == "/liar" { own + more } else { own }.as_bytes());
        Keep::Open
    });
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        for target in ["/liar", "/one", "/liar", "/two", "/three"] {
            let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/a{target}")).cookie(&cookie));
            assert_eq!((answer.status, answer.text().as_str()), (200, target), "{protocol:?}");
        }
    }
}

#[test]
fn an_add_on_that_never_answers_is_a_504() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "response_timeout = \"200ms\"");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.status, 504, "{protocol:?}: {answer:#?}");
    }
}

#[test]
fn interim_answers_are_not_final_ones() {
    let addon = RawAddon::answering(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal",
    );
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", "x").cookie(&cookie));
        assert_eq!((answer.status, answer.text().as_str()), (200, "final"), "{protocol:?}");
    }
    let mut client = RawClient::connect(vestibule.https());
    for _ in 0..2 {
        assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&cookie)).text(), "final", "on one connection");
    }
}

#[test]
fn events_leave_as_they_come() {
    let addon = RawAddon::scripted(|_, wire| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = wire.write(head);
        let _ = wire.write(b"8\r\ndata: 1\n\r\n");
        let _ = crate::support::addon::until_closed(wire);
        Keep::Closed
    });
    let (vestibule, cookie) = behind(&addon, "");
    let mut h1 = RawClient::connect(vestibule.https());
    h1.send(&Ask::get("/ingress/a/").cookie(&cookie).to_bytes());
    assert_eq!(h1.head().status, 200);
    assert_eq!(h1.up_to(13), b"8\r\ndata: 1\n\r\n", "before the next one, and before the end");
    let mut h2 = crate::support::H2Client::connect(vestibule.https());
    let (answer, mut stream) = h2.stream(&Ask::get("/ingress/a/").cookie(&cookie));
    assert_eq!((answer.status, stream.up_to(8)), (200, b"data: 1\n".to_vec()));
}
