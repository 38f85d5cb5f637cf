//! What takes permissions away: how it is done, how it is seen that it holds, and what it is about.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::opened::Right;
use crate::support::soon;
use crate::world::{Addons, USER, World};

/// One of them.
pub(crate) struct Event {
    pub(crate) name: &'static str,
    /// Does it.
    pub(crate) happens: fn(&mut World),
    /// Whether new requests see it.
    pub(crate) holds: fn(&World) -> bool,
    /// What it cuts; everything else goes on.
    pub(crate) cuts: &'static [&'static [Right]],
}

const OF_SESSIONS: &[Right] =
    &[Right::Session, Right::OwnPage, Right::OtherPage, Right::NoPage, Right::Question, Right::EntryPoint];
const AT_BROWSERS_DOOR: &[Right] = &[Right::Session, Right::OwnPage, Right::OtherPage, Right::NoPage, Right::Token];
const QUESTIONS: &[Right] = &[Right::Question];
const OF_USER: &[Right] = &[
    Right::Session,
    Right::OwnPage,
    Right::OtherPage,
    Right::NoPage,
    Right::Question,
    Right::Token,
    Right::EntryPoint,
];
const OF_ADDON: &[Right] = &[Right::Admin, Right::Role, Right::HomeAssistantApi];

/// The last minute of the hours ends. Begun in the middle of a minute, it takes less long than anything else that is open
/// may be idle.
pub(crate) const HOURS_OVER: Event = Event {
    name: "hours over",
    happens: |world| {
        let access = r#"groups = ["system-users"]"#;
        let until = Minute::now().next();
        let hours = format!(", hours = \"{}\"", until.as_end());
        world.with_addons(&Addons { access, hours, ..Addons::default() });
        assert!(!world.refuses_session(), "it is one of the hours");
        // Nothing is read or changed from here on: the minute alone ends it.
        soon(A_MINUTE, || (Minute::now() == until).then_some(())).expect("the minute ends");
    },
    holds: World::refuses_session,
    cuts: &[OF_USER],
};

/// Waits for a moment from which on there is time to open everything before the minute ends, and not too much.
pub(crate) fn await_the_middle_of_a_minute() {
    soon(A_MINUTE, || (20..35).contains(&second_of_the_minute()).then_some(())).expect("a minute has a middle");
}

/// A minute of UTC, in which Home Assistant's clocks are where its files do not say otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Minute(u64);

impl Minute {
    fn now() -> Self {
        Self(seconds() / 60)
    }

    fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Hours that begin long before this minute, and end with its first second.
    fn as_end(self) -> String {
        let shown = |minute: u64| format!("{}:{:02}", minute / 60 % 24, minute % 60);
        format!("{}-{}", shown(self.0 - 12 * 60), shown(self.0))
    }
}

fn second_of_the_minute() -> u64 {
    seconds() % 60
}

/// Since 1970, by the clock by which the program judges hours.
#[expect(clippy::disallowed_methods, reason = "the program has no other clock")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock beyond 1970").as_secs()
}

const A_MINUTE: Duration = Duration::from_secs(70);

/// All of them.
pub(crate) const EVENTS: [Event; 22] = [
    Event {
        name: "session revoked",
        happens: |world| world.vestibule.revoke(USER),
        holds: World::refuses_session,
        cuts: &[OF_SESSIONS],
    },
    Event {
        name: "session expired",
        happens: |world| {
            // Two seconds from now at the latest, by the clock and not by the reload.
            let end = world.made.elapsed() + Duration::from_secs(3);
            world.with(|config| {
                config.set("session", "absolute_timeout", &format!("\"{}s\"", end.as_secs()));
            });
        },
        holds: World::refuses_session,
        cuts: &[OF_SESSIONS],
    },
    Event {
        name: "user deactivated",
        happens: |world| world.vestibule.home().edit_user(USER, |user| user["is_active"] = json!(false)),
        holds: World::refuses_token,
        cuts: &[OF_USER],
    },
    Event {
        name: "password changed",
        happens: |world| world.vestibule.home().set_password(USER, "another-pass-2"),
        holds: World::refuses_session,
        cuts: &[OF_SESSIONS],
    },
    Event {
        name: "group changed",
        happens: |world| {
            world.vestibule.home().edit_user(USER, |user| user["group_ids"] = json!(["system-read-only"]));
        },
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "access changed",
        happens: |world| world.with_addons(&Addons { access: r#"users = ["alice"]"#, ..Addons::default() }),
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "network changed",
        happens: |world| {
            let access = r#"groups = ["system-users"], networks = ["10.0.0.0/8", "fd00::/8"]"#;
            world.with_addons(&Addons { access, ..Addons::default() });
        },
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "state off",
        happens: |world| world.states.set(Some("off")),
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "state lost",
        happens: |world| world.states.set(None),
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "rule changed",
        happens: |world| {
            let rule = "[[addon.protect]]\npath = \"/{*rest}\"\nrequire = \"admin\"\n";
            world.with_addons(&Addons { rule, ..Addons::default() });
        },
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
    Event {
        name: "route changed",
        happens: |world| {
            world.with_addons(&Addons { web: "/ingress/moved", grpc: "/ingress/grpc2", ..Addons::default() });
        },
        holds: World::refuses_session,
        // Home Assistant's pages name the add-on by its token, wherever it is for others.
        cuts: &[AT_BROWSERS_DOOR, QUESTIONS],
    },
    Event {
        name: "another add-on there",
        happens: |world| {
            world.with_addons(&Addons { web: "/ingress/grpc", grpc: "/ingress/web", ..Addons::default() });
        },
        holds: |_| true,
        cuts: &[AT_BROWSERS_DOOR],
    },
    Event {
        name: "missing origin refused",
        happens: |world| {
            let origins = "cors = { origins = [\"https://app.example\"], credentials = true }\n";
            world.with_addons(&Addons { origins, ..Addons::default() });
        },
        holds: |_| true,
        cuts: &[&[Right::NoPage]],
    },
    Event {
        name: "cors taken",
        happens: |world| {
            world.with_addons(&Addons { origins: "allow_missing_origin = true\n", ..Addons::default() });
        },
        holds: |_| true,
        cuts: &[&[Right::OtherPage]],
    },
    Event {
        name: "public_urls changed",
        happens: |world| {
            world.with(|config| {
                config.set("listen", "public_urls", r#"["https://other.example"]"#);
            });
        },
        holds: |_| true,
        cuts: &[&[Right::OwnPage]],
    },
    Event {
        name: "tokens off",
        happens: |world| world.with_addons(&Addons { tokens: false, ..Addons::default() }),
        holds: World::refuses_token,
        cuts: &[&[Right::Token]],
    },
    Event {
        name: "token rotated",
        happens: |world| {
            world.vestibule.command_ok(&["addons", "token", "caller", "--rotate"]);
        },
        holds: |world| world.refuses_call("/core/api/states"),
        cuts: &[OF_ADDON],
    },
    Event {
        name: "right taken",
        happens: |world| {
            let rights = r#"{ hassio_api = true, hassio_role = "admin", homeassistant_api = false }"#;
            world.with_addons(&Addons { rights, ..Addons::default() });
        },
        holds: |world| world.refuses_call("/core/api/states"),
        cuts: &[&[Right::HomeAssistantApi]],
    },
    Event {
        name: "role lowered",
        happens: |world| {
            let rights = r#"{ hassio_api = true, hassio_role = "default", homeassistant_api = true }"#;
            world.with_addons(&Addons { rights, ..Addons::default() });
        },
        holds: |world| world.refuses_call("/host/logs"),
        cuts: &[&[Right::Admin, Right::Role]],
    },
    Event {
        name: "protection on",
        happens: |world| {
            world.vestibule.command_ok(&["addons", "protect", "caller", "on"]);
        },
        holds: |_| true,
        cuts: &[&[Right::Admin]],
    },
    Event {
        name: "add-on removed",
        happens: |world| world.with_addons(&Addons { rights: "", web: "", grpc: "", ..Addons::default() }),
        holds: World::refuses_session,
        cuts: &[OF_USER, OF_ADDON],
    },
    Event {
        name: "address no longer local",
        happens: |world| {
            world.with(|config| {
                config.unset("listen", "trusted_proxies");
                config.set("supervisor", "home_assistant_listen_trusted_proxies", "[]");
            });
        },
        holds: World::refuses_session,
        cuts: &[OF_USER],
    },
];
