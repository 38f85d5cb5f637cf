//! The head of a plain request (RFC 9112 sections 2 and 3).

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, Method, Request, Uri, Version};

use super::head_lines::HeadLines;
use crate::connection::ClientBody;

/// What the bytes of a connection come to.
#[derive(Debug)]
pub(super) enum Read {
    /// A plain request, whose bytes are taken out.
    Plain(Box<Request<ClientBody>>),
    /// The beginning of what may become one.
    Incomplete,
    /// Anything else. Nothing was taken out.
    Odd,
}

/// Follows a head until it is whole.
#[derive(Debug, Default)]
pub(super) struct HeadReader(HeadLines);

/// A line that ends in another way than in CR LF.
struct BareEnd;

impl HeadReader {
    /// Goes on with what is in `bytes`, of which a head may take so many.
    pub(super) fn read(&mut self, bytes: &mut Vec<u8>, most: usize) -> Read {
        // RFC 9112 section 2.2: a bare LF is what two parsers in a row disagree about.
        let end = match self.0.end(bytes, |line| line.strip_suffix(b"\r").ok_or(BareEnd)) {
            Ok(Some(end)) => end,
            Ok(None) => return if bytes.len() >= most { Read::Odd } else { Read::Incomplete },
            Err(BareEnd) => return Read::Odd,
        };
        // With an empty line before the first one, or too large.
        if end == b"\r\n".len() || end > most {
            return Read::Odd;
        }
        *self = Self::default();
        let Some(request) = bytes.get(..end).and_then(plain) else { return Read::Odd };
        bytes.drain(..end);
        Read::Plain(request)
    }
}

/// The request that this head asks for, when it is plain.
fn plain(head: &[u8]) -> Option<Box<Request<ClientBody>>> {
    // A copy of its own: what is kept of it for as long as an answer goes on must not keep a larger buffer, and the one
    // that was read into takes the next head.
    let head = Bytes::copy_from_slice(head);
    let mut lines = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(&head, &mut lines) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        // Among it where it takes another line for the last one than we do.
        _ => return None,
    }
    let method = Method::from_bytes(parsed.method?.as_bytes()).ok()?;
    // The target of CONNECT is no path (RFC 9112 section 3.2.3).
    if parsed.version != Some(1) || method == Method::CONNECT {
        return None;
    }
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for line in parsed.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        if !is_plain(&name, line.value) {
            return None;
        }
        headers.append(name, HeaderValue::from_maybe_shared(head.slice_ref(line.value)).ok()?);
    }
    let mut request = Box::new(Request::new(ClientBody::empty()));
    *request.uri_mut() = Uri::from_maybe_shared(head.slice_ref(parsed.path?.as_bytes())).ok()?;
    (*request.method_mut(), *request.version_mut()) = (method, Version::HTTP_11);
    *request.headers_mut() = headers;
    Some(request)
}

/// Whether this line leaves a request plain: it says nothing of what follows the head, and of the connection only what
/// holds anyway (RFC 9112 section 9.3).
fn is_plain(name: &HeaderName, value: &[u8]) -> bool {
    match *name {
        CONTENT_LENGTH | TRANSFER_ENCODING | UPGRADE | EXPECT => false,
        CONNECTION => value.trim_ascii().eq_ignore_ascii_case(b"keep-alive"),
        _ => true,
    }
}

/// The most lines that hyper reads where it is told no number; with more, a request is not plain.
const MOST_HEADERS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of bytes that are read in pieces of this size, and how many are left.
    fn read(text: &str, size: usize) -> (Read, usize) {
        let (mut reader, mut bytes) = (HeadReader::default(), Vec::new());
        let wire = text.replace('|', "\r\n");
        for piece in wire.as_bytes().chunks(size) {
            bytes.extend_from_slice(piece);
            let read = reader.read(&mut bytes, 1024);
            if !matches!(read, Read::Incomplete) {
                return (read, bytes.len());
            }
        }
        (Read::Incomplete, bytes.len())
    }

    const PLAIN: &str = "GET /a?b HTTP/1.1|Host: a.test|connection: Keep-Alive|X-A: 1|x-a:2||";

    #[test]
    fn a_plain_request_is_read_however_its_bytes_come() {
        for size in [1, 7, 1000] {
            let (Read::Plain(request), 0) = read(PLAIN, size) else { panic!("{size}") };
            assert_eq!((request.method(), request.uri().to_string()), (&Method::GET, "/a?b".to_owned()));
            assert_eq!(request.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
            assert_eq!(request.headers().len(), 4);
        }
        let (Read::Plain(_), left) = read(&format!("{PLAIN}{PLAIN}"), 1000) else { panic!("the first") };
        assert_eq!(left, PLAIN.replace('|', "  ").len(), "the second one stays");
    }

    #[test]
    fn what_is_not_plain_is_left_as_it_came() {
        for odd in [
            "|GET / HTTP/1.1|host: a||",
            "GET / HTTP/1.0|host: a||",
            "CONNECT a:1 HTTP/1.1|host: a||",
            "GET / HTTP/1.1|host: a|content-length: 0||",
            "GET / HTTP/1.1|host: a|Transfer-Encoding: chunked||",
            "GET / HTTP/1.1|host: a|upgrade: h2c||",
            "POST / HTTP/1.1|host: a|expect: 100-continue||",
            "GET / HTTP/1.1|host: a|connection: close||",
            "GET / HTTP/1.1|host: a|connection: keep-alive, x-remote-user-id||",
            "GET / HTTP/1.1|host : a||",
            "GET / HTTP/1.1|host: a| folded||",
            "GET / HTTP/1.1|host: a\n||",
            "GET / HTTP/1.1\nhost: a||",
            "GET / HTTP/1.1|host: a\0||",
            "GET /\u{e9} HTTP/1.1|host: a||",
            "GET  / HTTP/1.1|host: a||",
            "nonsense||",
        ] {
            let all = odd.replace('|', "\r\n").len();
            let (read, left) = read(odd, usize::MAX);
            // hyper's library takes bytes beyond ASCII in a target: whether it does or not, nothing is lost.
            assert!(matches!((&read, left == all), (Read::Odd, true) | (Read::Plain(_), false)), "{odd:?} {read:?}");
        }
        let many = format!("GET / HTTP/1.1|{}|", "x: y|".repeat(MOST_HEADERS + 1));
        assert!(matches!(read(&many, 1000).0, Read::Odd));
        let long = format!("GET /{} HTTP/1.1|host: a||", "a".repeat(1024));
        assert!(matches!(read(&long, 1).0, Read::Odd), "before its end");
    }
}
