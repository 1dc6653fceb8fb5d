//! Points in time: arithmetic that cannot overflow, and their text in messages.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

/// The last second that X.509 can express, of the year 9999.
pub(crate) const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// The point in time that many seconds after 1970, limited to what X.509 can express.
pub(crate) fn since_epoch(elapsed: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(elapsed.min(LATEST))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Whether `later` lies more than `tolerance` after `earlier`.
pub(crate) fn is_after(later: SystemTime, earlier: SystemTime, tolerance: Duration) -> bool {
    later
        .duration_since(earlier)
        .is_ok_and(|elapsed| elapsed > tolerance)
}

/// Whole seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(elapsed) => i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |past| -past),
    }
}

/// A point in time for messages.
pub(crate) fn when(time: &SystemTime) -> String {
    DateTime::<Utc>::from_timestamp(seconds(*time), 0).map_or_else(
        || "an unknown time".to_owned(),
        |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// A point in time for other programs (RFC 3339).
#[cfg(feature = "serde")]
pub(crate) fn rfc3339(time: SystemTime) -> String {
    DateTime::<Utc>::from_timestamp(seconds(time), 0)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_at_the_edges_neither_overflow_nor_panic() {
        let last = since_epoch(Duration::MAX);
        assert_eq!(when(&last), "9999-12-31 23:59:59 UTC");
        assert!(!is_after(SystemTime::UNIX_EPOCH, last, Duration::ZERO));
        assert!(!is_after(last, SystemTime::UNIX_EPOCH, Duration::MAX));
        let second = Duration::from_secs(1);
        assert_eq!(seconds(SystemTime::UNIX_EPOCH - second), -1);
        assert_eq!(
            when(&(SystemTime::UNIX_EPOCH - second)),
            "1969-12-31 23:59:59 UTC"
        );
    }
}
