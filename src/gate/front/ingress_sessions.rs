//! Whose the sessions are that Home Assistant's Supervisor has made for add-ons in Home Assistant's own pages, learned
//! from what it says to those who are held. It goes by that session alone (docs/design/supervisor.md section 1.4), and
//! tells the add-on that its user is the one for whom it was made.

use std::collections::{HashMap, VecDeque};

use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue};
use parking_lot::Mutex;

use crate::authorization::Permitted;
use crate::http::{HOME_ASSISTANTS_COOKIE, Presented};
use crate::ids::UserId;
use crate::refusal::Reason;

/// The newest sessions of each user, as digests.
#[derive(Debug, Default)]
pub(in crate::gate) struct IngressSessions(Mutex<HashMap<UserId, VecDeque<Digest>>>);

type Digest = [u8; 32];

impl IngressSessions {
    /// Takes note of a session that was made for this user. Their oldest gives way to it; a page makes another one when
    /// its own is not known.
    pub(super) fn note(&self, user: &UserId, session: &str) {
        let mut users = self.0.lock();
        let theirs = users.entry(user.clone()).or_default();
        theirs.push_back(digest_of(session));
        if theirs.len() > MOST {
            theirs.pop_front();
        }
    }

    pub(super) fn is_of(&self, user: &UserId, session: &str) -> bool {
        let digest = digest_of(session);
        self.0.lock().get(user).is_some_and(|theirs| theirs.contains(&digest))
    }

    /// Has a request to an add-on in Home Assistant's own pages show the session that its browser showed, if that was
    /// made for its own user. Administrators may show any, also one from before this process began.
    pub(in crate::gate) fn present(&self, permitted: &mut Permitted) -> Result<(), Reason> {
        let user = permitted.user().ok_or(Reason::NoSession)?;
        let request = permitted.routed().request();
        let session = session_in(request.ingress_session(), request.headers()).ok_or(Reason::NoIngressSession)?;
        if !user.is_admin() && !self.is_of(&user.id, session) {
            return Err(Reason::NoIngressSession);
        }
        let others = request.headers().get(COOKIE).map(|line| [line.as_bytes(), b"; "].concat()).unwrap_or_default();
        let line = [&others, NAME.as_bytes(), b"=", session.as_bytes()].concat();
        let line = HeaderValue::from_bytes(&line).map_err(|_| Reason::NoIngressSession)?;
        permitted.routed_mut().request_mut().set_header(COOKIE, line);
        Ok(())
    }
}

/// The one session that a request shows. Of two the Supervisor would take one, and it separates cookies by blanks too:
/// what it could take for a second one makes it none.
fn session_in<'r>(presented: &'r Presented, others: &HeaderMap) -> Option<&'r str> {
    let Presented::One(value) = presented else { return None };
    let session = std::str::from_utf8(value).ok()?;
    let names_another = |line: &HeaderValue| {
        let lower = line.as_bytes().to_ascii_lowercase();
        lower.windows(NAME.len()).any(|window| window == NAME.as_bytes())
    };
    let is_one = !session.is_empty() && session.bytes().all(|b| b.is_ascii_hexdigit());
    (is_one && !others.get_all(COOKIE).iter().any(names_another)).then_some(session)
}

fn digest_of(session: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest(&SHA256, session.as_bytes()).as_ref());
    bytes
}

const NAME: &str = HOME_ASSISTANTS_COOKIE;

/// Sessions of a user: one for each page that is open, for as long as it is.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_session_counts_for_the_user_for_whom_it_was_made_and_old_ones_give_way() {
        let sessions = IngressSessions::default();
        let (grace, frank): (UserId, UserId) = ("grace".parse().unwrap(), "frank".parse().unwrap());
        sessions.note(&grace, "aa");
        assert!(sessions.is_of(&grace, "aa") && !sessions.is_of(&frank, "aa") && !sessions.is_of(&grace, "ab"));
        for number in 0..MOST {
            sessions.note(&grace, &number.to_string());
        }
        assert!(!sessions.is_of(&grace, "aa") && sessions.is_of(&grace, "99"));
    }

    #[test]
    fn what_could_be_read_as_two_sessions_is_none() {
        let of = |presented: Presented, others: &'static str| {
            let others = (!others.is_empty()).then(|| (COOKIE, HeaderValue::from_static(others)));
            session_in(&presented, &others.into_iter().collect()).map(str::to_owned)
        };
        let one = |value: &'static str| Presented::One(Bytes::from_static(value.as_bytes()));
        assert_eq!(of(one("0a1b"), "").as_deref(), Some("0a1b"));
        assert_eq!(of(one("0a1b"), "a=b; c=\"d\"").as_deref(), Some("0a1b"));
        for (presented, others) in [
            (Presented::Nothing, ""),
            (Presented::Several, ""),
            (one(""), ""),
            (one("\"0a\""), ""),
            (one("0a 0b"), ""),
            (one("0a"), "x=1 ingress_session=0b"),
            (one("0a"), "x=\"; Ingress_Session=0b"),
            (one("0a"), "xingress_session=0b"),
        ] {
            assert_eq!(of(presented.clone(), others), None, "{presented:?} {others}");
        }
    }
}
