//! What nginx's log says of a run of ours, while other tests ask the same servers.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::surroundings::world;

/// nginx writes its line after the answer, so a command may end before it.
const LATEST: Duration = Duration::from_secs(3);
const SETTLED: Duration = Duration::from_millis(100);

/// The log from now on.
pub struct Log {
    begin: usize,
}

impl Log {
    pub fn from_now() -> Self {
        Self {
            begin: read().len(),
        }
    }

    pub fn lines(&self) -> Vec<String> {
        let bytes = read();
        String::from_utf8_lossy(&bytes[self.begin..])
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

fn read() -> Vec<u8> {
    fs::read(world().file("log/access.log")).unwrap()
}

/// A lifetime that no other run asks for. Both protocols send it, so that it marks their requests.
pub struct Mark {
    minutes: u64,
    log: Log,
}

impl Mark {
    pub fn new() -> Self {
        // From here to 12 hours, the maximum, seconds have five digits: none is the beginning of
        // another.
        static NEXT: AtomicU64 = AtomicU64::new(200);
        let minutes = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(minutes < 12 * 60, "no more lifetimes to tell runs by");
        Self {
            minutes,
            log: Log::from_now(),
        }
    }

    pub fn words(&self) -> [String; 2] {
        [
            "--vomslife".to_owned(),
            format!("{}:{:02}", self.minutes / 60, self.minutes % 60),
        ]
    }

    /// The requests: to which of the world's ports, and with which status. Waits for so many, or
    /// for more.
    pub fn requests(&self, expected: usize) -> Vec<(u16, u16)> {
        let started = Instant::now();
        while self.seen().len() < expected && started.elapsed() < LATEST {
            sleep(SETTLED);
        }
        sleep(SETTLED);
        self.seen()
    }

    fn seen(&self) -> Vec<(u16, u16)> {
        let seconds = self.minutes * 60;
        let (rest, legacy) = (
            format!("lifetime={seconds}"),
            format!("<lifetime>{seconds}<"),
        );
        let lines = self.log.lines();
        let ours = lines
            .iter()
            .filter(|line| line.contains(&rest) || line.contains(&legacy));
        ours.map(|line| {
            let mut fields = line.split(' ').map(|field| field.parse::<u16>().unwrap());
            (
                fields.next().unwrap() - world().port,
                fields.next().unwrap(),
            )
        })
        .collect()
    }
}
