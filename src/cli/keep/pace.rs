//! When to try again.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
/// For an attempt where there is nothing to lose.
const PATIENCE: Duration = Duration::from_secs(12);

/// How long to wait after a failure: a minute, less where less is left, so that several attempts
/// fit into what is left. `life` is that of a proxy.
pub fn pause(left: Duration, life: Duration) -> Duration {
    let fits = if left.is_zero() { life } else { left };
    (fits / 5).clamp(SECOND, MINUTE)
}

/// How long one attempt may take.
pub fn limit(left: Duration, life: Duration) -> Duration {
    if left.is_zero() {
        return PATIENCE.min(life.max(2 * SECOND));
    }
    (left / 5).clamp(SECOND, MINUTE)
}

/// How often to look at the file and at the clock.
pub fn tick(life: Duration) -> Duration {
    (life / 10).clamp(Duration::from_millis(200), MINUTE)
}

/// When a proxy is due: at half of its life, a tenth earlier or later so that not everybody asks at
/// once. `chance` is any byte.
pub fn due(life: Duration, chance: u8) -> Duration {
    life.mul_f64(0.45 + f64::from(chance) / 2550.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_attempts_fit_into_what_is_left() {
        let day = Duration::from_secs(86_400);
        assert_eq!(pause(day, day), MINUTE);
        let left = Duration::from_secs(30);
        assert!(pause(left, day) + limit(left, day) <= left / 2);
        assert_eq!(pause(Duration::ZERO, day), MINUTE);
        let short = Duration::from_secs(5);
        assert!(pause(Duration::ZERO, short) <= short);
    }

    #[test]
    fn a_proxy_is_due_at_about_half_of_its_life() {
        let life = Duration::from_secs(1000);
        for chance in [0, 128, 255] {
            let due = due(life, chance).as_secs();
            assert!((450..=550).contains(&due), "{due}");
        }
    }
}
