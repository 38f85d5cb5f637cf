//! A request and an answer that mean the same over HTTP/1.1 and HTTP/2.

use super::fields::Fields;

/// The protocol a request is said in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    H1,
    H2,
}

/// Both protocols, for tests that say the same in each.
pub(crate) const BOTH: [Protocol; 2] = [Protocol::H1, Protocol::H2];

/// The host that the tests call.
pub(crate) const HOST: &str = "p.test";

/// A request. Field names are sent as they are over HTTP/1.1, in lower case over HTTP/2.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authority: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl Ask {
    /// A request with this method to [`HOST`].
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            authority: HOST.to_owned(),
            fields: Vec::new(),
            body: None,
            trailers: Vec::new(),
        }
    }

    /// A GET.
    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A GET as a browser sends it when a person follows a link.
    pub(crate) fn navigate(target: &str) -> Self {
        Self::get(target)
            .field("Accept", "text/html,application/xhtml+xml")
            .field("Sec-Fetch-Dest", "document")
            .field("Sec-Fetch-Mode", "navigate")
            .field("Sec-Fetch-Site", "none")
    }

    /// A POST of this body.
    pub(crate) fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new("POST", target) }
    }

    /// Another host.
    pub(crate) fn host(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// One more field.
    pub(crate) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// One more `Cookie` line.
    pub(crate) fn cookie(self, cookie: impl AsRef<[u8]>) -> Self {
        self.field("Cookie", cookie)
    }

    /// One more trailer field; the body is then sent in chunks.
    pub(crate) fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// The bytes of this request over HTTP/1.1.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.target, self.authority).into_bytes();
        for (name, value) in &self.fields {
            push_field(&mut bytes, name, value);
        }
        match &self.body {
            None => bytes.extend(b"\r\n"),
            Some(body) if self.trailers.is_empty() => {
                bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
                bytes.extend(body);
            }
            Some(body) => {
                bytes.extend(format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).bytes());
                bytes.extend(body);
                bytes.extend(b"\r\n0\r\n");
                for (name, value) in &self.trailers {
                    push_field(&mut bytes, name, value);
                }
                bytes.extend(b"\r\n");
            }
        }
        bytes
    }
}

fn push_field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend(name.bytes());
    bytes.extend(b": ");
    bytes.extend(value);
    bytes.extend(b"\r\n");
}

/// An answer, or what came instead of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The status; 0 when the connection or the stream ended without one.
    pub(crate) status: u16,
    /// The fields, in order.
    pub(crate) fields: Fields,
    /// The body without its framing.
    pub(crate) body: Vec<u8>,
    /// The trailer fields.
    pub(crate) trailers: Fields,
    /// Whether the body came to its own end, rather than to that of the connection or the stream.
    pub(crate) complete: bool,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("JSON ({e}) in {self:#?}"))
    }

    /// Where a redirect leads.
    #[track_caller]
    pub(crate) fn location(&self) -> String {
        self.fields.one("location")
    }

    /// The `name=value` of the cookie that is set under this name, and its attributes as they were sent.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<(String, String)> {
        let start = format!("{name}=");
        let line = self.fields.texts("set-cookie").into_iter().find(|line| line.starts_with(&start))?;
        let (pair, attributes) = line.split_once(';').unwrap_or((&line, ""));
        Some((pair.to_owned(), attributes.to_owned()))
    }
}
