//! Where requests are decided without being sent: the home, and what the configuration makes of routes and rules.
//!
//! In come a user, a method and a URL, out comes what the gate would decide, by the code that decides there: the look-up of
//! the route, who may come in and open it, the rules of the path. What only a real request has, its session and whose will
//! it is, is not asked.

use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::answer::Entry;
use super::home::Home;
use super::question::RequestQuestion;
use super::request::{RequestAnswer, Ruled};
use crate::authorization::protect::{BodyFacts, Errand, Judgement, Protection, Standing};
use crate::authorization::{Decision, may_enter, may_open};
use crate::config::{PrefixMode, Settings};
use crate::http::{Authority, ClientAddr, is_known_method, judge_path};
use crate::identity::User;
use crate::refusal::Reason;
use crate::route::{Route, Routes, is_own};

/// A home and a configuration.
pub(crate) struct Desk {
    home: Home,
    routes: Routes,
    /// By the place of the add-on.
    protections: Vec<Option<Protection>>,
}

/// Why a request cannot be decided: it is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRequest {
    /// No HTTP method, or one that passes nowhere.
    #[error("there is no method {0:?}, in upper case, as in \"GET\"")]
    Method(String),
    /// A WebSocket is asked for by GET.
    #[error("a WebSocket is opened by GET")]
    WebSocket,
    /// Neither a path nor a URL.
    #[error("{0:?} is neither a path that begins with `/` nor an https URL")]
    Url(String),
    /// `/.vestibule`
    #[error("this is one of vestibule's own pages, for which there are no rules")]
    OwnPage,
}

impl Desk {
    /// The desk of this home with these settings.
    pub(crate) fn new(home: Home, settings: &Settings) -> Self {
        let protections = settings.addons.iter().map(|addon| addon.protect.as_ref().map(Protection::new));
        Self { home, routes: Routes::new(&settings.addons), protections: protections.collect() }
    }

    /// The home.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Decides a request, and says why.
    pub(crate) fn decide<'a>(&'a self, question: &'a RequestQuestion) -> Result<RequestAnswer<'a>, BadRequest> {
        let method = Method::from_bytes(question.method.as_bytes()).ok().filter(is_known_method);
        let method = method.ok_or_else(|| BadRequest::Method(question.method.clone()))?;
        if question.websocket && method != Method::GET {
            return Err(BadRequest::WebSocket);
        }
        let (host, target) = address(&question.url).ok_or_else(|| BadRequest::Url(question.url.clone()))?;
        let answer = RequestAnswer::new(question);
        let Some(user) = self.home.directory().named(&question.user) else {
            return Ok(answer.about_nobody(self.home.groups_of_nobody()));
        };
        let user: &User = user;
        let answer = answer.of(user, self.home.groups_of(user), Entry::of(user));
        if judge_path(target.path()).is_err() {
            return Ok(answer.refused(Reason::AmbiguousPath, "not all servers read this path alike".to_owned()));
        }
        if is_own(target.path()) {
            return Err(BadRequest::OwnPage);
        }
        let Some(route) = self.routes.find(host.as_deref(), target.path()) else {
            return Ok(answer.refused(Reason::UnknownRoute, "no add-on is at this address".to_owned()));
        };
        let addon = route.addon();
        let stripped = if addon.prefix == PrefixMode::Strip { route.prefix().len() } else { 0 };
        let errand = Errand::new(method, target, stripped, question.websocket);
        let answer = answer.to(addon.slug.as_str(), errand.path().to_owned());
        let opens = may_enter(user, ClientAddr::direct(LOCAL)).and(|| may_open(user, &addon.access));
        if let Decision::Deny(reason) = opens {
            return Ok(answer.refused(reason, words_of(reason, addon.slug.as_str())));
        }
        Ok(self.judge(answer, errand, question, (user, route)))
    }

    fn judge<'a>(
        &'a self,
        answer: RequestAnswer<'a>,
        errand: Errand,
        question: &RequestQuestion,
        (user, route): (&'a User, &Route),
    ) -> RequestAnswer<'a> {
        let slug = route.addon().slug.as_str();
        let rules = self.protections.get(route.place()).and_then(Option::as_ref);
        let (Some(rules), Some(rights)) = (rules, self.home.directory().rights(&user.id)) else {
            return answer.permitted(format!("the user may open {slug}, and none of its paths is protected"));
        };
        let errand = match &question.body {
            Some(body) => errand.with_body(BodyFacts::read(&json_head(), body.as_bytes(), rules.pointers())),
            None => errand,
        };
        let judgement = errand.judge(rules, &Standing { user, rights });
        let answer = answer.ruled(self.ruled(&judgement, user));
        match judgement.decision() {
            Decision::Deny(reason) => {
                let why = judgement.refusals(|asked| self.home.sentence(user, asked));
                answer.refused(reason, why.join("; "))
            }
            Decision::Permit if judgement.wants_body() => {
                answer.refused(Reason::EntityMissing, "a rule reads the body, and none was given".to_owned())
            }
            Decision::Permit if judgement.findings().is_empty() => {
                answer.permitted(format!("the user may open {slug}, and no rule is for this path"))
            }
            Decision::Permit => {
                let why =
                    judgement.findings().iter().map(|finding| finding.words(|asked| self.home.sentence(user, asked)));
                let why = why.collect::<Vec<_>>().join("; ");
                answer.permitted(why)
            }
        }
    }

    fn ruled(&self, judgement: &Judgement<'_>, user: &User) -> Vec<Ruled> {
        let findings = judgement.findings().iter();
        findings.map(|finding| Ruled::new(finding, finding.words(|asked| self.home.sentence(user, asked)))).collect()
    }
}

/// Host, if the address names one, and target.
fn address(url: &str) -> Option<(Option<String>, PathAndQuery)> {
    if url.contains('#') {
        return None;
    }
    if url.starts_with('/') {
        return Some((None, url.parse().ok()?));
    }
    let uri: Uri = url.parse().ok()?;
    let authority = Authority::parse(uri.authority()?.as_str().as_bytes())?;
    let target = uri.path_and_query()?;
    (uri.scheme_str() == Some("https")).then(|| (Some(authority.host().to_owned()), target.clone()))
}

/// The head of a request whose body is read: what is given is JSON.
fn json_head() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

fn words_of(reason: Reason, slug: &str) -> String {
    match reason {
        Reason::AdminOnly => format!("{slug} is for administrators (`access`)"),
        Reason::AccessDenied => format!("{slug} is for others (`access`)"),
        other => format!("this user is refused before anything is asked ({})", other.label()),
    }
}

/// Whether a client is local cannot be known here; the answer says beside it what is otherwise.
const LOCAL: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
