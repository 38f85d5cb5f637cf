//! The values of `[listen]`, `[tls]`, `[home_assistant]`, `[session]`, `[sign_in]`, `[limits]`, `[log]` and
//! `[headers]`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::harness::{Folder, HOME, accepted, addon, refused, refused_in, warned, warned_in};
use vestibule::config::{ListenerScheme, SessionStore, Settings, Tls};

/// A configuration in which these lines stand behind everything else; the first of them is line 8.
fn with(lines: &str) -> String {
    addon(&format!("{}{lines}", "\n"))
}

#[test]
fn values_of_a_wrong_type_say_what_was_expected() {
    refused(&with("[log]\naccess = \"yes\""), "9:10", &["this is a string", "expected `true` or `false`"]);
    refused(&with("[log]\nformat = true"), "9:10", &["this is `true` or `false`", "expected a string", "in quotes"]);
    refused(&with("[limits]\nconnections = \"many\""), "9:15", &["expected a whole number"]);
    refused(&with("[limits]\nconnections = -1"), "9:15", &["this is a number", "not below zero"]);
    refused(&with("[limits]\nconnections = 1.5"), "9:15", &["a number with a fraction"]);
    refused(&with("[limits]\nheader_timeout = 15"), "9:18", &["expected a time with its unit", "\"30s\""]);
    refused(&with("[limits]\nheader_size = 16384"), "9:15", &["expected a size with its unit", "\"16KiB\""]);
    refused(&with("[listen]\nhttps = \"127.0.0.1:1\""), "9:9", &["expected a list", "in brackets"]);
    refused(&with("[listen]\noperations = 9443"), "9:14", &["expected an address or `false`"]);
    refused(&with("[[log]]"), "8:1", &["this is a list", "expected a table"]);
    refused(&addon("access = 1979-05-27"), "7:10", &["this is a date", "expected a table"]);
    refused("addon = 1\nhome_assistant = { config_dir = \"home\" }", "1:9", &["expected a list"]);
}

#[test]
fn signed_identities_have_an_issuer_and_keys_that_everybody_knows_in_time() {
    let assertion = |lines: &str| with(&format!("[assertion]\n{lines}"));
    refused(&assertion("issuer = \"my home\""), "9:10", &["not an issuer", "https://home.example"]);
    refused(&assertion("issuer = \"\""), "9:10", &["not an issuer"]);
    refused(&assertion("rotate = \"2h\""), "9:10", &["take turns before everybody knows them", "three times"]);
    refused(&assertion("overlap = \"59s\""), "9:11", &["out of bounds"]);
    refused(&assertion("overlap = \"11d\""), "9:11", &["take turns before"]);
    assert_eq!(accepted(&assertion("rotate = \"3h\"")).settings.assertion.issuer, "vestibule");
    let main = accepted(&with("[listen]\npublic_urls = [\"https://home.example:8443\"]")).settings;
    assert_eq!(main.assertion.issuer, "https://home.example:8443");
    let fixed = addon("headers = { \"X-Remote-User-Assertion\" = \"x\" }");
    refused(&fixed, "7:13", &["vestibule sets this header itself"]);
}

#[test]
fn addresses_are_numbers_and_ports() {
    let https = |list: &str| with(&format!("[listen]\nhttps = {list}"));
    refused(&https("[\"localhost:8443\"]"), "9:10", &["not an address", "write \"127.0.0.1:8443\""]);
    refused(&https("[\"127.0.0.1\"]"), "9:10", &["not an address", "add the port"]);
    refused(&https("[\"127.0.0.1:65536\"]"), "9:10", &["not an address"]);
    refused(&https("[]"), "9:9", &["no address to listen on"]);
    refused(&https("[{ proxy_protocol = false }]"), "9:10", &["`address` is missing"]);
    refused(&https("[{ address = \"10.0.0.1:1\", proxy_protocol = true }]"), "9:10", &["PROXY", "`trusted_proxies`"]);
    refused(&with("[listen]\noperations = \"here\""), "9:14", &["not an address"]);
    warned(&with("[listen]\noperations = \"0.0.0.0:9443\""), "9:14", &["open to other machines"]);
    accepted(&https("[\"[::1]:0\", { address = \"[::1]:0\" }]"));
    let off = accepted(&with("[listen]\noperations = false")).settings;
    assert_eq!(off.listen.operations, None);
}

#[test]
fn two_listeners_cannot_share_an_address() {
    let https = |list: &str| with(&format!("[listen]\nhttps = {list}\noperations = \"127.0.0.1:9443\""));
    refused(&https("[\"127.0.0.1:1\", \"127.0.0.1:1\"]"), "9:25", &["two listeners", "first here"]);
    refused(&https("[\"0.0.0.0:1\", \"127.0.0.1:1\"]"), "9:23", &["two listeners"]);
    refused(&https("[\"127.0.0.1:9443\"]"), "10:14", &["two listeners"]);
    let alone = |lines: &str| format!("{HOME}[listen]\n{lines}\n");
    refused(
        &alone("https = [\"0.0.0.0:9443\"]"),
        "4:10",
        &["`operations` listens on 127.0.0.1:9443 unless", "another port"],
    );
    refused(&alone("http = [\"127.0.0.1:8443\"]"), "4:9", &["`https` listens on 127.0.0.1:8443 unless"]);
    refused(&alone("operations = \"127.0.0.1:8443\""), "4:14", &["`https` listens on 127.0.0.1:8443 unless"]);
    accepted(&with("[listen]\nhttps = [\"127.0.0.1:9443\"]\noperations = false"));
    accepted(&https("[\"127.0.0.1:1\", \"127.0.0.2:1\", \"[::1]:1\"]"));
}

#[test]
fn trusted_networks_are_networks_and_not_everybody() {
    let trust = |list: &str| with(&format!("[listen]\ntrusted_proxies = {list}"));
    refused(&trust("[\"10.0.0.0/33\"]"), "9:20", &["not a network"]);
    refused(&trust("[\"proxy.home\"]"), "9:20", &["not a network"]);
    refused(&trust("[\"10.0.0.1/8\"]"), "9:20", &["behind its prefix", "\"10.0.0.0/8\""]);
    refused(&trust("[\"0.0.0.0/0\"]"), "9:20", &["holds everybody"]);
    refused(&trust("[\"::/0\"]"), "9:20", &["holds everybody"]);
    let own = |networks: &str| {
        let entry = format!("{{ address = \"[::1]:0\", proxy_protocol = true, trusted_proxies = {networks} }}");
        with(&format!("[listen]\nhttps = [{entry}]\ntrusted_proxies = [\"10.0.0.2\"]"))
    };
    let everybody = "[{ address = \"[::1]:0\", trusted_proxies = [\"0.0.0.0/0\"] }]";
    refused(&with(&format!("[listen]\nhttps = {everybody}")), "9:52", &["holds everybody"]);
    refused(&own("[]"), "9:10", &["PROXY", "needs `trusted_proxies`"]);
    let listeners = accepted(&own("[\"10.0.0.3\"]")).settings.listen.https;
    assert!(listeners[0].trusted_proxies.contains([10, 0, 0, 3].into()));
    assert!(!listeners[0].trusted_proxies.contains([10, 0, 0, 2].into()), "its own in the place of the others");
    let settings = accepted(&trust("[\"10.0.0.0/8\", \"192.168.1.2\", \"fd00::/8\"]")).settings;
    let shown: Vec<_> = settings.listen.trusted_proxies.networks().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.0/8", "192.168.1.2/32", "fd00::/8"]);
}

#[test]
fn public_urls_are_https_origins() {
    let urls = |list: &str| with(&format!("[listen]\npublic_urls = {list}"));
    refused(&urls("[\"http://home.example\"]"), "9:16", &["another scheme", "https://host"]);
    refused(&urls("[\"https://home.example/\"]"), "9:16", &["a path", "the last `/` too"]);
    refused(&urls("[\"https://u@home.example\"]"), "9:16", &["a user"]);
    let settings = accepted(&urls("[\"https://Home.Example\"]")).settings;
    assert_eq!((&*settings.listen.public_urls[0].host, settings.listen.public_urls[0].port), ("home.example", 443));
}

#[test]
fn addresses_in_the_clear_are_addresses_of_their_own() {
    let listen = |list: &str| with(&format!("[listen]\nhttp = {list}"));
    assert!(accepted(&with("")).settings.listen.http.is_empty(), "off by default");
    refused(&listen("[\"0.0.0.0\"]"), "9:9", &["not an address to listen on", "add the port"]);
    refused(&listen("[\"0.0.0.0:80\", \"127.0.0.1:80\"]"), "9:23", &["two listeners on one address"]);
    refused(&listen("[\"127.0.0.1:8443\"]\nhttps = [\"127.0.0.1:8443\"]"), "9:9", &["two listeners on one address"]);
    let behind = "[{ address = \"127.0.0.1:80\", proxy_protocol = true }]";
    refused(&listen(behind), "9:9", &["the PROXY protocol from nobody"]);
    let settings = accepted(&listen("[\"0.0.0.0:80\"]")).settings;
    assert_eq!(settings.listen.http[0].scheme, ListenerScheme::Http);
    assert_eq!(settings.listen.for_browsers().len(), 2);
}

#[test]
fn responders_are_asked_unless_the_operator_says_no() {
    let stapling = |value: &str| with(&format!("[tls]\nocsp_stapling = {value}"));
    assert!(accepted(&with("")).settings.ocsp_stapling);
    assert!(!accepted(&stapling("false")).settings.ocsp_stapling);
    refused(&stapling("\"no\""), "9:17", &["expected `true` or `false`"]);
}

#[test]
fn hsts_is_a_time_of_two_years_at_most() {
    let hsts = |time: &str| with(&format!("[tls]\nhsts = \"{time}\""));
    assert_eq!(accepted(&with("")).settings.hsts, None);
    assert_eq!(accepted(&hsts("0s")).settings.hsts, Some(Duration::ZERO));
    assert_eq!(accepted(&hsts("730d")).settings.hsts, Some(Duration::from_hours(730 * 24)));
    refused(&hsts("731d"), "9:8", &["731d is out of bounds", "0ms to 730d"]);
    refused(&hsts("31536000"), "9:8", &["a time without its unit"]);
}

#[test]
fn a_socket_has_a_short_path() {
    let long = with(&format!("[listen]\ncontrol = \"{}\"", "x".repeat(108)));
    refused(&long, "9:11", &["longer than 107 bytes"]);
    refused(&with("[listen]\ncontrol = \"\""), "9:11", &["an empty path"]);
}

#[test]
fn certificates_are_there_and_belong_together() {
    let folder = Folder::new();
    folder.write("a.crt", "good");
    folder.write("b.crt", "bad");
    folder.write("a.key", "key");
    let tls = |entry: &str| with(&format!("[tls]\ncertificates = [{entry}]"));
    refused_in(&folder, &tls("{ chain = \"a.crt\" }"), "9:17", &["`key` is missing"]);
    refused_in(&folder, &tls("{ chain = \"c.crt\", key = \"a.key\" }"), "9:27", &["No such file", "a readable file"]);
    refused_in(&folder, &tls("{ chain = \"a.crt\", key = \"home\" }"), "9:42", &["not a regular file"]);
    refused_in(&folder, &tls("{ chain = \"b.crt\", key = \"a.key\" }"), "9:17", &["the key does not belong"]);
    let good = folder.load(tls("{ chain = \"a.crt\", key = \"a.key\" }")).unwrap();
    assert!(matches!(&good.settings.tls, Tls::Certificates(list) if list[0].key == folder.path("a.key")));
    fs::set_permissions(folder.path("a.key"), fs::Permissions::from_mode(0o644)).unwrap();
    warned_in(&folder, &tls("{ chain = \"a.crt\", key = \"a.key\" }"), "9:42", &["private key", "chmod 600"]);
}

#[test]
fn a_host_that_no_certificate_covers_is_told() {
    let folder = Folder::new();
    folder.write("a.crt", "for home.example z2m.home.example");
    folder.write("a.key", "key");
    let text = |urls: &str, host: &str| {
        with(&format!(
            "host = \"{host}\"\n[tls]\ncertificates = [{{ chain = \"a.crt\", key = \"a.key\" }}]\n[listen]\npublic_urls = [{urls}]"
        ))
    };
    let home = "\"https://home.example\"";
    assert_eq!(folder.load(text(home, "z2m.home.example")).unwrap().warnings.warnings(), 0);
    let told = ["no certificate covers `other.home.example`", "expected a host of a certificate"];
    warned_in(&folder, &text(home, "other.home.example"), "8:8", &told);
    let urls = format!("{home}, \"https://other.home.example:8443\"");
    warned_in(&folder, &text(&urls, "z2m.home.example"), "12:40", &told);
    folder.write("a.crt", "good");
    assert_eq!(folder.load(text(&urls, "z2m.home.example")).unwrap().warnings.warnings(), 0, "nobody knows its names");
}

#[test]
fn what_is_kept_is_in_one_folder_unless_a_key_names_another_place() {
    let kept = |text: &str| {
        let Settings { listen, tls, session, assertion, supervisor, .. } = accepted(text).settings;
        let (SessionStore::File(store), Tls::Development { folder }) = (session.store, tls) else { panic!("{text}") };
        [listen.control, folder, store, assertion.keys, supervisor.state]
    };
    let names = ["vestibule.sock", "certs", "sessions.redb", "assertion-keys", "supervisor.json"];
    let paths = kept(&format!("state_dir = \"/kept\"\n{}", addon("")));
    assert_eq!(paths, names.map(|name| std::path::Path::new("/kept").join(name)));
    let elsewhere = "[listen]\ncontrol = \"/1\"\n[tls]\ndevelopment = \"/2\"\n[session]\nstore = \"/3\"\n\
                     [assertion]\nkeys = \"/4\"\n[supervisor]\nstate = \"/5\"";
    let paths = kept(&format!("state_dir = \"/kept\"\n{}", with(elsewhere)));
    assert_eq!(paths, ["/1", "/2", "/3", "/4", "/5"].map(std::path::PathBuf::from));
    refused(&with("[session]\nstate_dir = \"/kept\""), "9:1", &["unknown key `state_dir`", "at the top of the file"]);
    refused(&format!("state_dir = \"\"\n{HOME}"), "1:13", &["an empty path"]);
    let folder = Folder::new();
    folder.write("file", "");
    refused_in(&folder, &format!("state_dir = \"file\"\n{}", addon("")), "1:13", &["not a folder"]);
    let long = format!("state_dir = \"/{}\"\n{}", "x".repeat(92), addon(""));
    refused(&long, "1:13", &["longer than 107 bytes", "`control` under [listen]"]);
    accepted(&long.replace("/x", "/"));
    let broken = folder.write("config.toml", "state_dir = \"/kept\"\n[listen]\nhttps = 7\n");
    let socket = vestibule::config::control_socket(&broken).unwrap();
    assert_eq!(socket, std::path::Path::new("/kept/vestibule.sock"), "who has broken it can still be asked");
}

#[test]
fn a_development_folder_is_a_folder() {
    let folder = Folder::new();
    folder.write("certs", "");
    refused_in(&folder, &with("[tls]\ndevelopment = \"certs\""), "9:15", &["not a folder"]);
}

#[test]
fn home_assistant_is_where_its_users_are() {
    let folder = Folder::new();
    folder.write("empty/configuration.yaml", "");
    let home = |dir: &str| addon("").replace("\"home\"", dir);
    refused_in(&folder, &home("\"nowhere\""), "1:29", &["not a folder", "nowhere"]);
    refused_in(&folder, &home("\"empty\""), "1:29", &["users are not in this folder", "`.storage/auth`"]);
    folder.write("broken/.storage/auth", "broken");
    refused_in(&folder, &home("\"broken\""), "1:29", &["cannot be used: line 1: not JSON"]);
    refused("[home_assistant]\n", "1:1", &["`config_dir` is missing"]);
    let found = folder.load("[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"").unwrap_err();
    assert!(found.to_string().contains("`[home_assistant]` is missing"), "{found}");
}

#[test]
fn sessions_are_kept_in_a_file_or_in_memory() {
    let store = |text: &str| with(&format!("[session]\nstore = \"{text}\""));
    refused(&store("home"), "9:9", &["this is a folder"]);
    assert_eq!(accepted(&store("memory")).settings.session.store, SessionStore::Memory);
}

#[test]
fn times_of_zero_and_of_years_are_refused() {
    let session = |line: &str| with(&format!("[session]\n{line}"));
    refused(
        &session("idle_timeout = \"0s\""),
        "9:16",
        &["0ms is out of bounds", "expected 1s to 365d", "default is 30m"],
    );
    refused(&session("absolute_timeout = \"9999d\""), "9:20", &["9999d is out of bounds"]);
    refused(&session("idle_timeout = \"soon\""), "9:16", &["not a time", "\"30m\""]);
    refused(&session("idle_timeout = \"30\""), "9:16", &["without its unit", "add the unit"]);
    warned(&session("idle_timeout = \"13h\""), "9:16", &["longer than the absolute one"]);
    refused(&session("password_timeout = \"0s\""), "9:20", &["out of bounds", "default is 1h"]);
    refused(&session("per_user = 0"), "9:12", &["0 is out of bounds", "expected 1 to 10000"]);
    refused(&with("[limits]\nheader_size = \"1GiB\""), "9:15", &["1GiB is out of bounds", "expected 1KiB to 1MiB"]);
    refused(&with("[limits]\nheader_size = \"16kb\""), "9:15", &["not a size", "1kB is 1000"]);
    refused(&with("[limits]\nconnections = 4294967297"), "9:15", &["out of bounds"]);
    refused(&addon("connect_timeout = \"0ms\""), "7:19", &["out of bounds"]);
    refused(&addon("max_body = \"0B\""), "7:12", &["out of bounds", "no limit"]);
    warned(&with("[limits]\nconnections = 100"), "9:15", &["one address may take all"]);
    warned(
        &with("[limits]\naddon_api_connections = 100"),
        "9:25",
        &["one address may take all connections of add-ons"],
    );
    warned(&with("[limits]\naddon_api_bytes = \"1MiB\""), "9:19", &["one add-on may take all memory"]);
    refused(&with("[limits]\naddon_api_bytes = 5"), "9:19", &["expected a size with its unit"]);
    refused(&with("[limits]\naddon_api_calls = 0"), "9:19", &["0 is out of bounds", "expected 1 to 10000"]);
    refused(&with("[limits]\naddon_api_body_timeout = \"2h\""), "9:26", &["out of bounds"]);
}

#[test]
fn words_are_chosen_from_a_list() {
    refused(
        &with("[sign_in]\nmethods = [\"pasword\"]"),
        "9:12",
        &["unknown word `pasword`", "did you mean \"password\"?"],
    );
    refused(&with("[sign_in]\nmethods = []"), "9:11", &["nobody could"]);
    refused(&with("[log]\nformat = \"xml\""), "9:10", &["expected \"text\" or \"json\""]);
    refused(&with("[log]\nfilter = \"info,a=loud\""), "9:10", &["not a filter"]);
    let former = "[log]\nfilter = \"info,vestibule::supervisor::api::service=debug\"";
    warned(&with(former), "9:10", &["nothing logs as `vestibule::supervisor::api`", "write `vestibule::addon_api`"]);
}

#[test]
fn reserved_headers_cannot_be_those_of_the_message() {
    let reserved = |list: &str| with(&format!("[headers]\nreserved = {list}"));
    refused(&reserved("[\"*\"]"), "9:13", &["requests need a header"]);
    refused(&reserved("[\"X-A\", \"Content_Length\"]"), "9:20", &["requests need a header"]);
    refused(&reserved("[\"X A\"]"), "9:13", &["not the name of a header"]);
    refused(&reserved("[\"X-*-A\"]"), "9:13", &["a `*` that is not its end"]);
    refused(&reserved("[\"\"]"), "9:13", &["not the name of a header"]);
    assert_eq!(accepted(&reserved("[\"X-Sso-*\"]")).settings.reserved_headers, ["x-sso-*"]);
}

#[test]
fn there_is_one_worker_at_least() {
    let cores = format!("the default is {}", std::thread::available_parallelism().unwrap());
    refused(&with("[limits]\nworkers = 0"), "9:11", &["0 is out of bounds", "expected 1 to 256", &cores]);
    refused(&with("[limits]\nworkers = 257"), "9:11", &["257 is out of bounds"]);
    refused(&with("[limits]\nworkers = \"auto\""), "9:11", &["expected a whole number"]);
    assert_eq!(accepted(&with("[limits]\nworkers = 256")).settings.limits.workers, 256);
}

#[test]
fn what_is_left_out_has_its_default() {
    let Settings { listen, tls, home_assistant, session, sign_in, limits, log, .. } = accepted(&addon("")).settings;
    assert_eq!(listen.https[0].address.to_string(), "127.0.0.1:8443");
    assert_eq!(listen.operations.unwrap().to_string(), "127.0.0.1:9443");
    assert!(listen.control.is_absolute() && listen.control.ends_with("state/vestibule.sock"));
    assert!(matches!(tls, Tls::Development { folder } if folder.ends_with("state/certs")));
    assert_eq!(home_assistant.max_stale, Duration::from_hours(1));
    assert!(matches!(&session.store, SessionStore::File(path) if path.ends_with("state/sessions.redb")));
    assert_eq!(
        (session.idle_timeout.as_secs(), session.absolute_timeout.as_secs(), session.per_user),
        (1800, 43_200, 100)
    );
    assert_eq!((sign_in.attempts_per_address, sign_in.attempts_per_user, sign_in.window.as_secs()), (20, 8, 600));
    assert_eq!((limits.connections, limits.connections_per_address, limits.header_count), (4096, 256, 100));
    assert_eq!((limits.header_size, limits.http2_streams, limits.drain_timeout.as_secs()), (16_384, 128, 10));
    assert_eq!(limits.workers, std::thread::available_parallelism().unwrap().get(), "one for each core");
    let rates = (limits.unread_timeout.as_secs(), limits.min_rate_bytes, limits.min_rate_window.as_secs());
    assert_eq!(rates, (60, 4096, 60));
    let judged = (limits.judged_body_size, limits.judged_bytes_per_user, limits.judged_bytes);
    assert_eq!(judged, (64 << 10, 4 << 20, 32 << 20));
    assert_eq!(limits.judged_body_timeout.as_secs(), 60);
    assert_eq!((limits.sign_in_forms, limits.sign_in_forms_per_address), (256, 32));
    assert_eq!((log.filter.as_str(), log.access), ("info", true));
}

#[test]
fn shares_have_defaults_that_grow_with_what_they_are_shares_of() {
    let limits = accepted(&addon("[limits]\nbody_stall_timeout = \"5s\"\njudged_body_size = \"4MiB\"")).settings.limits;
    assert_eq!(limits.unread_timeout.as_secs(), 5);
    assert_eq!((limits.judged_bytes_per_user, limits.judged_bytes), (16 << 20, 128 << 20));
    let shares = |lines: &str| {
        let addon = std::sync::Arc::clone(&accepted(&addon(lines)).settings.addons[0]);
        (addon.transport.connections_per_user, addon.transport.websockets_per_user, addon.transport.queue_per_user)
    };
    assert_eq!(shares(""), (128, 512, 256));
    assert_eq!(shares("connections = 5\nwebsockets = 1"), (3, 1, 256));
    assert_eq!(shares("connections_per_user = 7\nwebsockets_per_user = 8\nqueue_per_user = 0"), (7, 8, 0));
}

#[test]
fn a_share_that_never_counts_is_said() {
    for name in ["connections", "websockets"] {
        let lines = format!("{name} = 4\n{name}_per_user = 5");
        let at = format!("8:{}", name.len() + "_per_user = ".len() + 1);
        warned(&addon(&lines), &at, &["one user may take all places", "never counts", "there are 4 for all"]);
    }
    for key in ["connections_per_user", "websockets_per_user"] {
        let lines = format!("{key} = 0");
        let at = format!("7:{}", key.len() + 4);
        refused(&addon(&lines), &at, &["out of bounds", "expected 1 to 100000"]);
    }
    refused(
        &addon("[limits]\njudged_body_size = \"1MiB\"\njudged_bytes_per_user = \"1MiB\""),
        "8:20",
        &["no room for one body", "at least twice `judged_body_size`"],
    );
    refused(&addon("[limits]\nmin_rate_bytes = \"2MiB\""), "8:18", &["out of bounds", "the default is 4KiB"]);
    refused(&addon("[limits]\nunread_timeout = \"2h\""), "8:18", &["out of bounds", "the default is 1m"]);
}

/// A configuration with these lines in `[home_assistant]`; the first of them is line 3.
fn home(lines: &str) -> String {
    format!("[home_assistant]\nconfig_dir = \"home\"\n{lines}\n")
}

#[test]
fn home_assistant_s_page_needs_to_be_somewhere() {
    let offered = "sign_in.methods = [\"home-assistant\", \"password\"]\nhome_assistant.config_dir = \"home\"";
    refused(offered, "1:20", &["no word of where that is", "home_assistant.url", "http://127.0.0.1:8123"]);
    refused(&home("url = \"homeassistant:8123\""), "3:7", &["another scheme", "http://host:port"]);
    refused(&home("url = \"http://ha.test/lovelace\""), "3:7", &["a path"]);
    refused(&home("url = \"http://ha.test\"\nbrowser_url = \"https://ha.test/x\""), "4:15", &["a path"]);
    for key in ["browser_url = \"http://ha.test\"", "ca = \"ca.pem\"", "pin = \"x\"", "forward_address = false"] {
        let column = key.find('=').unwrap() + 3;
        refused(&home(key), &format!("3:{column}"), &["`url` does not say where", "needs `url`"]);
    }
}

#[test]
fn home_assistant_s_certificate_is_judged_only_where_there_is_one() {
    let pin = format!("pin = \"sha256:{}\"", "0a".repeat(32));
    refused(&home(&format!("url = \"http://ha.test\"\n{pin}")), "4:7", &["without TLS"]);
    refused(&home("url = \"https://ha.test\"\npin = \"sha256:00\""), "4:7", &["not the SHA-256 of a certificate"]);
    refused(&home("url = \"https://ha.test\"\nca = \"nowhere.pem\""), "4:6", &["nowhere.pem"]);
}

#[test]
fn home_assistant_has_one_address_for_us_and_one_for_browsers() {
    let one = accepted(&home(
        "url = \"http://[::1]:8123\"\n[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"",
    ));
    let api = one.settings.home_assistant.api.unwrap();
    assert_eq!(
        (api.url.to_string(), api.browser_url.to_string()),
        ("http://[::1]:8123".into(), "http://[::1]:8123".into())
    );
    assert!(api.forward_address);
    let lines = "url = \"http://ha:8123\"\nbrowser_url = \"https://HA.example\"\nforward_address = false\n[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"";
    let api = accepted(&home(lines)).settings.home_assistant.api.unwrap();
    assert_eq!(api.browser_url.to_string(), "https://ha.example");
    assert!(!api.forward_address);
}

#[test]
fn check_asks_home_assistant_and_says_what_to_change() {
    let url = |host: &str| {
        home(&format!("url = \"http://{host}\"\n[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\""))
    };
    warned(&url("untrusting.test"), "3:7", &["400 to X-Forwarded-For", "trusted proxies", "forward_address = false"]);
    warned(&url("slow.test"), "3:7", &["no answer within 10s", "is Home Assistant running there"]);
}

#[test]
fn a_home_without_a_folder_has_an_address_and_a_token() {
    let folder = Folder::new();
    folder.write("token", "eyJ0.eyJ1.c2ln\n");
    folder.write("words", "not a token\n");
    let alone = |lines: &str| {
        format!("[home_assistant]\n{lines}\n[[addon]]\nslug = \"a\"\nupstream = \"builtin:whoami\"\npath = \"/a\"\n")
    };
    let url = "url = \"http://ha.test\"\n";
    refused_in(&folder, &alone("token = { file = \"token\" }"), "2:9", &["no word of where", "needs `url`"]);
    refused_in(
        &folder,
        &alone(&format!("{url}token = {{ file = \"words\" }}")),
        "3:18",
        &["no token of Home Assistant's"],
    );
    refused_in(&folder, &alone(&format!("{url}token = {{ file = \"gone\" }}")), "3:18", &["cannot be read"]);
    let both = format!("{url}token = {{ file = \"token\" }}\nconfig_dir = \"home\"");
    refused_in(&folder, &alone(&both), "3:9", &["a folder that says more", "expected one of the two"]);
    let whole = alone(&format!("{url}token = {{ file = \"token\" }}"));
    let tokens = format!("{whole}tokens = true\n");
    refused_in(&folder, &tokens, "8:10", &["no API tells the keys", "needs `home_assistant.config_dir`"]);
    let rule = format!(
        "{whole}[[addon.protect]]\npath = \"/x/{{light}}\"\nentity = \"light.{{light}}\"\naccess = \"control\"\n"
    );
    refused_in(&folder, &rule, "10:10", &["no API tells the policies", "groups = \"config\""]);
    let settings = folder.load(&whole).unwrap().settings;
    assert!(settings.home_assistant.config_dir().is_none());
    assert!(!format!("{settings:?}").contains("eyJ0"), "the token is in no dump");
}

#[cfg(feature = "redis-store")]
mod redis {
    use super::*;
    use vestibule::config::{RedisPlace, RedisStore};

    fn store(value: &str) -> String {
        with(&format!("[session]\nstore = {value}"))
    }

    fn shared(settings: &Settings) -> &RedisStore {
        let SessionStore::Redis(store) = &settings.session.store else { panic!("{:?}", settings.session.store) };
        store
    }

    #[test]
    fn a_store_on_the_network_is_a_url() {
        let settings = accepted(&store("\"redis://127.0.0.1:7000/2\"")).settings;
        let found = shared(&settings);
        assert_eq!(found.place, RedisPlace::Tcp { host: "127.0.0.1".into(), port: 7000 });
        assert_eq!((found.database, &*found.prefix), (2, "vestibule:"));
        let second = Duration::from_secs(1);
        assert_eq!((settings.session.store_timeout, settings.session.max_outage), (second, 300 * second));
        refused(&store("\"http://127.0.0.1\""), "9:9", &["another scheme", "\"rediss://host:port\" for TLS"]);
        refused(&store("\"redis://127.0.0.1/sessions\""), "9:9", &["database that is not a number"]);
        refused(&store("{ prefix = \"x\" }"), "9:9", &["`url` is missing", "rediss://redis.home"]);
        refused(&store("1"), "9:9", &["expected \"memory\", a file, the URL of Redis"]);
        refused(
            &store("{ url = \"redis://localhost\", pasword_file = \"x\" }"),
            "9:38",
            &["did you mean `password_file`"],
        );
        refused(&with("[session]\nmax_outage = \"0s\""), "9:14", &["expected 1s to 1d", "default is 5m"]);
    }

    #[test]
    fn its_secrets_come_from_files_and_are_not_shown() {
        let folder = Folder::new();
        folder.write("secrets/redis", "hunter2-hunter2\n");
        folder.write("secrets/key", "0123456789abcdef0123456789abcdef\n");
        folder.write("secrets/short", "hunter2\n");
        folder.write("ca.crt", "good");
        let table = |keys: &str| store(&format!("{{ url = \"rediss://redis.home\", {keys} }}"));
        let all = "user = \"v\", password_file = \"secrets/redis\", ca = \"ca.crt\", key_file = \"secrets/key\"";
        let loaded = folder.load(table(all)).unwrap();
        assert_eq!(loaded.warnings.warnings(), 0, "{}", loaded.warnings);
        let found = shared(&loaded.settings);
        assert_eq!(found.password.as_ref().unwrap().reveal(), "hunter2-hunter2");
        assert_eq!(found.key.as_ref().unwrap().reveal().len(), 32);
        assert!(!format!("{loaded:?}").contains("hunter"), "{loaded:?}");
        refused_in(&folder, &table("key_file = \"secrets/short\""), "9:51", &["too short", "openssl rand"]);
        refused_in(&folder, &table("password_file = \"nowhere\""), "9:56", &["cannot be read", "nowhere"]);
        folder.write("secrets/bytes", [0xff; 40]);
        refused_in(&folder, &table("key_file = \"secrets/bytes\""), "9:51", &["is not text", "openssl rand"]);
        let plain = store("{ url = \"redis://localhost\", ca = \"ca.crt\" }");
        refused_in(&folder, &plain, "9:43", &["`ca` is for TLS"]);
        let starred = store("{ url = \"redis://localhost\", prefix = \"*\" }");
        refused_in(&folder, &starred, "9:47", &["cannot stand before keys"]);
    }

    #[test]
    fn open_doors_to_a_store_elsewhere_are_warned_of() {
        warned(&store("\"rediss://redis.home\""), "9:9", &["can sign in as anybody", "key_file"]);
        let folder = Folder::new();
        folder.write("key", "0123456789abcdef0123456789abcdef\n");
        let sealed = store("{ url = \"redis://redis.home\", key_file = \"key\" }");
        warned_in(&folder, &sealed, "9:9", &["in the clear", "rediss://"]);
        assert_eq!(accepted(&store("\"redis+unix:run/redis.sock\"")).warnings.warnings(), 0);
    }
}

#[cfg(not(feature = "redis-store"))]
#[test]
fn a_build_without_redis_says_so() {
    let store = with("[session]\nstore = \"redis://127.0.0.1\"");
    refused(&store, "9:9", &["built without Redis", "`redis-store`", "\"memory\""]);
}

#[test]
fn sessions_that_are_remembered_are_not_the_shorter_ones() {
    let session = |lines: &str| with(&format!("[session]\n{lines}"));
    refused(
        &session("idle_timeout = \"2d\"\nabsolute_timeout = \"4d\"\nremembered_idle_timeout = \"1d\""),
        "11:27",
        &["signed out sooner", "shorter than `idle_timeout`", "remember = false"],
    );
    refused(
        &session("remembered_absolute_timeout = \"11h\"\nremembered_idle_timeout = \"1h\""),
        "9:31",
        &["shorter than `absolute_timeout`"],
    );
    refused(&session("remembered_absolute_timeout = \"401d\""), "9:31", &["401d is out of bounds", "to 400d"]);
    warned(&session("remembered_idle_timeout = \"181d\""), "9:27", &["longer than the absolute one"]);
    warned(&session("remember = false\nremembered_idle_timeout = \"1d\""), "10:27", &["`remember` is false"]);
    let limits = |lines: &str| accepted(&session(lines)).settings.session.remembered;
    let days = |limits: vestibule::config::RememberedLimits| {
        [limits.idle, limits.absolute].map(|time| time.as_secs() / 86_400)
    };
    assert_eq!(limits("").map(days), Some([30, 180]));
    assert_eq!(limits("absolute_timeout = \"365d\"").map(days), Some([30, 365]), "never the shorter one");
    assert_eq!(limits("remember = false"), None);
}

#[test]
fn the_age_of_a_sign_in_is_a_time_and_its_groups_are_there() {
    let session = |lines: &str| with(&format!("[session]\n{lines}"));
    refused(&addon("max_age = \"0s\""), "7:11", &["out of bounds", "expected a time from 1s to 365d"]);
    refused(&addon("max_age = \"366d\""), "7:11", &["366d is out of bounds"]);
    refused(&addon("max_age = 60"), "7:11", &["wrong type"]);
    refused(&session("max_age = \"1h\""), "9:11", &["wrong type", "{ guests = \"8h\" }"]);
    refused(&session("max_age = { system-users = \"often\" }"), "9:28", &["not a time"]);
    refused(&session("max_age = { system-user = \"8h\" }"), "9:13", &["no group `system-user`", "\"system-users\"?"]);
    let settings = accepted(&addon("max_age = \"1h\"\n[session]\nmax_age = { system-users = \"8h\" }")).settings;
    let ages = &settings.addons[0].authorization.max_age;
    assert_eq!(ages.everybody, Some(Duration::from_hours(1)));
    assert_eq!(ages.groups, [("system-users".to_owned(), Duration::from_hours(8))]);
}
