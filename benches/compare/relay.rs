//! The floor of the comparison: ends TLS and copies bytes in both directions, over HTTP/1.1, and does nothing else. What
//! a proxy costs beyond this is what it does for a request.
//!
//! `relay LISTEN UPSTREAM CHAIN KEY`

use std::error::Error;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or_else(|| format!("{name} is missing"));
    let (listen, upstream, chain, key) = (next("LISTEN")?, next("UPSTREAM")?, next("CHAIN")?, next("KEY")?);
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(listen, upstream, acceptor))
}

async fn serve(listen: String, upstream: String, acceptor: TlsAcceptor) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
        tokio::spawn(async move {
            // Who breaks a connection off ends it: there is nobody to tell.
            let Ok(mut client) = acceptor.accept(client).await else { return };
            let Ok(mut addon) = TcpStream::connect(upstream).await else { return };
            let _nodelay = addon.set_nodelay(true);
            let _copied = tokio::io::copy_bidirectional(&mut client, &mut addon).await;
        });
    }
}
