//! Signing in again: a user who is signed in shows that it is still they, and with what.
//!
//! What is asked for stands in the address of the page, as OAuth says it (RFC 9470 section 3): `max_age` in seconds and
//! `acr_values`. It only says what the page says and when an add-on's host hands over; what is enough is decided by the
//! admission of the request that follows. Whoever changes an address asks themselves for more, or is asked again.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::StatusCode;
use http::header::SET_COOKIE;

use super::form_token::FormToken;
use super::page::{START, View, retry_after};
use super::return_to::{ReturnTo, sign_in_address, wanted_return, with_return_to};
use crate::config::{SignInMethod, StepUp};
use crate::http::Sanitized;
use crate::identity::{Health, User};
use crate::pages::{self, Page, PageContext, SECOND_FACTOR, SignInNotice, SignInWay, StepUpPage};
use crate::session::{MadeBy, Session};

/// What the address of a page asks its user to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepUpWish {
    /// What is asked for.
    pub asked: StepUp,
}

impl StepUpWish {
    /// What this request's address says. A time that the configuration could not ask for is brought within its bounds:
    /// nobody can be sent round for ever by a time in which they cannot be back.
    pub fn of(request: &Sanitized) -> Self {
        Self::read(request.query().unwrap_or_default())
    }

    fn read(query: &str) -> Self {
        let mut asked = StepUp::default();
        let (least, most) = StepUp::BOUNDS;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "max_age" => {
                    let within = value.parse().map_or(least, Duration::from_secs).clamp(least, most);
                    asked = asked.and(StepUp { fresh: Some(within), second_factor: false });
                }
                "acr_values" => asked.second_factor |= value.split(' ').any(|word| word == SECOND_FACTOR),
                _ => {}
            }
        }
        Self { asked }
    }

    /// Writes it where [`Self::of`] reads it.
    pub fn write(self, query: &mut Serializer<'_, String>) {
        if let Some(within) = self.asked.fresh {
            query.append_pair("max_age", &within.as_secs().to_string());
        }
        if self.asked.second_factor {
            query.append_pair("acr_values", SECOND_FACTOR);
        }
    }
}

/// Where users sign in again.
const STEP_UP: &str = "/.vestibule/step-up";

/// Where a user signs in, or signs in again where something is asked for, to come back to this target.
pub fn way_to_sign_in(target: &str, asked: Option<StepUp>) -> String {
    let Some(asked) = asked else { return sign_in_address(target) };
    let mut query = Serializer::new(String::new());
    if let Some(back) = ReturnTo::parse(target) {
        query.append_pair("return_to", back.as_str());
    }
    StepUpWish { asked }.write(&mut query);
    format!("{STEP_UP}?{}", query.finish())
}

/// Whose page it is.
pub struct Whose<'a> {
    /// The user.
    pub user: &'a User,
    /// The session that they have.
    pub session: &'a Session,
    /// Whether the code of their second factor can be checked here.
    pub has_code: bool,
}

/// The page for GET.
pub fn step_up_page(
    request: &Sanitized,
    context: &PageContext,
    whose: &Whose<'_>,
    (methods, users): (&[SignInMethod], Health),
) -> Page {
    let return_to = wanted_return(request);
    let is_possible = users == Health::Good;
    let has_none = StepUpWish::of(request).asked.second_factor && !whose.user.has_mfa;
    let notice = match (is_possible, has_none) {
        (false, _) => Some(SignInNotice::NotNow),
        (true, true) => Some(SignInNotice::NoSecondFactor),
        (true, false) => None,
    };
    let ways = ways(whose, methods);
    let view = View {
        context,
        methods: if is_possible { &ways } else { &[] },
        form_token: request.form_token(),
        return_to: &return_to,
        username: "",
        notice,
        wait: None,
        signed_in: false,
        remember: None,
        asks_code: whose.has_code,
    };
    page(if is_possible { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &view, whose.user)
}

pub(super) fn page(status: StatusCode, view: &View<'_>, user: &User) -> Page {
    let token = FormToken::of_browser(view.form_token);
    let way = |method: &SignInMethod| match method {
        SignInMethod::HomeAssistant => {
            let link = format!("{}&{AS_SAME_USER}", with_return_to(START, view.return_to));
            SignInWay::Link { remembered: link.clone(), link }
        }
        SignInMethod::Password => SignInWay::Form,
    };
    let ways: Vec<SignInWay> = view.methods.iter().map(way).collect();
    let mut page = pages::step_up(
        status,
        &StepUpPage {
            context: view.context,
            ways: &ways,
            notice: view.notice,
            name: user.name.as_deref().or(user.username()).unwrap_or_default(),
            username: user.username().unwrap_or_default(),
            csrf: token.as_str(),
            return_to: view.return_to.as_str(),
            asks_code: view.asks_code,
        },
    );
    page.headers_mut().append(SET_COOKIE, token.set());
    retry_after(&mut page, view.wait);
    page
}

/// Whether nobody else than the user who is signed in may come back from Home Assistant's page.
pub fn is_same_user(request: &Sanitized) -> bool {
    request.query().is_some_and(|query| query.split('&').any(|pair| pair == AS_SAME_USER))
}

/// Says so in the address.
const AS_SAME_USER: &str = "same_user=true";

/// How this user can sign in again: the way they came by, where it is offered still and can ask for all they have.
fn ways(whose: &Whose<'_>, methods: &[SignInMethod]) -> Vec<SignInMethod> {
    let can_form = !whose.user.usernames.is_empty() && (whose.has_code || !whose.user.has_mfa);
    let possible = methods.iter().copied().filter(|method| *method != SignInMethod::Password || can_form);
    let possible: Vec<_> = possible.collect();
    let before = match whose.session.made_by() {
        MadeBy::Password => Some(SignInMethod::Password),
        MadeBy::HomeAssistant => Some(SignInMethod::HomeAssistant),
        MadeBy::CommandLine | MadeBy::CrossHostTicket | MadeBy::Ingress | MadeBy::Certificate | MadeBy::Front => None,
    };
    match before {
        Some(method) if possible.contains(&method) => vec![method],
        _ => possible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stands_in_the_address_and_is_read_back() {
        let asked = StepUp { fresh: Some(Duration::from_mins(5)), second_factor: true };
        let address = way_to_sign_in("/a?b=c", Some(asked));
        assert_eq!(address, "/.vestibule/step-up?return_to=%2Fa%3Fb%3Dc&max_age=300&acr_values=mfa");
        assert_eq!(StepUpWish::read(address.split_once('?').unwrap().1).asked, asked);
        assert_eq!(way_to_sign_in("//evil.test", Some(StepUp::default())), "/.vestibule/step-up?");
        assert_eq!(way_to_sign_in("/a", None), "/.vestibule/sign-in?return_to=%2Fa");
    }

    #[test]
    fn a_time_that_nobody_could_keep_is_brought_within_bounds_and_of_several_the_shortest_counts() {
        let within = |query: &str| StepUpWish::read(query).asked.fresh.map(|time| time.as_secs());
        assert_eq!(within("max_age=0"), Some(2));
        assert_eq!(within("max_age=-1"), Some(2));
        assert_eq!(within("max_age=99999999999999999999"), Some(2));
        assert_eq!(within("max_age=600&max_age=300"), Some(300));
        assert_eq!(within("x=1"), None);
        assert!(StepUpWish::read("acr_values=a+mfa").asked.second_factor);
        assert!(!StepUpWish::read("acr_values=mfax").asked.second_factor);
    }
}
