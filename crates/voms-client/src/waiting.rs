//! Blocks the current thread on network operations.

use tokio::runtime::Runtime;

use crate::net::NetError;

/// A runtime on the current thread whose shutdown does not wait for a hanging name lookup.
pub struct Waiting(Option<Runtime>);

impl Waiting {
    pub fn new() -> Result<Self, NetError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        runtime
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| NetError::Connect(error.to_string()))
    }

    pub fn until<T>(&self, done: impl Future<Output = T>) -> Option<T> {
        self.0.as_ref().map(|runtime| runtime.block_on(done))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
