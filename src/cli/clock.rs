//! Whether this machine's clock is right, as far as others can tell.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use voms::trust::PathFinding;

use super::times;
use crate::home::registration;

pub const FIX: &str = "set the clock, or have it set: timedatectl set-ntp true";

/// Differences too small to matter.
const UNNOTICED: Duration = Duration::seconds(60);

/// How wrong a clock has to be, so that being earlier than the program is more than a time zone or a
/// machine that was restored.
const GRACE: Duration = Duration::days(30);

/// A VO whose built-in entry is dated. The program cannot be older than that.
const DATED: &str = "virgo";

/// How far this machine's clock is ahead of a server's, if that matters.
pub fn ahead_of(server: DateTime<Utc>, here: DateTime<Utc>) -> Option<Duration> {
    Some(here - server).filter(|ahead| ahead.abs() >= UNNOTICED)
}

/// That difference in words.
pub fn in_words(ahead: Duration) -> String {
    let way = if ahead > Duration::zero() {
        "ahead of"
    } else {
        "behind"
    };
    let distance = times::distance(ahead);
    format!("this machine's clock is {distance} {way} the server's")
}

/// Whether it is earlier than this program can have been built.
pub fn is_too_early(now: DateTime<Utc>) -> bool {
    earliest().is_some_and(|earliest| now < earliest - GRACE)
}

pub fn too_early_in_words(now: DateTime<Utc>, zone: Option<&str>) -> String {
    format!(
        "it is {} by this machine's clock, but this program was made later",
        times::date(now, zone)
    )
}

/// When the program was built, as far as the build says so reproducibly; else when its list of
/// servers was checked.
fn earliest() -> Option<DateTime<Utc>> {
    let built = option_env!("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse().ok());
    let built = built.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
    built.or_else(|| midnight(registration::built_in_date(DATED)?))
}

/// What is out of date, by this machine's clock. Things of different people that are so at once make
/// the clock suspicious.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutOfDate {
    /// The user's certificate, a CA's, a revocation list, the server's certificate.
    expired: [bool; 4],
    not_yet_valid: [bool; 4],
}

/// Why the clock is suspicious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    pub text: String,
    /// Revocation lists are often out of date where nobody fetches them: only certificates of two
    /// people make it strong.
    pub is_strong: bool,
}

/// Whose dates they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    User = 0,
    Ca = 1,
    RevocationList = 2,
    Server = 3,
}

impl OutOfDate {
    /// Takes note of a finding by its code.
    pub fn note(&mut self, owner: Owner, code: &str) {
        match code {
            "expired" => self.expired[owner as usize] = true,
            "crl-outdated" => self.expired[Owner::RevocationList as usize] = true,
            "not-yet-valid" => self.not_yet_valid[owner as usize] = true,
            _ => {}
        }
    }

    /// Takes note of what is wrong with a server's certificate, or its CA's.
    pub fn note_server(&mut self, finding: &PathFinding) {
        let owner = if finding.is_ca {
            Owner::Ca
        } else {
            Owner::Server
        };
        self.note(owner, finding.problem.code());
    }

    /// Whether anything is.
    pub fn is_any(&self) -> bool {
        [self.expired, self.not_yet_valid].concat().contains(&true)
    }

    /// Whether more than one thing is out of date in the same way.
    pub fn suspicion(&self) -> Option<Suspicion> {
        const NAMES: [&str; 4] = [
            "your certificate",
            "the CA's certificate",
            "its revocation list",
            "the server's certificate",
        ];
        let in_words = |which: &[bool; 4], what: &str| {
            let named = NAMES.iter().zip(which);
            let all: Vec<&str> = named
                .filter(|(_, is)| **is)
                .map(|(name, _)| *name)
                .collect();
            let certificates = [Owner::User, Owner::Ca, Owner::Server];
            let several = certificates.iter().filter(|owner| which[**owner as usize]);
            (all.len() > 1).then(|| Suspicion {
                text: format!("{} {what} at once", listed(&all)),
                is_strong: several.count() > 1,
            })
        };
        in_words(&self.expired, "have expired")
            .or_else(|| in_words(&self.not_yet_valid, "are not valid yet"))
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_persons_dates_make_no_suspicion_and_those_of_two_do() {
        let mut all = OutOfDate::default();
        all.note(Owner::RevocationList, "crl-outdated");
        all.note(Owner::Server, "crl-outdated");
        all.note(Owner::User, "not-yet-valid");
        assert_eq!(all.suspicion(), None);
        all.note(Owner::User, "expired");
        let weak = all.suspicion();
        assert!(weak.is_some_and(|found| !found.is_strong));
        all.note(Owner::Server, "expired");
        let text = "your certificate, its revocation list and the server's certificate have expired \
                    at once";
        let strong = all.suspicion().unwrap();
        assert_eq!((strong.text.as_str(), strong.is_strong), (text, true));
    }

    #[test]
    fn the_program_is_not_older_than_its_list_of_servers() {
        let then = DateTime::from_timestamp(1_577_836_800, 0).unwrap();
        assert!(is_too_early(then) && !is_too_early(then + Duration::days(10_000)));
    }
}
