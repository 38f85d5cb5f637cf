//! From the accepted socket to the secured connection, through real sockets and real clients.

mod support;

mod handshakes;
mod certificates;
mod development;
mod proxies;
mod limits;
