//! What goes over the wire, what is believed of what comes, and when a connection is used again.

use bytes::Bytes;
use http::{Method, StatusCode};
use proptest::prelude::*;

use super::connection::{Http1Connection, SendError};
use super::test_stream::{End, Outcome, TestStream, exchange, request};
use crate::connection::ClientBody;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// `|` for the end of a line.
fn wire(text: &str) -> Bytes {
    text.replace('|', "\r\n").into()
}

fn answering(answer: &str, end: End) -> TestStream {
    TestStream::new([wire(answer)], end)
}

const OK: &str = "HTTP/1.1 200 OK|Content-Length: 2||ok";

fn body_of(outcome: &Outcome) -> Option<&[u8]> {
    if let Outcome::Whole(_, _, body) = outcome { Some(body) } else { None }
}

fn sized(body: &'static str) -> ClientBody {
    ClientBody::buffered(Bytes::from_static(body.as_bytes()), true, None)
}

#[test]
fn a_request_is_written_byte_by_byte_as_it_is() {
    let unsized_body = || ClientBody::buffered(Bytes::from_static(b"0123456789abcdef!"), false, None);
    let cases = [
        (
            Method::GET,
            ClientBody::empty(),
            &[("Accept", "*/*"), ("x-a", "1"), ("X-A", "2")][..],
            "GET /a?b HTTP/1.1|accept: */*|x-a: 1|x-a: 2||",
        ),
        (Method::POST, ClientBody::empty(), &[("content-length", "0")], "POST /a?b HTTP/1.1|content-length: 0||"),
        (Method::PUT, sized("body"), &[("content-length", "4")], "PUT /a?b HTTP/1.1|content-length: 4||body"),
        (
            Method::from_bytes(b"PROPFIND").unwrap(),
            unsized_body(),
            &[("transfer-encoding", "chunked")],
            "PROPFIND /a?b HTTP/1.1|transfer-encoding: chunked||11|0123456789abcdef!|0||",
        ),
        (
            Method::GET,
            ClientBody::empty(),
            &[("transfer-encoding", "chunked")],
            "GET /a?b HTTP/1.1|transfer-encoding: chunked||0||",
        ),
    ];
    for (method, body, headers, expected) in cases {
        // However little the stream takes at once.
        for write_size in [usize::MAX, 1, 7] {
            let body = match http_body::Body::size_hint(&body).exact() {
                Some(0) => ClientBody::empty(),
                Some(_) => sized("body"),
                None => unsized_body(),
            };
            let stream = answering(OK, End::StaysOpen).taking(write_size);
            let written = stream.written();
            let mut connection = Http1Connection::alone(Box::new(stream));
            let sent = block_on(connection.send(request(&method, body, headers).into()));
            assert!(sent.is_ok_and(|response| response.status() == StatusCode::OK), "{expected}");
            // The answer may come before the last byte was written.
            block_on(std::future::poll_fn(|cx| connection.poll_upload(cx))).unwrap();
            let written = String::from_utf8(written.lock().clone()).unwrap();
            assert_eq!(written.replace("\r\n", "|"), expected, "{write_size}");
        }
    }
}

#[test]
fn an_upload_of_another_length_than_was_said_is_not_one() {
    for (said, body) in [("5", "body"), ("3", "body"), ("1", ""), ("0", "b")] {
        let stream = answering(OK, End::StaysOpen);
        let written = stream.written();
        let mut connection = Http1Connection::alone(Box::new(stream));
        let request =
            request(&Method::POST, sized(body), &[("content-length", Box::leak(said.to_owned().into_boxed_str()))]);
        assert!(matches!(block_on(connection.send(request.into())), Err(SendError::Failed(_))), "{said} {body}");
        assert!(!written.lock().ends_with(b"body"), "no byte beyond the length");
        assert!(!connection.is_reusable());
    }
}

#[test]
fn s55_what_an_add_on_says_before_it_stops_listening_is_heard_and_its_connection_is_over() {
    // It takes the head, and not even that.
    for deaf_after in [0, 1, 60] {
        let answer = "HTTP/1.1 413 Content Too Large|Content-Length: 3||big";
        let mut connection = Http1Connection::alone(Box::new(answering(answer, End::StaysOpen).deaf_after(deaf_after)));
        let request = request(&Method::POST, sized("x".repeat(100).leak()), &[("content-length", "100")]);
        let response = block_on(connection.send(request.into())).ok().expect("an answer");
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let data = block_on(std::future::poll_fn(|cx| connection.poll_answer(cx)));
        assert_eq!(data.unwrap().unwrap(), "big", "{deaf_after}");
        assert!(!connection.is_reusable());
    }
}

#[test]
fn a_used_connection_that_takes_not_a_byte_gives_the_whole_request_back() {
    block_on(async {
        let first = "POST /a?b HTTP/1.1|content-length: 4||body";
        // It takes the first request, and no byte of the second.
        let stream = TestStream::new([wire(OK)], End::StaysOpen).deaf_after(first.replace('|', "12").len());
        let mut connection = Http1Connection::alone(Box::new(stream));
        let ask = || request(&Method::POST, sized("body"), &[("content-length", "4")]);
        assert!(connection.send(ask().into()).await.is_ok());
        assert_eq!(std::future::poll_fn(|cx| connection.poll_answer(cx)).await.unwrap().unwrap(), "ok");
        assert!(connection.is_reusable() && connection.was_used());
        let Err(SendError::Unsent(unsent)) = connection.send(ask().into()).await else { panic!("it is given back") };
        assert!(!connection.is_reusable());
        let stream = answering(OK, End::StaysOpen);
        let written = stream.written();
        assert!(Http1Connection::alone(Box::new(stream)).send(unsent).await.is_ok());
        assert_eq!(*written.lock(), wire(first));
    });
}

#[test]
fn s58_a_used_connection_that_has_said_something_more_is_sent_nothing() {
    block_on(async {
        let stolen = "HTTP/1.1 200 OK|Content-Length: 6||stolen";
        for (more, end) in [(stolen, End::StaysOpen), ("x", End::Closes), ("", End::Closes), ("", End::Resets)] {
            let stream = TestStream::new([wire(OK), wire(more)], end);
            let written = stream.written();
            let mut connection = Http1Connection::alone(Box::new(stream));
            assert!(matches!(exchange(&mut connection, &Method::GET).await, Outcome::Whole(..)));
            let before = written.lock().len();
            let sent = connection.send(request(&Method::GET, ClientBody::empty(), &[]).into()).await;
            assert!(matches!(sent, Err(SendError::Unsent(_))), "{more:?} {end:?}");
            assert_eq!(written.lock().len(), before, "{more:?} {end:?}");
        }
    });
}

#[test]
fn a_request_of_which_a_byte_was_taken_is_not_given_back() {
    block_on(async {
        for end in [End::Closes, End::Resets] {
            let mut connection = Http1Connection::alone(Box::new(answering("", end).deaf_after(1)));
            let get = request(&Method::GET, ClientBody::empty(), &[]);
            let Err(SendError::Failed(error)) = connection.send(get.into()).await else { panic!("it was begun") };
            assert!(error.is_hang_up(), "{error}");
        }
    });
}

#[test]
fn s58_a_connection_is_used_again_only_after_an_answer_that_ended_where_it_said() {
    let again = [
        OK,
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-Trailer: a||",
        "HTTP/1.1 204 No Content||",
        "HTTP/1.1 204 No Content|Content-Length: 0||",
        "HTTP/1.1 304 Not Modified|Content-Length: 5||",
        "HTTP/1.0 200 OK|Connection: Keep-Alive|Content-Length: 2||ok",
        "HTTP/1.1 103 Early Hints||HTTP/1.1 200 OK|Content-Length: 2||ok",
        "HTTP/1.1 200 OK|Connection: upgrade, x-a|Content-Length: 2||ok",
    ];
    let over = [
        "HTTP/1.1 200 OK|Content-Length: 2||okHTTP/1.1 200 OK|Content-Length: 6||stolen",
        "HTTP/1.1 200 OK|Content-Length: 2||ok|",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||x",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 3||2|ok|0||",
        "HTTP/1.1 204 No Content|Content-Length: 2||",
        "HTTP/1.1 204 No Content|Transfer-Encoding: chunked||",
        "HTTP/1.1 200 OK|Connection: close|Content-Length: 2||ok",
        "HTTP/1.1 200 OK|Connection: x-a, CLOSE|Content-Length: 2||ok",
        "HTTP/1.1 200 OK|Connection: keep-alive|Connection: close|Content-Length: 2||ok",
        "HTTP/1.0 200 OK|Content-Length: 2||ok",
        "HTTP/1.0 200 OK|Connection: keep-alive, close|Content-Length: 2||ok",
        "HTTP/1.1 101 Switching Protocols||",
    ];
    for (answers, expected) in [(&again[..], true), (&over, false)] {
        for answer in answers {
            let mut connection = Http1Connection::alone(Box::new(answering(answer, End::StaysOpen)));
            let outcome = block_on(exchange(&mut connection, &Method::GET));
            assert!(matches!(outcome, Outcome::Whole(..)), "{answer}: {outcome:?}");
            assert_eq!(connection.is_reusable(), expected, "{answer}");
        }
    }
    // What ends with the connection is good for one answer, and so is a connection that was closed meanwhile.
    for answer in ["HTTP/1.1 200 OK||ok", OK] {
        let mut connection = Http1Connection::alone(Box::new(answering(answer, End::Closes)));
        assert_eq!(body_of(&block_on(exchange(&mut connection, &Method::GET))), Some(&b"ok"[..]));
        assert!(!connection.is_reusable());
    }
}

#[test]
fn s56_interim_answers_are_skipped_and_bounded_and_each_turn_ends() {
    let hints = |count: usize| "HTTP/1.1 103 Early Hints|Link: </a>||".repeat(count) + OK;
    for (count, whole) in [(1, true), (1000, true), (1001, false)] {
        let mut connection = Http1Connection::alone(Box::new(answering(&hints(count), End::StaysOpen)));
        let outcome = block_on(exchange(&mut connection, &Method::GET));
        assert_eq!(matches!(outcome, Outcome::Whole(..)), whole, "{count}: {outcome:?}");
    }
    // One turn does not go through all of them: the clock is asked between two.
    let mut connection = Http1Connection::alone(Box::new(answering(&hints(100), End::StaysOpen)));
    let mut sending = std::pin::pin!(connection.send(request(&Method::GET, ClientBody::empty(), &[]).into()));
    let mut turns = 1;
    block_on(std::future::poll_fn(|cx| {
        let polled = sending.as_mut().poll(cx);
        turns += usize::from(polled.is_pending());
        polled.map(drop)
    }));
    assert!(turns > 5, "{turns}");
}

#[test]
fn a_head_and_its_lines_have_limits_on_both_sides() {
    let head = |size: usize| {
        let frame = wire("HTTP/1.1 200 OK|Content-Length: 2|X: ||").len();
        format!("HTTP/1.1 200 OK|Content-Length: 2|X: {}||ok", "x".repeat(size - frame))
    };
    let lines = |count: usize| format!("HTTP/1.1 200 OK|Content-Length: 2|{}|ok", "X: 1|".repeat(count - 1));
    let trailers =
        |count: usize| format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|{}|", "X: 1|".repeat(count));
    let trailer = |size: usize| format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X:{}||", "x".repeat(size));
    let extension = |size: usize| format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;{}|ok|0||", "x".repeat(size));
    let zeros = |digits: usize| format!("HTTP/1.1 200 OK|Transfer-Encoding: chunked||{:0digits$}|ok|0||", 2);
    let cases = [
        (head(64 * 1024), true),
        (head(64 * 1024 + 1), false),
        (lines(100), true),
        (lines(101), false),
        (trailers(100), true),
        (trailers(101), false),
        (trailer(64_000), true),
        (trailer(66_000), false),
        (extension(16_000), true),
        (extension(17_000), false),
        (zeros(16), true),
        (zeros(17), false),
    ];
    for (answer, whole) in cases {
        let mut connection = Http1Connection::alone(Box::new(answering(&answer, End::StaysOpen)));
        let outcome = block_on(exchange(&mut connection, &Method::GET));
        let about = answer.chars().take(60).collect::<String>();
        assert_eq!(body_of(&outcome).is_some_and(|body| body == b"ok"), whole, "{about}: {} bytes", answer.len());
    }
}

proptest! {
    #[test]
    fn a_body_in_chunks_is_the_same_however_chunks_and_reads_are_cut(
        body in prop::collection::vec(any::<u8>(), 0..3000),
        chunk in 1..700_usize,
        read in 1..900_usize,
        upper in any::<bool>(),
    ) {
        let mut answer = wire("HTTP/1.1 200 OK|Transfer-Encoding: chunked||").to_vec();
        for data in body.chunks(chunk) {
            let size = if upper { format!("{:X}\r\n", data.len()) } else { format!("{:x};a=\"b\"\r\n", data.len()) };
            answer.extend([size.as_bytes(), data, b"\r\n"].concat());
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        let pieces = answer.chunks(read).map(Bytes::copy_from_slice);
        let mut connection = Http1Connection::alone(Box::new(TestStream::new(pieces, End::StaysOpen)));
        let outcome = block_on(exchange(&mut connection, &Method::GET));
        prop_assert_eq!(body_of(&outcome), Some(&body[..]));
        prop_assert!(connection.is_reusable());
    }
}
