//! Places for connections, at each listener.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use crate::support::h1::dial_from;
use crate::support::plain::PlainClient;
use crate::support::{Ask, Extra, H2Client, PATIENCE, RawAddon, RawClient, Vestibule, eventually};
use crate::{PATH, await_refusals};

/// Addresses of this machine.
fn address(number: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 1, u8::try_from(number + 1).unwrap()).into()
}

#[test]
fn browsers_have_as_many_connections_as_there_are_places() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).set("limits", "connections", "4").set("limits", "connections_per_address", "3");
    });
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get(PATH).cookie(&cookie);
    let mut http1: Vec<_> = (0..3).map(|number| RawClient::connect_from(address(number), vestibule.https())).collect();
    let mut http2 = H2Client::connect(vestibule.https());
    assert!(http1.iter_mut().all(|client| client.ask(&ask).status == 200) && http2.ask(&ask).status == 200);
    let beyond = dial_from(address(3), vestibule.https());
    assert_closed(&beyond);
    await_refusals(&vestibule, "connections", 1);
    assert_eq!(vestibule.ask_operations(&Ask::get("/healthz")).status, 200, "for operators there is room");
    assert!(http1.iter_mut().all(|client| client.ask(&ask).status == 200), "who is in stays");
    drop(http2);
    eventually("the place of who has gone", || served(&vestibule, &ask));
    await_refusals(&vestibule, "connections_per_address", 0);
}

/// An answer, if the connection is let in.
fn served(vestibule: &Vestibule, ask: &Ask) -> Option<()> {
    let stream = dial_from(address(5), vestibule.https());
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let open = matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
    open.then(|| assert_eq!(RawClient::over(stream).ask(ask).status, 200))
}

/// The end, and not a byte before it.
#[track_caller]
fn assert_closed(stream: &TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    match stream.peek(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_address_has_its_share_of_them_and_no_more() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).set("limits", "connections", "9").set("limits", "connections_per_address", "2");
    });
    let ask = Ask::get(PATH).cookie(vestibule.cookie("bob"));
    let mut share: Vec<_> = (0..2).map(|_| RawClient::connect_from(address(0), vestibule.https())).collect();
    assert!(share.iter_mut().all(|client| client.ask(&ask).status == 200));
    assert_closed(&dial_from(address(0), vestibule.https()));
    await_refusals(&vestibule, "connections_per_address", 1);
    assert_eq!(RawClient::connect_from(address(1), vestibule.https()).ask(&ask).status, 200);
}

#[test]
fn add_ons_and_home_assistant_have_places_of_their_own() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_with(
        |config| {
            config.addon("a", &addon).set("limits", "connections", "2").set("limits", "connections_per_address", "1");
            config.set("limits", "addon_api_connections", "3").set("limits", "home_assistant_connections", "3");
            config.set("supervisor", "listen", r#""127.0.0.1:0""#);
            config.set("supervisor", "home_assistant_listen", r#""127.0.0.1:0""#);
            config.set("supervisor", "home_assistant_listen_token", r#"{ file = "door" }"#);
        },
        |_| {},
        |folder| {
            fs::write(folder.join("door"), "0f1e2d3c4b5a69788796a5b4c3d2e1f0").unwrap();
            fs::set_permissions(folder.join("door"), fs::Permissions::from_mode(0o600)).unwrap();
            Extra::default()
        },
    );
    let browser = RawClient::connect_from(address(0), vestibule.https());
    for (limit, whom) in [("addon_api_connections", "add-ons"), ("home_assistant_connections", "Home Assistant")] {
        let at = listener(&vestibule, &format!("listening for {whom} on "));
        let mut within: Vec<_> = (0..3).map(|number| PlainClient::connect_from(address(number), at)).collect();
        for client in &mut within {
            let status = client.ask(&Ask::get("/supervisor/ping")).status;
            assert!((200..500).contains(&status), "{limit}: {status}");
        }
        assert_closed(&dial_from(address(4), at));
        await_refusals(&vestibule, limit, 1);
        drop(within);
    }
    drop(browser);
}

/// Where a listener in the clear says that it is.
fn listener(vestibule: &Vestibule, words: &str) -> SocketAddr {
    let line = vestibule.await_line(&[words]);
    let (_, rest) = line.split_once(words).unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
