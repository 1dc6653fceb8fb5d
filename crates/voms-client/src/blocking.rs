//! A client for threads without an async runtime.
//!
//! It drives a runtime of its own on the calling thread, so none of its calls may be made where
//! another runtime is in charge. That includes `tokio::task::spawn_blocking`: there, use
//! `tokio::runtime::Handle::block_on` with the async [`VomsClient`](crate::VomsClient).

use std::time::Duration;
use std::time::SystemTime;

use tokio::runtime::{Builder, Handle, Runtime};
use voms::credential::Credential;
use voms::vo::fqan::Fqan;

use crate::net::NetError;
use crate::net::tls::ServerTrust;
use crate::request::AcRequest;
use crate::vomses::VomsesEntry;
use crate::{AcReply, ClientError, Event, Probe, RequestOptions, Survey};

/// Queries VOMS servers on behalf of one user, blocking the calling thread.
pub struct VomsClient {
    client: crate::VomsClient,
    runtime: BlockingRuntime,
}

impl VomsClient {
    /// Creates a client that authenticates with `credential` and verifies servers with `trust`.
    ///
    /// # Errors
    /// [`NetError::Credential`], [`NetError::WebCas`], or [`NetError::Connect`] if the system
    /// cannot set up a runtime.
    pub fn new(credential: &Credential, trust: ServerTrust) -> Result<Self, NetError> {
        Ok(Self {
            client: crate::VomsClient::new(credential, trust)?,
            runtime: BlockingRuntime::new()?,
        })
    }

    /// See [`VomsClient::without_host_check`](crate::VomsClient::without_host_check).
    #[must_use]
    pub fn without_host_check(self) -> Self {
        Self {
            client: self.client.without_host_check(),
            ..self
        }
    }

    /// See [`VomsClient::request`](crate::VomsClient::request).
    ///
    /// # Errors
    /// [`ClientError`], with [`NetError::InsideAsyncRuntime`] as its cause inside an async runtime.
    pub fn request(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        options: &RequestOptions,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<AcReply, ClientError> {
        let asking = self.client.request(request, servers, options, on_event);
        self.runtime
            .block_on(asking)
            .unwrap_or_else(|cause| Err(ClientError::not_sent(&request.vo, cause)))
    }

    /// See [`VomsClient::survey`](crate::VomsClient::survey).
    ///
    /// # Errors
    /// [`ClientError`], with [`NetError::InsideAsyncRuntime`] as its cause inside an async runtime.
    pub fn survey(
        &self,
        vo: &str,
        wanted: &[Fqan],
        servers: &[VomsesEntry],
        options: &RequestOptions,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Survey, ClientError> {
        let asking = self.client.survey(vo, wanted, servers, options, on_event);
        self.runtime
            .block_on(asking)
            .unwrap_or_else(|cause| Err(ClientError::not_sent(vo, cause)))
    }

    /// See [`VomsClient::probe`](crate::VomsClient::probe).
    ///
    /// # Errors
    /// [`NetError::InsideAsyncRuntime`].
    pub fn probe(
        &self,
        entry: &VomsesEntry,
        now: SystemTime,
        timeout: Duration,
    ) -> Result<Probe, NetError> {
        self.runtime
            .block_on(self.client.probe(entry, now, timeout))
    }
}

/// See [`probe_server`](crate::probe_server).
///
/// # Errors
/// [`NetError::WebCas`], [`NetError::InsideAsyncRuntime`], or [`NetError::Connect`] if the system
/// cannot set up a runtime.
pub fn probe_server(
    entry: &VomsesEntry,
    trust: ServerTrust,
    now: SystemTime,
    timeout: Duration,
) -> Result<Probe, NetError> {
    BlockingRuntime::new()?.block_on(crate::probe_server(entry, trust, now, timeout))?
}

/// See [`claimed_time`](crate::claimed_time).
///
/// # Errors
/// [`NetError::InsideAsyncRuntime`], or [`NetError::Connect`] if the system cannot set up a runtime.
pub fn claimed_time(
    entry: &VomsesEntry,
    timeout: Duration,
) -> Result<Option<SystemTime>, NetError> {
    BlockingRuntime::new()?.block_on(crate::claimed_time(entry, timeout))
}

/// A runtime on the current thread. Dropping it does not wait for a hanging name lookup, and does
/// not panic inside another runtime.
struct BlockingRuntime(Option<Runtime>);

impl BlockingRuntime {
    fn new() -> Result<Self, NetError> {
        Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| NetError::Connect(error.to_string()))
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, NetError> {
        // tokio would panic.
        if Handle::try_current().is_ok() {
            return Err(NetError::InsideAsyncRuntime);
        }
        match &self.0 {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(NetError::Connect("the client is shut down".to_owned())),
        }
    }
}

impl Drop for BlockingRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
