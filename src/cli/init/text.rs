//! The text of a new configuration: in come the answers and the add-ons that were found, out comes TOML.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::found::FoundAddon;
use super::signatures::documented;

/// What the configuration is to say.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Where the users come from.
    pub(super) home: Home,
    /// What browsers call us; the first is the main one.
    pub(super) hosts: Vec<String>,
    /// Addresses to listen on; none are the usual ones.
    pub(super) listen: Vec<String>,
    /// The address of health and metrics, when not the usual one.
    pub(super) operations: Option<String>,
    /// The chain and the key.
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
    /// Where everything is kept, when not beside the configuration.
    pub(super) state_dir: Option<PathBuf>,
}

/// Where the users come from.
#[derive(Debug)]
pub(super) enum Home {
    /// Home Assistant's folder.
    Folder(PathBuf),
    /// Its API, and the file with a token for it.
    Api(String, PathBuf),
}

impl Default for Home {
    fn default() -> Self {
        Self::Folder(PathBuf::new())
    }
}

/// The whole file.
pub(super) fn configuration(answers: &Answers, addons: &[FoundAddon]) -> String {
    let mut text = String::from(HEAD);
    if let Some(folder) = &answers.state_dir {
        let _ = writeln!(text, "state_dir = {}\n", quoted(&folder.to_string_lossy()));
    }
    let listen = addresses(answers);
    let _ = writeln!(text, "[listen]\nhttps = {}", list(&listen));
    if let Some(address) = &answers.operations {
        let _ = writeln!(text, "operations = {}", quoted(address));
    }
    if !answers.hosts.is_empty() {
        let urls: Vec<_> = answers.hosts.iter().map(|host| url(host, &listen)).collect();
        let _ = writeln!(text, "public_urls = {}", list(&urls));
    }
    if let Some((chain, key)) = &answers.certificate {
        let (chain, key) = (quoted(&chain.to_string_lossy()), quoted(&key.to_string_lossy()));
        let _ = writeln!(text, "\n[tls]\ncertificates = [{{ chain = {chain}, key = {key} }}]");
    }
    match &answers.home {
        Home::Folder(folder) => {
            let _ = writeln!(text, "\n[home_assistant]\nconfig_dir = {}", quoted(&folder.to_string_lossy()));
        }
        Home::Api(url, token) => {
            let (url, token) = (quoted(url), quoted(&token.to_string_lossy()));
            let _ = writeln!(text, "\n[home_assistant]\nurl = {url}\ntoken = {{ file = {token} }}");
            // No API tells of a changed password; said here, so that `check` need not warn of it.
            text.push_str("\n[session]\npassword_timeout = \"1h\"\n");
            text.push_str("\n[sign_in]\nmethods = [\"home-assistant\", \"password\"]\n");
        }
    }
    let mut seen = HashMap::new();
    for addon in addons {
        let times: &mut u32 = seen.entry(addon.signature.slug).or_default();
        *times = times.saturating_add(1);
        text.push('\n');
        text.push_str(&table(addon, *times));
    }
    text
}

fn addresses(answers: &Answers) -> Vec<String> {
    let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    match (answers.listen.as_slice(), answers.hosts.as_slice()) {
        ([], []) => own(&["127.0.0.1:8443"]),
        // A name is for other machines.
        ([], _) => own(&["0.0.0.0:443", "[::]:443"]),
        (listen, _) => listen.to_vec(),
    }
}

/// What browsers call this host, by the first port that is listened on.
fn url(host: &str, listen: &[String]) -> String {
    let port = listen.first().and_then(|address| address.rsplit_once(':')).map_or("443", |(_, port)| port);
    // Port 0 is whichever the system chooses, and stands in no name.
    if matches!(port, "443" | "0") || host.contains(':') {
        format!("https://{host}")
    } else {
        format!("https://{host}:{port}")
    }
}

/// The documented block, with the address at which this one listens; the second of a kind has another slug and path.
fn table(addon: &FoundAddon, times: u32) -> String {
    let Some((block, _)) = documented(addon.signature.slug) else { return String::new() };
    let suffix = if times > 1 { format!("-{times}") } else { String::new() };
    let line = |line: &str| {
        let again = |line: &str| line.strip_suffix('"').map(|rest| format!("{rest}{suffix}\"")).unwrap_or_default();
        match line.split(" = ").next() {
            Some("upstream") => format!("upstream = {}", quoted(&addon.upstream)),
            Some("slug" | "path" | "title") if times > 1 => again(line),
            // A file that is not there would be a mistake: it is made when the add-on is set up.
            Some(_) if line.contains("file = ") => format!("#{line}"),
            _ => line.to_owned(),
        }
    };
    block.lines().map(|it| line(it) + "\n").collect()
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// As a string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const HEAD: &str = "\
# The configuration of vestibule, as `vestibule init` has made it. docs/configuration.md has every key.
# `vestibule check` says what is wrong in it; a running vestibule reads it again when it changes.

";

#[cfg(test)]
mod tests {
    use super::super::signatures::SIGNATURES;
    use super::*;

    #[test]
    fn two_of_a_kind_do_not_get_in_each_others_way() {
        let found = |port| FoundAddon { signature: &SIGNATURES[0], upstream: format!("http://127.0.0.1:{port}") };
        let text = configuration(&Answers::default(), &[found(1), found(2)]);
        for line in [
            "slug = \"nodered\"",
            "slug = \"nodered-2\"",
            "path = \"/ingress/nodered-2\"",
            "upstream = \"http://127.0.0.1:2\"",
        ] {
            assert_eq!(text.lines().filter(|it| *it == line).count(), 1, "{line}\n{text}");
        }
    }

    #[test]
    fn a_name_is_listened_for_on_all_addresses_and_a_port_is_part_of_it() {
        let hosts = vec!["home.example".to_owned()];
        let text = configuration(&Answers { hosts: hosts.clone(), ..Answers::default() }, &[]);
        assert!(
            text.contains("https = [\"0.0.0.0:443\", \"[::]:443\"]\npublic_urls = [\"https://home.example\"]"),
            "{text}"
        );
        let listen = vec!["[::]:8443".to_owned()];
        let text = configuration(&Answers { hosts, listen, ..Answers::default() }, &[]);
        assert!(text.contains("public_urls = [\"https://home.example:8443\"]"), "{text}");
    }

    #[test]
    fn what_is_answered_stays_a_text() {
        let home = Home::Folder("/a\"\n[x]\\".into());
        let text = configuration(&Answers { home, ..Answers::default() }, &[]);
        assert!(text.parse::<toml::Table>().is_ok_and(|table| table.len() == 2), "{text}");
    }
}
