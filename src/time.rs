//! Calendar times, for arithmetic and text.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

/// A point in time of the library as a calendar time. Times of certificates end in the year 9999,
/// far within what a calendar time can express.
pub fn utc(time: SystemTime) -> DateTime<Utc> {
    time.into()
}

/// A span of calendar time for the library; a negative one is empty.
pub fn span(delta: TimeDelta) -> Duration {
    delta.to_std().unwrap_or_default()
}
