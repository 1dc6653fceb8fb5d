//! Times and durations: as people read them on a terminal, and as they write them in options.

use chrono::{DateTime, Datelike, Duration, FixedOffset, Utc};

use super::output;

/// A moment and how far away it is: `Fri 27 Nov 07:54 (in 12 h)`, in the time zone `zone`.
pub fn moment(time: DateTime<Utc>, now: DateTime<Utc>, zone: Option<&str>) -> String {
    let (local, here) = (output::local(time, zone).0, output::local(now, zone).0);
    let away = distance(time - now);
    let away = if time < now {
        format!("{away} ago")
    } else {
        format!("in {away}")
    };
    format!("{} ({away})", day(local, here))
}

/// The year only if it is another one.
fn day(local: DateTime<FixedOffset>, here: DateTime<FixedOffset>) -> String {
    let form = if local.year() == here.year() {
        "%a %-d %b %H:%M"
    } else {
        "%a %-d %b %Y %H:%M"
    };
    local.format(form).to_string()
}

/// A moment alone: `Fri 27 Nov 2026 07:54`.
pub fn date(time: DateTime<Utc>, zone: Option<&str>) -> String {
    let (local, _) = output::local(time, zone);
    local.format("%a %-d %b %Y %H:%M").to_string()
}

/// A span in its largest sensible unit, rounded.
pub fn distance(span: Duration) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = span.num_seconds().abs();
    let rounded = |unit: i64| (seconds + unit / 2) / unit;
    match seconds {
        ..100 => format!("{seconds} s"),
        100..5400 => format!("{} min", rounded(MINUTE)),
        5400..172_800 => format!("{} h", rounded(HOUR)),
        _ => format!("{} days", rounded(DAY)),
    }
}

/// Reads a duration as people write it: `24h`, `2d`, `90m`, `30s`, `1d12h`, or a bare number of
/// hours.
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(hours) = rest.parse::<u32>() {
        return Some(Duration::hours(hours.into()));
    }
    let mut total = Duration::zero();
    let mut smallest = i64::MAX;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u32 = rest[..digits].parse().ok()?;
        let mut after = rest[digits..].chars();
        let unit = match after.next()?.to_ascii_lowercase() {
            'w' => 7 * 86_400,
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // Larger units first, each once.
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        total += Duration::seconds(i64::from(count) * unit);
        rest = after.as_str();
    }
    (smallest < i64::MAX).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_how_far_away_it_is() {
        let now = DateTime::from_timestamp(1_795_721_640, 0).unwrap();
        let shown = |seconds| moment(now + Duration::seconds(seconds), now, Some("CET-1"));
        assert_eq!(shown(12 * 3600 - 4), "Fri 27 Nov 08:33 (in 12 h)");
        assert_eq!(shown(45), "Thu 26 Nov 20:34 (in 45 s)");
        assert_eq!(shown(30 * 60), "Thu 26 Nov 21:04 (in 30 min)");
        assert_eq!(shown(5 * 86_400), "Tue 1 Dec 20:34 (in 5 days)");
        assert_eq!(shown(-7200), "Thu 26 Nov 18:34 (2 h ago)");
        assert_eq!(shown(60 * 86_400), "Mon 25 Jan 2027 20:34 (in 60 days)");
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("24", 86_400),
            ("24h", 86_400),
            ("2d", 172_800),
            ("90m", 5400),
            ("30s", 30),
            ("1d12h", 129_600),
            ("1W", 604_800),
        ] {
            assert_eq!(duration(text), Some(Duration::seconds(seconds)), "{text}");
        }
        for text in [
            "",
            "h",
            "-1h",
            "1x",
            "1h1h",
            "1m1h",
            "99999999999h",
            "1 h",
            "1.5h",
            "12h5",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
