//! The whole reason of a refusal in a sentence: what admission said of it, else what the configuration and the request
//! say.

use std::net::IpAddr;

use crate::config::{Addon, Settings};
use crate::refusal::Reason;
use crate::session::EndedSession;

/// What is known of a request that was refused.
pub(in crate::gate) struct Facts<'a> {
    /// What admission said.
    pub(in crate::gate) why: Option<&'a str>,
    /// The session that its cookie stood for.
    pub(in crate::gate) ended: Option<&'a EndedSession>,
    pub(in crate::gate) addon: Option<&'a Addon>,
    pub(in crate::gate) settings: &'a Settings,
    pub(in crate::gate) method: &'a str,
    pub(in crate::gate) host: &'a str,
    pub(in crate::gate) client: IpAddr,
}

/// The sentence. It names what would have to be otherwise, wherever that is known.
pub(in crate::gate) fn sentence(reason: Reason, facts: &Facts<'_>) -> String {
    if let Some(why) = facts.why {
        return why.to_owned();
    }
    let addon = facts.addon.map_or("the add-on", |addon| &*addon.display.title);
    let limits = &facts.settings.limits;
    match reason {
        Reason::SessionEnded => ended(facts),
        Reason::Misdirected => {
            format!(
                "the certificate of this connection does not cover {}; vestibule's own names are {}",
                facts.host,
                own_names(facts.settings)
            )
        }
        Reason::BodyTooLarge => match facts.addon {
            Some(addon) => format!(
                "the body is larger than max_body of {}, {} bytes",
                addon.display.title, addon.transport.max_body
            ),
            None => "the body is larger than a form of ours may be".to_owned(),
        },
        Reason::HeadTooLarge => match facts.addon {
            Some(addon) => {
                format!(
                    "the head is larger than max_head of {}, {} bytes",
                    addon.display.title, addon.transport.max_head
                )
            }
            None => "the head is larger than may be".to_owned(),
        },
        Reason::JudgedBodyTooLarge => {
            format!("a rule reads the body, and it is larger than judged_body_size, {} bytes", limits.judged_body_size)
        }
        Reason::UntrustedProxy => {
            format!("{} is none of trusted_proxies, and asked about another request", facts.client)
        }
        Reason::MethodNotAllowed => format!("the method {} is not taken there", facts.method),
        Reason::UnknownRoute => "there is no add-on and no page of ours at this host and path".to_owned(),
        Reason::SessionBoundElsewhere => format!("the session is bound to another add-on than {addon}"),
        Reason::NoIngressSession => format!(
            "the request to {addon} does not show the one ingress session that Home Assistant made for this user since \
             vestibule began; its page makes a new one when it is opened again"
        ),
        Reason::AddonDown => format!("{addon} cannot be reached at its upstream"),
        Reason::AddonBroken => format!("{addon} hung up, or answered with something that is not HTTP"),
        Reason::AddonSlow => format!("{addon} did not answer in time"),
        Reason::AddonBusy => format!("all connections to {addon} are taken, and too many wait already"),
        Reason::RateExceeded => format!("more requests than rate or rate_per_user of {addon} permit"),
        other => plain(other).to_owned(),
    }
}

fn ended(facts: &Facts<'_>) -> String {
    let Some(ended) = facts.ended else {
        return "the session of its cookie is not known: it ended before the last restart or long ago, or never was"
            .to_owned();
    };
    format!("session {} of the user {} has ended: {}", ended.id, ended.user, ended.by.words())
}

fn own_names(settings: &Settings) -> String {
    let mut names: Vec<String> = settings.listen.public_urls.iter().map(|url| url.host.clone()).collect();
    names.extend(settings.own_hosts());
    names.dedup();
    if names.is_empty() { "not configured".to_owned() } else { names.join(", ") }
}

/// What is to be said where there is no more to it.
fn plain(reason: Reason) -> &'static str {
    match reason {
        Reason::MalformedRequest => "the request is not one that all parsers read alike",
        Reason::AmbiguousPath => "the path has malformed percent-encoding, control characters or dot segments",
        Reason::ExpectationFailed => "an Expect that is not 100-continue",
        Reason::MalformedCookie => "two values for our cookie, or bytes in it that no token has",
        Reason::MalformedForwarded => "an X-Forwarded-For of a trusted proxy that cannot be read",
        Reason::NoSession => "no session came with the request",
        Reason::TokenReused => {
            "the cookie of a remembered session was copied: a secret came twice, and the session has ended"
        }
        Reason::SignInTooOld => "its user signed in longer ago than max_age permits",
        Reason::BadToken => "the access token is malformed, expired or revoked, or not Home Assistant's",
        Reason::BadKey => "the key of a program is malformed, expired, revoked or unknown",
        Reason::KeyOutOfBounds => "the key was not made for this path, method or network",
        Reason::AmbiguousCredentials => {
            "a token or key beside a session, or two of them: whose request it is cannot be told"
        }
        Reason::HandOverFailed => "a hand-over between hosts came too late, twice, or in another browser",
        Reason::UnknownUser => "the session's user is not in Home Assistant's files",
        Reason::ForeignOrigin => "a page of another origin asked",
        Reason::AttributesChanged => "what the add-on was told of the user is not so any more",
        Reason::EntityMissing => "the request names no entity, and a rule asks for one",
        Reason::EntityAmbiguous => "the entity is named more than once",
        Reason::EntityMalformed => "what should name an entity is no entity id",
        Reason::BodyNotCalledJson => "a rule reads the body, and it is not said to be JSON",
        Reason::BodyNotJson => "a rule reads the body, and it is no JSON",
        Reason::NotFresh => "the last sign-in is longer ago than fresh asks for",
        Reason::NoSecondFactor => "a second factor is asked for and was not shown",
        Reason::NoStepUp => "what it is signed in with shows neither a fresh sign-in nor a second factor",
        Reason::ForeignDestination => "the Destination is not an address of the add-on",
        Reason::BadUpgrade => "an upgrade that is no WebSocket, or one with parts missing",
        Reason::BodyTimeout => "the body did not arrive in time",
        Reason::SlowReader => "the client did not read the answer",
        Reason::ShareSpent => "the user, or the address, has taken up their whole share of what there is",
        Reason::Overloaded => "what there is of something for all is taken up",
        Reason::NoDirectory => "Home Assistant's users could not be read, or the last copy is too old",
        Reason::NoRegistry => "Home Assistant's registries could not be read, or the last copy is too old",
        Reason::SessionStoreAway => "the session store that the proxies share does not answer",
        Reason::Stopping => "vestibule is about to end",
        // What admission says more of, in the rare case that it did not.
        other => other.label(),
    }
}
