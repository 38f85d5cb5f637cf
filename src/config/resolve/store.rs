//! `[session] store`: in comes a word, a path, a URL or a table, out comes where sessions are kept. Secrets are read
//! from their files here; nothing is connected to.

use toml::Spanned;

use super::context::Context;
use super::readable::readable;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, Key, StoreText};
use crate::config::redis_store::{self, RedisPlace, RedisStore, RedisUrl};
use crate::config::secret_text::SecretText;
use crate::config::settings::SessionStore;

/// Resolves the key.
pub(super) fn store(key: &Key<StoreText>, cx: &mut Context<'_>) -> SessionStore {
    let Some(value) = key.given() else { return SessionStore::File(cx.state_dir.join(DEFAULT)) };
    let at = value.span();
    let resolved = match value.get_ref() {
        StoreText::Text(text) if text == "memory" => return SessionStore::Memory,
        StoreText::Text(text) if redis_store::is_meant(text) => {
            redis(&raw::RedisStore::default(), Some(&Spanned::new(at.clone(), text.clone())), &at, cx)
        }
        StoreText::Text(text) => return file(&Spanned::new(at, text.clone()), cx),
        StoreText::Table(table) => {
            let url = cx.required(&table.url, "url", &at, "\"rediss://redis.home\"");
            redis(table, url, &at, cx)
        }
    };
    // Without it the file has a mistake, and what is returned is never used.
    resolved.map_or(SessionStore::Memory, |store| SessionStore::Redis(Box::new(store)))
}

fn file(text: &Spanned<String>, cx: &mut Context<'_>) -> SessionStore {
    let path = cx.path(text);
    if path.is_dir() {
        let folder = Diagnostic::mistake(text.span(), "this is a folder");
        cx.add(folder.label("expected a file").hint("name a file in it, as in \"state/sessions.redb\""));
    }
    SessionStore::File(path)
}

fn redis(raw: &raw::RedisStore, url: Option<&Spanned<String>>, at: &Span, cx: &mut Context<'_>) -> Option<RedisStore> {
    let url = url?;
    let RedisUrl { place, database } = cx.findings.parse(url)?;
    if !cfg!(feature = "redis-store") {
        let without = Diagnostic::mistake(at.clone(), "this vestibule was built without Redis");
        let hint = "build it with the feature `redis-store`, which is on by default, or write a file or \"memory\"";
        cx.add(without.label("expected a file or \"memory\"").hint(hint));
    }
    let place = match place {
        RedisPlace::Unix(path) => RedisPlace::Unix(cx.base.join(path)),
        other => other,
    };
    let password = raw.password_file.given().and_then(|text| secret_text(text, cx));
    let key = raw.key_file.given().and_then(|text| secret_text(text, cx));
    if let Some(text) =
        raw.key_file.given().filter(|_| key.as_ref().is_some_and(|key| key.reveal().len() < SHORTEST_KEY))
    {
        let short = Diagnostic::mistake(text.span(), "this key is too short to be guessed by nobody");
        let hint = "make one with `openssl rand -base64 32`, and give it to all proxies of this store";
        cx.add(short.label("expected 32 characters or more in the file").hint(hint));
    }
    let ca = raw.ca.given().and_then(|text| ca(text, &place, cx));
    let store = RedisStore {
        user: raw.user.given().map(|text| text.get_ref().clone()),
        prefix: prefix(&raw.prefix, cx),
        place,
        database,
        password,
        ca,
        key,
    };
    warn_of_open_doors(&store, raw, at, cx);
    Some(store)
}

/// A password or a key: text, because that is what can be given to all proxies and to Redis without a mistake.
fn secret_text(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<SecretText> {
    let bytes = cx.secret(text)?;
    if let Ok(secret) = std::str::from_utf8(&bytes) {
        return Some(SecretText::new(secret.to_owned()));
    }
    let bad = Diagnostic::mistake(text.span(), "what is in this file is not text");
    cx.add(bad.label("expected one line of text").hint("random text is made with `openssl rand -base64 32`"));
    None
}

fn ca(text: &Spanned<String>, place: &RedisPlace, cx: &mut Context<'_>) -> Option<std::path::PathBuf> {
    if !matches!(place, RedisPlace::Tls { .. }) {
        let unused = Diagnostic::mistake(text.span(), "`ca` is for TLS, and this is no TLS");
        cx.add(unused.label("never looked at").hint("write the URL with `rediss://`, or take `ca` out"));
    }
    readable(text, cx)
}

/// What all our keys begin with. Blanks and patterns (`*`) would make commands mean something else.
fn prefix(key: &Key<String>, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else { return PREFIX.to_owned() };
    let prefix = text.get_ref();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '{' | '}');
    if prefix.is_empty() || prefix.len() > 64 || !prefix.chars().all(legal) {
        let bad = Diagnostic::mistake(text.span(), "a prefix that cannot stand before keys");
        cx.add(
            bad.label("expected 1 to 64 letters, digits, `:`, `-`, `_` or `.`").hint("the default is \"vestibule:\""),
        );
    }
    prefix.clone()
}

/// Who can write to Redis can sign in as anybody, unless records are sealed; who can listen on the way can read them.
fn warn_of_open_doors(store: &RedisStore, raw: &raw::RedisStore, at: &Span, cx: &mut Context<'_>) {
    if store.place.is_here() {
        return;
    }
    if matches!(raw.key_file, Key::Absent) {
        let open = Diagnostic::warning(at.clone(), "whoever may write to this Redis can sign in as anybody");
        let hint =
            "add key_file = \"secrets/session-key\", one line of `openssl rand -base64 32`, the same for all proxies";
        cx.add(open.label("records are not sealed").hint(hint));
    }
    if matches!(store.place, RedisPlace::Tcp { .. }) {
        let open = Diagnostic::warning(at.clone(), "what is said to this Redis crosses the network in the clear");
        cx.add(open.label("expected `rediss://`").hint("let Redis speak TLS (`tls-port`), and write `rediss://`"));
    }
}

/// The name of the file in `state_dir`.
const DEFAULT: &str = "sessions.redb";

const PREFIX: &str = "vestibule:";

/// 24 random bytes in base64 have so many characters.
const SHORTEST_KEY: usize = 32;
