//! Connects to a host, trying each of its addresses in turn.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net::NetError;

/// Time limit per address, so that an unresponsive one leaves time for the next.
const PER_ADDRESS: Duration = Duration::from_secs(4);

/// Resolves `host` to at least one address.
///
/// # Errors
/// [`NetError::Resolve`].
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = tokio::net::lookup_host((host, port))
        .await
        .map(Iterator::collect::<Vec<_>>);
    found
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| NetError::Resolve(host.to_owned()))
}

/// Opens a TCP connection to the first address of `host` that accepts one.
///
/// # Errors
/// [`NetError::Resolve`], or [`NetError::Connect`] with the error from the last address.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream, NetError> {
    let mut reason = None;
    for address in resolve(host, port).await? {
        match timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small record; Nagle's algorithm would only delay it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = Some(voms::files::reason(&error)),
            Err(_) => reason = Some("connect timed out".to_owned()),
        }
    }
    Err(NetError::Connect(reason.unwrap_or_default()))
}
