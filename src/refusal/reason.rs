//! The one stable enum of reasons and the one table that says what each is answered with.

use http::StatusCode;
use tracing::Level;

/// Why a request was refused. The labels are stable: they stand in metrics, the access log and the audit log. Clients
/// are never told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The request line, the authority or the framing is not one that all parsers read alike (DESIGN section 2, step
    /// 1).
    MalformedRequest,
    /// The path has malformed percent-encoding, control characters or dot segments (DESIGN section 2, step 7).
    AmbiguousPath,
    /// A method that is not on the list.
    MethodNotAllowed,
    /// An authority that the certificate shown does not cover (RFC 9110 section 7.4).
    Misdirected,
    /// The host wants a client certificate, and the connection was made without one.
    CertificateMissing,
    /// The client certificate of the connection is not believed any more.
    CertificateRefused,
    /// An `Expect` that is not `100-continue` (RFC 9110 section 10.1.1).
    ExpectationFailed,
    /// Two values for our cookie, or bytes in it that no token has.
    MalformedCookie,
    /// An `X-Forwarded-For` from a trusted proxy that cannot be read.
    MalformedForwarded,
    /// A client that is no trusted proxy asks whether another request may pass.
    UntrustedProxy,
    /// No session came with the request.
    NoSession,
    /// The session is unknown, revoked or expired.
    SessionEnded,
    /// A secret in the cookie of a remembered session was shown again after it had been replaced: two have the cookie.
    TokenReused,
    /// The session's user signed in longer ago than the add-on, or one of their groups, asks for.
    SignInTooOld,
    /// An access token that is malformed, expired or revoked, or not Home Assistant's.
    BadToken,
    /// A key that is malformed, expired, revoked or unknown.
    BadKey,
    /// A key is shown for what it was not made for: another path, method or network.
    KeyOutOfBounds,
    /// A token and a session at once, or two `Authorization` lines: whose request it is cannot be told.
    AmbiguousCredentials,
    /// The session is bound to another add-on.
    SessionBoundElsewhere,
    /// To an add-on in Home Assistant's own pages without the ingress session that was made for this user, or with one
    /// that was made for somebody else.
    NoIngressSession,
    /// A sign-in that was handed over from another host came too late, for the second time, or in another browser.
    HandOverFailed,
    /// The session's user is not in Home Assistant's files (any more).
    UnknownUser,
    /// A user whom Home Assistant made for itself.
    SystemUser,
    /// The user is deactivated.
    InactiveUser,
    /// The user may only come from the local network, and does not.
    NotLocal,
    /// The user is not among those who may open this add-on.
    AccessDenied,
    /// Only administrators may open this add-on.
    AdminOnly,
    /// The client is in none of the networks that are asked for.
    OutsideNetworks,
    /// It is not one of the times of the week that are asked for.
    OutsideHours,
    /// An entity of Home Assistant has another state than the one that is asked for.
    StateDiffers,
    /// The state of an entity that is asked for is not known.
    StateUnknown,
    /// The user has none of the roles that this add-on goes by.
    NoRole,
    /// What the add-on was told of the user, their role or groups, is not so any more.
    AttributesChanged,
    /// This path is for administrators alone.
    PathNeedsAdmin,
    /// This path is for the owner alone.
    PathNeedsOwner,
    /// The user may not use an entity that the request is about.
    EntityDenied,
    /// The add-on is open by its listed paths alone, and this is none of them.
    PathNotOpen,
    /// The request does not name the entity that it is about.
    EntityMissing,
    /// What names the entity is there more than once, or something beside it could be taken for it.
    EntityAmbiguous,
    /// What should name an entity is no entity id.
    EntityMalformed,
    /// The body that should name the entity is not said to be plain JSON.
    BodyNotCalledJson,
    /// The body that should name the entity is no JSON.
    BodyNotJson,
    /// The body that should name the entity is larger than what is read for that.
    JudgedBodyTooLarge,
    /// Its user would have to sign in again: the last time is longer ago than is asked for.
    NotFresh,
    /// Its user would have to show a second factor.
    NoSecondFactor,
    /// What it is signed in with shows neither when its user signed in nor a second factor.
    NoStepUp,
    /// A request of another origin: `Origin` or `Sec-Fetch-Site` says so.
    ForeignOrigin,
    /// A WebSocket upgrade without `Origin`.
    MissingOrigin,
    /// The `Destination` of MOVE or COPY is not an address of the add-on.
    ForeignDestination,
    /// The head of the request is larger than the add-on takes.
    HeadTooLarge,
    /// An upgrade to something that is not a WebSocket, or a WebSocket handshake with parts missing.
    BadUpgrade,
    /// There is nothing at this host and path.
    UnknownRoute,
    /// The body is larger than the add-on's limit.
    BodyTooLarge,
    /// The client's body stalled.
    BodyTimeout,
    /// The client does not read the answer.
    SlowReader,
    /// Too many requests wait for this add-on.
    AddonBusy,
    /// The user, or the address before there is a user, has taken up their whole share of something.
    ShareSpent,
    /// More requests in a time than the user, or all users, may send the add-on.
    RateExceeded,
    /// What there is of something for all is taken up.
    Overloaded,
    /// The add-on cannot be reached.
    AddonDown,
    /// The add-on answered with something that is not HTTP.
    AddonBroken,
    /// The add-on did not answer in time.
    AddonSlow,
    /// The users of Home Assistant have never been read, or the last good copy is too old: no user can be identified.
    NoDirectory,
    /// The registries of Home Assistant have never been read, or the last good copy is too old: nothing about an entity
    /// can be decided.
    NoRegistry,
    /// The session store that several proxies share cannot be asked: who is not known here may or may not be signed in.
    SessionStoreAway,
    /// The process is about to end.
    Stopping,
}

/// What the page for a person offers to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing: the request itself is at fault.
    None,
    /// Sign in (a navigation is redirected there instead).
    SignIn,
    /// Sign in again as the same user (a navigation is redirected there instead).
    StepUp,
    /// Go to the start page, or sign in as another user.
    Start,
    /// Try again: the fault may pass.
    Retry,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The status of the answer.
    pub status: StatusCode,
    /// The stable label, in metrics and logs.
    pub label: &'static str,
    /// What the client is told; the same for all reasons that an attacker must not tell apart.
    pub title: &'static str,
    /// What a person is told to do.
    pub action: Action,
    /// How loud it is in the operator's log.
    pub level: Level,
    /// Whether the connection is closed after the answer.
    pub close: bool,
}

impl Reason {
    /// The table. Exhaustive on purpose: a new reason does not compile without its row.
    #[expect(clippy::too_many_lines, reason = "one table, a line for each reason")]
    pub const fn row(self) -> Row {
        use Action as A;
        use StatusCode as S;
        match self {
            Self::MalformedRequest => row(S::BAD_REQUEST, "malformed_request", BAD, A::None, Level::INFO).closing(),
            Self::AmbiguousPath => row(S::BAD_REQUEST, "ambiguous_path", BAD, A::None, Level::INFO).closing(),
            Self::MalformedCookie => row(S::UNAUTHORIZED, "malformed_cookie", NOBODY, A::SignIn, Level::INFO),
            Self::MalformedForwarded => row(S::BAD_REQUEST, "malformed_forwarded", BAD, A::None, Level::WARN).closing(),
            Self::MethodNotAllowed => {
                row(S::METHOD_NOT_ALLOWED, "method_not_allowed", METHOD, A::None, Level::INFO).closing()
            }
            Self::Misdirected => row(S::MISDIRECTED_REQUEST, "misdirected", ELSEWHERE, A::None, Level::INFO),
            Self::CertificateMissing => elsewhere("certificate_missing"),
            Self::CertificateRefused => elsewhere("certificate_refused"),
            Self::ExpectationFailed => {
                row(S::EXPECTATION_FAILED, "expectation_failed", "Expectation failed", A::None, Level::INFO).closing()
            }
            Self::UntrustedProxy => row(S::FORBIDDEN, "untrusted_proxy", FORBIDDEN, A::None, Level::WARN),
            Self::NoSession => row(S::UNAUTHORIZED, "no_session", NOBODY, A::SignIn, Level::DEBUG),
            Self::SessionEnded => row(S::UNAUTHORIZED, "session_ended", NOBODY, A::SignIn, Level::INFO),
            Self::TokenReused => row(S::UNAUTHORIZED, "token_reused", NOBODY, A::SignIn, Level::ERROR),
            Self::SignInTooOld => row(S::UNAUTHORIZED, "sign_in_too_old", NOBODY, A::SignIn, Level::INFO),
            Self::BadToken => row(S::UNAUTHORIZED, "bad_token", NOBODY, A::None, Level::INFO),
            Self::BadKey => row(S::UNAUTHORIZED, "bad_key", NOBODY, A::None, Level::INFO),
            Self::KeyOutOfBounds => forbidden("key_out_of_bounds"),
            Self::AmbiguousCredentials => row(S::BAD_REQUEST, "ambiguous_credentials", BAD, A::None, Level::INFO),
            Self::SessionBoundElsewhere => forbidden("session_bound_elsewhere"),
            Self::NoIngressSession => row(S::UNAUTHORIZED, "no_ingress_session", NOBODY, A::None, Level::INFO),
            Self::HandOverFailed => row(S::BAD_REQUEST, "hand_over_failed", BAD, A::Start, Level::INFO),
            Self::UnknownUser => row(S::UNAUTHORIZED, "unknown_user", NOBODY, A::SignIn, Level::WARN),
            Self::SystemUser => row(S::FORBIDDEN, "system_user", FORBIDDEN, A::Start, Level::WARN),
            Self::InactiveUser => forbidden("inactive_user"),
            Self::NotLocal => forbidden("not_local"),
            Self::AccessDenied => forbidden("access_denied"),
            Self::AdminOnly => forbidden("admin_only"),
            Self::OutsideNetworks => forbidden("outside_networks"),
            Self::OutsideHours => forbidden("outside_hours"),
            Self::StateDiffers => forbidden("state_differs"),
            Self::StateUnknown => forbidden("state_unknown"),
            Self::NoRole => forbidden("no_role"),
            Self::AttributesChanged => forbidden("attributes_changed"),
            Self::PathNeedsAdmin => forbidden("path_needs_admin"),
            Self::PathNeedsOwner => forbidden("path_needs_owner"),
            Self::EntityDenied => forbidden("entity_denied"),
            Self::PathNotOpen => forbidden("path_not_open"),
            Self::EntityMissing => row(S::BAD_REQUEST, "entity_missing", BAD, A::None, Level::INFO),
            Self::EntityAmbiguous => row(S::BAD_REQUEST, "entity_ambiguous", BAD, A::None, Level::INFO),
            Self::EntityMalformed => row(S::BAD_REQUEST, "entity_malformed", BAD, A::None, Level::INFO),
            Self::BodyNotCalledJson => row(S::BAD_REQUEST, "body_not_called_json", BAD, A::None, Level::INFO),
            Self::BodyNotJson => row(S::BAD_REQUEST, "body_not_json", BAD, A::None, Level::INFO),
            Self::JudgedBodyTooLarge => {
                row(S::PAYLOAD_TOO_LARGE, "judged_body_too_large", "Too large", A::None, Level::INFO).closing()
            }
            Self::NotFresh => row(S::UNAUTHORIZED, "not_fresh", AGAIN, A::StepUp, Level::INFO),
            Self::NoSecondFactor => row(S::UNAUTHORIZED, "no_second_factor", AGAIN, A::StepUp, Level::INFO),
            Self::NoStepUp => forbidden("no_step_up"),
            Self::ForeignOrigin => row(S::FORBIDDEN, "foreign_origin", FORBIDDEN, A::None, Level::WARN),
            Self::MissingOrigin => row(S::FORBIDDEN, "missing_origin", FORBIDDEN, A::None, Level::INFO),
            Self::ForeignDestination => row(S::FORBIDDEN, "foreign_destination", FORBIDDEN, A::None, Level::INFO),
            Self::HeadTooLarge => row(S::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", HEAD, A::None, Level::INFO),
            Self::BadUpgrade => row(S::BAD_REQUEST, "bad_upgrade", BAD, A::None, Level::INFO).closing(),
            Self::UnknownRoute => row(S::NOT_FOUND, "unknown_route", "Not found", A::Start, Level::DEBUG),
            Self::BodyTooLarge => {
                row(S::PAYLOAD_TOO_LARGE, "body_too_large", "Too large", A::None, Level::INFO).closing()
            }
            Self::BodyTimeout => row(S::REQUEST_TIMEOUT, "body_timeout", "Too slow", A::None, Level::INFO).closing(),
            Self::SlowReader => row(S::REQUEST_TIMEOUT, "slow_reader", "Too slow", A::None, Level::INFO).closing(),
            Self::AddonBusy => too_many("addon_busy", Level::WARN),
            Self::ShareSpent => too_many("share_spent", Level::INFO),
            Self::RateExceeded => too_many("rate_exceeded", Level::INFO),
            Self::Overloaded => not_ready("overloaded", Level::WARN),
            Self::AddonDown => row(S::BAD_GATEWAY, "addon_down", "The add-on is not running", A::Retry, Level::WARN),
            Self::AddonBroken => row(S::BAD_GATEWAY, "addon_broken", "The add-on is broken", A::Retry, Level::WARN),
            Self::AddonSlow => row(S::GATEWAY_TIMEOUT, "addon_slow", "The add-on is slow", A::Retry, Level::WARN),
            Self::Stopping => not_ready("stopping", Level::INFO).closing(),
            Self::NoRegistry => not_ready("no_registry", Level::ERROR),
            Self::NoDirectory => not_ready("no_directory", Level::ERROR),
            Self::SessionStoreAway => not_ready("session_store_away", Level::WARN),
        }
    }

    /// Whether its user may go on when they have signed in again.
    pub const fn asks_again(self) -> bool {
        matches!(self.row().action, Action::StepUp)
    }

    /// The label in metrics and logs. It never changes, as dashboards and alerts name it.
    pub const fn label(self) -> &'static str {
        self.row().label
    }
}

const BAD: &str = "Bad request";
const NOBODY: &str = "Not signed in";
const AGAIN: &str = "Confirm that it is you";
const ELSEWHERE: &str = "Misdirected request";
const FORBIDDEN: &str = "Not allowed";
const HEAD: &str = "Too many cookies";
const METHOD: &str = "Method not allowed";

const fn row(status: StatusCode, label: &'static str, title: &'static str, action: Action, level: Level) -> Row {
    Row { status, label, title, action, level, close: false }
}

/// What most refusals of a user who is signed in are.
const fn forbidden(label: &'static str) -> Row {
    row(StatusCode::FORBIDDEN, label, FORBIDDEN, Action::Start, Level::INFO)
}

/// What may go well over another connection, whose handshake judges anew (RFC 9110 section 15.5.20).
const fn elsewhere(label: &'static str) -> Row {
    row(StatusCode::MISDIRECTED_REQUEST, label, ELSEWHERE, Action::None, Level::INFO).closing()
}

/// What may go well when less is asked for.
const fn too_many(label: &'static str, level: Level) -> Row {
    row(StatusCode::TOO_MANY_REQUESTS, label, "Too many requests", Action::Retry, level)
}

/// What may go well in a moment.
const fn not_ready(label: &'static str, level: Level) -> Row {
    row(StatusCode::SERVICE_UNAVAILABLE, label, "Not ready", Action::Retry, level)
}

impl Row {
    const fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}
