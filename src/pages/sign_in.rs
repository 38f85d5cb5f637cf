//! The pages on which people sign in, and sign in again.

use std::time::Duration;

use askama::Template;
use http::StatusCode;

use super::context::PageContext;
use super::document::html;
use super::response::Page;
use super::texts::{SignInTexts, fill, in_words};

/// A way to sign in.
#[derive(Debug)]
pub enum SignInWay {
    /// Over Home Assistant's page, which begins here.
    Link {
        /// To begin.
        link: String,
        /// To begin, and to stay signed in afterwards.
        remembered: String,
    },
    /// With user name and password, in this page's form.
    Form,
}

/// What the page tells its reader first: why an attempt came to nothing, or why they are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInNotice {
    /// They have signed out.
    SignedOut,
    /// The session that the browser had is no more.
    Ended(EndedBecause),
    /// Nobody can be let in, whatever the reason: a stranger learns no more.
    NotNow,
    /// The same, where the sign-in must be begun anew.
    NotNowHere,
    /// An unknown name and a wrong password look the same to whoever typed them.
    WrongPassword,
    /// The account has a second factor, and Home Assistant's page can ask for it.
    SecondFactorThere,
    /// The account has a second factor, and nothing here can ask for it.
    SecondFactorNowhere,
    /// The second factor is still to be shown.
    CodeMissing,
    /// The second factor is not right.
    WrongCode,
    /// Another account than the one that is signed in.
    OtherAccount,
    /// The same, as it was chosen on Home Assistant's page.
    OtherAccountThere,
    /// The account is deactivated, or nobody's.
    NotActive,
    /// The account may only come from the local network.
    NotLocal,
    /// Too many attempts; with the time after which there may be another.
    TooMany(Option<Duration>),
    /// The form was not one of this browser's.
    OldPage,
    /// A second factor is asked for, and the account has none.
    NoSecondFactor,
    /// What Home Assistant's page led back with is not good any more.
    OldJourney,
    /// Home Assistant did not let them in.
    RefusedThere,
    /// Home Assistant has forgotten the attempt.
    ForgottenThere,
    /// Home Assistant does not take the account from there.
    NotFromHere,
    /// Home Assistant knows the account, and we do not.
    UnknownHere,
    /// Home Assistant does not answer as it should.
    AnswersBadly,
}

/// Why a session is no more, as far as its owner may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBecause {
    /// Nobody knows any more.
    Unknown,
    /// Its time was up.
    Expired,
    /// Its user has signed out, or ended it from elsewhere.
    SignedOut,
    /// An operator has ended it.
    ByAdministrator,
    /// Its user's account is not what it was.
    AccountChanged,
    /// Its user has too many newer ones.
    Replaced,
}

impl SignInNotice {
    /// Whether something went wrong.
    pub(super) fn alarms(self) -> bool {
        !matches!(self, Self::SignedOut | Self::Ended(_) | Self::CodeMissing)
    }

    fn text(self, context: &PageContext) -> String {
        let t = SignInTexts::of(context.language());
        let text = match self {
            Self::SignedOut => t.signed_out,
            Self::Ended(EndedBecause::Unknown) => t.ended,
            Self::Ended(EndedBecause::Expired) => t.ended_expired,
            Self::Ended(EndedBecause::SignedOut) => t.ended_signed_out,
            Self::Ended(EndedBecause::ByAdministrator) => t.ended_by_administrator,
            Self::Ended(EndedBecause::AccountChanged) => t.ended_account,
            Self::Ended(EndedBecause::Replaced) => t.ended_replaced,
            Self::NotNow => t.not_now,
            Self::NotNowHere => t.not_now_here,
            Self::WrongPassword => t.wrong_password,
            Self::SecondFactorThere => t.second_factor_there,
            Self::SecondFactorNowhere => t.second_factor_nowhere,
            Self::CodeMissing => t.code_missing,
            Self::WrongCode => t.wrong_code,
            Self::OtherAccount => t.other_account,
            Self::OtherAccountThere => t.other_account_there,
            Self::NotActive => t.not_active,
            Self::NotLocal => t.not_local,
            Self::TooMany(None) => t.too_many,
            Self::TooMany(Some(wait)) => {
                return fill(t.too_many_until, &[("time", &in_words(wait, context.language()))]);
            }
            Self::OldPage => t.old_page,
            Self::NoSecondFactor => t.no_second_factor,
            Self::OldJourney => t.old_journey,
            Self::RefusedThere => t.refused_there,
            Self::ForgottenThere => t.forgotten_there,
            Self::NotFromHere => t.not_from_here,
            Self::UnknownHere => t.unknown_here,
            Self::AnswersBadly => t.answers_badly,
        };
        text.to_owned()
    }
}

/// What the sign-in page says.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage<'a> {
    /// Language and look.
    pub context: &'a PageContext,
    /// The ways to sign in, in order.
    pub ways: &'a [SignInWay],
    /// What it tells first.
    pub notice: Option<SignInNotice>,
    /// Whether the browser has a session all the same.
    pub signed_in: bool,
    /// The token that binds the form to this browser.
    pub csrf: &'a str,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// What was typed before.
    pub username: &'a str,
    /// Whether staying signed in is offered.
    pub remember: bool,
    /// Whether that is ticked.
    pub ticked: bool,
    /// Whether the form asks for the code of a second factor as well.
    pub asks_code: bool,
}

impl SignInPage<'_> {
    fn texts(&self) -> &'static SignInTexts {
        SignInTexts::of(self.context.language())
    }
}

/// The sign-in page with this status.
pub fn sign_in(status: StatusCode, page: &SignInPage<'_>) -> Page {
    html(status, page.context, page)
}

/// What the page says on which a user signs in again.
#[derive(Debug, Template)]
#[template(path = "step_up.html")]
pub struct StepUpPage<'a> {
    /// Language and look.
    pub context: &'a PageContext,
    /// The ways to do it, in order.
    pub ways: &'a [SignInWay],
    /// Why the last attempt came to nothing, or what is missing.
    pub notice: Option<SignInNotice>,
    /// Who is signed in.
    pub name: &'a str,
    /// The name that their password belongs to.
    pub username: &'a str,
    /// The token that binds the form to this browser.
    pub csrf: &'a str,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// Whether the form asks for the code of a second factor as well.
    pub asks_code: bool,
}

impl StepUpPage<'_> {
    fn texts(&self) -> &'static SignInTexts {
        SignInTexts::of(self.context.language())
    }

    fn lead(&self) -> String {
        let texts = self.texts();
        let text = if self.name.is_empty() { texts.again_lead } else { texts.again_lead_as };
        fill(text, &[("account", self.name)])
    }
}

/// The page for signing in again, with this status.
pub fn step_up(status: StatusCode, page: &StepUpPage<'_>) -> Page {
    html(status, page.context, page)
}
