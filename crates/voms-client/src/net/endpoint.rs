//! Connecting to a host: every address it has, one after the other.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::net::NetError;

/// What one address may take, so that a dead one leaves time for the next.
const PER_ADDRESS: Duration = Duration::from_secs(4);

/// Finds the addresses of `host`, at least one.
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

/// Opens a TCP connection to the first address of `host` that takes one.
///
/// # Errors
/// [`NetError::Resolve`], or [`NetError::Connect`] with the reason of the last address.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream, NetError> {
    let mut reason = None;
    for address in resolve(host, port).await? {
        match timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small record: waiting to fill a packet would only delay it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = Some(voms::files::reason(&error)),
            Err(_) => reason = Some("connect timed out".to_owned()),
        }
    }
    Err(NetError::Connect(reason.unwrap_or_default()))
}
