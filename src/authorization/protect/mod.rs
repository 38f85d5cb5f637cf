//! Protected paths: what a request to an add-on needs besides the permission to open the add-on.
//!
//! From a request as the add-on will see it ([`View`]), the facts of its JSON body where a rule wants them, and what
//! the user may do ([`UserRights`]) it makes an [`Evaluation`]: which rules match, what each asks, and what was
//! answered. All rules that match must permit, so that their order means nothing (S-108). What cannot be read is
//! refused, and so is a path that not all servers read alike: the path that is judged must be the path that is served
//! (DESIGN section 2, step 7). Nothing here does I/O, and the same evaluation serves requests, reviews, `explain` and
//! the tests of the configuration.
//!
//! Reading order: `segments` (a path as all servers read it), `reach` (how far below it a request acts), `matching` (a
//! pattern and a path), `index` (which patterns need no look), `query`, `form` and `json` (where else a request names
//! entities), `unreadable`, `user_rights`, `evaluation`, `public` (what is open to everybody), `intent`, `describe`.

mod segments;
mod reach;
mod matching;
mod index;
mod query;
mod form;
mod json;
mod unreadable;
mod user_rights;
mod evaluation;
mod public;
mod intent;
mod describe;
mod media_type;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::borrow::Cow;

use http::Method;

pub use evaluation::{Evaluation, Finding, RuleQuery, Stands};
pub use form::BodyKind;
pub use intent::RequestIntent;
pub use json::BodyFacts;
pub(super) use public::{is_named_path, is_public};
pub use reach::Depth;
pub use unreadable::Unreadable;
pub use user_rights::UserRights;

use crate::config::{EntitySource, JsonPointer, Protect, ProtectAsk, ProtectRule, Unlisted};
use evaluation::Opens;
use index::RuleIndex;
use matching::Fit;
use segments::Segments;

/// A request as the add-on will see it.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The method; GET for a WebSocket's handshake.
    pub method: &'a Method,
    /// The path, byte for byte.
    pub path: &'a str,
    /// The query without its `?`, byte for byte.
    pub query: Option<&'a str>,
    /// Whether it asks for a WebSocket.
    pub websocket: bool,
    /// How deep below the path it acts.
    pub depth: Depth,
    /// Methods whose rules hold for it as well.
    pub implied: &'static [Method],
    /// What kind of body the head speaks of.
    pub kind: BodyKind,
    /// Its cookies, where a rule reads the query.
    pub cookies: Option<&'a str>,
}

/// The rules of one add-on.
#[derive(Debug, Clone)]
pub struct Protection {
    unlisted: Unlisted,
    rules: Vec<ProtectRule>,
    /// The place of every rule.
    places: Vec<usize>,
    /// The same by how their patterns begin.
    index: RuleIndex,
    /// Every place of a body that some rule reads, once.
    pointers: Vec<JsonPointer>,
}

impl Protection {
    /// The rules of an add-on, made ready.
    pub fn new(protect: &Protect) -> Self {
        let mut pointers = Vec::new();
        for ask in protect.rules.iter().flat_map(|rule| &rule.asks) {
            if let ProtectAsk::Entities { from: EntitySource::Body(pointer), .. } = ask
                && !pointers.contains(pointer)
            {
                pointers.push(pointer.clone());
            }
        }
        let index = RuleIndex::new(protect.rules.iter().map(|rule| &rule.path));
        let places = (0..protect.rules.len()).collect();
        Self { unlisted: protect.default, rules: protect.rules.clone(), places, index, pointers }
    }

    /// The places of a body that its rules read.
    pub fn pointers(&self) -> &[JsonPointer] {
        &self.pointers
    }

    /// Judges a request. Without `body` the rules that read one are left open, and the evaluation says that it wants
    /// it.
    pub fn judge(&self, view: &View<'_>, body: Option<&BodyFacts>, user_rights: &UserRights<'_>) -> Evaluation<'_> {
        let segments = Segments::of(view.path);
        let places = self.candidates(&segments, view);
        let rules = places.iter().filter_map(|place| Some((*place, self.rules.get(*place)?)));
        let rules = rules.filter(|(_, rule)| is_for(rule, view) || is_implied(rule, view));
        // Before any rule is asked: a rule that does not match our reading may match the add-on's.
        if segments.is_ambiguous() && !may_be_ambiguous(rules.clone().map(|(_, rule)| rule), &segments) {
            return Evaluation::ambiguous();
        }
        let anywhere = reach::is_anywhere(view.method);
        let root = Segments::of("/");
        // The body of SEARCH names where to search, so its own path says nothing about what it reads.
        let tree = if anywhere { &root } else { &segments };
        let mut evaluation = Evaluation::of_unlisted(self.unlisted, view.depth);
        for (position, rule) in rules {
            let fit = Fit::of(&rule.path, &segments);
            let finding =
                |stands, asked| Finding { number: position.saturating_add(1), path: &rule.path, stands, asked };
            let method = || view.method.clone();
            match fit {
                Some(fit) if is_for(rule, view) => {
                    evaluation.matches(fit, opens(rule, view, tree));
                    let asked = user_rights.ask(rule, view, &segments, body);
                    evaluation.add(asked.into_iter().map(|asked| finding(Stands::Here, asked)));
                }
                // The path fits, but by a method that the request only does as well: the rule is asked, and opens
                // nothing.
                Some(_) => {
                    let asked = user_rights.ask_of_tree(rule, &segments);
                    evaluation.add(asked.into_iter().map(|asked| finding(Stands::Implied(method()), asked)));
                }
                None => {}
            }
            // A rule that fits was asked above. Asked again as one of the tree, it would want more than the path needs.
            if (fit.is_none() || anywhere) && matching::is_below(&rule.path, tree, view.depth) {
                let asked = user_rights.ask_of_tree(rule, tree);
                evaluation.add(asked.into_iter().map(|asked| finding(Stands::Below(method()), asked)));
            }
        }
        evaluation
    }

    /// The places of the rules that are looked at: all of them, unless there are many, and the path is read by all
    /// servers alike and the request acts on nothing else.
    fn candidates(&self, segments: &Segments<'_>, view: &View<'_>) -> Cow<'_, [usize]> {
        let path_alone = view.depth == Depth::Zero && !segments.is_ambiguous() && !reach::is_anywhere(view.method);
        let found = (path_alone && self.rules.len() > FEW).then(|| self.index.candidates(segments)).flatten();
        found.map_or(Cow::Borrowed(&*self.places), Cow::Owned)
    }
}

/// How many rules are all asked, since that is cheaper than to look for those that fit.
const FEW: usize = 12;

/// Whether a rule is for such requests at all. HEAD is GET without an answer's body (RFC 9110 section 9.3.2; S-36).
fn is_for(rule: &ProtectRule, view: &View<'_>) -> bool {
    is_for_such(rule, view.method, view.websocket)
}

fn is_for_such(rule: &ProtectRule, method: &Method, is_websocket: bool) -> bool {
    // An add-on answers HEAD by what GET would give: a rule for GET that HEAD passed by would leak by the headers.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let by_method = rule.methods.is_empty() || rule.methods.contains(method);
    by_method && rule.websocket.is_none_or(|websocket| websocket == is_websocket)
}

/// Whether some rule is for a request with this method, which is no WebSocket, and this path.
fn speaks_of(rules: Option<&Protection>, method: &Method, segments: &Segments<'_>) -> bool {
    let speaks = |rule: &ProtectRule| is_for_such(rule, method, false) && Fit::of(&rule.path, segments).is_some();
    rules.is_some_and(|rules| rules.rules.iter().any(speaks))
}

/// Whether a rule is for a method whose effect this request has as well.
fn is_implied(rule: &ProtectRule, view: &View<'_>) -> bool {
    // A rule for WebSockets alone is about a handshake, which no method implies.
    rule.websocket != Some(true) && view.implied.iter().any(|method| rule.methods.contains(method))
}

/// Whether a rule that fits opens everything below the path, too. One that names DELETE does: there are add-ons without
/// trees, and who lists DELETE for a path means what it does there.
fn opens(rule: &ProtectRule, view: &View<'_>, tree: &Segments<'_>) -> Opens {
    let all = rule.path.rest().is_some() && Fit::of(&rule.path, tree) == Some(Fit::Exact);
    let named = view.method == Method::DELETE && rule.methods.contains(&Method::DELETE);
    if all || named { Opens::Tree } else { Opens::PathAlone }
}

/// Whether a path that not all servers read alike may pass: every rule that some reading of it could match says so, and
/// there is one (S-26, S-27, S-28).
fn may_be_ambiguous<'r>(rules: impl Iterator<Item = &'r ProtectRule>, segments: &Segments<'_>) -> bool {
    let mut possible = rules.filter(|rule| matching::is_possible(&rule.path, segments)).peekable();
    // `all` is true of nothing, and a path that no rule speaks of must not pass for it.
    possible.peek().is_some() && possible.all(|rule| rule.allow_ambiguous_path)
}

#[cfg(test)]
mod tests;
