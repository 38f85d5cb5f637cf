//! `default` and `[[addon.protect]]` as they are read: each rule asks for something, and can match.

use http::Method;
use toml::Spanned;

use super::protect::{AccessKey, EntitySource, Protect, ProtectAsk, ProtectRule, RawProtect, Unlisted};
use super::route::{PrefixMode, Route};
use super::step_up::StepUp;
use crate::config::conditions::Conditions;
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::entity_template::EntityTemplate;
use crate::config::path_pattern::{PathPattern, Segment};
use crate::config::raw::section::{Key, List};
use crate::config::resolve::context::{Context, flag};
use crate::ids::{EntityId, KnownMethod, PathPrefix};

impl Protect {
    /// Both keys; nothing when they leave every path open.
    pub(super) fn resolve(
        default: &Key<String>,
        rules: &Key<List<RawProtect>>,
        route: &Route,
        cx: &mut Context<'_>,
    ) -> Option<Self> {
        let words = [("permit", Unlisted::Permit), ("deny", Unlisted::Deny)];
        // A wrong word is never a wider access than was meant.
        let default = match default {
            Key::Absent => Unlisted::Permit,
            Key::Wrong => Unlisted::Deny,
            Key::Given(text) => cx.word(text, &words).unwrap_or(Unlisted::Deny),
        };
        let listed = rules.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
        if listed.len() > MOST {
            let many = Diagnostic::mistake(rules.given()?.span(), format!("more than {MOST} rules for one add-on"));
            cx.add(many.label("expected fewer rules").hint("one rule with a placeholder may do for many"));
        }
        let rules: Vec<_> = listed.iter().filter_map(|entry| rule(entry, default, route, cx)).collect();
        (default == Unlisted::Deny || !rules.is_empty()).then(|| Self::new(default, rules))
    }
}

/// Every request to a protected add-on is compared with each of its rules.
const MOST: usize = 1000;

fn rule(entry: &Spanned<RawProtect>, default: Unlisted, route: &Route, cx: &mut Context<'_>) -> Option<ProtectRule> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let methods = methods(&raw.methods, cx);
    let text = cx.required(&raw.path, "path", &owner, "\"/settings/{*rest}\"");
    let path: Option<PathPattern> = text.and_then(|text| cx.findings.parse(text));
    if let (Some(path), Some(text)) = (&path, text) {
        may_match(path, text.span(), route, cx);
    }
    // With a mistake in the path the other keys are judged all the same, so that none of theirs is hidden behind it.
    let asks = asks(raw, path.as_ref(), &owner, cx);
    if asks.is_empty() && default == Unlisted::Permit && asks_for_nothing(raw) {
        let open = Diagnostic::mistake(owner, "this rule asks for nothing");
        let hint = "add `entity`, `query`, `body`, `entities` or `all_entities` with `access`, or `require`, \
                    `networks`, `hours`, `when`, `fresh` or `second_factor`; a rule that only opens a path is for \
                    add-ons with default = \"deny\"";
        cx.add(open.label("expected something that the user must be or may do").hint(hint));
    }
    let websocket = raw.websocket.given().map(|flag| *flag.get_ref());
    Some(ProtectRule {
        methods,
        websocket,
        path: path?,
        allow_ambiguous_path: flag(&raw.allow_ambiguous_path, false),
        asks,
    })
}

/// Whether nothing stands there, not even something wrong, which is reported already.
fn asks_for_nothing(raw: &RawProtect) -> bool {
    let texts = [&raw.entity, &raw.query, &raw.body, &raw.access, &raw.require];
    let no_text = texts.iter().all(|key| matches!(key, Key::Absent));
    no_text && matches!(raw.entities, Key::Absent) && !flag(&raw.all_entities, false) && raw.conditions.is_absent()
}

fn methods(key: &Key<List<String>>, cx: &mut Context<'_>) -> Vec<Method> {
    let Some(list) = key.given() else { return Vec::new() };
    if list.get_ref().is_empty() {
        let none = Diagnostic::mistake(list.span(), "no method: this rule would be for nothing");
        cx.add(none.label("expected one method or more").hint("leave the key out for all methods"));
    }
    let mut methods = Vec::new();
    for text in list.get_ref() {
        let known = of_rules().any(|name| name == text.get_ref());
        let (message, hint) = if text.get_ref() == "HEAD" {
            ("HEAD is judged as GET".to_owned(), "write \"GET\"".to_owned())
        } else if known {
            // Every word of the list is a method.
            methods.extend(Method::from_bytes(text.get_ref().as_bytes()));
            continue;
        } else {
            let all = format!("write one of {}", of_rules().collect::<Vec<_>>().join(", "));
            (format!("no method {}", quoted(text.get_ref())), all)
        };
        cx.add(Diagnostic::mistake(text.span(), message).label("expected a method").hint(hint));
    }
    methods
}

/// The methods that a rule may name: all that pass but HEAD, which goes by the rules for GET (RFC 9110 section 9.3.2).
fn of_rules() -> impl Iterator<Item = &'static str> {
    KnownMethod::names().filter(|name| *name != "HEAD")
}

/// A pattern is compared with what the add-on sees. One that was written for what the browser sees protects nothing,
/// and opens nothing.
pub(super) fn may_match(path: &PathPattern, at: Span, route: &Route, cx: &mut Context<'_>) {
    let Some(prefix) = route.path.as_ref().filter(|prefix| !prefix.as_str().is_empty()) else { return };
    let text = path.to_string();
    let under = text.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match route.prefix {
        PrefixMode::Strip if under => {
            let twice = Diagnostic::warning(at, "this path begins with the add-on's own prefix");
            let hint =
                format!("the add-on sees paths without {prefix}: write what follows it", prefix = prefix.as_str());
            cx.add(twice.label("expected a path as the add-on sees it").hint(hint));
        }
        PrefixMode::Keep if !under && route.host.is_none() && may_not_begin_with(path, prefix) => {
            let never = Diagnostic::mistake(at, "this path does not begin with the add-on's prefix and never matches");
            let hint = format!("with prefix = \"keep\" the add-on sees {0}: write {0}{text}", prefix.as_str());
            cx.add(never.label("expected a path as the add-on sees it").hint(hint));
        }
        PrefixMode::Strip | PrefixMode::Keep => {}
    }
}

/// Whether no request under this prefix can match: one of the texts is another one.
fn may_not_begin_with(path: &PathPattern, prefix: &PathPrefix) -> bool {
    let own: Vec<_> = prefix.as_str().split('/').skip(1).collect();
    let differs = |(segment, own): (&Segment, &&str)| match segment {
        Segment::Text(text) => !text.eq_ignore_ascii_case(own),
        Segment::Placeholder(_) => false,
    };
    path.segments().iter().zip(&own).any(differs) || (path.rest().is_none() && path.segments().len() < own.len())
}

fn asks(raw: &RawProtect, path: Option<&PathPattern>, owner: &Span, cx: &mut Context<'_>) -> Vec<ProtectAsk> {
    let mut sources = Vec::new();
    // Its placeholders are those of the path.
    if let (Some(text), Some(path)) = (raw.entity.given(), path) {
        match EntityTemplate::parse(text.get_ref(), path) {
            Ok(template) => sources.push(EntitySource::Path(template)),
            Err(bad) => cx.findings.explain(text.span(), &bad),
        }
    }
    if let Some(text) = raw.query.given() {
        sources.extend(query(text, cx).map(EntitySource::Query));
    }
    if let Some(text) = raw.body.given() {
        sources.extend(cx.findings.parse(text).map(EntitySource::Body));
    }
    if let Some(list) = raw.entities.given() {
        sources.push(EntitySource::Fixed(entities(list, cx)));
    }
    let all = flag(&raw.all_entities, false);
    let named = [&raw.entity, &raw.query, &raw.body].iter().any(|key| !matches!(key, Key::Absent));
    let wanted = all || named || !matches!(raw.entities, Key::Absent);
    let mut asks = Vec::new();
    if let Some(access) = access(&raw.access, wanted, owner, cx) {
        asks.extend(sources.into_iter().map(|from| ProtectAsk::Entities { from, access }));
        asks.extend(all.then_some(ProtectAsk::AllEntities { access }));
    }
    if let Some(text) = raw.require.given() {
        let admin = cx.word(text, &[("admin", true), ("owner", false)]);
        asks.extend(admin.map(|admin| if admin { ProtectAsk::Admin } else { ProtectAsk::Owner }));
    }
    let conditions = Conditions::resolve(&raw.conditions, cx);
    asks.extend((!conditions.is_empty()).then_some(ProtectAsk::Circumstances(conditions)));
    let step_up = StepUp::resolve(&raw.fresh, &raw.second_factor, cx);
    asks.extend((!step_up.is_nothing()).then_some(ProtectAsk::StepUp(step_up)));
    asks
}

fn access(key: &Key<String>, wanted: bool, owner: &Span, cx: &mut Context<'_>) -> Option<AccessKey> {
    let words = [("read", AccessKey::Read), ("control", AccessKey::Control), ("edit", AccessKey::Edit)];
    if wanted {
        let text = cx.required(key, "access", owner, "\"control\"")?;
        return cx.word(text, &words);
    }
    let text = key.given()?;
    cx.word(text, &words)?;
    let idle = Diagnostic::mistake(text.span(), "`access` without an entity");
    let hint = "add `entity`, `query`, `body`, `entities` or all_entities = true, or take it out";
    cx.add(idle.label("access to what?").hint(hint));
    None
}

/// The name of a parameter, as it is when it is decoded.
fn query(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let name = text.get_ref();
    let good = (1..=64).contains(&name.len()) && name.bytes().all(legal);
    if !good {
        let bad = Diagnostic::mistake(text.span(), "not the name of a parameter");
        let hint = "write the name alone, as in query = \"entity_id\" for `?entity_id=light.kitchen`";
        cx.add(bad.label("expected letters, digits, `_`, `-` or `.`").hint(hint));
    }
    good.then(|| name.clone())
}

fn entities(list: &Spanned<List<String>>, cx: &mut Context<'_>) -> Vec<EntityId> {
    if list.get_ref().is_empty() {
        let none = Diagnostic::mistake(list.span(), "no entity");
        cx.add(none.label("expected one entity id or more").hint("write entities = [\"light.kitchen\"]"));
    }
    list.get_ref().iter().filter_map(|text| cx.findings.parse(text)).collect()
}
