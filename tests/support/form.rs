//! The sign-in form as a browser fills it in: the page first, with its token and its cookie, then the POST.

use std::net::IpAddr;

use super::ask::{Answer, Ask};
use super::process::{COOKIE, Vestibule};

/// Where the form is.
pub(crate) const SIGN_IN: &str = "/.vestibule/sign-in";

/// The cookie that must agree with the form's token.
pub(crate) const FORM_COOKIE: &str = "__Host-ingress_form";

/// A form that was opened and not sent yet.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// The hidden field.
    pub(crate) csrf: String,
    /// `name=value` of the form's cookie.
    pub(crate) cookie: String,
    /// Other cookies that the browser has, each `name=value`.
    pub(crate) others: Vec<String>,
    /// What the hidden field `return_to` says.
    pub(crate) return_to: String,
    /// Where the browser is.
    pub(crate) source: IpAddr,
    /// What a proxy before us adds.
    pub(crate) forwarded_for: Option<String>,
}

impl Form {
    /// Opens the page without a wish to return anywhere.
    #[track_caller]
    pub(crate) fn open(vestibule: &Vestibule, source: IpAddr) -> Self {
        Self::open_at(vestibule, source, SIGN_IN)
    }

    /// Opens the page at a target of the form `/.vestibule/sign-in?return_to=...`.
    #[track_caller]
    pub(crate) fn open_at(vestibule: &Vestibule, source: IpAddr, target: &str) -> Self {
        let page = vestibule.ask_from(source, &Ask::navigate(target));
        assert_eq!(page.status, 200, "the sign-in page opens: {page:#?}");
        Self::from_page(&page, source)
    }

    /// The form of a page.
    #[track_caller]
    pub(crate) fn from_page(page: &Answer, source: IpAddr) -> Self {
        let html = page.text();
        let csrf = hidden(&html, "csrf").unwrap_or_else(|| panic!("the form has a token: {html}"));
        let (cookie, _) = page.set_cookie(FORM_COOKIE).unwrap_or_else(|| panic!("the form has a cookie: {page:#?}"));
        let return_to = hidden(&html, "return_to").unwrap_or_default();
        Self { csrf, cookie, others: Vec::new(), return_to, source, forwarded_for: None }
    }

    /// The request that sends it.
    pub(crate) fn post(&self, user: &str, password: &str) -> Ask {
        let pairs = [("username", user), ("password", password), ("return_to", &self.return_to), ("csrf", &self.csrf)];
        let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut cookies = vec![self.cookie.clone()];
        cookies.extend(self.others.iter().cloned());
        let mut ask = Ask::post(SIGN_IN, body.join("&"))
            .field("Content-Type", "application/x-www-form-urlencoded")
            .field("Accept", "text/html")
            .field("Origin", "https://p.test")
            .field("Sec-Fetch-Site", "same-origin")
            .field("Sec-Fetch-Dest", "document")
            .field("Sec-Fetch-Mode", "navigate");
        if let Some(address) = &self.forwarded_for {
            ask = ask.field("X-Forwarded-For", address);
        }
        ask.cookie(cookies.join("; "))
    }

    /// Sends it.
    #[track_caller]
    pub(crate) fn submit(&self, vestibule: &Vestibule, user: &str, password: &str) -> Answer {
        vestibule.ask_from(self.source, &self.post(user, password))
    }
}

/// The session cookie that an answer sets, as `name=value`.
#[track_caller]
pub(crate) fn new_session(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "signed in: {answer:#?}");
    answer.set_cookie(COOKIE).unwrap_or_else(|| panic!("a session cookie is set: {answer:#?}")).0
}

/// The value of `<input ... name="NAME" ... value="VALUE" ...>`.
pub(crate) fn hidden(html: &str, name: &str) -> Option<String> {
    let wanted = format!("name=\"{name}\"");
    let input = html.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let input = input.into_iter().find(|input| input.contains(&wanted))?;
    let value = input.split_once("value=\"")?.1.split('"').next()?;
    Some(unescape(value))
}

/// `application/x-www-form-urlencoded`, with everything but letters and digits encoded.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(byte as char);
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn unescape(text: &str) -> String {
    let named = [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&#60;", "<")];
    let text = named.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&gt;", ">").replace("&#62;", ">").replace("&amp;", "&").replace("&#38;", "&")
}
