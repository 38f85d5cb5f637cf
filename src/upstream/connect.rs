//! A new connection to an add-on: dialled, or a pair of pipes to the built-in one.

use super::whoami;
use crate::config::{Addon, AddonProtocol};
use crate::dial::{DialError, Dialer, Wire};
use crate::ids::Upstream;

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
        let (address, trust, timeout) = match addon.backend.upstream.clone() {
            Upstream::At(address) => (address, addon.backend.trust.clone(), addon.transport.connect_timeout),
            Upstream::Whoami => return Self::Whoami,
            Upstream::Nowhere => return Self::Nowhere,
        };
        Self::Dialled(match addon.backend.protocol {
            AddonProtocol::Http => Dialer::new(address, trust, timeout),
            AddonProtocol::Grpc => Dialer::to_http2(address, trust, timeout),
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
