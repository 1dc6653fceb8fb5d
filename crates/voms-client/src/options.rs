//! The time of a request, and how long it may take.

use std::time::Duration;
use std::time::SystemTime;

use tokio::time::Instant;

const PER_SERVER: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(60);
/// What an unlimited request gets: adding more to an [`Instant`] could overflow.
const A_YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The time of one request, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestOptions {
    now: SystemTime,
    per_server: Duration,
    total: Duration,
}

impl RequestOptions {
    /// A request made at `now`, the time at which server certificates are verified. It may take
    /// 10 seconds per server and 60 seconds in total.
    #[must_use]
    pub fn new(now: impl Into<SystemTime>) -> Self {
        Self {
            now: now.into(),
            per_server: PER_SERVER,
            total: TOTAL,
        }
    }

    /// Limits the time spent on one server, both protocols together.
    #[must_use]
    pub fn per_server(self, per_server: Duration) -> Self {
        Self { per_server, ..self }
    }

    /// Limits the time of the whole call: of all servers, and for a survey of all its requests.
    #[must_use]
    pub fn total(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// Starts the clock.
    pub(crate) fn start(&self) -> Schedule {
        Schedule {
            now: self.now,
            per_server: self.per_server.min(A_YEAR),
            deadline: Instant::now() + self.total.min(A_YEAR),
        }
    }
}

/// The options of a call in progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// The time at which certificates are verified.
    pub now: SystemTime,
    per_server: Duration,
    deadline: Instant,
}

impl Schedule {
    /// The deadline of a server contacted at `start`.
    pub fn server_deadline(&self, start: Instant) -> Instant {
        (start + self.per_server).min(self.deadline)
    }

    /// Whether the total limit has been reached.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}
