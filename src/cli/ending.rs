//! The note that the user's certificate expires soon: getting the next one takes days.

use std::fs::{self, File};
use std::path::Path;

use chrono::{DateTime, Duration, Utc};

use super::times;

/// How long before its end the user is warned.
const EARLY: Duration = Duration::days(30);
/// How often, in seconds.
const INTERVAL: i64 = 86_400;
/// Below the home directory. Its modification time is when the note was last shown.
const STATE: &str = ".local/state/voms-proxy/certificate-expires-soon";

/// What to do then.
pub const HELP: &str =
    "ask your CA for the next one now, and install it with: voms-proxy import FILE";

/// Whether it is time to get the next certificate.
pub fn is_near(end: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    end > now && end - now <= EARLY
}

/// Whether to show the note now. If so, it is not due again for a day.
pub fn is_due(end: DateTime<Utc>, now: DateTime<Utc>, home: Option<&Path>) -> bool {
    if !is_near(end, now) {
        return false;
    }
    let Some(home) = home.filter(|home| home.is_dir()) else {
        return true;
    };
    let state = home.join(STATE);
    let last = fs::symlink_metadata(&state).and_then(|found| found.modified());
    let age = last
        .ok()
        .map(|last| (now - DateTime::<Utc>::from(last)).num_seconds());
    if age.is_some_and(|age| (0..INTERVAL).contains(&age)) {
        return false;
    }
    // Where it cannot be kept, the note is shown every time.
    let _ = state.parent().map(fs::create_dir_all);
    let _ = fs::remove_file(&state);
    if let Ok(file) = File::create_new(&state) {
        let _ = file.set_modified(now.into());
    }
    true
}

/// The note.
pub fn text(end: DateTime<Utc>, now: DateTime<Utc>, zone: Option<&str>) -> String {
    format!(
        "your certificate expires on {}: {HELP}",
        times::moment(end, now, zone)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_is_shown_once_a_day_in_the_last_thirty_days() {
        let home = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_795_719_256, 0).unwrap();
        let due = |end, now| is_due(now + Duration::days(end), now, Some(home.path()));
        assert!(!due(31, now) && !due(-1, now));
        assert!(due(5, now));
        assert!(!due(5, now) && !due(5, now + Duration::hours(23)));
        assert!(due(5, now + Duration::hours(25)));
    }
}
