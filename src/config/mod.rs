//! (to be written)

mod settings;

pub use settings::{
    Access, AccessList, Addon, AddonSlug, BadSlug, CertificateFiles, DisplayNameEncoding, Framing, HomeAssistant,
    HostName, HttpsListener, IdentityHeaders, Limits, Listen, Log, LogFormat, PathPrefix, PrefixMode, PublicUrl,
    Session, SessionStore, Settings, SignIn, SignInMethod, Tls, Upstream,
};
