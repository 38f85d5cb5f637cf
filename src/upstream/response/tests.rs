//! What leaves an add-on, and what the browser gets of it.

use super::*;

fn response_policy<'a>(prefix: &'a str, rewrites_paths: bool, world: &'a World) -> ResponsePolicy<'a> {
    ResponsePolicy {
        prefix,
        place: if prefix.is_empty() { FieldLocation::OwnHost } else { FieldLocation::SharedOrigin },
        rewrites_paths,
        authority: &world.authority,
        scheme: Scheme::Https,
        upstream: Some(&world.upstream),
        host_override: None,
        reserved: &world.reserved,
        own_cookies: OwnCookies {
            session: "__Host-ingress_session",
            form: "__Host-form",
            oauth: "__Host-journey",
            ticket: "__Host-hand-over",
            retired: "__Host-retired",
        },
    }
}

struct World {
    authority: Authority,
    upstream: Authority,
    reserved: Reserved,
}

fn world() -> World {
    World {
        authority: Authority::parse(b"home.example:8443").unwrap(),
        upstream: Authority::parse(b"127.0.0.1:1880").unwrap(),
        reserved: Reserved::always(&[]),
    }
}

#[test]
fn an_address_stays_under_the_prefix() {
    let world = world();
    let response_policy = response_policy("/ingress/x", true, &world);
    for (address, moved) in [
        ("/", "/ingress/x/"),
        ("/.web", "/ingress/x/.web"),
        ("/ingress/x/lab?", "/ingress/x/lab?"),
        ("/ingress/x", "/ingress/x"),
        ("/ingress/xy", "/ingress/x/ingress/xy"),
        ("./?folder=a", "./?folder=a"),
        ("login", "login"),
        ("?a=/b", "?a=/b"),
        ("https://home.example:8443/browser/", "/ingress/x/browser/"),
        ("https://home.example/browser/", "/ingress/x/browser/"),
        ("http://127.0.0.1:1880/a?b", "/ingress/x/a?b"),
        ("http://127.0.0.1:1880", "/ingress/x/"),
        ("//home.example:8443/a", "/ingress/x/a"),
        ("https://home.example:8443/ingress/x/a", "/ingress/x/a"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("//elsewhere.example/a", "//elsewhere.example/a"),
        ("mailto:a@b", "mailto:a@b"),
    ] {
        let got = location::confine(address, &response_policy);
        assert_eq!(got.as_deref().unwrap_or(address), moved, "{address}");
    }
}

#[test]
fn an_add_on_that_knows_its_prefix_is_left_alone() {
    let world = world();
    let keep = response_policy("/ingress/x", false, &world);
    for address in ["/ingress/x/lab", "/other", "https://home.example:8443/a"] {
        assert_eq!(location::confine(address, &keep), None, "{address}");
    }
    assert_eq!(location::confine("http://127.0.0.1:1880/a", &keep).as_deref(), Some("/a"));
}

#[test]
fn a_refresh_is_an_address_too() {
    let world = world();
    let response_policy = response_policy("/ingress/x", true, &world);
    assert_eq!(location::confine_refresh("5; url=/next", &response_policy).as_deref(), Some("5; url=/ingress/x/next"));
    assert_eq!(location::confine_refresh("0;URL='/a'", &response_policy).as_deref(), Some("0; url=/ingress/x/a"));
    assert_eq!(location::confine_refresh("5", &response_policy), None);
}

#[test]
fn a_cookie_stays_under_the_prefix() {
    let world = world();
    let confined = |prefix: &str, line: &str| {
        let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
        set_cookie::confine(&line, &response_policy(prefix, true, &world)).unwrap().to_str().unwrap().to_owned()
    };
    for (line, moved) in [
        ("a=1; Path=/", "a=1; Path=/ingress/x/; Secure"),
        ("a=1; path=/ingress/x/y; HttpOnly", "a=1; Path=/ingress/x/y; HttpOnly; Secure"),
        ("a=1; Domain=home.example; Path=/y; Secure", "a=1; Path=/ingress/x/y; Secure"),
        ("s_R|ingress|x=\"a,b\"; Path=nonsense", "s_R|ingress|x=\"a,b\"; Path=/ingress/x/; Secure"),
        (
            "_xsrf=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
            "_xsrf=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/ingress/x/; Secure",
        ),
        ("a=1", "a=1; Path=/ingress/x/; Secure"),
    ] {
        assert_eq!(confined("/ingress/x", line), moved);
    }
    assert_eq!(confined("", "a=1; Path=/y; Domain=.home.example"), "a=1; Path=/y; Secure");
    // A page that is served in the clear could not keep it otherwise.
    let plain = ResponsePolicy { scheme: Scheme::Http, ..response_policy("/x", true, &world) };
    assert_eq!(set_cookie::confine(&HeaderValue::from_static("a=1; Path=/y"), &plain).unwrap(), "a=1; Path=/x/y");
}

#[test]
fn our_cookie_and_our_headers_are_not_the_add_ons_to_set() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("set-cookie", "__Host-ingress_session=x; Path=/; Secure"),
        ("set-cookie", " __host-INGRESS_session =x"),
        ("set-cookie", "=__Host-ingress_session=x"),
        ("set-cookie", " = __Host-form=x; Path=/"),
        ("set-cookie", "theirs=1"),
        ("x-remote-user-id", "root"),
        ("x_forwarded_for", "1.2.3.4"),
        ("clear-site-data", "\"*\""),
        ("alt-svc", "h3=\":443\""),
        ("service-worker-allowed", "/"),
        ("connection", "x-secret"),
        ("x-secret", "1"),
        ("etag", "\"e\""),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let world = world();
    let addon = crate::upstream::tests::addon("x");
    confine(&mut headers, &addon, &response_policy("/ingress/x", true, &world));
    let mut left: Vec<_> = headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    left.sort();
    assert_eq!(
        left,
        ["etag: \"e\"", "service-worker-allowed: /ingress/x/", "set-cookie: theirs=1; Path=/ingress/x/; Secure"]
    );
}

#[test]
fn a_service_worker_stays_under_the_prefix_however_its_scope_is_written() {
    let world = world();
    let response_policy = response_policy("/ingress/x", true, &world);
    let kept = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("service-worker-allowed", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        service_worker_scope(&mut headers, &response_policy);
        headers.get_all("service-worker-allowed").iter().map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for inside in ["/ingress/x", "/ingress/x/", "/ingress/x/a/b"] {
        assert_eq!(kept(&[inside]), [inside]);
    }
    for outside in [
        "/",
        "/ingress/",
        "/ingress/xy/",
        "/ingress/x/../../",
        "/ingress/x/..",
        "/ingress/x/%2e%2E/.%2e/",
        "/ingress/x/\\..\\..\\",
        "/ingress/x\\..",
        "/ingress/x/.\t./.\t./",
        "https://elsewhere.example/",
        "//e",
        "./",
        "",
    ] {
        assert_eq!(kept(&[outside]), ["/ingress/x/"], "{outside:?}");
    }
    assert_eq!(kept(&["/ingress/x/", "/"]), ["/ingress/x/"]);
    assert!(kept(&[]).is_empty());
}

#[test]
fn framing_edits_its_own_directive_only() {
    let edited = |framing: &Framing| {
        let mut headers = HeaderMap::new();
        headers.insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
        let policy = HeaderValue::from_static("default-src 'self'; Frame-Ancestors 'self'; script-src 'nonce-a'");
        headers.insert("content-security-policy", policy);
        framing::apply(&mut headers, framing);
        let policies = headers.get_all("content-security-policy").iter().map(|v| v.to_str().unwrap().to_owned());
        (headers.contains_key("x-frame-options"), policies.collect::<Vec<_>>())
    };
    let kept = "default-src 'self'; script-src 'nonce-a'".to_owned();
    assert_eq!(edited(&Framing::Remove), (false, vec![kept.clone()]));
    let origins = Framing::Origins(vec!["https://ha.home.example".to_owned()]);
    assert_eq!(edited(&origins), (false, vec![kept, "frame-ancestors 'self' https://ha.home.example".to_owned()]));
    assert!(edited(&Framing::AsIs).0);
}

use crate::config::Framing;

#[test]
fn s181_what_the_table_confines_is_confined() {
    let world = world();
    let addon = crate::upstream::tests::addon("x");
    let examples = [
        ("content-location", "/a", "/ingress/x/a"),
        ("location", "/a", "/ingress/x/a"),
        ("refresh", "0; url=/a", "0; url=/ingress/x/a"),
        ("service-worker-allowed", "/", "/ingress/x/"),
        ("set-cookie", "a=1; Path=/", "a=1; Path=/ingress/x/; Secure"),
        ("www-authenticate", "Basic realm=\"a\"", "Basic realm=\"/ingress/x a\""),
    ];
    for field in fields::all().filter(|field| field.effect.is_some_and(|effect| effect.under_prefix == Fate::Confined))
    {
        let example = examples.iter().find(|(name, ..)| *name == field.name);
        let (name, said, seen) = example.unwrap_or_else(|| panic!("nothing confines {}", field.name));
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(said));
        confine(&mut headers, &addon, &response_policy("/ingress/x", true, &world));
        assert_eq!(headers.get(*name).unwrap(), seen);
    }
}
