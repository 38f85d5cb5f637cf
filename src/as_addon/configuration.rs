//! The configuration as an add-on: text for `config.toml`, from options and from what runs. Pure; every value that
//! somebody else chose is written as a TOML string, and an add-on that cannot have a route is left out with a reason.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;

use super::options::{AddonOptions, Options};
use super::supervisor::InstalledAddon;
use crate::ids::AddonSlug;

/// Where things are in the add-on's container.
#[derive(Debug, Clone)]
pub struct Places {
    /// The address that browsers reach, as in `0.0.0.0:8443`.
    pub listen: String,
    /// The add-on's own folder, which is kept: `/data`.
    pub data: PathBuf,
    /// Home Assistant's configuration folder.
    pub home: PathBuf,
    /// Where certificates are.
    pub ssl: PathBuf,
    /// The network of the add-ons. An address outside of it is no add-on's.
    pub network: Ipv4Net,
    /// More of the configuration, written by people, where it exists.
    pub more: PathBuf,
}

/// A configuration, and which add-ons have no place in it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text of the file.
    pub text: String,
    /// For the log.
    pub left_out: Vec<String>,
}

/// The configuration for these add-ons.
pub(super) fn write(options: &Options, addons: &[InstalledAddon], more: Option<&str>, places: &Places) -> Written {
    let mut text =
        String::from("# Written by vestibule from the add-on's options and the Supervisor. It is written over.\n\n");
    let mut left_out = Vec::new();
    head(&mut text, options, places);
    for addon in addons.iter().filter(|addon| addon.has_ui) {
        let chosen = options.of(&addon.slug);
        if chosen.is_some_and(|chosen| chosen.hide) || (options.only_listed && chosen.is_none()) {
            continue;
        }
        match upstream(addon, addons, chosen.is_some(), places) {
            Ok(Some(upstream)) => route(&mut text, addon, &upstream, (options, chosen)),
            // It does not run.
            Ok(None) => {}
            Err(why) => left_out.push(format!("{}: {why}", addon.slug)),
        }
    }
    if let Some(more) = more {
        let _ = write!(text, "\n# From {}\n{more}", places.more.display());
    }
    Written { text, left_out }
}

fn head(text: &mut String, options: &Options, places: &Places) {
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    // What is kept has its default names below it: the tables stay free for what people write.
    line(format!("state_dir = {}\n", quoted(&places.data.display().to_string())));
    line("[listen]".to_owned());
    line(format!("https = [{}]", quoted(&places.listen)));
    line("operations = false".to_owned());
    if let Some(url) = &options.public_url {
        line(format!("public_urls = [{}]", quoted(url)));
    }
    if let (Some(chain), Some(key)) = (&options.certfile, &options.keyfile) {
        let file = |name: &str| quoted(&places.ssl.join(name).display().to_string());
        line(format!("\n[tls]\ncertificates = [{{ chain = {}, key = {} }}]", file(chain), file(key)));
    }
    line("\n[home_assistant]".to_owned());
    line(format!("config_dir = {}", quoted(&places.home.display().to_string())));
    if options.home_assistant_url.is_some() || options.front_host.is_some() {
        // The name that the Supervisor's network has for Home Assistant.
        line("url = \"http://homeassistant:8123\"".to_owned());
    }
    if let Some(url) = &options.home_assistant_url {
        line(format!("browser_url = {}", quoted(url)));
    }
    if let Some(host) = &options.front_host {
        line(format!("\n[home_assistant.front]\nhost = {}", quoted(host)));
    }
    line("\n[sign_in]".to_owned());
    let methods =
        if options.home_assistant_url.is_some() { "\"home-assistant\", \"password\"" } else { "\"password\"" };
    line(format!("methods = [{methods}]"));
    line(format!("\n[log]\nfilter = {}", quoted(options.log_level.as_deref().unwrap_or("info"))));
}

/// Where the add-on listens; none while it does not run. `is_listed`: people have said something of it.
fn upstream(
    addon: &InstalledAddon,
    all: &[InstalledAddon],
    is_listed: bool,
    places: &Places,
) -> Result<Option<String>, &'static str> {
    if addon.slug.parse::<AddonSlug>().is_err() {
        return Err("its slug is not one that vestibule can have");
    }
    let Some(address) = addon.address.filter(|address| *address != Ipv4Addr::UNSPECIFIED) else { return Ok(None) };
    // Whatever the Supervisor says: a route leads to an add-on, never to this process or to another machine.
    if !places.network.contains(&address) {
        return Err("its address is not in the add-ons' network");
    }
    // The machine's own address has every service of the machine, Home Assistant and our own published port among them.
    // Which of them a port leads to is for people to say.
    let is_machine = addon.host_network || places.network.hosts().next() == Some(address);
    if is_machine && !is_listed {
        return Err("it is in the machine's own network, and not listed in the option `addons`");
    }
    let port = addon.port.ok_or("it has no port for ingress yet")?;
    // A container that has ended leaves its address to the next one. While two claim it, nobody knows whose it is.
    let is_shared = |other: &InstalledAddon| {
        other.slug != addon.slug && other.address == Some(address) && (!is_machine || other.port == addon.port)
    };
    if all.iter().any(is_shared) {
        return Err("another add-on has the same address");
    }
    Ok(Some(format!("http://{address}:{port}")))
}

fn route(
    text: &mut String,
    addon: &InstalledAddon,
    upstream: &str,
    (options, chosen): (&Options, Option<&AddonOptions>),
) {
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    let fallback = AddonOptions::default();
    let chosen = chosen.unwrap_or(&fallback);
    line("\n[[addon]]\nslug", quoted(&addon.slug));
    line("title", quoted(&title(addon)));
    line("upstream", quoted(upstream));
    if let Some(host) = &chosen.host {
        line("host", quoted(host));
    }
    if let Some(path) = &chosen.path {
        line("path", quoted(path));
    } else if chosen.host.is_none() {
        line("path", quoted(&format!("/ingress/{}", addon.slug)));
    }
    if options.front_host.is_some() {
        line("supervisor_slug", quoted(&addon.slug));
    }
    if crate::manifest::is_entry(&addon.entry) && !addon.entry.is_empty() {
        line("entry", quoted(&addon.entry));
    }
    let mut access = Vec::new();
    for (key, names) in [("users", &chosen.users), ("groups", &chosen.groups)] {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            access.push(format!("{key} = [{}]", names.join(", ")));
        }
    }
    // The Supervisor tells the role `default` nothing of `panel_admin`, whose default is yes.
    let admin_only = chosen.admin_only.unwrap_or(access.is_empty());
    access.push(format!("admin_only = {admin_only}"));
    line("access", format!("{{ {} }}", access.join(", ")));
}

/// One line of at most 100 characters, whatever its author wrote.
fn title(addon: &InstalledAddon) -> String {
    let plain: String = addon.name.chars().filter(|c| !c.is_control()).take(100).collect();
    if plain.trim().is_empty() { addon.slug.clone() } else { plain.trim().to_owned() }
}

/// A TOML string.
fn quoted(value: &str) -> String {
    toml::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places {
            listen: "0.0.0.0:8443".to_owned(),
            data: "/data".into(),
            home: "/homeassistant".into(),
            ssl: "/ssl".into(),
            network: "172.30.32.0/23".parse().unwrap(),
            more: "/config/vestibule.toml".into(),
        }
    }

    fn addon(slug: &str, address: &str) -> InstalledAddon {
        InstalledAddon {
            slug: slug.to_owned(),
            name: "Node-RED".to_owned(),
            has_ui: true,
            host_network: false,
            address: address.parse().ok(),
            port: Some(1880),
            entry: String::new(),
        }
    }

    fn parsed(written: &Written) -> toml::Table {
        written.text.parse().unwrap_or_else(|error| panic!("{error}\n{}", written.text))
    }

    #[test]
    fn an_add_on_that_runs_has_a_route_for_administrators_alone() {
        let written = write(&Options::default(), &[addon("a0d7b954_nodered", "172.30.33.4")], None, &places());
        let route = &parsed(&written)["addon"][0];
        assert_eq!(route["upstream"].as_str(), Some("http://172.30.33.4:1880"));
        assert_eq!(route["path"].as_str(), Some("/ingress/a0d7b954_nodered"));
        assert_eq!(route["access"]["admin_only"].as_bool(), Some(true));
    }

    #[test]
    fn a_route_leads_to_an_add_on_and_nowhere_else() {
        for (address, left_out) in
            [("0.0.0.0", 0), ("", 0), ("127.0.0.1", 1), ("192.168.1.1", 1), ("172.30.34.1", 1), ("172.30.33.1", 0)]
        {
            let written = write(&Options::default(), &[addon("a", address)], None, &places());
            assert_eq!(written.left_out.len(), left_out, "{address}: {written:?}");
            assert_eq!(parsed(&written).contains_key("addon"), address == "172.30.33.1", "{address}");
        }
        let mut unready = addon("a", "172.30.33.4");
        unready.port = None;
        assert_eq!(write(&Options::default(), &[unready], None, &places()).left_out.len(), 1);
    }

    #[test]
    fn an_add_on_in_the_machines_network_has_a_route_when_people_list_it() {
        let listed = |slugs: &[&str]| Options {
            addons: slugs
                .iter()
                .map(|slug| AddonOptions { slug: (*slug).to_owned(), ..AddonOptions::default() })
                .collect(),
            ..Options::default()
        };
        let routes = |options: &Options, addons: &[InstalledAddon]| {
            let written = write(options, addons, None, &places());
            parsed(&written).get("addon").map_or(0, |routes| routes.as_array().unwrap().len())
        };
        let host = InstalledAddon { host_network: true, ..addon("a", "172.30.32.1") };
        assert_eq!(routes(&listed(&[]), std::slice::from_ref(&host)), 0);
        assert_eq!(routes(&listed(&[]), &[addon("a", "172.30.32.1")]), 0, "whatever is said of its network");
        assert_eq!(routes(&listed(&["a"]), std::slice::from_ref(&host)), 1);
        let other = InstalledAddon { port: Some(1881), ..InstalledAddon { slug: "b".to_owned(), ..host.clone() } };
        assert_eq!(routes(&listed(&["a", "b"]), &[host.clone(), other.clone()]), 2, "they share the machine's address");
        let same = InstalledAddon { port: host.port, ..other };
        assert_eq!(routes(&listed(&["a", "b"]), &[host, same]), 0, "and not a port");
    }

    #[test]
    fn an_address_that_two_add_ons_claim_is_nobodys() {
        let addons = [addon("a", "172.30.33.4"), addon("b", "172.30.33.4"), addon("c", "172.30.33.5")];
        let written = write(&Options::default(), &addons, None, &places());
        assert_eq!(parsed(&written)["addon"].as_array().unwrap().len(), 1, "{}", written.text);
        assert_eq!(written.left_out.len(), 2);
        for port in [None, Some(1)] {
            let mute = InstalledAddon { has_ui: port.is_some(), port, ..addon("b", "172.30.33.4") };
            let hidden = AddonOptions { slug: "b".to_owned(), hide: true, ..AddonOptions::default() };
            let options = Options { addons: vec![hidden], ..Options::default() };
            let written = write(&options, &[addon("a", "172.30.33.4"), mute], None, &places());
            assert!(!parsed(&written).contains_key("addon"), "{}", written.text);
        }
    }

    #[test]
    fn whatever_an_author_writes_is_a_value_and_nothing_else() {
        let mut evil = addon("a", "172.30.33.4");
        "x\"\n[listen]\nhttps = [\"0.0.0.0:1\"]\u{0}".clone_into(&mut evil.name);
        "../../x\"\n".clone_into(&mut evil.entry);
        let options = Options { public_url: Some("https://x\"\n#".to_owned()), ..Options::default() };
        let written = write(&options, &[evil], None, &places());
        let table = parsed(&written);
        assert_eq!(table["listen"]["https"].as_array().unwrap().len(), 1);
        assert!(table["addon"][0].get("entry").is_none(), "{}", written.text);
        assert_eq!(table["addon"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn what_is_kept_is_in_the_add_ons_folder_and_people_may_write_each_table() {
        let more = "[tls.acme]\ndomains = [\"home.example\"]\n[session]\nabsolute_timeout = \"1d\"\n";
        let table = parsed(&write(&Options::default(), &[], Some(more), &places()));
        assert_eq!(table["state_dir"].as_str(), Some("/data"));
        assert!(table["tls"].get("acme").is_some() && table["session"].get("absolute_timeout").is_some());
    }

    #[test]
    fn at_the_front_an_add_on_is_opened_by_who_may_open_its_route() {
        let chosen = AddonOptions { slug: "a".to_owned(), users: vec!["frank".to_owned()], ..AddonOptions::default() };
        let front_host = Some("ha.home.example".to_owned());
        let options = Options { front_host, addons: vec![chosen], ..Options::default() };
        let table = parsed(&write(&options, &[addon("a", "172.30.33.4")], None, &places()));
        assert_eq!(table["home_assistant"]["front"]["host"].as_str(), Some("ha.home.example"));
        assert_eq!(table["home_assistant"]["url"].as_str(), Some("http://homeassistant:8123"));
        assert!(table["home_assistant"].get("browser_url").is_none());
        let route = &table["addon"][0];
        assert_eq!(
            (route["supervisor_slug"].as_str(), route["access"]["users"][0].as_str()),
            (Some("a"), Some("frank"))
        );
        let without = parsed(&write(&Options::default(), &[addon("a", "172.30.33.4")], None, &places()));
        assert!(without["addon"][0].get("supervisor_slug").is_none() && without["home_assistant"].get("url").is_none());
    }

    #[test]
    fn what_people_choose_counts() {
        let chosen = |slug: &str, change: fn(&mut AddonOptions)| {
            let mut chosen = AddonOptions { slug: slug.to_owned(), ..AddonOptions::default() };
            change(&mut chosen);
            chosen
        };
        let options = Options {
            only_listed: true,
            certfile: Some("fullchain.pem".to_owned()),
            keyfile: Some("privkey.pem".to_owned()),
            addons: vec![
                chosen("a", |chosen| chosen.host = Some("a.home.example".to_owned())),
                chosen("b", |chosen| chosen.users = vec!["frank".to_owned()]),
                chosen("c", |chosen| chosen.hide = true),
            ],
            ..Options::default()
        };
        let addons = [("a", "4"), ("b", "5"), ("c", "6"), ("d", "7")];
        let addons = addons.map(|(slug, last)| addon(slug, &format!("172.30.33.{last}")));
        let table = parsed(&write(&options, &addons, Some("[limits]\nworkers = 1\n"), &places()));
        let routes = table["addon"].as_array().unwrap();
        let slugs: Vec<_> = routes.iter().map(|route| route["slug"].as_str().unwrap()).collect();
        assert_eq!(slugs, ["a", "b"], "c is hidden and d not listed");
        assert!(routes[0].get("path").is_none(), "it has a host");
        assert_eq!(routes[1]["access"]["admin_only"].as_bool(), Some(false), "who is named need be no administrator");
        assert_eq!(table["tls"]["certificates"][0]["chain"].as_str(), Some("/ssl/fullchain.pem"));
        assert_eq!(table["limits"]["workers"].as_integer(), Some(1));
    }
}
