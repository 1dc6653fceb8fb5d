//! Probes a server without sending a request.

use std::net::SocketAddr;
use std::time::Duration;
use std::time::SystemTime;

use voms::pki::certificate::Certificate;

use crate::client::server_name;
use crate::net::tls::{ServerTrust, TlsClient};
use crate::net::{NetError, endpoint};
use crate::vomses::VomsesEntry;

/// The results of probing a server, up to the first step that fails.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// Its addresses.
    pub addresses: Result<Vec<SocketAddr>, NetError>,
    /// Whether it accepts connections.
    pub connection: Option<Result<(), NetError>>,
    /// The certificate it presents, verified.
    pub certificate: Option<Result<Certificate, NetError>>,
}

/// Probes a server step by step, without a client certificate. Each step may take `timeout`.
///
/// # Errors
/// [`NetError::WebCas`].
pub async fn probe_server(
    entry: &VomsesEntry,
    trust: ServerTrust,
    now: SystemTime,
    timeout: Duration,
) -> Result<Probe, NetError> {
    let tls = TlsClient::anonymous(trust)?;
    Ok(run(&tls, entry, false, now, timeout).await)
}

pub(crate) async fn run(
    tls: &TlsClient,
    entry: &VomsesEntry,
    any_host: bool,
    now: SystemTime,
    timeout: Duration,
) -> Probe {
    let seconds = timeout.as_secs_f64().ceil();
    let late = || NetError::Connect(format!("no answer within {seconds} s"));
    let mut probe = Probe {
        addresses: Err(NetError::Resolve(entry.host.clone())),
        connection: None,
        certificate: None,
    };
    let resolving = endpoint::resolve(&entry.host, entry.port);
    if let Ok(addresses) = tokio::time::timeout(timeout, resolving).await {
        probe.addresses = addresses;
    }
    if probe.addresses.is_err() {
        return probe;
    }
    let connecting = endpoint::connect(&entry.host, entry.port);
    let connected = tokio::time::timeout(timeout, connecting).await;
    match connected.unwrap_or_else(|_| Err(late())) {
        Ok(tcp) => {
            let name = server_name(entry, any_host);
            let handshake = tls.server_certificate(&name, tcp, now);
            let shown = tokio::time::timeout(timeout, handshake).await;
            probe.connection = Some(Ok(()));
            probe.certificate = Some(shown.unwrap_or_else(|_| Err(late())));
        }
        Err(error) => probe.connection = Some(Err(error)),
    }
    probe
}
