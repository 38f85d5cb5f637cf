//! The session's cookie, as it is written.
//!
//! Writes the value of a `Set-Cookie` line. How the request's `Cookie` lines are read is `http`'s part. The line never
//! carries `Domain`, and always `Secure` and `Path=/`: the `__Host-` prefix makes browsers insist on that (RFC 6265bis
//! section 4.1.3.2), so that no sibling host and no plain HTTP answer can plant one (S-76, S-82).

use std::time::Duration;

use http::HeaderValue;
use zeroize::Zeroizing;

use super::token::SessionToken;

/// Which of the two cookies is in use. They have different names, so that turning the option on or off never makes two
/// values of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie {
    /// `SameSite=Lax`: not sent when a page of another site frames us.
    SameSite,
    /// `SameSite=None; Partitioned`: sent within frames of other sites, one jar for each such site.
    CrossSite,
}

impl SessionCookie {
    /// The cookie that the configuration asks for.
    pub fn new(settings: &crate::config::Session) -> Self {
        if settings.cross_site_framing { Self::CrossSite } else { Self::SameSite }
    }

    /// Its name, exactly as it stands in both `Cookie` and `Set-Cookie`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameSite => "__Host-ingress_session",
            Self::CrossSite => "__Host-ingress_session_framed",
        }
    }

    /// `name=value`, as a client sends it.
    pub fn pair(self, token: &SessionToken) -> Zeroizing<String> {
        Zeroizing::new(format!("{}={}", self.name(), token.encode().as_str()))
    }

    /// The line that gives the browser its token. Without `keep`, what [`super::Sessions::keep_for`] says, it has no
    /// `Max-Age`: the browser forgets it when it closes, and we forget it at the limits of the session, whichever comes
    /// first.
    pub fn set(self, token: &SessionToken, keep: Option<Duration>) -> HeaderValue {
        let mut line = Zeroizing::new(format!("{}; {}", self.pair(token).as_str(), self.attributes()));
        if let Some(keep) = keep {
            // A copy of the token would be left behind where the text had to grow.
            let longer = Zeroizing::new(format!("{}; Max-Age={}", line.as_str(), keep.as_secs()));
            line = longer;
        }
        header(&line)
    }

    /// The line that takes the token away from the browser.
    pub fn clear(self) -> HeaderValue {
        // With all attributes of the cookie that it deletes: a `__Host-` name is ignored without them, and a
        // partitioned cookie is found only with `Partitioned`.
        header(&format!("{}=; {}; Max-Age=0", self.name(), self.attributes()))
    }

    const fn attributes(self) -> &'static str {
        match self {
            Self::SameSite => "Path=/; Secure; HttpOnly; SameSite=Lax",
            Self::CrossSite => "Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        }
    }
}

fn header(line: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(line).expect("names, attributes and base64url are visible ASCII");
    // HPACK never puts it into a table then (RFC 7541 section 7.1.3), and `Debug` does not show it.
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeros() -> SessionToken {
        SessionToken::parse(&[b'A'; 43]).expect("32 zero bytes")
    }

    #[test]
    fn the_cookie_is_bound_to_this_host_and_to_https() {
        assert_eq!(
            SessionCookie::SameSite.set(&zeros(), None),
            "__Host-ingress_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; \
             Path=/; Secure; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn within_frames_it_is_another_cookie_and_partitioned() {
        assert_eq!(
            SessionCookie::CrossSite.set(&zeros(), None),
            "__Host-ingress_session_framed=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; \
             Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
        );
    }

    #[test]
    fn the_cookie_of_a_remembered_session_outlives_the_browser() {
        let line = SessionCookie::SameSite.set(&zeros(), Some(Duration::from_hours(48)));
        assert!(line.to_str().unwrap().ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=172800"));
    }

    #[test]
    fn clearing_empties_the_same_cookie_at_once() {
        assert_eq!(
            SessionCookie::SameSite.clear(),
            "__Host-ingress_session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        assert_eq!(
            SessionCookie::CrossSite.clear(),
            "__Host-ingress_session_framed=; Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=0"
        );
    }

    #[test]
    fn the_line_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", SessionCookie::SameSite.set(&zeros(), None)), "Sensitive");
    }
}
