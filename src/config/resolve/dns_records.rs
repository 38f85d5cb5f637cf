//! Who writes TXT records for `dns-01`: the operator's command, or the name server itself by dynamic updates.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use toml::Spanned;

use super::context::Context;
use crate::config::acme::{DnsHook, DnsRecords, DnsUpdate, DnsWriter, Domain};
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::raw::{self, ValueFile};
use crate::secret::Secret;

/// Where the first key stands that says something of TXT records.
pub(super) fn first_key(raw: &raw::Acme) -> Option<Span> {
    let hook = raw.dns_hook.given().map(Spanned::span);
    let update = raw.dns_update.given().map(Spanned::span);
    let times = raw.dns_hook_timeout.given().or(raw.dns_wait.given()).map(Spanned::span);
    hook.or(update).or(times)
}

/// Resolves the keys for `dns-01`.
pub(super) fn dns_records(raw: &raw::Acme, table: &Span, cx: &mut Context<'_>) -> Option<DnsRecords> {
    let minute = Duration::from_mins(1);
    let timeout = cx.time(&raw.dns_hook_timeout, minute * 2, Duration::from_secs(1)..=minute * 30);
    let wait = cx.time(&raw.dns_wait, Duration::from_secs(30), Duration::ZERO..=minute * 60);
    let writer = match (raw.dns_update.given(), raw.dns_hook.given()) {
        (Some(table), None) => {
            if let Some(idle) = raw.dns_hook_timeout.given() {
                let idle = Diagnostic::mistake(idle.span(), "there is no command that could take time");
                cx.add(idle.label("needs `dns_hook`").hint("take it out: an update has 15s"));
            }
            update(table, cx).map(DnsWriter::Update)
        }
        (Some(table), Some(list)) => {
            let both = Diagnostic::mistake(list.span(), "two ways to write a TXT record").first(table.span());
            cx.add(both.label("expected one of `dns_hook` and `dns_update`").hint("take one of them out"));
            None
        }
        (None, _) => {
            let example = "[\"/etc/vestibule/dns-hook\"]";
            let command = cx.required(&raw.dns_hook, "dns_hook", table, example).and_then(|list| command(list, cx));
            command.map(|(program, arguments)| DnsWriter::Hook(DnsHook { program, arguments, timeout }))
        }
    };
    writer.map(|writer| DnsRecords { writer, wait })
}

/// The program and what it is told first. It is started as it stands here and by no shell, so that it has a path.
fn command(list: &Spanned<raw::List<String>>, cx: &mut Context<'_>) -> Option<(PathBuf, Vec<String>)> {
    let mut words = list.get_ref().iter();
    let Some(first) = words.next() else {
        let none = Diagnostic::mistake(list.span(), "no command");
        cx.add(none.label("expected a program").hint("write [\"/path/of/the/program\", \"argument\"]"));
        return None;
    };
    let program = cx.path(first);
    let runs = std::fs::metadata(&program).map(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    let message = match runs {
        Ok(true) => None,
        Ok(false) => Some("this is not a program that can be run".to_owned()),
        Err(error) => Some(format!("this program cannot be found: {error}")),
    };
    if let Some(message) = message {
        let hint = format!("no shell looks for it: write its path, and chmod +x it; this one is {}", program.display());
        cx.add(Diagnostic::mistake(first.span(), message).label("expected the path of a program").hint(hint));
    }
    Some((program, words.map(|word| word.get_ref().clone()).collect()))
}

fn update(table: &Spanned<raw::DnsUpdate>, cx: &mut Context<'_>) -> Option<DnsUpdate> {
    let (raw, at) = (table.get_ref(), table.span());
    let server = cx.required(&raw.server, "server", &at, "\"192.168.1.53:53\"").and_then(|text| server(text, cx));
    let zone = cx.required(&raw.zone, "zone", &at, "\"home.example\"").and_then(|text| name(text, "a zone", cx));
    let key_name = cx.required(&raw.key_name, "key_name", &at, "\"vestibule\"");
    let key_name = key_name.and_then(|text| name(text, "the name of a key", cx));
    let example = "{ file = \"secrets/dns\" }";
    let key = cx.required(&raw.key, "key", &at, example).and_then(|file| key(file, cx));
    Some(DnsUpdate { server: server?, zone: zone?, key_name: key_name?, key: Arc::new(key?) })
}

/// An address and no name: whoever could change where a name leads would get the updates.
fn server(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<SocketAddr> {
    let written = text.get_ref();
    let address = written.parse().ok().or(written.parse::<IpAddr>().ok().map(|address| (address, 53).into()));
    if address.is_none() {
        let bad = Diagnostic::mistake(text.span(), format!("this is not an address: {}", quoted(written)));
        cx.add(bad.label("expected an address, with a port or without").hint("write it as in \"192.168.1.53:53\""));
    }
    address
}

/// Any name that DNS can hold in ASCII: keys have names that are no hosts.
fn name(text: &Spanned<String>, what: &str, cx: &mut Context<'_>) -> Option<String> {
    let name = text.get_ref().strip_suffix('.').unwrap_or(text.get_ref());
    let is_legal = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_graphic());
    if name.len() <= 253 && name.split('.').all(is_legal) {
        return Some(name.to_ascii_lowercase());
    }
    let bad = Diagnostic::mistake(text.span(), format!("this is not {what}"));
    cx.add(bad.label("expected labels with dots between them").hint("write it as the name server has it"));
    None
}

/// As `tsig-keygen` prints it.
fn key(key: &Spanned<ValueFile>, cx: &mut Context<'_>) -> Option<Secret<Vec<u8>>> {
    let file = cx.required(&key.get_ref().file, "file", &key.span(), "\"secrets/dns\"")?;
    let text = cx.secret(file)?;
    let decoded = BASE64.decode(&text).ok().filter(|bytes| bytes.len() >= SHORTEST_KEY);
    if decoded.is_none() {
        let bad = Diagnostic::mistake(file.span(), "this file holds no key for updates");
        let hint =
            "the file has what stands in quotes behind `secret` in the key that `tsig-keygen` makes, and nothing else";
        cx.add(bad.label("expected 16 bytes or more in base64").hint(hint));
    }
    decoded.map(Secret::new)
}

/// A server refuses an update of another zone, and only when a certificate is ordered.
pub(super) fn refuse_other_zones(domains: &[(Domain, Span)], writer: &DnsWriter, cx: &mut Context<'_>) {
    let DnsWriter::Update(update) = writer else { return };
    let is_inside =
        |host: &str| host.strip_suffix(&*update.zone).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    for (domain, at) in domains.iter().filter(|(domain, _)| !is_inside(domain.host())) {
        let other = format!("this name is not in the zone {}", quoted(&update.zone));
        let hint = "one zone can be updated: take the name out, or write records by `dns_hook`";
        cx.add(Diagnostic::mistake(at.clone(), other).label(format!("{domain} has another zone")).hint(hint));
    }
}

/// RFC 8945 section 8 wants as many bytes as the digest has; half of that is no key that could be guessed.
const SHORTEST_KEY: usize = 16;
