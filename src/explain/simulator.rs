//! Where requests are decided without being sent: the home, and what the configuration makes of routes and rules.
//!
//! It says what the gate would decide about a user, a method, a URL and a way of sending, by the one admission that
//! decides there.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::answer::{Answer, ExplainedEntity};
use super::certificates::Certificates;
use super::home::Home;
use super::question::{Question, RequestQuestion, Sent};
use super::request::{RequestAnswer, Ruled};
use super::supposing::BadSupposition;
use super::told::Told;
use crate::authorization::protect::{BodyFacts, Evaluation, Protection, RuleQuery};
use crate::authorization::{Answers, Supposed, SupposedProof, Supposition, not_counting};
use crate::clock::Timestamp;
use crate::conditions::Circumstances;
use crate::config::{ClientAuth, FRONT, Settings};
use crate::connection::EntryPoint;
use crate::http::{Authority, Names, Provenance, Scheme, judge_path};
use crate::identity::User;
use crate::ids::KnownMethod;
use crate::refusal::Reason;
use crate::route::{Location, Routes};
use crate::session::CredentialKind;

/// A home and a configuration.
pub(crate) struct Simulator {
    home: Home,
    routes: Routes,
    names: Names,
    /// The time where a question says none, if there is one.
    now: Option<Timestamp>,
    client_auth: Option<Arc<ClientAuth>>,
    /// What the paths of each add-on need, by its place in the configuration.
    protections: Vec<Option<Protection>>,
}

/// Why a request cannot be decided: it is not a valid one.
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
    /// It names an origin, and which origins are ours cannot be told.
    #[error(
        "{0:?} is no `Origin` of a request to a URL with a host: write the URL with its host, and an origin as in \
             \"https://home.example\", or \"none\""
    )]
    Origin(String),
    /// A moment or an entity that there is not.
    #[error(transparent)]
    Circumstances(#[from] BadSupposition),
    /// A `Destination` where none belongs.
    #[error("only MOVE and COPY have a destination")]
    Destination,
    /// `/.vestibule`
    #[error("this is one of vestibule's own pages, for which there are no rules")]
    OwnPage,
}

impl Simulator {
    /// The simulator of this home with these settings. Where a question says no time, it is asked of `now`, or of no
    /// time in particular: then no hours are met.
    pub(crate) fn new(home: Home, settings: &Settings, now: Option<Timestamp>) -> Self {
        let protections = settings.routed().map(|addon| addon.authorization.protect.as_ref().map(Protection::new));
        let names = Names { public_urls: settings.listen.public_urls.clone(), own_hosts: settings.own_hosts() };
        let routes = Routes::new(&settings.routed().cloned().collect::<Vec<_>>());
        let client_auth = settings.client_auth.clone();
        Self { home, routes, names, now, client_auth, protections: protections.collect() }
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Decides about an entity, and says why.
    pub(crate) fn answer<'a>(&'a self, question: &'a Question) -> Result<Answer<'a>, BadRequest> {
        let environment = question.supposing.environment(self.home.zone(), self.now)?;
        let circumstances = Circumstances::new(question.supposing.client(), &environment);
        let user = self.home.user(&question.user, &circumstances);
        let answer = self.home.answer(question, user.map(Arc::as_ref));
        Ok(answer.not_counting(user.and_then(|user| not_counting(user, &circumstances))))
    }

    /// Decides a request, and says why.
    pub(crate) fn decide<'a>(&'a self, question: &'a RequestQuestion) -> Result<RequestAnswer<'a>, BadRequest> {
        let method =
            Method::from_bytes(question.method.as_bytes()).ok().filter(|method| KnownMethod::of(method).is_some());
        let method = method.ok_or_else(|| BadRequest::Method(question.method.clone()))?;
        if question.websocket && method != Method::GET {
            return Err(BadRequest::WebSocket);
        }
        let (authority, target) = address(&question.url).ok_or_else(|| BadRequest::Url(question.url.clone()))?;
        let (origin, provenance) = self.provenance(&question.sent, authority.as_ref())?;
        let answer = RequestAnswer::new(question);
        let environment = question.supposing.environment(self.home.zone(), self.now)?;
        let circumstances = Circumstances::new(question.supposing.client(), &environment);
        let Some(user) = self.home.user(&question.user, &circumstances) else {
            return Ok(answer.about_nobody(self.home.groups_of_nobody()));
        };
        let answer = answer.not_counting(not_counting(user, &circumstances));
        let host = authority.as_ref().map(Authority::host);
        let certificates = self.client_auth.as_ref().and_then(|rules| Certificates::of(rules, user, host));
        let answer = answer.of(user, self.home.groups_of(user), ExplainedEntity::of(user)).certified(certificates);
        if judge_path(target.path()).is_err() {
            return Ok(answer.refused(Reason::AmbiguousPath, "not all servers read this path alike".to_owned()));
        }
        let (route, stripped) = match self.routes.locate(EntryPoint::Browsers, host, target.path()) {
            Location::Addon(route, stripped) => (route, stripped),
            Location::Own => return Err(BadRequest::OwnPage),
            Location::Call | Location::Nowhere => {
                return Ok(answer.refused(Reason::UnknownRoute, "no add-on is at this address".to_owned()));
            }
        };
        let destination = match &question.sent.destination {
            Some(address) if matches!(method.as_str(), "MOVE" | "COPY") => {
                match route.transfer(address, Scheme::Https, authority.as_ref()) {
                    Ok(transfer) => Some(transfer),
                    Err(reason) => return Ok(answer.refused(reason, "it leads away from the add-on".to_owned())),
                }
            }
            Some(_) => return Err(BadRequest::Destination),
            None => None,
        };
        let depth = question.sent.depth.as_ref().map(|depth| {
            // What is no header says no depth that anybody knows, which is the deepest.
            HeaderValue::from_str(depth).unwrap_or_else(|_| HeaderValue::from_static("infinity"))
        });
        let rules = self.protections.get(route.place()).and_then(Option::as_ref);
        // At Home Assistant's front nothing else counts.
        let shows_token = question.sent.token || route.addon().authorization.front.is_some();
        let body = question.body.as_ref().zip(rules);
        let supposition = Supposition {
            user,
            with: if shows_token { CredentialKind::Token } else { CredentialKind::Session },
            proof: SupposedProof { fresh: question.sent.fresh, second_factor: question.sent.second_factor },
            client: question.supposing.client(),
            environment: &environment,
            provenance,
            origin,
            route,
            method,
            target,
            stripped,
            websocket: question.websocket,
            depth,
            destination,
            body: body.map(|(body, rules)| BodyFacts::read(&json_head(), body.as_bytes(), rules.pointers())),
        };
        let supposed = supposition.decide(self.home.directory(), rules);
        let slug = route.addon().slug.as_str();
        let told = supposed.attributes.as_deref().map(Told::of);
        Ok(self.answered(answer.to(slug, supposed.path.clone()).telling(told), &supposed, user, slug))
    }

    fn answered<'a>(
        &'a self,
        answer: RequestAnswer<'a>,
        supposed: &Supposed<'_>,
        user: &'a User,
        slug: &str,
    ) -> RequestAnswer<'a> {
        let describe = |asked: &RuleQuery<'_>| self.home.sentence(user, asked);
        if supposed.is_public && slug == FRONT {
            let why = "everybody may ask this, who shows nobody's token: it is the front end's, or its sign-in's";
            return answer.open_to_everybody(why.to_owned());
        }
        if supposed.is_public {
            let why = "this path is open to everybody (`[[addon.public]]`), and the add-on is told of nobody";
            return answer.open_to_everybody(why.to_owned());
        }
        let Some(evaluation) = &supposed.evaluation else {
            return match supposed.refusal {
                Some(reason) => answer.refused(reason, words_of(reason, slug, supposed.why.as_deref())),
                None if supposed.answers == Answers::Filtered => {
                    answer.permitted("the user gets what they may read of the answer, and no more".to_owned())
                }
                None => answer.permitted(format!("the user may open {slug}, and none of its paths is protected")),
            };
        };
        let answer = answer.ruled(self.ruled(evaluation, user));
        match supposed.refusal {
            Some(reason) => {
                let by_rules = evaluation.refusals(describe);
                // The rules permit what the add-on itself asks more for.
                let why = if by_rules.is_empty() {
                    words_of(reason, slug, supposed.why.as_deref())
                } else {
                    by_rules.join("; ")
                };
                answer.refused(reason, why)
            }
            None if supposed.wants_body => {
                answer.refused(Reason::EntityMissing, "a rule reads the body, and none was given".to_owned())
            }
            None if evaluation.findings().is_empty() => {
                answer.permitted(format!("the user may open {slug}, and no rule is for this path"))
            }
            None => {
                let why = evaluation.findings().iter().map(|finding| finding.describe(describe));
                let why = why.collect::<Vec<_>>().join("; ");
                answer.permitted(why)
            }
        }
    }

    /// Whose page sends it, and the origin that it names where that is not the add-on's own.
    fn provenance(
        &self,
        sent: &Sent,
        authority: Option<&Authority>,
    ) -> Result<(Option<HeaderValue>, Provenance), BadRequest> {
        match sent.origin.as_deref() {
            None => Ok((None, Provenance::OURS)),
            Some("none") => Ok((None, Provenance::NONE)),
            Some(origin) => {
                let value = HeaderValue::from_str(origin).ok().zip(authority);
                let (value, authority) = value.ok_or_else(|| BadRequest::Origin(origin.to_owned()))?;
                let provenance = Provenance::of_page(&value, authority, &self.names);
                Ok((Some(value), provenance))
            }
        }
    }

    fn ruled(&self, evaluation: &Evaluation<'_>, user: &User) -> Vec<Ruled> {
        let findings = evaluation.findings().iter();
        findings.map(|finding| Ruled::new(finding, finding.describe(|asked| self.home.sentence(user, asked)))).collect()
    }
}

/// Whom it is said to, if the address names a host, and the target.
fn address(url: &str) -> Option<(Option<Authority>, PathAndQuery)> {
    // A fragment never reaches a server, and the parser would drop it without a word.
    if url.contains('#') {
        return None;
    }
    if url.starts_with('/') {
        return Some((None, url.parse().ok()?));
    }
    let uri: Uri = url.parse().ok()?;
    let authority = Authority::parse(uri.authority()?.as_str().as_bytes())?;
    let target = uri.path_and_query()?;
    (uri.scheme_str() == Some("https")).then(|| (Some(authority), target.clone()))
}

/// The head of a request whose body is read: what is given is JSON.
fn json_head() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

fn words_of(reason: Reason, slug: &str, why: Option<&str>) -> String {
    let words = match reason {
        Reason::OutsideNetworks | Reason::OutsideHours | Reason::StateDiffers | Reason::StateUnknown => {
            format!("{slug} is for other circumstances (`access`)")
        }
        Reason::AdminOnly => format!("{slug} is for administrators (`access`)"),
        Reason::AccessDenied => format!("{slug} is for others (`access`)"),
        Reason::NoRole => format!("this user has none of the roles of {slug} (`role_required`)"),
        Reason::ForeignOrigin => {
            "a page of another origin sends it, and it could not be the user's own will (`cors` lets pages in)"
                .to_owned()
        }
        Reason::MissingOrigin => "a WebSocket without `Origin` could be anybody's (`allow_missing_origin`)".to_owned(),
        Reason::NoSession => format!("{slug} takes no access tokens (`tokens`)"),
        Reason::NotFresh => format!("{slug} asks for a sign-in of a moment ago (`fresh`), which is not supposed here"),
        Reason::NoSecondFactor => {
            format!("{slug} asks for a second factor (`second_factor`), which is not supposed here")
        }
        Reason::NoStepUp => format!("{slug} asks for what no token shows (`fresh` or `second_factor`)"),
        Reason::PathNeedsAdmin => format!("at {slug}, this path is for administrators alone"),
        Reason::EntityDenied => "the user may not read the entity in the path".to_owned(),
        Reason::NotLocal => "this user may come from the local network only".to_owned(),
        other => format!("this user is refused before anything is asked ({})", other.label()),
    };
    why.map_or_else(|| words.clone(), |why| format!("{words}: {why}"))
}
