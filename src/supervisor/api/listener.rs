//! Where add-ons reach the API: TCP or a Unix socket, plain HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::service::AddonApi;
use crate::config::ApiAddress;

/// A bound address.
#[derive(Debug)]
pub struct ApiListener {
    bound: Bound,
    address: ApiAddress,
}

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why an address could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for add-ons")]
pub struct BindError {
    address: ApiAddress,
    source: io::Error,
}

impl ApiListener {
    /// Binds the address. A socket that nobody listens on any more is replaced; one that lives is not.
    pub async fn bind(address: &ApiAddress) -> Result<Self, BindError> {
        let bound = match address {
            ApiAddress::Tcp(tcp) => TcpListener::bind(tcp).await.map(Bound::Tcp),
            ApiAddress::Unix(path) => bind_unix(path).await.map(Bound::Unix),
        };
        let failed = |source| BindError { address: address.clone(), source };
        Ok(Self { bound: bound.map_err(failed)?, address: address.clone() })
    }

    /// The address, with the port that the operating system chose.
    pub fn address(&self) -> ApiAddress {
        match &self.bound {
            Bound::Tcp(listener) => listener.local_addr().map_or_else(|_| self.address.clone(), ApiAddress::Tcp),
            Bound::Unix(_) => self.address.clone(),
        }
    }

    /// Answers until `stop`.
    pub async fn serve(self, api: Arc<AddonApi>, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.bound.accept() => accepted,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this would be a busy loop.
                    warn!(%error, "the listener for add-ons could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                debug!("the listener for add-ons is full");
                continue;
            };
            let (api, stop) = (Arc::clone(&api), stop.clone());
            tokio::spawn(async move {
                let _place = place;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = connection(stream, from, api) => {}
                }
            });
        }
        if let ApiAddress::Unix(path) = &self.address {
            // Whoever starts next replaces it anyway.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Bound {
    async fn accept(&self) -> io::Result<(Box<dyn Stream>, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Some(from)))
            }
            Self::Unix(listener) => Ok((Box::new(listener.accept().await?.0), None)),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn connection(stream: Box<dyn Stream>, from: Option<SocketAddr>, api: Arc<AddonApi>) {
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<_, Infallible>(api.answer(request, from).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection of an add-on broke off");
    }
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        if tokio::net::UnixStream::connect(path).await.is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        std::fs::remove_file(path)?;
    }
    let temporary = PathBuf::from(format!("{}.new", path.display()));
    let _gone = std::fs::remove_file(&temporary);
    let listener = UnixListener::bind(&temporary)?;
    // The token is what admits; whoever may reach the folder may knock.
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o666))?;
    std::fs::rename(&temporary, path)?;
    Ok(listener)
}

/// Connections of all add-ons together.
const CONNECTIONS: usize = 1024;

/// From the first byte of a head to its last.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a head.
const HEAD_SIZE: usize = 32 * 1024;

/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
