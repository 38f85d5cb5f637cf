//! The start-up lines: what to open, and as whom.

use std::net::SocketAddr;

use super::Server;
use crate::config::Tls;

/// Says what to open and as whom.
pub(super) fn say(server: &Server) {
    let stages = server.gate.stages();
    let settings = &stages.settings;
    let (url, port) = match settings.listen.public_urls.first() {
        Some(url) => (url.origin(), url.port),
        None => own_url(server),
    };
    for addon in &settings.addons {
        let place = match (&addon.route.path, &addon.route.host) {
            (Some(path), _) => format!("{url}{}/", path.as_str()),
            (None, Some(host)) if port == 443 => format!("https://{}/", host.as_str()),
            (None, Some(host)) => format!("https://{}:{port}/", host.as_str()),
            (None, None) => continue,
        };
        let who = if addon.authorization.access.admin_only { " (administrators only)" } else { "" };
        tracing::info!("{}{who}: {place}", addon.display.title);
    }
    let users = server.gate.services().home.load().status().users;
    // The address is last in each line, and the one to begin with in the last line: terminals make a link of it.
    if let Some(folder) = settings.home_assistant.config_dir() {
        let passwords = folder.join("USERS.md");
        if matches!(settings.tls, Tls::Development { .. }) && passwords.is_file() {
            tracing::info!("the names and passwords of this example home are in {}", passwords.display());
        }
        tracing::info!("sign in with an account of {} ({users} users): {url}/", folder.display());
    } else {
        tracing::info!("sign in with an account of Home Assistant, once it has been asked: {url}/");
    }
}

/// The first address as a browser on this machine would name it, and its port.
fn own_url(server: &Server) -> (String, u16) {
    let Some(address) = server.listeners().first_https() else {
        return ("https://localhost".to_owned(), 443);
    };
    (as_browsers_name_it(address), address.port())
}

fn as_browsers_name_it(address: SocketAddr) -> String {
    let url = if address.ip().is_loopback() || address.ip().is_unspecified() {
        format!("https://localhost:{}", address.port())
    } else {
        format!("https://{address}")
    };
    url.strip_suffix(":443").unwrap_or(&url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_named_as_in_the_bar_of_a_browser() {
        for (address, url) in [
            ("0.0.0.0:443", "https://localhost"),
            ("[::1]:8443", "https://localhost:8443"),
            ("192.168.1.2:443", "https://192.168.1.2"),
            ("[fd00::443]:4443", "https://[fd00::443]:4443"),
            ("[fd00::443]:443", "https://[fd00::443]"),
        ] {
            assert_eq!(as_browsers_name_it(address.parse().unwrap()), url);
        }
    }
}
