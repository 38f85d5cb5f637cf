//! Add-ons of Home Assistant OS in Home Assistant's own pages (`/api/hassio_ingress/...`): who may open which, by which
//! session, and what Home Assistant is sent.

use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::bed::{Bed, HOST, Socket, asked, end, next, run, say};
use crate::support::{Ask, ConfigFile, Protocol, certificate, eventually};

const NODE_RED: &str = "/api/hassio_ingress/token-a0d7b954_nodered/";
const SSH: &str = "/api/hassio_ingress/token-core_ssh/";

/// Node-RED is for grace, but for a part of it; of other add-ons nothing is said.
fn named(config: &mut ConfigFile) {
    config.addon_table(
        "slug = \"nodered\"\nsupervisor_slug = \"a0d7b954_nodered\"\naccess = { users = [\"grace\"] }\n\n\
         [[addon.protect]]\npath = \"/admin/{*rest}\"\nrequire = \"admin\"\n",
    );
}

/// A browser: a WebSocket that is open, and the cookie of ours that came with its handshake.
struct Browser {
    socket: Socket,
    cookie: Option<String>,
    last: u64,
}

impl Browser {
    /// Opens the front end's WebSocket with this token, this cookie and this `Origin`.
    fn open(bed: &Bed, token: &str, cookie: Option<&str>, origin: Option<&str>) -> Self {
        run(Self::opened(bed, token, cookie, origin))
    }

    async fn opened(bed: &Bed, token: &str, cookie: Option<&str>, origin: Option<&str>) -> Self {
        let stream = TcpStream::connect(bed.vestibule.https()).await.unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        let stream = TlsConnector::from(certificate::client(b"http/1.1")).connect(name, stream).await.unwrap();
        let mut request = format!("wss://{HOST}/api/websocket").into_client_request().unwrap();
        for (name, value) in [("Cookie", cookie), ("Origin", origin)] {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        let (mut socket, response) = client_async(request, stream).await.unwrap();
        let set = response.headers().get("Set-Cookie").map(|line| line.to_str().unwrap().to_owned());
        if let Some(line) = &set {
            assert!(line.contains("; Path=/; Secure; HttpOnly"), "{line}");
        }
        let cookie = set.map(|line| line.split(';').next().unwrap().to_owned());
        assert_eq!(next(&mut socket).await["type"], "auth_required");
        say(&mut socket, json!({"type": "auth", "access_token": token})).await;
        Self { socket, cookie, last: 0 }
    }

    /// As a browser does it for this user, with nothing in its jar.
    fn of(bed: &Bed, user: &str) -> Self {
        let mut browser = Self::open(bed, &bed.token(user), None, Some(&origin()));
        assert_eq!(run(next(&mut browser.socket))["type"], "auth_ok", "{user}");
        browser
    }

    fn ask(&mut self, mut message: Value) -> Value {
        self.last += 1;
        message["id"] = json!(self.last);
        run(asked(&mut self.socket, message))
    }

    /// What a page of Home Assistant's does before it shows an add-on: the session that it gets.
    fn prepare(&mut self, slug: &str) -> String {
        let info = self.ask(json!({"type": "supervisor/ingress/info", "slug": slug}));
        assert_eq!(info["success"], true, "{info}");
        let made = self.ask(json!({"type": "supervisor/ingress/session", "slug": slug}));
        made["result"]["session"].as_str().unwrap().to_owned()
    }

    fn cookies(&self, session: &str) -> String {
        format!("{}; ingress_session={session}", self.cookie.as_deref().unwrap())
    }
}

fn origin() -> String {
    format!("https://{HOST}")
}

fn status(bed: &Bed, path: &str, cookies: &str) -> u16 {
    bed.ask(&Ask::get(path).cookie(cookies)).status
}

#[test]
fn whoever_may_open_an_add_on_opens_it_in_home_assistants_pages() {
    let bed = Bed::with(named);
    let mut grace = Browser::of(&bed, "grace");
    let session = grace.prepare("a0d7b954_nodered");
    let cookies = grace.cookies(&session);
    let answer =
        bed.ask(&Ask::get(&format!("{NODE_RED}flows?a=b")).cookie(&cookies).field("X-Remote-User-Name", "owner"));
    assert_eq!(answer.status, 200);
    let heads = bed.home.heads();
    let head = heads.iter().find(|head| head.starts_with("GET /api/hassio_ingress")).unwrap().to_ascii_lowercase();
    assert!(
        head.starts_with(&format!("get {NODE_RED}flows?a=b http/1.1")),
        "Home Assistant sees the whole path: {head}"
    );
    assert!(head.contains(&format!("cookie: ingress_session={session}\r\n")), "its own cookie alone: {head}");
    assert!(!head.contains("owner") && !head.contains("authorization"), "{head}");
    assert_eq!(status(&bed, &format!("{NODE_RED}admin/users"), &cookies), 401);
    // By a rule for the path as the add-on sees it.
    bed.vestibule.await_line(&["reason=path_needs_admin", "addon=nodered"]);
    assert_eq!(bed.heads("GET /api/hassio_ingress/token-a0d7b954_nodered/admin"), 0);
}

#[test]
fn nobody_opens_an_add_on_that_is_not_theirs() {
    let bed = Bed::with(named);
    let before = || bed.heads("GET /api/hassio_ingress");
    let (mut grace, mut frank) = (Browser::of(&bed, "grace"), Browser::of(&bed, "frank"));
    let mine = grace.prepare("a0d7b954_nodered");
    // Frank may open none: of what he asks nothing is said.
    for message in [
        json!({"type": "supervisor/ingress/info", "slug": "a0d7b954_nodered"}),
        json!({"type": "supervisor/ingress/info", "slug": "core_ssh"}),
        json!({"type": "supervisor/ingress/session", "slug": "a0d7b954_nodered"}),
        json!({"type": "supervisor/ingress/validate_session", "session": mine}),
        json!({"type": "supervisor/api", "endpoint": "/addons/a0d7b954_nodered/info", "method": "get"}),
        json!({"type": "supervisor/api", "endpoint": "/supervisor/info", "method": "get"}),
    ] {
        let refused = frank.ask(message.clone());
        assert_eq!(refused["error"]["code"], "unauthorized", "{message}");
    }
    // The call of older pages makes a session for whoever asks; it opens what its user may open.
    let old = json!({"type": "supervisor/api", "endpoint": "/ingress/session", "method": "post"});
    let franks = frank.ask(old)["result"]["session"].as_str().unwrap().to_owned();
    for (cookies, path, expected) in [
        (frank.cookies(&franks), NODE_RED, 401),
        (frank.cookies(&mine), NODE_RED, 401),
        (frank.cookies(&franks), SSH, 401),
        // Grace may open it, by a session of her own and no other.
        (grace.cookies(&franks), NODE_RED, 401),
        (grace.cookies(&"0".repeat(128)), NODE_RED, 401),
        (grace.cookies(&format!("{mine}; ingress_session={franks}")), NODE_RED, 401),
        (grace.cookie.clone().unwrap(), NODE_RED, 401),
        (grace.cookies(&mine), SSH, 401),
        (grace.cookies(&mine), "/api/hassio_ingress/never-heard-of/", 401),
        // Without a session of ours there is nobody.
        (format!("ingress_session={mine}"), NODE_RED, 401),
        (format!("__Host-ingress_session={}; ingress_session={mine}", "A".repeat(43)), NODE_RED, 401),
        // Where there is no add-on's address, Home Assistant's token is asked for.
        (grace.cookies(&mine), "/api/hassio_ingress/token-a0d7b954_nodered", 401),
        (grace.cookies(&mine), "/api/hassio_ingress//", 401),
        (grace.cookies(&mine), "/api/states", 401),
    ] {
        assert_eq!(status(&bed, path, &cookies), expected, "{path} {cookies}");
    }
    bed.vestibule.await_line(&["reason=no_ingress_session", "addon=nodered"]);
    assert_eq!(before(), 0, "Home Assistant has heard of none of it");
    assert_eq!(status(&bed, NODE_RED, &grace.cookies(&mine)), 200);
}

#[test]
fn administrators_open_what_no_add_on_names_and_nobody_else_does() {
    let bed = Bed::with(named);
    let mut alice = Browser::of(&bed, "alice");
    // Her conversation is not read: her session is Home Assistant's to judge.
    let made = alice.ask(json!({"type": "supervisor/ingress/session", "slug": "core_ssh"}));
    let cookies = alice.cookies(made["result"]["session"].as_str().unwrap());
    assert_eq!(status(&bed, SSH, &cookies), 200);
    assert_eq!(status(&bed, "/api/hassio_ingress/never-heard-of/", &cookies), 200);
    assert_eq!(status(&bed, SSH, "ingress_session=ab"), 401, "not without a session of ours");
    let all = Bed::with(|config| {
        config.set("home_assistant.front", "addons", "\"all\"");
        named(config);
    });
    let mut frank = Browser::of(&all, "frank");
    let session = frank.prepare("core_ssh");
    assert_eq!(status(&all, SSH, &frank.cookies(&session)), 200);
    // Node-RED has a table that lets grace in alone: until its token is known it could be any.
    assert_eq!(status(&all, NODE_RED, &frank.cookies(&session)), 401);
    let refused = frank.ask(json!({"type": "supervisor/ingress/info", "slug": "a0d7b954_nodered"}));
    assert_eq!(refused["error"]["code"], "unauthorized", "what is named is as its table says");
}

#[test]
fn the_sidebar_shows_add_ons_that_may_be_opened() {
    let bed = Bed::with(named);
    for (user, shown) in [("grace", vec!["energy", "nodered"]), ("frank", vec!["energy"])] {
        let panels = Browser::of(&bed, user).ask(json!({"type": "get_panels"}));
        let names: Vec<_> = panels["result"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, shown, "{user}");
    }
}

#[test]
fn only_browsers_of_this_origin_get_a_session_and_keep_it() {
    let bed = Bed::with(named);
    let token = bed.token("grace");
    for origin in [None, Some("https://evil.example"), Some("null")] {
        assert_eq!(Browser::open(&bed, &token, None, origin).cookie, None, "{origin:?}");
    }
    let mut first = Browser::of(&bed, "grace");
    let cookie = first.cookie.clone().unwrap();
    let session = first.prepare("a0d7b954_nodered");
    let cookies = first.cookies(&session);
    let again = Browser::open(&bed, &token, Some(&cookie), Some(&origin()));
    assert_eq!(again.cookie, None, "the one that it has goes on");
    // A cookie that was offered to somebody who has shown no good token is worth nothing.
    let nobody = Browser::open(&bed, "x", None, Some(&origin()));
    let with_nobodys = format!("{}; ingress_session={session}", nobody.cookie.unwrap());
    assert_eq!(status(&bed, NODE_RED, &with_nobodys), 401);
    // Frank takes the browser over: it is hers no longer, and it comes back for another session.
    let mut franks = Browser::open(&bed, &bed.token("frank"), Some(&cookie), Some(&origin()));
    run(end(&mut franks.socket));
    assert_eq!(status(&bed, NODE_RED, &cookies), 401);
    run(end(&mut first.socket));
}

#[test]
fn it_is_in_the_list_of_sessions_and_ends_there() {
    let bed = Bed::with(named);
    let mut grace = Browser::of(&bed, "grace");
    let session = grace.prepare("a0d7b954_nodered");
    let cookies = grace.cookies(&session);
    assert_eq!(status(&bed, NODE_RED, &cookies), 200);
    let listed = bed.vestibule.command_ok(&["sessions", "list"]);
    assert!(listed.contains("front"), "{listed}");
    bed.vestibule.command_ok(&["sessions", "revoke", "--user", "grace"]);
    assert_eq!(status(&bed, NODE_RED, &cookies), 401);
}

#[test]
fn access_that_is_taken_back_holds_from_the_next_request_on() {
    let mut bed = Bed::with(named);
    let mut grace = Browser::of(&bed, "grace");
    let session = grace.prepare("a0d7b954_nodered");
    let cookies = grace.cookies(&session);
    assert_eq!(status(&bed, NODE_RED, &cookies), 200);
    bed.vestibule.reconfigure(|config| {
        config.clear_addons();
        config.addon_table(
            "slug = \"nodered\"\nsupervisor_slug = \"a0d7b954_nodered\"\naccess = { users = [\"frank\"] }\n",
        );
    });
    // What was learned of its token is not forgotten by a reload.
    let ask = Ask::get(NODE_RED).host(HOST).cookie(&cookies);
    eventually("the end of her access", || (bed.vestibule.ask(Protocol::H1, &ask).status == 401).then_some(()));
    bed.vestibule.await_line(&["reason=access_denied", "addon=nodered"]);
}

#[test]
fn a_rate_of_the_add_on_holds_there_too() {
    let bed = Bed::with(|config| {
        config.addon_table(
            "slug = \"nodered\"\nsupervisor_slug = \"a0d7b954_nodered\"\nrate_per_user = \"1/m\"\nburst_per_user = 2\n",
        );
    });
    let mut grace = Browser::of(&bed, "grace");
    let session = grace.prepare("a0d7b954_nodered");
    let ask = Ask::get(NODE_RED).host(HOST).cookie(grace.cookies(&session));
    let statuses = [(); 3].map(|()| bed.vestibule.ask(Protocol::H1, &ask).status);
    assert_eq!(statuses, [200, 200, 429]);
}
