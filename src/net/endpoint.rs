//! Connecting to a host: every address it has, one after the other.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::NetError;

/// What one address may take, so that a dead one leaves time for the next.
const PER_ADDRESS: Duration = Duration::from_secs(4);

/// Opens a TCP connection to the first address of `host` that takes one.
///
/// # Errors
/// [`NetError::Resolve`], or [`NetError::Connect`] with the reason of the last address.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream, NetError> {
    let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => {
            let found = tokio::net::lookup_host((host, port)).await;
            found.map_err(|_| NetError::Resolve(host.to_owned()))?.collect()
        }
    };
    let mut reason = None;
    for address in addresses {
        match timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one small record: waiting to fill a packet would only delay it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = Some(crate::bounded::reason(&error)),
            Err(_) => reason = Some("connect timed out".to_owned()),
        }
    }
    reason.map_or_else(|| Err(NetError::Resolve(host.to_owned())), |reason| Err(NetError::Connect(reason)))
}
