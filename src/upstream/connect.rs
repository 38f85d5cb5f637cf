//! A new connection to an add-on: dialled, or a pair of pipes to the built-in one.

use super::whoami;
use crate::config::{Addon, AddonProtocol, Upstream};
use crate::dial::{DialError, Dialer, Target, Wire};

/// Makes connections to one add-on.
#[derive(Debug)]
pub(super) enum Connector {
    Dialled(Dialer),
    Whoami,
    /// No route leads to such an add-on, so that this is never asked for.
    Nowhere,
}

impl Connector {
    pub(super) fn new(addon: &Addon) -> Self {
        let target = match addon.upstream.clone() {
            Upstream::Http { host, port } => Target::Http { host, port },
            Upstream::Https { host, port } => Target::Https { host, port, trust: addon.trust.clone() },
            Upstream::Unix(path) => Target::Unix(path),
            Upstream::Whoami => return Self::Whoami,
            Upstream::Nowhere => return Self::Nowhere,
        };
        Self::Dialled(match addon.protocol {
            AddonProtocol::Http => Dialer::new(target, addon.connect_timeout),
            AddonProtocol::Grpc => Dialer::to_http2(target, addon.connect_timeout),
        })
    }

    pub(super) async fn connect(&self) -> Result<Box<dyn Wire>, DialError> {
        match self {
            Self::Dialled(dialer) => dialer.dial().await,
            Self::Nowhere => Err(DialError::Io(std::io::ErrorKind::AddrNotAvailable.into())),
            Self::Whoami => Ok(Box::new(whoami::connect())),
        }
    }
}
