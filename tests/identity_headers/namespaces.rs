//! Whole namespaces are ours, and what a route sets is: cases S-13 and S-15.

use crate::one_addon;
use crate::support::expectation::{BOB, assert_identity, is_reserved};
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_id};

#[test]
fn s13_no_name_that_add_ons_believe_gets_through() {
    let names = [
        "X-Remote-User",
        "X-Remote-Group",
        "X-Remote-Anything",
        "Remote-User",
        "Remote-Groups",
        "Remote-Email",
        "Remote-Name",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Groups",
        "X-Forwarded-Preferred-Username",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Forwarded-Ssl",
        "X-Forwarded-Scheme",
        "Forwarded",
        "X-Real-Ip",
        "X-Auth-Request-User",
        "X-Auth-Request-Email",
        "X-Authentik-Username",
        "X-Authentik-Groups",
        "X-Webauth-User",
        "X-Webauth-Role",
        "Tailscale-User-Login",
        "Tailscale-User-Name",
        "Cf-Access-Authenticated-User-Email",
        "Cf-Access-Jwt-Assertion",
        "X-Goog-Iap-Jwt-Assertion",
        "X-Goog-Authenticated-User-Email",
        "X-Pomerium-Claim-Email",
        "X-Pomerium-Jwt-Assertion",
        "X-Hass-Source",
        "X-Hass-User-ID",
        "X-Hass-Is-Admin",
        "X-Hassio-Key",
        "X-Supervisor-Token",
        "X-Ingress-Path",
        "X-Ingress-Token",
        "Impersonate-User",
        "Impersonate-Group",
        "X-Original-URL",
        "X-Original-Forwarded-For",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Middleware-Subrequest",
        "Early-Data",
    ];
    assert_none_gets_through(&names);
}

/// Gunicorn takes `SCRIPT_NAME` and `PATH_INFO` from whom it trusts, and serves another path then than was judged.
#[test]
fn s205_nor_do_the_variables_of_cgi_and_the_names_of_other_gateways() {
    assert_none_gets_through(&[
        "Script-Name",
        "Path-Info",
        "Path-Translated",
        "Query-String",
        "Request-Method",
        "Request-Uri",
        "Document-Uri",
        "Gateway-Interface",
        "Server-Name",
        "Server-Port",
        "Auth-Type",
        "Redirect-Remote-User",
        "SM-User",
        "SM-UniversalID",
        "IV-User",
        "IV-Groups",
        "GAP-Auth",
        "Shib-Session-Id",
        "Eppn",
        "Teleport-Jwt-Assertion",
        "ES-Security-RunAs-User",
        "X-Jwt-Assertion",
        "X-Credential-Identifier",
        "X-Endpoint-API-UserInfo",
        "X-Apigateway-Api-Userinfo",
        "X-Appengine-User-Email",
        "X-Proxy-User",
        "X-SSO-User",
        "X-Email",
        "X-Tls-Client-Cert",
        "X-Certificate-DN",
        "WL-Proxy-Client-IP",
        "Proxy-Client-IP",
        "Fly-Client-IP",
        "DO-Connecting-IP",
        "X-Azure-ClientIP",
        "X-Scheme",
        "X-Url-Scheme",
        "X-Host",
    ]);
}

#[test]
fn s180_nor_do_the_names_by_which_gateways_and_balancers_tell_certificates_tokens_and_clients() {
    assert_none_gets_through(&[
        // CGI makes `HTTP_PROXY` of it, which programs take for their own proxy.
        "Proxy",
        "Client-Cert",
        "Client-Cert-Chain",
        "Client-Certificate",
        "SSL-Client-Cert",
        "SSL-Client-S-DN-CN",
        "SSL-Client-Verify",
        "X-SSL-Client-Cert",
        "X-SSL-Client-Verify",
        "X-SSL-Cert",
        "X-Auth-User",
        "X-Auth-Username",
        "X-Auth-Email",
        "X-Auth-Token",
        "X-Auth-Groups",
        "Auth-User",
        "Remote-Anything",
        "Remote-Addr",
        "Remote-Roles",
        "OIDC-Claim-Sub",
        "OIDC-Access-Token",
        "X-OIDC-User",
        "X-Amzn-Oidc-Data",
        "X-Amzn-Oidc-Identity",
        "X-Amzn-Oidc-AccessToken",
        "X-MS-Client-Principal",
        "X-MS-Client-Principal-Name",
        "X-MS-Client-Principal-Id",
        "X-Envoy-External-Address",
        "X-Envoy-Original-Path",
        "X-Envoy-Peer-Metadata",
        "X-Client-Cert",
        "X-Client-Verify",
        "X-Client-DN",
        "X-Client-Id",
        "X-User",
        "X-User-Id",
        "X-UserId",
        "X-Username",
        "X-User-Roles",
        "True-Client-IP",
        "True-Client-Addr",
        "X-Authenticated-User",
        "X-Authenticated-Userid",
        "X-Consumer-Username",
        "X-Vouch-User",
    ]);
}

/// Asks with each of these names in several spellings, twice, before and behind the cookie.
#[track_caller]
fn assert_none_gets_through(names: &[&str]) {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for name in names {
            assert!(is_reserved(name), "{name}");
            let mut ask = Ask::get("/ingress/a/").field(name, "planted").field(&name.replace('-', "_"), "planted");
            ask = ask.cookie(&cookie).field(&name.to_uppercase(), "planted");
            for separator in [".", "~", "!", "^"] {
                ask = ask.field(&name.replacen('-', separator, 1).to_lowercase(), "planted");
            }
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(answer.status, 200, "{protocol:?} {name}: {answer:#?}");
            let request = addon.one();
            assert_id(&request, &BOB);
            assert!(!request.head.windows(7).any(|w| w == b"planted"), "{name}: {request:#?}");
        }
    }
}

#[test]
fn s180_a_name_that_only_resembles_one_of_them_gets_through() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    // Filebrowser, OctoPrint, a token against forged requests, gRPC in a browser, WebDAV.
    let names = ["X-Auth", "X-Api-Key", "X-Csrf-Token", "X-Grpc-Web", "Client-Id", "Proxy-Something", "Destination"];
    for protocol in BOTH {
        let ask = names.iter().fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, name| ask.field(name, "theirs"));
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert_id(&request, &BOB);
        for name in names {
            assert_eq!(request.fields.one(name), "theirs");
        }
    }
}

#[test]
fn s180_no_answer_says_them_either() {
    let names = ["X-User-Id", "X_Auth_Token", "Remote-Addr", "x.oidc.user", "Client-Cert", "X-Envoy-Peer"];
    let lines = names.map(|name| format!("{name}: echoed\r\n")).concat();
    let addon = RawAddon::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{lines}X-Total: 2\r\n\r\nok"));
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!((answer.status, answer.fields.one("x-total").as_str()), (200, "2"));
        for name in names {
            assert!(!answer.fields.has(name), "{protocol:?} {name}: {answer:#?}");
        }
    }
}

#[test]
fn s13_what_is_not_reserved_gets_through_as_it_was_sent() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let fields = [
        ("Accept", "application/json, text/*;q=0.5"),
        ("Authorization", "Bearer of-the-add-on"),
        ("User-Agent", "Mozilla/5.0 (like a browser)"),
        ("If-None-Match", "\"abc\""),
        ("X-Requested-With", "XMLHttpRequest"),
        ("X-Remoteness", "1"),
        ("X-CSRF-Token", "t"),
    ];
    for protocol in BOTH {
        let ask = fields.iter().fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, (n, v)| ask.field(n, v));
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        for (name, value) in fields {
            assert_eq!(request.fields.one(name), value);
        }
    }
}

#[test]
fn s13_names_that_the_configuration_adds_are_stripped_as_well() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("headers", "reserved", r#"["X-Company-User", "x-corp-*"]"#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/")
            .field("x_company_user", "root")
            .field("X-Corp-Anything", "root")
            .field("X-Company-Username", "stays")
            .cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert!(!request.head.windows(4).any(|w| w == b"root"), "{request:#?}");
        assert_eq!(request.fields.one("x-company-username"), "stays");
    }
}

#[test]
fn s15_no_header_that_a_route_sets_is_believed_from_outside() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let lines = "prefix_headers = [\"X-Ingress-Path\", \"X-Script-Name\", \"X-Forwarded-Prefix\"]\n\
                     headers = { \"X-HA-Ingress\" = \"YES\", \"X-Proxy-Secret\" = \"ours\" }";
        config.addon_with("a", &addon, lines);
    });
    let cookie = vestibule.cookie("bob");
    let set = [
        ("X-Script-Name", "/ingress/a"),
        ("X-Ingress-Path", "/ingress/a"),
        ("X-Forwarded-Prefix", "/ingress/a"),
        ("X-HA-Ingress", "YES"),
        ("X-Proxy-Secret", "ours"),
    ];
    for protocol in BOTH {
        let mut ask = Ask::get("/ingress/a/").cookie(&cookie);
        for (name, _) in set {
            ask = ask
                .field(name, "planted")
                .field(&name.replace('-', "_"), "planted")
                .field(&name.replace('-', "."), "x");
        }
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert_identity(&request, &BOB);
        for (name, value) in set {
            assert_eq!(request.fields.one(name), value, "{request:#?}");
            let like_it = |(n, _): &&(String, Vec<u8>)| crate::support::squash(n) == crate::support::squash(name);
            assert_eq!(request.fields.0.iter().filter(like_it).count(), 1, "{name}: {request:#?}");
        }
    }
}

#[test]
fn s15_a_request_id_from_outside_is_not_ours() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Request-Id", "planted").field("X_Request_Id", "planted");
        assert_eq!(vestibule.ask(protocol, &ask.cookie(&cookie)).status, 200);
        assert_ne!(addon.one().fields.one("x-request-id"), "planted");
    }
}
