//! Every header that an add-on's route sets or lets pass: `headers`, `prefix_headers`, `identity_headers`,
//! `display_name_encoding`, `user_map`, `user_template`, `assertion` and `pass_headers`. Values are marked sensitive
//! and never shown: wherever it stands, one may be a secret.

use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use toml::Spanned;
use toml::de::DeValue;

use super::accounts::{Accounts, UserMap};
use super::header_names::Names;
use super::pass_headers::passing;
use super::roles::RoleMap;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::emails::Emails;
use crate::config::findings::Findings;
use crate::config::header::{self, BadValue};
use crate::config::raw::section::{Key, List, section, section_part};
use crate::config::raw::shape::{self, Shape};
use crate::config::raw::value_file::ValueFile;
use crate::config::resolve::context::{Context, flag};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawAddonHeaders {
        prefix_headers: List<String>,
        identity_headers: RawIdentityHeaders,
        display_name_encoding: String,
        user_map: UserMap,
        user_template: String,
        assertion: bool,
        headers: HeaderMap,
        pass_headers: List<String>,
    }
}

section! {
    /// `identity_headers` of an add-on.
    RawIdentityHeaders {
        id: String,
        name: String,
        display_name: String,
        groups: String,
        role: String,
        is_admin: String,
        email: String,
    }
}

/// Every header that an add-on's route sets or lets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddonHeaders {
    /// Headers that carry the prefix to the add-on.
    pub prefix: Vec<HeaderName>,
    /// Headers that carry the user to the add-on.
    pub identity: IdentityHeaders,
    /// How the display name is written in its header.
    pub display_name: DisplayNameEncoding,
    /// Under which names the add-on knows users, where that is not their own.
    pub accounts: Option<Accounts>,
    /// The addresses of users, where the add-on is told any of them.
    pub emails: Option<Arc<Emails>>,
    /// The add-on gets the user's identity signed as well.
    pub assertion: bool,
    /// Fixed headers. Their values are marked sensitive, so that `Debug` hides them: from a file or not, one may be a
    /// secret.
    pub fixed: Vec<(HeaderName, HeaderValue)>,
    /// Names that are reserved elsewhere and pass here, since they say nobody's identity to this add-on.
    pub pass: Vec<HeaderName>,
}

/// `identity_headers`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// Carries the user's id.
    pub id: HeaderName,
    /// Carries the user name, or the one that the add-on has for the user; absent when there is none.
    pub name: HeaderName,
    /// Carries the display name; absent when the user has none.
    pub display_name: HeaderName,
    /// Carries the names of the user's groups, where the add-on is told them.
    pub groups: Option<HeaderName>,
    /// Carries the user's role, where there are roles.
    pub role: Option<HeaderName>,
    /// Carries whether the user is an administrator, where the add-on is told that.
    pub is_admin: Option<HeaderName>,
    /// Carries the user's address, where the add-on is told that; absent when none is known.
    pub email: Option<HeaderName>,
}

impl IdentityHeaders {
    /// All of them: whatever is set, stripped or left empty is so by this list.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        let always = [&self.id, &self.name, &self.display_name];
        always.into_iter().chain(&self.groups).chain(&self.role).chain(&self.is_admin).chain(&self.email)
    }
}

/// How the display name is written in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayNameEncoding {
    /// UTF-8 bytes, control characters removed.
    Utf8,
    /// Percent-encoded: everything but unreserved characters (RFC 3986 section 2.3).
    Percent,
}

impl AddonHeaders {
    /// Whether the add-on is told its prefix in a header from which add-ons make the addresses that they say and
    /// expect.
    pub fn tell_prefix_for_addresses(&self) -> bool {
        self.prefix.iter().any(|name| matches!(name.as_str(), "x-script-name" | "x-forwarded-prefix"))
    }

    /// The keys. No name may be set twice, in whatever spelling.
    pub(super) fn resolve(raw: &RawAddonHeaders, owner: &Span, roles: &Key<RoleMap>, cx: &mut Context<'_>) -> Self {
        let mut names = Names::default();
        // Fixed headers and prefix headers first: when one of them has the name of a default, it is shown, not the
        // default.
        let fixed = fixed(&raw.headers, &mut names, cx);
        let prefix = prefix(&raw.prefix_headers, owner, &mut names, cx);
        let identity = identity(&raw.identity_headers, roles, owner, &mut names, cx);
        let words = [("utf-8", DisplayNameEncoding::Utf8), ("percent", DisplayNameEncoding::Percent)];
        let display_name = cx.word_or(&raw.display_name_encoding, DisplayNameEncoding::Utf8, &words);
        let pass = passing(&raw.pass_headers, &names, cx);
        let accounts = Accounts::resolve(&raw.user_map, &raw.user_template, cx);
        let assertion = flag(&raw.assertion, false);
        let in_names = accounts.as_ref().is_some_and(Accounts::ask_for_emails);
        if cx.emails.is_empty() {
            let in_header = raw.identity_headers.given().and_then(|section| section.get_ref().email.given());
            let asks = raw.user_template.given().filter(|_| in_names).into_iter().chain(in_header);
            asks.for_each(|text| warn_of_no_address(text, cx));
        }
        let is_told = assertion || in_names || identity.email.is_some();
        let emails = (is_told && !cx.emails.is_empty()).then(|| Arc::clone(&cx.emails));
        Self { prefix, identity, display_name, accounts, emails, assertion, fixed, pass }
    }
}

/// No header but those of the user under their usual names.
impl Default for AddonHeaders {
    fn default() -> Self {
        let [id, name, display_name] = IDENTITY_HEADERS.map(HeaderName::from_static);
        Self {
            prefix: Vec::new(),
            identity: IdentityHeaders { id, name, display_name, groups: None, role: None, is_admin: None, email: None },
            display_name: DisplayNameEncoding::Utf8,
            accounts: None,
            emails: None,
            assertion: false,
            fixed: Vec::new(),
            pass: Vec::new(),
        }
    }
}

const IDENTITY_HEADERS: [&str; 3] = ["x-remote-user-id", "x-remote-user-name", "x-remote-user-display-name"];

const ROLE: &str = "x-remote-user-role";

/// Resolves `identity_headers`.
fn identity(
    key: &Key<RawIdentityHeaders>,
    roles: &Key<RoleMap>,
    owner: &Span,
    names: &mut Names,
    cx: &mut Context<'_>,
) -> IdentityHeaders {
    let absent = RawIdentityHeaders::default();
    let raw = key.given().map_or(&absent, |section| section.get_ref());
    let [id, name, display_name] = IDENTITY_HEADERS;
    let keys = [(&raw.id, id), (&raw.name, name), (&raw.display_name, display_name)];
    // The ones that were chosen come first, so that a collision is shown where the operator can do something about it.
    let chosen = keys.map(|(key, _)| key.given().and_then(|text| names.note(text, cx)));
    // These four are asked for by their names.
    let mut asked = |key: &Key<String>| key.given().and_then(|text| names.note(text, cx));
    let (groups, mut role) = (asked(&raw.groups), asked(&raw.role));
    let (is_admin, email) = (asked(&raw.is_admin), asked(&raw.email));
    let mut rest = chosen.into_iter().zip(keys).map(|(chosen, (key, default))| match chosen {
        Some(name) => name,
        None if key.given().is_some() => HeaderName::from_static(default),
        None => names.note_default(default, owner, cx),
    });
    let mut next = || rest.next().expect("three keys make three names");
    let (id, name, display_name) = (next(), next(), next());
    drop(rest);
    match (&raw.role, roles) {
        (Key::Absent, Key::Given(_)) => role = Some(names.note_default(ROLE, owner, cx)),
        (Key::Given(text), Key::Absent) => {
            let idle = Diagnostic::mistake(text.span(), "a header for the role, and there are no roles");
            cx.add(idle.label("needs `role`").hint("add role = { admin = [\"system-admin\"], default = \"viewer\" }"));
        }
        _ => {}
    }
    IdentityHeaders { id, name, display_name, groups, role, is_admin, email }
}

fn warn_of_no_address(asked: &Spanned<String>, cx: &mut Context<'_>) {
    let idle = Diagnostic::warning(asked.span(), "this asks for the address of a user, and no address is known");
    let hint = "add emails = { frank = \"frank@home.example\" } under [home_assistant]";
    cx.add(idle.label("needs `emails`").hint(hint));
}

/// Resolves `prefix_headers`.
fn prefix(key: &Key<List<String>>, owner: &Span, names: &mut Names, cx: &mut Context<'_>) -> Vec<HeaderName> {
    match key {
        Key::Given(list) => list.get_ref().iter().filter_map(|text| names.note(text, cx)).collect(),
        Key::Absent => vec![names.note_default("x-ingress-path", owner, cx)],
        Key::Wrong => Vec::new(),
    }
}

/// Resolves `headers`.
fn fixed(key: &Key<HeaderMap>, names: &mut Names, cx: &mut Context<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let list = key.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default();
    let resolve = |(name, value): &(Spanned<String>, Spanned<HeaderText>)| {
        let value = match value.get_ref() {
            HeaderText::Inline(text) => checked(text.as_bytes(), &value.span(), cx),
            HeaderText::File(file) => from_file(file, &value.span(), cx),
        };
        Some((names.note(name, cx)?, value?))
    };
    list.iter().filter_map(resolve).collect()
}

fn from_file(file: &ValueFile, at: &Span, cx: &mut Context<'_>) -> Option<HeaderValue> {
    let text = cx.required(&file.file, "file", at, "\"secrets/name\"")?;
    let value = cx.secret(text)?;
    checked(&value, &text.span(), cx)
}

fn checked(bytes: &[u8], at: &Span, cx: &mut Context<'_>) -> Option<HeaderValue> {
    let hint = |err| match err {
        BadValue::Empty => "write a value, or leave the header out",
        BadValue::TooLong => "add-ons refuse longer ones",
        BadValue::Control => "a value is one line of text",
        BadValue::Blank => "add-ons drop blanks around a value: take them out",
    };
    let bad = |err: BadValue| {
        Diagnostic::mistake(at.clone(), err.to_string()).label("expected one line of text").hint(hint(err))
    };
    let mut value = header::value(bytes).map_err(|err| cx.add(bad(err))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `headers` of an add-on, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct HeaderMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<HeaderText>)>);

impl Shape for HeaderMap {
    const EXPECTED: &'static str = "expected a table of header names and values";
    const HINT: &'static str = "write it as { \"X-Name\" = \"value\", \"X-Secret\" = { file = \"secrets/name\" } }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        let mut headers = Vec::new();
        for (name, value) in table {
            // Whatever stands here may be a secret in the wrong place, so that it is masked before it is judged.
            match value.get_ref() {
                DeValue::Table(table) => {
                    let others = table.iter().filter(|(key, _)| key.get_ref() != "file");
                    findings.masked.extend(others.map(|(_, value)| value.span()));
                }
                _ => findings.masked.push(value.span()),
            }
            if let Some(value) = shape::read(value, findings) {
                headers.push((Spanned::new(name.span(), name.get_ref().to_string()), value));
            }
        }
        headers.sort_by_key(|(name, _)| name.span().start);
        Some(Self(headers))
    }
}

/// The value of a fixed header.
pub(in crate::config) enum HeaderText {
    /// Stands here.
    Inline(String),
    /// Stands in a file.
    File(ValueFile),
}

/// The value stays out of it.
impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(...)"),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}

impl Shape for HeaderText {
    const EXPECTED: &'static str = "expected a string, or { file = \"...\" }";
    const HINT: &'static str = "put the value in quotes, or name the file that holds it";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Inline(text.to_string())),
            DeValue::Table(table) => Some(Self::File(ValueFile::read_table(table, findings))),
            _ => None,
        }
    }
}
