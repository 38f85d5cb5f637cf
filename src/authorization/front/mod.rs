//! What requests to Home Assistant's own front need: each path by one table, and nothing that is not in it.
//!
//! Administrators have what Home Assistant gives them. All others are held: a path is open to everybody, asks for some
//! user, asks about the entity that it names, or is answered as far as the user may read it; what the table does not
//! name is for administrators alone. Whose request it is Home Assistant's own token says (`session/home_token.rs`).

mod pattern;
mod table;

use std::fmt;

use http::Method;

use super::answers::Answers;
use super::protect::RequestIntent;
use crate::config::{Addon, Front};
use crate::identity::User;
use crate::ids::KnownMethod;
use crate::permission::Rights;
use crate::refusal::Reason;
use crate::session::is_signed;
use pattern::matched;
use table::{PAGES, TABLE};

/// What a path of Home Assistant's needs of whoever is no administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontRule {
    /// Nothing: everybody may ask, and Home Assistant is told of nobody.
    Open,
    /// Nothing, as long as nobody is named: the page that every address of the front end is.
    Page,
    /// Nothing but what the address itself proves to Home Assistant, as with the token of a picture; of a user who is
    /// named, the right to read the entity in it.
    Proof,
    /// One of the webhooks that the operator lists.
    Webhook,
    /// The WebSocket, whose first message says who it is.
    Socket,
    /// Some user who may come in.
    SignedIn,
    /// Some user, who gets of the answer what they may read.
    Filtered,
    /// Administrators alone.
    Administrators,
}

/// As `vestibule front rules` says it.
impl fmt::Display for FrontRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "everybody",
            Self::Page => "everybody who names nobody",
            Self::Proof => "everybody, with the token in the address; else the right to read the entity",
            Self::Webhook => "everybody, where its id is listed",
            Self::Socket => "everybody; its first message says who it is",
            Self::SignedIn => "every user",
            Self::Filtered => "every user, of the answer what may be read",
            Self::Administrators => "administrators alone",
        })
    }
}

/// The table: methods, path and rule, in the order in which they are asked.
pub fn front_rules() -> impl Iterator<Item = (&'static [&'static str], &'static str, FrontRule)> {
    TABLE.iter().map(|row| (row.methods, row.path, row.rule))
}

/// Whether everybody may ask this. A path that is signed for somebody is not open: it would be answered as theirs. Of a
/// token that is shown where nobody is asked for one nothing is passed on.
pub(super) fn opens(front: &Front, intent: &RequestIntent, shows_token: bool) -> bool {
    if is_signed(intent.query()) {
        return false;
    }
    let found = find(front, intent.method(), intent.path(), intent.is_websocket());
    match found.rule {
        FrontRule::Open | FrontRule::Socket => true,
        // Whoever shows a token there means to be known.
        FrontRule::Page | FrontRule::Proof => !shows_token,
        FrontRule::Webhook => !shows_token && found.name.is_some_and(|id| front.webhooks.contains(id)),
        FrontRule::SignedIn | FrontRule::Filtered | FrontRule::Administrators => false,
    }
}

/// Whether this user may ask this, and what becomes of the answer. Whoever shows a pass is held, whoever they are.
pub(super) fn judge(
    front: &Front,
    intent: &RequestIntent,
    user: &User,
    rights: Option<Rights<'_>>,
    by_pass: bool,
) -> Result<Answers, Reason> {
    if user.is_admin() && !by_pass {
        return Ok(Answers::Whole);
    }
    let found = find(front, intent.method(), intent.path(), intent.is_websocket());
    match found.rule {
        // What changes something is about the user's own account, which is not the pass's.
        FrontRule::SignedIn if by_pass && !KnownMethod::is_safe(intent.method()) => Err(Reason::PathNeedsAdmin),
        FrontRule::Open | FrontRule::SignedIn => Ok(Answers::Whole),
        FrontRule::Socket | FrontRule::Filtered => Ok(Answers::Filtered),
        FrontRule::Proof => {
            let rights = rights.ok_or(Reason::UnknownUser)?;
            let may = found.name.is_some_and(|entity| rights.check(entity, "read").is_permit());
            if may { Ok(Answers::Whole) } else { Err(Reason::EntityDenied) }
        }
        // A page is asked for by a browser that shows nobody; whoever shows a token there wants something else.
        FrontRule::Page | FrontRule::Webhook | FrontRule::Administrators => Err(Reason::PathNeedsAdmin),
    }
}

/// Whether the operator has taken back a type of message that passed before.
pub(super) fn takes_back(before: &Addon, now: &Addon) -> bool {
    let (before, now) = (before.authorization.front.as_ref(), now.authorization.front.as_ref());
    before.is_some_and(|before| now.is_none_or(|now| !before.messages.is_subset(&now.messages)))
}

/// What the table says of a request, and the name in its path.
struct Found<'p> {
    rule: FrontRule,
    name: Option<&'p str>,
}

fn find<'p>(front: &Front, method: &Method, path: &'p str, is_websocket: bool) -> Found<'p> {
    let unlisted = Found { rule: FrontRule::Administrators, name: None };
    if is_websocket {
        let is_it = path == WEBSOCKET && *method == Method::GET;
        return if is_it { Found { rule: FrontRule::Socket, ..unlisted } } else { unlisted };
    }
    for row in TABLE {
        if let Some(found) = matched(row.path, path).filter(|_| row.methods.contains(&method.as_str())) {
            return Found { rule: row.rule, name: found.name };
        }
    }
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if reads && is_page(path) {
        return Found { rule: FrontRule::Page, ..unlisted };
    }
    if reads && pattern::is_one_of(&front.open_paths, path) {
        return Found { rule: FrontRule::Open, ..unlisted };
    }
    unlisted
}

/// Whether the front end has a page of its own there: a panel that is always there, or a dashboard, whose address has a
/// hyphen in it.
fn is_page(path: &str) -> bool {
    let first = path.strip_prefix('/').and_then(|path| path.split('/').next()).unwrap_or_default();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    first.bytes().all(legal) && (first.contains('-') || PAGES.contains(&first))
}

/// Where the WebSocket is.
const WEBSOCKET: &str = "/api/websocket";

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(method: &str, path: &str) -> FrontRule {
        find(&Front::default(), &method.parse().unwrap(), path, false).rule
    }

    #[test]
    fn what_is_not_listed_is_for_administrators() {
        for (method, path) in [
            ("GET", "/api"),
            ("GET", "/api//states"),
            ("GET", "/api/states/"),
            ("GET", "/api/%73tates"),
            ("GET", "/API/states"),
            ("POST", "/api/states/light.a"),
            ("GET", "/api/error_log"),
            ("GET", "/api/stream"),
            ("POST", "/api/template"),
            ("POST", "/api/events/x"),
            ("POST", "/api/onboarding/users"),
            ("GET", "/api/hassio/info"),
            ("GET", "/api/hassio_ingress/x/"),
            ("GET", "/api/websocket"),
            ("GET", "/media/local/x.mp4"),
            ("GET", "/hacsfiles/x.js"),
            ("POST", "/lovelace/0"),
            ("POST", "/"),
            ("GET", "/auth/nothing"),
            ("GET", "/.vestibule/"),
            ("OPTIONS", "*"),
        ] {
            assert_eq!(rule(method, path), FrontRule::Administrators, "{method} {path}");
        }
    }

    #[test]
    fn the_front_end_and_its_sign_in_are_open() {
        for (method, path) in [
            ("GET", "/"),
            ("HEAD", "/"),
            ("GET", "/frontend_latest/app.1.js"),
            ("GET", "/static/icons/favicon.ico"),
            ("GET", "/local/My%20picture.png"),
            ("GET", "/manifest.json"),
            ("GET", "/auth/authorize"),
            ("POST", "/auth/token"),
            ("POST", "/auth/login_flow"),
            ("POST", "/auth/login_flow/0a1b"),
        ] {
            assert_eq!(rule(method, path), FrontRule::Open, "{method} {path}");
        }
        for path in ["/lovelace/0", "/config/integrations", "/dashboard-guests/0", "/profile"] {
            assert_eq!(rule("GET", path), FrontRule::Page, "{path}");
        }
    }

    #[test]
    fn the_operator_opens_what_is_below_a_folder_and_nothing_of_the_api() {
        let front = Front { open_paths: vec!["/hacsfiles/{*rest}".parse().unwrap()], ..Front::default() };
        let rule = |path: &str| find(&front, &Method::GET, path, false).rule;
        assert_eq!(rule("/hacsfiles/x/y.js"), FrontRule::Open);
        for path in ["/hacsfilesx", "/hacsfiles2/x", "//hacsfiles/x", "/%68acsfiles/x"] {
            assert_eq!(rule(path), FrontRule::Administrators, "{path}");
        }
    }
}
