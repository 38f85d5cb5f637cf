//! A network, as it is written in lists of proxies and in conditions.

use std::net::IpAddr;

use ipnet::IpNet;
use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::Diagnostic;

/// A network; one that holds everybody is a mistake, and `everybody` says what to do about it.
pub(in crate::config) fn network(text: &Spanned<String>, everybody: &str, cx: &mut Context<'_>) -> Option<IpNet> {
    let parsed = text.get_ref().parse::<IpNet>().or_else(|_| text.get_ref().parse::<IpAddr>().map(IpNet::from));
    let expected = "expected a network, as in \"192.168.1.0/24\"";
    let refusal = match parsed {
        Err(_) => {
            ("not a network", "write an address and the length of its prefix; a single address may stand alone".into())
        }
        Ok(net) if net.addr() != net.network() => (
            "a network with bits behind its prefix",
            format!("write \"{}\", or the single address \"{}\"", net.trunc(), net.addr()),
        ),
        Ok(net) if net.prefix_len() == 0 => ("a network that holds everybody", everybody.to_owned()),
        Ok(net) => return Some(net),
    };
    cx.add(Diagnostic::mistake(text.span(), refusal.0).label(expected).hint(refusal.1));
    None
}
