//! Probes a server without sending a request.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use voms::pki::certificate::Certificate;

use crate::net::tls::{ServerTrust, TlsClient};
use crate::net::{NetError, endpoint};
use crate::server_name;
use crate::vomses::VomsesEntry;
use crate::waiting::Waiting;

/// The results of probing a server, up to the first step that fails.
#[derive(Debug)]
pub struct Look {
    /// Its addresses.
    pub addresses: Result<Vec<SocketAddr>, NetError>,
    /// Whether it accepts connections.
    pub connection: Option<Result<(), NetError>>,
    /// The certificate it presents.
    pub certificate: Option<Result<Certificate, NetError>>,
}

/// Probes a server step by step; each step may take `timeout`.
///
/// # Errors
/// [`NetError::WebCas`], or the system's error if no connections can be made at all.
pub fn look_at(
    entry: &VomsesEntry,
    trust: ServerTrust,
    now: DateTime<Utc>,
    timeout: Duration,
) -> Result<Look, NetError> {
    let tls = TlsClient::anonymous(trust, now)?;
    let late = || {
        NetError::Connect(format!(
            "no answer within {} s",
            timeout.as_secs_f64().ceil()
        ))
    };
    let look = Waiting::new()?.until(async {
        let mut look = Look {
            addresses: Err(NetError::Resolve(entry.host.clone())),
            connection: None,
            certificate: None,
        };
        if let Ok(found) =
            tokio::time::timeout(timeout, endpoint::resolve(&entry.host, entry.port)).await
        {
            look.addresses = found;
        }
        if look.addresses.is_err() {
            return look;
        }
        let connecting =
            tokio::time::timeout(timeout, endpoint::connect(&entry.host, entry.port)).await;
        look.connection = Some(match connecting.unwrap_or_else(|_| Err(late())) {
            Ok(tcp) => {
                let looked =
                    tokio::time::timeout(timeout, tls.look_at(&server_name(entry, false), tcp))
                        .await;
                look.certificate = Some(looked.unwrap_or_else(|_| Err(late())));
                Ok(())
            }
            Err(error) => Err(error),
        });
        look
    });
    look.ok_or_else(late)
}
