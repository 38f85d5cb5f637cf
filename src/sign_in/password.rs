//! Sign-in with user name and password, against Home Assistant's own file.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, StatusCode};

use super::form::Form;
use super::form_token::FormToken;
use super::guard::{Budget, Guard};
use super::page::{Ticked, View, page};
use super::return_to::ReturnTo;
use super::session_maker::SessionMaker;
use super::step_up;
use crate::authorization::{Act, Decision, judge_own_will, may_enter};
use crate::clock::Clock;
use crate::config::SignInMethod;
use crate::home_assistant::{CodeOutcome, HomeAssistant, Outcome};
use crate::http::{ClientAddr, Parts, Presented, RequestId, Sanitized};
use crate::identity::{Directory, User};
use crate::ids::AddonSlug;
use crate::pages::{Page, PageContext, SignInNotice};
use crate::refusal::Reason;
use crate::session::{MadeBy, NewSession, Session, SessionCookie, Sessions, StoreAway, UserAgent};
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};

/// What signing in needs.
#[derive(Debug)]
pub struct PasswordSignIn<'a> {
    /// Language and look of its pages.
    pub context: &'a PageContext,
    /// The users and their passwords.
    pub home: &'a HomeAssistant,
    /// Where the session is made.
    pub sessions: &'a Sessions,
    /// How its cookie is called.
    pub cookie: SessionCookie,
    /// The limits on attempts.
    pub guard: &'a Guard,
    /// How many attempts there may be.
    pub budget: Budget,
    /// The clock, which tests can hold.
    pub clock: &'a Clock,
    /// Where attempts are written down.
    pub telemetry: &'a Telemetry,
    /// The ways to sign in that the page offers.
    pub methods: &'a [SignInMethod],
    /// The add-on that has this host to itself: a session that is made here is good for nothing else.
    pub bound_to: Option<AddonSlug>,
    /// Whether a browser may keep its session when it closes.
    pub remember: bool,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a password is asked for.
#[derive(Debug)]
pub enum Purpose {
    /// Somebody signs in.
    SignIn,
    /// This user, who is signed in with this session, shows that it is still they.
    StepUp(Arc<User>, Arc<Session>),
}

/// Who is trying, for the form that comes back and for the log.
struct Attempt {
    headers: HeaderMap,
    form: Form,
    return_to: ReturnTo,
    presented: Presented,
    form_token: Presented,
    client: ClientAddr,
    id: RequestId,
}

impl Attempt {
    fn wants_to_stay(&self) -> bool {
        !self.form.remember.is_empty()
    }
}

/// Whose the password was.
struct Proven {
    user: Arc<User>,
    /// Whether they have shown a second factor as well.
    second_factor: bool,
}

/// Why an attempt came to nothing.
struct Failed {
    outcome: SignInOutcome,
    wait: Option<Duration>,
}

impl PasswordSignIn<'_> {
    /// The answer to a posted form.
    pub async fn post(&self, request: Sanitized) -> Result<Page, Reason> {
        // A form on another site must not sign a visitor in to an account of its author's (login CSRF).
        judge_own_will(request.provenance(), Act::Change).into_result()?;
        let (client, id) = (request.client(), request.id());
        let (presented, form_token) = (request.presented().clone(), request.form_token().clone());
        let Parts { headers, body, serving, .. } = request.into_parts();
        let mut form = Form::read(&headers, body).await?;
        if let Purpose::StepUp(user, _) = &self.purpose {
            // What the form says of it is for the browser's password store.
            user.username().unwrap_or_default().clone_into(&mut form.username);
        }
        // A bad address does not spoil the sign-in: the start page takes its place.
        let return_to = ReturnTo::parse(&form.return_to).unwrap_or_default();
        let attempt = Attempt { headers, form, return_to, presented, form_token, client, id };
        let page = match self.attempt(&attempt).await {
            Ok(proven) => match self.welcome(&attempt, &proven).await {
                Ok(page) => page,
                Err(StoreAway) => self.turn_away(&attempt, &Failed { outcome: SignInOutcome::Unavailable, wait: None }),
            },
            Err(failed) => self.turn_away(&attempt, &failed),
        };
        // Held until here: a password check takes its time, and the connection must not count as idle meanwhile.
        drop(serving);
        Ok(page)
    }

    /// The user, when everything is right. What a right password reveals is said only after it.
    async fn attempt(&self, attempt: &Attempt) -> Result<Proven, Failed> {
        let failed = |outcome| Failed { outcome, wait: None };
        let form = &attempt.form;
        // Before the attempt is counted: a forged form must not use up a user's attempts.
        if !FormToken::is_proven(&attempt.form_token, &form.csrf) {
            return Err(failed(SignInOutcome::BadFormToken));
        }
        let ip = attempt.client.ip();
        // Counted before bcrypt runs, or many requests at once would all find an attempt left.
        self.guard
            .attempt(ip, &form.username, self.budget, self.clock.now())
            .await
            .map_err(|turned| Failed { outcome: turned.outcome(), wait: turned.wait() })?;
        // Taken before the password is looked at: should either change meanwhile, the session ends with its first use.
        let directory: Arc<Directory> = arc_swap::Guard::into_inner(self.home.directory().load());
        let user = match self.home.check_password(form.username.clone(), form.password.clone(), ip).await {
            Outcome::Right(id) => directory.user(&id).cloned().ok_or(failed(SignInOutcome::Unavailable))?,
            Outcome::Wrong if is_known(&directory, &form.username) => return Err(failed(SignInOutcome::WrongPassword)),
            Outcome::Wrong => return Err(failed(SignInOutcome::UnknownUser)),
            Outcome::SecondFactor => return Err(failed(SignInOutcome::SecondFactor)),
            Outcome::Busy => return Err(Failed { outcome: SignInOutcome::TooManyAttempts, wait: Some(BUSY) }),
            Outcome::Unavailable => return Err(failed(SignInOutcome::Unavailable)),
        };
        if matches!(&self.purpose, Purpose::StepUp(before, _) if before.id != user.id) {
            return Err(failed(SignInOutcome::OtherUser));
        }
        match may_enter(&user, attempt.client) {
            Decision::Permit => self.with_code(&user, &form.code).map_err(failed)?,
            // The password was right, so it was no guess.
            Decision::Deny(reason) => {
                self.guard.succeeded(ip, &form.username).await;
                return Err(failed(match reason {
                    Reason::InactiveUser => SignInOutcome::InactiveUser,
                    Reason::NotLocal => SignInOutcome::NotLocal,
                    _ => SignInOutcome::SystemUser,
                }));
            }
        }
        // Not before the code was right: whoever knows a password could otherwise guess codes for ever.
        self.guard.succeeded(ip, &form.username).await;
        Ok(Proven { second_factor: user.has_mfa, user })
    }

    /// Whether the browser keeps the session when it closes: who signs in again stays as they were.
    fn stays(&self, attempt: &Attempt) -> bool {
        match &self.purpose {
            Purpose::SignIn => attempt.wants_to_stay(),
            Purpose::StepUp(_, session) => session.is_remembered(),
        }
    }

    /// Asks a user with a second factor for it. By the files it shows only here; by the API it came as `SecondFactor`
    /// before.
    fn with_code(&self, user: &User, code: &str) -> Result<(), SignInOutcome> {
        if !user.has_mfa {
            return Ok(());
        }
        if code.is_empty() && self.home.has_code(&user.id) {
            return Err(SignInOutcome::CodeMissing);
        }
        match self.home.take_code(&user.id, code, self.clock.now()) {
            CodeOutcome::Right => Ok(()),
            CodeOutcome::Wrong => Err(SignInOutcome::WrongCode),
            CodeOutcome::Unknown => Err(SignInOutcome::SecondFactor),
        }
    }

    /// A new session, always; the one that was there before ends (S-74).
    async fn welcome(&self, attempt: &Attempt, proven: &Proven) -> Result<Page, StoreAway> {
        let user = &proven.user;
        let since = match &self.purpose {
            Purpose::SignIn => None,
            Purpose::StepUp(_, session) => Some(session.created()),
        };
        let user_agent = attempt.headers.get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let new = NewSession {
            address: Some(attempt.client.ip()),
            user_agent: UserAgent::from_header(user_agent),
            addon: self.bound_to.clone(),
            password_digest: user.password_digest,
            remembered: self.remember && self.stays(attempt),
            second_factor: proven.second_factor.then(|| self.clock.now()),
            authenticated: since.map(|_| self.clock.now()),
            ..NewSession::new(user.id.clone(), MadeBy::Password)
        };
        let session_maker = SessionMaker { sessions: self.sessions, cookie: self.cookie, telemetry: self.telemetry };
        let (session, cookie) = session_maker.make(new, &attempt.presented, since).await?;
        self.note(attempt, SignInOutcome::Success, Some(user.id.as_str()), Some(&session.id().to_string()));
        let mut page = attempt.return_to.behind_form(self.context);
        page.headers_mut().append(SET_COOKIE, cookie);
        Ok(page)
    }

    fn turn_away(&self, attempt: &Attempt, failed: &Failed) -> Page {
        self.note(attempt, failed.outcome, None, None);
        let other_way = self.methods.contains(&SignInMethod::HomeAssistant);
        let (status, notice) = words(failed, other_way);
        let view = View {
            context: self.context,
            methods: self.methods,
            form_token: &attempt.form_token,
            return_to: &attempt.return_to,
            username: &attempt.form.username,
            notice: Some(notice),
            wait: failed.wait,
            signed_in: false,
            remember: self.remember.then_some(Ticked::from(attempt.wants_to_stay())),
            asks_code: match &self.purpose {
                Purpose::SignIn => matches!(failed.outcome, SignInOutcome::CodeMissing | SignInOutcome::WrongCode),
                Purpose::StepUp(user, _) => self.home.has_code(&user.id),
            },
        };
        match &self.purpose {
            Purpose::SignIn => page(status, &view),
            Purpose::StepUp(user, _) => {
                step_up::page(status, &View { methods: &[SignInMethod::Password], username: "", ..view }, user)
            }
        }
    }

    fn note(&self, attempt: &Attempt, outcome: SignInOutcome, user: Option<&str>, session: Option<&str>) {
        let client: IpAddr = attempt.client.ip();
        self.telemetry.metrics.sign_in(outcome);
        self.telemetry.audit.write(&AuditEvent::SignIn {
            outcome,
            method: "password",
            user_name: &attempt.form.username,
            user,
            session,
            certificate: None,
            client,
            request_id: attempt.id.as_str(),
        });
    }
}

/// Whether a user has this name: for the operator's log only, after the password was looked at either way.
fn is_known(directory: &Directory, username: &str) -> bool {
    let typed = username.trim().to_lowercase();
    directory.users().any(|user| user.usernames.iter().any(|name| name.trim().to_lowercase() == typed))
}

/// When too many passwords are being checked at once.
const BUSY: Duration = Duration::from_secs(5);

/// What the page says. An unknown name and a wrong password look the same to whoever typed them.
fn words(failed: &Failed, other_way: bool) -> (StatusCode, SignInNotice) {
    use SignInNotice as N;
    match failed.outcome {
        SignInOutcome::Success | SignInOutcome::UnknownUser | SignInOutcome::WrongPassword => {
            (StatusCode::UNAUTHORIZED, N::WrongPassword)
        }
        SignInOutcome::SecondFactor if other_way => (StatusCode::FORBIDDEN, N::SecondFactorThere),
        SignInOutcome::SecondFactor => (StatusCode::FORBIDDEN, N::SecondFactorNowhere),
        SignInOutcome::CodeMissing => (StatusCode::UNAUTHORIZED, N::CodeMissing),
        SignInOutcome::WrongCode => (StatusCode::UNAUTHORIZED, N::WrongCode),
        SignInOutcome::OtherUser => (StatusCode::FORBIDDEN, N::OtherAccount),
        SignInOutcome::InactiveUser | SignInOutcome::SystemUser => (StatusCode::FORBIDDEN, N::NotActive),
        SignInOutcome::NotLocal => (StatusCode::FORBIDDEN, N::NotLocal),
        SignInOutcome::TooManyAttempts | SignInOutcome::Banned => {
            (StatusCode::TOO_MANY_REQUESTS, N::TooMany(failed.wait))
        }
        SignInOutcome::BadFormToken => (StatusCode::FORBIDDEN, N::OldPage),
        SignInOutcome::Unavailable | SignInOutcome::BadState | SignInOutcome::RefusedThere => {
            (StatusCode::SERVICE_UNAVAILABLE, N::NotNow)
        }
    }
}
