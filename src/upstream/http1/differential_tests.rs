//! Raw answers, read by hyper's client and by ours: the same is accepted and refused, with the same headers and body,
//! except where the table says why ours is stricter. And however an answer is split, it stays the same answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;

use super::connection::Http1Connection;
use super::test_stream::{End, Outcome, TestStream, exchange};

/// Whether ours agrees with hyper's client.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Same,
    /// hyper accepts it whole; ours does not, and why.
    Stricter(#[expect(dead_code, reason = "read by people, and shown when the row fails")] &'static str),
}

use Expected::{Same, Stricter};

/// `|` for CR LF. An answer ends with the connection.
const ANSWERS: &[(&str, Expected)] = &[
    // Plain ones.
    ("HTTP/1.1 200 OK|Content-Length: 4||body", Same),
    ("HTTP/1.1 200 OK|Content-Length: 0||", Same),
    ("HTTP/1.1 200 OK|Content-Length: 4||bodyand more", Same),
    ("HTTP/1.1 200 OK||until the end", Same),
    ("HTTP/1.1 200 OK||", Same),
    ("HTTP/1.1 200|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 |Content-Length: 1||x", Same),
    ("HTTP/1.1 200 Ganz gut, danke|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 \u{e9}|Content-Length: 1||x", Same),
    ("HTTP/1.1 999 Odd|Content-Length: 1||x", Same),
    ("HTTP/1.1 404 Not Found|X-A:1|x-a:  2  |X-B:|X-C: \u{fc}|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|Set-Cookie: a=1|Set-Cookie: b=2|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A: a\tb|Content-Length: 1||x", Same),
    // Versions.
    ("HTTP/1.0 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.0 200 OK||until the end", Same),
    ("HTTP/1.0 200 OK|Connection: keep-alive|Content-Length: 1||x", Same),
    ("HTTP/0.9 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.2 200 OK|Content-Length: 1||x", Same),
    ("HTTP/2.0 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.10 200 OK|Content-Length: 1||x", Same),
    ("http/1.1 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.1200 OK|Content-Length: 1||x", Same),
    ("ICY 200 OK|Content-Length: 1||x", Same),
    ("", Same),
    ("<html>no head</html>", Same),
    // Status lines.
    ("HTTP/1.1 000 Nothing||", Same),
    ("HTTP/1.1 099 Nothing||", Same),
    ("HTTP/1.1 99 Odd||", Same),
    ("HTTP/1.1 1000 Odd||", Same),
    ("HTTP/1.1 20x OK||", Same),
    ("HTTP/1.1 -20 OK||", Same),
    ("HTTP/1.1  200 OK||", Same),
    ("HTTP/1.1\t200 OK||", Same),
    ("HTTP/1.1 200 O\0K||", Same),
    ("HTTP/1.1 200 OK\r\rX: 1||", Same),
    // Heads that are not whole.
    ("HTTP/1.1 200 OK", Same),
    ("HTTP/1.1 200 OK|", Same),
    ("HTTP/1.1 200 OK|Content-Length: 0|", Same),
    // Header lines.
    ("HTTP/1.1 200 OK|X-A: 1| folded: 2|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK| X-A: 1|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A : 1|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|Content-Length : 1||x", Same),
    ("HTTP/1.1 200 OK|X A: 1|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A\0: 1|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A: 1\0|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A: 1\u{7f}|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|: 1|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|no colon|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A: a\rb|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-A: a\r|Content-Length: 1||x", Same),
    ("HTTP/1.1 200 OK|X-\u{e9}: 1|Content-Length: 1||x", Same),
    // Lengths.
    ("HTTP/1.1 200 OK|Content-Length: 4|Content-Length: 4||body", Same),
    ("HTTP/1.1 200 OK|Content-Length: 4, 4||body", Same),
    ("HTTP/1.1 200 OK|Content-Length: 4|Content-Length: 5||body!", Same),
    ("HTTP/1.1 200 OK|Content-Length: 4, 5||body!", Same),
    ("HTTP/1.1 200 OK|Content-Length: 4,||body", Same),
    ("HTTP/1.1 200 OK|Content-Length:||body", Same),
    ("HTTP/1.1 200 OK|Content-Length: -1||x", Same),
    ("HTTP/1.1 200 OK|Content-Length: +2||ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 0x2||ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 2 2||ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 02||ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 18446744073709551615||x", Same),
    ("HTTP/1.1 200 OK|Content-Length: 18446744073709551616||x", Same),
    ("HTTP/1.1 200 OK|Content-Length: 9||short", Same),
    ("HTTP/1.1 200 OK|Content-Length: 9||", Same),
    // No body.
    ("HTTP/1.1 204 No Content||", Same),
    ("HTTP/1.1 204 No Content|Content-Length: 6||stolen", Same),
    ("HTTP/1.1 304 Not Modified|Content-Length: 6||", Same),
    ("HTTP/1.1 304 Not Modified|Content-Length: x||", Same),
    ("HTTP/1.1 304 Not Modified|Transfer-Encoding: chunked||", Same),
    ("HTTP/1.1 205 Reset Content|Content-Length: 0||", Same),
    // Interim answers.
    ("HTTP/1.1 100 Continue||HTTP/1.1 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 102 Processing||HTTP/1.1 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.1 199 Odd|Content-Length: 6||HTTP/1.1 200 OK|Content-Length: 1||x", Same),
    ("HTTP/1.1 100 Continue||", Same),
    ("HTTP/1.1 100 Continue||nonsense", Same),
    ("HTTP/1.1 101 Switching Protocols|Upgrade: x||", Same),
    // Codings.
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: Chunked||2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding:\tchunked ||2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: identity||until the end", Same),
    ("HTTP/1.1 200 OK|Content-Length: 3|Transfer-Encoding: chunked||2|ok|0||", Same),
    ("HTTP/1.0 200 OK|Transfer-Encoding: chunked||2|ok|0||", Same),
    ("HTTP/1.0 200 OK|Transfer-Encoding: identity||ok", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: gzip||ok", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked||2|ok|0||", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked, gzip||ok", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: xchunked||2|ok|0||", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: \u{b}chunked||2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding:||ok", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked;q=1||2|ok|0||", Stricter(UNNAMED)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked, chunked||2|ok|0||", Stricter(TWICE)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Transfer-Encoding: chunked||2|ok|0||", Stricter(TWICE)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: identity|Transfer-Encoding: chunked||2|ok|0||", Stricter(TWICE)),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: x||2|ok|0||", Stricter("a length that is none")),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|Content-Length: 1, 2||2|ok|0||", Stricter("lengths that differ")),
    // Chunks.
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||0|", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||a|0123456789|A|0123456789|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||0002|ok|000||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;a=b;c=\"d\"|ok|0;e||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2 ;a|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2  |ok|0  ||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2 2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|| 2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||+2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||-2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||0x2|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||zz|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked|||ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||;a|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|okay|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|o|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2\nok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok\n0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;a\nb|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;a\rb|ok|0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;a\0|ok|0||", Stricter("no text")),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||fffffffffffffffff|ok|", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||00000000000000002|ok|0||", Stricter("zeros without end")),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||ffffffffffffffff|ok|", Same),
    // Trailers.
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A: 1|X-B:||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A: 1|", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|no colon||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A : 1||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A: 1| folded||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|: 1||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A: \0||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X-A: a\nX-B: b||", Same),
    ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0\n\n", Same),
    // Line ends of heads.
    ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 2\n|ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 2|\nok", Same),
    ("HTTP/1.1 200 OK\n\r\nuntil the end", Same),
    ("HTTP/1.1 200 OK|X-A: 1\n\nX-B: 2||until the end", Same),
    ("HTTP/1.1 200 OK|Content-Length: 2\nX-A: 1||ok", Same),
    ("HTTP/1.1 200 OK|Content-Length: 2|\nok", Same),
    ("HTTP/1.1 200 OK\nContent-Length: 2||ok", Same),
    ("|HTTP/1.1 200 OK|Content-Length: 2||ok", Stricter(EMPTY_LINE)),
    ("\nHTTP/1.1 200 OK|Content-Length: 2||ok", Stricter(EMPTY_LINE)),
    ("HTTP/1.1 100 Continue|||HTTP/1.1 200 OK|Content-Length: 2||ok", Stricter(EMPTY_LINE)),
    ("\rHTTP/1.1 200 OK|Content-Length: 2||ok", Same),
    (" HTTP/1.1 200 OK|Content-Length: 2||ok", Same),
];

/// RFC 9112 section 6.1: we ask for no coding, so that an add-on may use none but chunked. We take the header out, so
/// that a body in another coding would reach the client without its name.
const UNNAMED: &str = "a coding whose name the client would not see";
/// RFC 9112 section 6.1: a sender MUST NOT apply the chunked coding more than once.
const TWICE: &str = "more than one coding";
/// RFC 9112 section 2.2: a recipient MAY take a single LF for the end of a line.
/// RFC 9112 section 2.2 speaks of empty lines before requests alone.
const EMPTY_LINE: &str = "an empty line before an answer";

fn wire(text: &str) -> Vec<u8> {
    // One byte for each letter, so that the table can say bytes that are no UTF-8.
    let letters = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap());
    letters.flat_map(|byte| if byte == b'|' { b"\r\n".to_vec() } else { vec![byte] }).collect()
}

/// How an answer is split.
fn pieces(answer: &[u8], at: &[usize]) -> Vec<Bytes> {
    let ends = at.iter().copied().chain([answer.len()]);
    let starts = [0].into_iter().chain(at.iter().copied());
    starts.zip(ends).map(|(start, end)| Bytes::copy_from_slice(&answer[start..end])).collect()
}

async fn ours(method: &Method, pieces: Vec<Bytes>, end: End) -> Outcome {
    let mut connection = Http1Connection::alone(Box::new(TestStream::new(pieces, end)));
    exchange(&mut connection, method).await
}

async fn hypers(method: &Method, pieces: Vec<Bytes>) -> Outcome {
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_header_size(64 * 1024).max_buf_size(128 * 1024);
    let stream = TokioIo::new(TestStream::new(pieces, End::Closes));
    let (mut sender, connection) = builder.handshake(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = Request::builder().method(method).uri("/a?b").header("host", "a.test");
    let sent = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await;
    let outcome = match sent {
        Err(_) => Outcome::Refused,
        Ok(response) => {
            let (head, body) = response.into_parts();
            match body.collect().await {
                Ok(body) => Outcome::Whole(head.status, head.headers, body.to_bytes().to_vec()),
                Err(_) => Outcome::Broken(head.status),
            }
        }
    };
    driver.abort();
    outcome
}

/// What `send.rs` did with hyper's answers.
fn without_overridden_length(mut outcome: Outcome) -> Outcome {
    if let Outcome::Whole(_, headers, _) = &mut outcome
        && headers.contains_key(TRANSFER_ENCODING)
    {
        headers.remove(CONTENT_LENGTH);
    }
    outcome
}

#[tokio::test]
async fn an_answer_is_the_same_to_hypers_client_and_to_ours_or_ours_is_stricter() {
    let mut wrong = Vec::new();
    let all = async {
        for method in [Method::GET, Method::HEAD, Method::from_bytes(b"PROPFIND").unwrap()] {
            for (text, expected) in ANSWERS {
                let answer = wire(text);
                let each: Vec<usize> = (1..answer.len()).collect();
                for at in [&[][..], &each] {
                    let theirs = without_overridden_length(hypers(&method, pieces(&answer, at)).await);
                    let ours = ours(&method, pieces(&answer, at), End::Closes).await;
                    let refused = matches!(ours, Outcome::Refused | Outcome::Broken(_));
                    // To a HEAD, what is wrong with a body or with its length is not met.
                    let stricter = matches!(expected, Stricter(_)) && (refused || method != Method::HEAD);
                    let agreed = if stricter { refused && ours != theirs } else { ours == theirs };
                    if !agreed {
                        wrong.push(format!("{method} {text:?}, {expected:?}\n  ours: {ours:?}\ntheirs: {theirs:?}"));
                    }
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("no answer is waited for without end");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_answer_is_the_same_wherever_it_is_split() {
    for (text, _) in ANSWERS {
        let answer = wire(text);
        for end in [End::Closes, End::Resets] {
            let whole = ours(&Method::GET, pieces(&answer, &[]), end).await;
            for at in 1..answer.len() {
                let split = ours(&Method::GET, pieces(&answer, &[at]), end).await;
                assert_eq!(split, whole, "{text:?} at {at}");
                let three = ours(&Method::GET, pieces(&answer, &[at / 2, at]), end).await;
                assert_eq!(three, whole, "{text:?} at {} and {at}", at / 2);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_never_a_whole_one() {
    let whole = [
        ("HTTP/1.1 200 OK|Content-Length: 4||body", "body"),
        ("HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ok|0|X: y||", "ok"),
    ];
    for (text, body) in whole {
        let answer = wire(text);
        for end in [End::Closes, End::Resets] {
            for length in 0..answer.len() {
                let cut = ours(&Method::GET, pieces(&answer[..length], &[]), end).await;
                assert!(!matches!(cut, Outcome::Whole(..)), "{text:?} cut at {length}: {cut:?}");
            }
            let all = ours(&Method::GET, pieces(&answer, &[]), end).await;
            assert!(matches!(all, Outcome::Whole(_, _, read) if read == body.as_bytes()));
        }
    }
    // A body that ends with its connection must end well, too.
    let until_close = wire("HTTP/1.1 200 OK||body");
    assert!(matches!(ours(&Method::GET, pieces(&until_close, &[]), End::Resets).await, Outcome::Broken(_)));
}
