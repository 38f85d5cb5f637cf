//! What whoami shows: the head of a request in three forms.

use std::fmt::Write as _;

use askama::Template;
use http::request;
use serde_json::json;

use super::words::Words;

/// The page's own policy: nothing from elsewhere.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

pub(super) const SCRIPT: &str = include_str!("../../../templates/whoami.js");

/// The look of our own pages, in the colours of who chooses none: an add-on knows no configuration.
pub(super) fn style() -> String {
    let (light, dark) = ("--accent: #005f87; --on-accent: #ffffff;", "--accent: #05a5e8; --on-accent: #000000;");
    let face = include_str!("../../../templates/style.css");
    let face = face.replace("/* accent */", light).replace("/* dark accent */", dark);
    face + include_str!("../../../templates/whoami.css")
}

#[derive(Template)]
#[template(path = "whoami.html")]
struct Page {
    words: &'static Words,
    method: String,
    target: String,
    length: u64,
    headers: Vec<(String, String)>,
}

pub(super) fn html(head: &request::Parts, length: u64) -> String {
    let page = Page {
        words: Words::of(&head.headers),
        method: head.method.to_string(),
        target: head.uri.to_string(),
        length,
        headers: headers(head),
    };
    page.render().unwrap_or_default()
}

pub(super) fn json(head: &request::Parts, length: u64) -> String {
    let value = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "headers": headers(head),
        "body_bytes": length,
    });
    format!("{value:#}\n")
}

pub(super) fn plain(head: &request::Parts, length: u64) -> String {
    let mut text = format!("{} {} HTTP/1.1\n", head.method, head.uri);
    for (name, value) in headers(head) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "\n{length} bytes of body");
    text
}

/// The headers, those that vestibule may have set first: they are what the page is opened for.
fn headers(head: &request::Parts) -> Vec<(String, String)> {
    let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut all: Vec<_> = head.headers.iter().map(pair).collect();
    all.sort_by_key(|(name, _)| (!name.starts_with("x-remote-"), !name.starts_with("x-")));
    all
}
