//! A browser on its way over Home Assistant's page: it keeps its cookies, and follows where it is sent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::ask::{Answer, Ask};
use super::process::{COOKIE, LOOPBACK, Vestibule};
use super::there::There;

/// Where the way begins.
pub(crate) const START: &str = "/.vestibule/sign-in/home-assistant";

/// A browser.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
    /// Where it is.
    source: IpAddr,
    /// What a proxy before us adds.
    forwarded_for: Option<String>,
}

impl Browser {
    /// One that has never been here.
    pub(crate) fn new() -> Self {
        Self { cookies: BTreeMap::new(), source: LOOPBACK, forwarded_for: None }
    }

    /// One that comes through a proxy, from this address.
    pub(crate) fn behind(proxy: IpAddr, address: &str) -> Self {
        Self { source: proxy, forwarded_for: Some(address.to_owned()), ..Self::new() }
    }

    /// Goes to a page.
    #[track_caller]
    pub(crate) fn go(&mut self, vestibule: &Vestibule, target: &str) -> Answer {
        self.send(vestibule, Ask::navigate(target))
    }

    /// Sends a request with its cookies, and keeps what is set.
    #[track_caller]
    pub(crate) fn send(&mut self, vestibule: &Vestibule, ask: Ask) -> Answer {
        let answer = vestibule.ask_from(self.source, &self.with_cookies(ask));
        for line in answer.fields.texts("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Begins to sign in, and is sent to Home Assistant's page: its address.
    #[track_caller]
    pub(crate) fn begin(&mut self, vestibule: &Vestibule, return_to: &str) -> String {
        let answer = self.go(vestibule, &format!("{START}?return_to={}", super::form::encode(return_to)));
        assert_eq!(answer.status, 303, "{answer:#?}");
        answer.location()
    }

    /// Signs in the whole way: the answer to coming back.
    #[track_caller]
    pub(crate) fn sign_in(&mut self, vestibule: &Vestibule, there: &There, user_id: &str) -> Answer {
        let page = self.begin(vestibule, "/ingress/a/");
        let back = there.approve(&page, user_id);
        self.go(vestibule, &back)
    }

    /// The session's cookie, as `name=value`.
    pub(crate) fn session(&self) -> Option<String> {
        self.cookies.get(COOKIE).map(|value| format!("{COOKIE}={value}"))
    }

    /// Forgets a cookie.
    pub(crate) fn forget(&mut self, name: &str) -> Option<String> {
        self.cookies.remove(name)
    }

    /// A request with all its cookies.
    pub(crate) fn with_cookies(&self, mut ask: Ask) -> Ask {
        if let Some(address) = &self.forwarded_for {
            ask = ask.field("X-Forwarded-For", address);
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { ask } else { ask.cookie(cookies.join("; ")) }
    }
}
