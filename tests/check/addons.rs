//! The values of `[[addon]]`: slugs, routes, upstreams, headers and frames.

use std::time::Duration;

use crate::harness::{Folder, accepted, addon, refused, refused_in, warned};
use vestibule::config::{AddonProtocol, DisplayNameEncoding, Framing, PrefixMode, Trust};
use vestibule::ids::{Address, Upstream};

/// Two add-ons, the second with these lines, the first of which is line 8.
fn second(lines: &str) -> String {
    addon(&format!("[[addon]]\n{lines}"))
}

#[test]
fn what_an_add_on_needs_is_missed() {
    refused(&second("upstream = \"builtin:whoami\"\npath = \"/b\""), "7:1", &["`slug` is missing", "add slug ="]);
    refused(&second("slug = \"b\"\npath = \"/b\""), "7:1", &["`upstream` is missing"]);
    refused(&second("slug = \"b\"\nupstream = \"builtin:whoami\""), "7:1", &["neither `path` nor `host`"]);
}

#[test]
fn no_two_add_ons_share_a_slug_a_path_or_a_host() {
    let other = |lines: &str| second(&format!("upstream = \"builtin:whoami\"\n{lines}"));
    refused(&other("slug = \"a\"\npath = \"/b\""), "9:8", &["two add-ons with one slug", "first here"]);
    refused(&other("slug = \"b\"\npath = \"/a\""), "10:8", &["two add-ons with one path", "first here"]);
    let hosts =
        addon("host = \"A.example\"\n[[addon]]\nslug = \"b\"\nupstream = \"builtin:whoami\"\nhost = \"a.example\"");
    refused(&hosts, "11:8", &["two add-ons with one host", "first here"]);
    accepted(&other("slug = \"b\"\npath = \"/a/nested\""));
}

#[test]
fn a_slug_is_short_and_lower_case() {
    refused(&addon("").replace("\"a\"", "\"A b\""), "4:8", &["a slug is 1 to 64 lower-case letters"]);
}

#[test]
fn a_path_has_one_spelling_and_is_not_ours() {
    let path = |path: &str| addon("").replace("\"/a\"", &format!("\"{path}\""));
    refused(&path("/a/"), "6:8", &["ends with `/`", "leave the last `/` out"]);
    refused(&path("a"), "6:8", &["does not begin with `/`"]);
    refused(&path("/a//b"), "6:8", &["an empty segment"]);
    refused(&path("/a/../b"), "6:8", &["a dot segment"]);
    refused(&path("/%61"), "6:8", &["may not stand in a prefix"]);
    for pattern in ["^/ingress/.*$", "/ingress/*", "~ ^/a"] {
        refused(&path(pattern), "6:8", &["looks like a regular expression", "without a wildcard"]);
    }
    refused(&path("/.vestibule/x"), "6:8", &["belongs to vestibule's own pages"]);
    assert_eq!(accepted(&path("/")).settings.addons[0].route.path.as_ref().unwrap().as_str(), "");
}

#[test]
fn a_host_is_a_dns_name() {
    refused(&addon("host = \"a.example:8443\""), "7:8", &["more than a host name", "without scheme, port and path"]);
    refused(&addon("host = \"127.0.0.1\""), "7:8", &["an IP address is not a host name"]);
    let settings =
        accepted(&addon("host = \"Z2M.Home.Example\"\n[listen]\npublic_urls = [\"https://home.example\"]")).settings;
    assert_eq!(settings.addons[0].route.host.as_ref().unwrap().as_str(), "z2m.home.example");
}

#[test]
fn a_host_of_an_add_ons_own_wants_a_main_host_to_sign_in_on() {
    let alone = addon("host = \"z2m.example\"");
    warned(&alone, "7:8", &["no main host is known", "public_urls = [\"https://home.example\"]"]);
    warned(&format!("{alone}\n[listen]\npublic_urls = [\"https://z2m.example\"]"), "7:8", &["no main host is known"]);
    accepted(&format!("{alone}\n[listen]\npublic_urls = [\"https://z2m.example\", \"https://home.example\"]"));
}

#[test]
fn an_upstream_is_one_of_four_kinds() {
    let upstream = |url: &str| addon("").replace("http://127.0.0.1:8080", url);
    refused(&upstream("127.0.0.1:8080"), "5:12", &["another scheme", "builtin:whoami"]);
    refused(&upstream("http://127.0.0.1:8080/"), "5:12", &["a path, a query or a fragment"]);
    refused(&upstream("http://u:p@h"), "5:12", &["a user or a password", "headers ="]);
    refused(&upstream("http://a_b"), "5:12", &["neither a DNS name nor an IP address"]);
    refused(&upstream("http://h:0"), "5:12", &["from 1 to 65535"]);
    refused(&upstream("builtin:woami"), "5:12", &["no such built-in", "did you mean"]);
    let socket = accepted(&upstream("unix:run/a.sock")).settings;
    assert!(matches!(&socket.addons[0].backend.upstream, Upstream::At(Address::Unix(path)) if path.is_absolute()));
}

#[test]
fn a_header_is_set_once_in_all_its_spellings() {
    let twice = ["two values for the header", "first here"];
    refused(&addon("headers = { \"X-A\" = \"1\", \"x_a\" = \"2\" }"), "7:26", &twice);
    refused(&addon("headers = { \"X-A\" = \"1\" }\nprefix_headers = [\"X-A\"]"), "8:19", &twice);
    refused(&addon("prefix_headers = [\"X-A\", \"x-a\"]"), "7:26", &twice);
    refused(&addon("identity_headers = { id = \"X-A\", name = \"X-A\" }"), "7:41", &twice);
    let by_default = ["has another value by default"];
    refused(&addon("headers = { \"X-Remote-User-Id\" = \"1\" }"), "7:13", &by_default);
    refused(&addon("headers = { \"X_Ingress_Path\" = \"1\" }"), "7:13", &by_default);
    refused(&addon("identity_headers = { id = \"X-Remote-User-Name\" }"), "7:27", &by_default);
    accepted(&addon("identity_headers = { id = \"X-Remote-User-Name\", name = \"X-Remote-User-Id\" }"));
}

#[test]
fn headers_of_the_message_and_of_vestibule_cannot_be_set() {
    for name in
        ["Host", "Cookie", "Content-Length", "content_length", "Connection", "TE", "Upgrade", "Transfer-Encoding"]
    {
        refused(&addon(&format!("headers = {{ \"{name}\" = \"x\" }}")), "7:13", &["belongs to the message itself"]);
        refused(&addon(&format!("prefix_headers = [\"{name}\"]")), "7:19", &["belongs to the message itself"]);
        refused(&addon(&format!("identity_headers = {{ id = \"{name}\" }}")), "7:27", &["belongs to the message"]);
    }
    refused(&addon("headers = { \"X-Forwarded-For\" = \"x\" }"), "7:13", &["vestibule sets this header itself"]);
    refused(&addon("headers = { \"X Y\" = \"x\" }"), "7:13", &["`X Y` is not the name of a header"]);
    refused(&addon("headers = { \"\" = \"x\" }"), "7:13", &["is not the name of a header"]);
}

#[test]
fn only_a_reserved_name_that_says_nobodys_identity_passes() {
    let passing = |name: &str| addon(&format!("pass_headers = [\"{name}\"]"));
    for name in ["X-Remote-User", "X-Auth-User", "X-User", "X-Username", "X-User-Id", "X-Client-Cert", "X-Client-IP"] {
        refused(&passing(name), "7:17", &["says who somebody is", "never passes", "would believe every client"]);
    }
    for name in ["X-Remote-User-Id", "X_Ingress_Path"] {
        refused(&passing(name), "7:17", &["from vestibule", "cannot come from clients as well"]);
    }
    for name in ["Remote-User", "X-Forwarded-For", "X-Ingress-Token", "Proxy", "X-Auth-Request-Token", "X_Auth_Token"] {
        refused(&passing(name), "7:17", &["only proxies send it"]);
    }
    refused(&passing("X-Api-Key"), "7:17", &["passes anyway", "docs/reference.md"]);
    refused(&passing("Host"), "7:17", &["belongs to the message itself"]);
    refused(&passing("X Y"), "7:17", &["is not the name of a header"]);
    refused(&passing("X-Auth-*"), "7:17", &["never passes"]);
    refused(&addon("pass_headers = [\"X-Auth-Token\", \"x-auth-token\"]"), "7:33", &["stands here twice"]);
    let set = "identity_headers = { id = \"X-Auth-Token\" }\npass_headers = [\"x-auth-token\"]";
    refused(&addon(set), "8:17", &["gets the header `x-auth-token` from vestibule"]);
    let settings = accepted(&passing("X-Auth-Token")).settings;
    assert_eq!(settings.addons[0].headers.pass, ["x-auth-token"]);
}

#[test]
fn a_header_value_is_one_line_that_fits() {
    let value = |value: &str| addon(&format!("headers = {{ \"X-A\" = \"{value}\" }}"));
    for bad in ["a\\r\\nX-B: 1", "a\\n", "a\\u0000b", "\\u007f"] {
        refused(&value(bad), "7:21", &["control character", "one line"]);
    }
    refused(&value(""), "7:21", &["is empty"]);
    refused(&value(" a"), "7:21", &["begins or ends with a blank"]);
    refused(&value(&"a".repeat(8193)), "7:21", &["longer than 8 KiB"]);
    accepted(&value(&"a".repeat(8192)));
}

#[test]
fn a_frame_is_for_https_origins() {
    refused(&addon("framing = \"asis\""), "7:11", &["did you mean \"as-is\"?"]);
    refused(&addon("framing = [\"http://home.example\"]"), "7:12", &["another scheme"]);
    refused(&addon("framing = []"), "7:11", &["no origin"]);
    refused(&addon("framing = true"), "7:11", &["expected \"as-is\", \"remove\" or a list of origins"]);
    let origins = accepted(&addon("framing = [\"https://Home.Example:8123\"]")).settings;
    assert_eq!(origins.addons[0].cross_origin.framing, Framing::Origins(vec!["https://home.example:8123".into()]));
}

#[test]
fn titles_and_icons_are_what_people_read() {
    refused(&addon("title = \"a\\nb\""), "7:9", &["not a title"]);
    refused(&addon("icon = \"zigbee\""), "7:8", &["not an icon", "\"mdi:zigbee\""]);
    refused(&addon("prefix = \"cut\""), "7:10", &["expected \"strip\" or \"keep\""]);
}

#[test]
fn what_an_add_on_leaves_out_has_its_default() {
    let settings = accepted(&addon("")).settings;
    let addon = &settings.addons[0];
    assert_eq!((addon.display.title.as_str(), addon.display.icon.as_str()), ("a", ""));
    assert_eq!((addon.route.prefix, addon.cross_origin.framing.clone()), (PrefixMode::Strip, Framing::AsIs));
    assert_eq!(addon.headers.prefix, ["x-ingress-path"]);
    assert_eq!(addon.headers.identity.display_name, "x-remote-user-display-name");
    assert_eq!(addon.headers.display_name, DisplayNameEncoding::Utf8);
    assert_eq!((addon.authorization.access.only.clone(), addon.authorization.access.admin_only), (None, false));
    assert_eq!(
        (addon.transport.connections, addon.transport.max_body, addon.cross_origin.allow_missing_origin),
        (256, u64::MAX, false)
    );
    assert_eq!([addon.transport.queue_timeout, addon.transport.connect_timeout], [Duration::from_secs(5); 2]);
    assert_eq!(addon.transport.response_timeout, Duration::from_mins(1));
}

#[test]
fn a_certificate_is_judged_in_one_way_and_only_where_there_is_one() {
    let https = |lines: &str| addon(lines).replace("http://127.0.0.1:8080", "https://addon.test");
    let pin = format!("pin = \"sha256:{}\"", "0a".repeat(32));
    let trust = |text: &str| accepted(text).settings.addons[0].backend.trust.clone();
    assert_eq!(trust(&https("")), Trust::System);
    assert!(matches!(trust(&https(&pin)), Trust::Pinned(_)));
    refused(&https("pin = \"0a0b\""), "7:7", &["not the SHA-256 of a certificate", "64 hexadecimal digits", "openssl"]);
    refused(&https("ca = \"home/.storage/auth\""), "7:6", &["these certificates cannot be used"]);
    refused(&https("ca = \"no.pem\""), "7:6", &["this file cannot be read", "no.pem"]);
    refused(&https("ca = \"home\""), "7:6", &["not a regular file"]);
    refused(&addon(&pin), "7:7", &["no certificate to judge without TLS", "https"]);
    refused(&addon(&pin).replace("http://127.0.0.1:8080", "unix:run/a.sock"), "7:7", &["without TLS"]);
}

#[test]
fn a_file_of_authorities_holds_certificates_and_nothing_else() {
    let text = addon("ca = \"ca.pem\"").replace("http://127.0.0.1:8080", "https://addon.test");
    let folder = Folder::new();
    let made = rcgen::generate_simple_self_signed(vec!["addon.test".to_owned()]).unwrap();
    for bad in [String::new(), "hello".to_owned(), made.signing_key.serialize_pem(), made.cert.pem().replace('M', "N")]
    {
        folder.write("ca.pem", &bad);
        refused_in(&folder, &text, "7:6", &["these certificates cannot be used", "BEGIN CERTIFICATE"]);
    }
    folder.write("ca.pem", made.cert.pem());
    let loaded = folder.load(&text).unwrap();
    assert!(matches!(loaded.settings.addons[0].backend.trust, Trust::Authorities(_)));
    assert!(loaded.files.contains(&folder.path("ca.pem")), "the file is watched");
    let both = text.replace("ca =", &format!("pin = \"sha256:{}\"\nca =", "0a".repeat(32)));
    refused_in(&folder, &both, "7:7", &["both `ca` and `pin`", "first here"]);
}

#[test]
fn what_an_add_on_is_told_of_the_browsers_view() {
    let host = |host: &str| addon(&format!("upstream_host = \"{host}\""));
    refused(&host("http://up.example"), "7:17", &["another scheme", "without a scheme"]);
    refused(&host("up.example/x"), "7:17", &["a path, a query or a fragment"]);
    refused(&host("u@up.example"), "7:17", &["a user or a password"]);
    refused(&host("a_b"), "7:17", &["neither a DNS name nor an IP address"]);
    refused(&host("a:0"), "7:17", &["from 1 to 65535"]);
    let told = accepted(&host("Up.Example:8080")).settings;
    assert_eq!(told.addons[0].backend.upstream_host.as_ref().unwrap().as_str(), "up.example:8080");
    refused(&addon("rewrite_addresses = \"no\""), "7:21", &["`true` or `false`"]);
    refused(&addon("max_head = \"100B\""), "7:12", &["out of bounds", "1KiB to 1MiB", "no limit"]);
    assert_eq!(accepted(&addon("max_head = \"8KiB\"")).settings.addons[0].transport.max_head, 8192);
}

#[test]
fn an_add_on_speaks_one_of_two_protocols() {
    let protocol = |text: &str| accepted(text).settings.addons[0].backend.protocol;
    assert_eq!(protocol(&addon("")), AddonProtocol::Http);
    assert_eq!(protocol(&addon("protocol = \"grpc\"")), AddonProtocol::Grpc);
    refused(&addon("protocol = \"h2\""), "7:12", &["unknown word `h2`", "expected \"http\" or \"grpc\""]);
    refused(&addon("protocol = \"grpc\"\nhealth = {}"), "8:10", &["does not speak", "no probe for gRPC"]);
    let builtin = addon("protocol = \"grpc\"").replace("http://127.0.0.1:8080", "builtin:whoami");
    refused(&builtin, "7:12", &["the built-in add-on does not speak gRPC"]);
}

#[test]
fn a_probe_is_a_path_and_comes_back_before_the_next() {
    let probe = |lines: &str| addon(&format!("health = {{ {lines} }}"));
    refused(&probe("path = \"alive\""), "7:19", &["not a path", "begins with `/`"]);
    refused(&probe("path = \"//evil.test/x\""), "7:19", &["not a path"]);
    refused(&probe("path = \"/a b\""), "7:19", &["not a path"]);
    refused(&probe("path = \"/a#b\""), "7:19", &["not a path"]);
    refused(&probe("interval = \"100ms\""), "7:23", &["out of bounds", "1s to 1h", "10s"]);
    refused(&probe("interval = \"5s\", timeout = \"6s\""), "7:10", &["longer than `interval`"]);
    refused(&probe("pth = \"/\""), "7:12", &["did you mean `path`?"]);
    refused(&addon("health = true"), "7:10", &["expected a table"]);
    let settings = accepted(&probe("interval = \"1s\"")).settings;
    let probe = settings.addons[0].backend.probe.as_ref().unwrap();
    assert_eq!(
        (probe.path.path(), probe.interval, probe.timeout),
        ("/", Duration::from_secs(1), Duration::from_secs(1))
    );
}

#[test]
fn pages_of_other_origins_are_named_one_by_one() {
    let cors = |lines: &str| addon(&format!("cors = {{ {lines} }}"));
    let one = "origins = [\"https://app.example\"]";
    refused(&cors("methods = [\"GET\"]"), "7:8", &["`origins` is missing"]);
    refused(&cors("origins = []"), "7:20", &["no origin", "leave `cors` out"]);
    for wrong in ["*", "null", "http://app.example", "app.example"] {
        refused(&cors(&format!("origins = [\"{wrong}\"]")), "7:21", &["another scheme"]);
    }
    refused(&cors("origins = [\"https://app.example/\"]"), "7:21", &["a path, a query or a fragment"]);
    for wrong in ["get", "CONNECT", "TRACE", "*", ""] {
        refused(&cors(&format!("{one}, methods = [\"{wrong}\"]")), "7:56", &["not a method that can be allowed"]);
    }
    refused(&cors(&format!("{one}, headers = [\"*\"]")), "7:56", &["not the name of a header", "no wildcard"]);
    refused(&cors(&format!("{one}, max_age = \"2d\"")), "7:55", &["out of bounds", "10m"]);
    let settings =
        accepted(&cors("origins = [\"https://App.example:443\"], expose = [\"ETag\", \"X-Total\"]")).settings;
    let cors = settings.addons[0].cross_origin.cors.as_ref().unwrap();
    let value = http::HeaderValue::from_static;
    assert_eq!(cors.origins, ["https://app.example"]);
    assert_eq!((&cors.methods, &cors.headers), (&value("GET, HEAD, POST"), &value("authorization, content-type")));
    assert_eq!((&cors.expose, cors.credentials, cors.max_age), (&value("etag, x-total"), false, 600));
}
