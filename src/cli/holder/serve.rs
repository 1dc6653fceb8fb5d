//! The process that holds the key: every client gets a thread, and the key never gets out.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use voms::credential::Credential;
use voms::proxy::{Proxy, ProxyNote};
use zeroize::Zeroizing;

use super::request;
use super::socket::{self, Place};
use super::wire::Wire;
use crate::cli::args;
use crate::cli::init::{self, InitArgs, InitPlan, Reporter, Warnings};
use crate::cli::invocation::Clock;
use crate::cli::outcome::CommandError;
use crate::cli::output::Diagnostic;
use crate::cli::signals;

/// For a client to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look whether the socket and the time are still there.
const TICK: Duration = Duration::from_secs(2);
/// More clients at a time are turned away.
const CROWD: usize = 32;

/// What is held.
pub struct Held {
    pub credential: Credential,
    /// Tells its file from others.
    pub fingerprint: String,
    pub now: Clock,
}

/// When to end: by the wall clock, which goes on while the machine sleeps, or by the other, which
/// nobody sets.
pub struct Limit {
    pub at: DateTime<Utc>,
    pub after: Instant,
}

/// Serves until the time has come, a client says so, a signal comes, or the socket is gone.
pub fn serve(held: Held, place: Place, listener: UnixListener, limit: &Limit) {
    let (send, events) = mpsc::channel();
    let ended = send.clone();
    signals::hand_to(move |_| {
        let _ = ended.send(());
    });
    let now = held.now;
    let held = Arc::new(held);
    let clients = Arc::downgrade(&held);
    std::thread::spawn(move || accept(&listener, &clients, &send));
    loop {
        let left = limit.after.saturating_duration_since(Instant::now());
        let wall = (limit.at - now()).to_std().unwrap_or_default();
        let left = left.min(wall);
        if left.is_zero() || !place.is_there() {
            break;
        }
        match events.recv_timeout(left.min(TICK)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => break,
        }
    }
    drop(place);
    let clients = Arc::downgrade(&held);
    // The key is wiped when the last client lets go of it; that is not waited for long.
    drop(held);
    for _ in 0..50 {
        if clients.strong_count() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn accept(listener: &UnixListener, held: &Weak<Held>, end: &Sender<()>) {
    let crowd = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // There may be no more descriptors for now.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        let place = InCrowd::enter(&crowd);
        if crowd.load(Ordering::Relaxed) > CROWD || !socket::is_peer_you(&stream) {
            continue;
        }
        let (held, end) = (held.clone(), end.clone());
        let _ = std::thread::Builder::new().spawn(move || {
            let _place = place;
            let _ = attend(stream, &held, &end);
        });
    }
}

/// One of the clients at this time.
struct InCrowd(Arc<AtomicUsize>);

impl InCrowd {
    fn enter(crowd: &Arc<AtomicUsize>) -> Self {
        crowd.fetch_add(1, Ordering::Relaxed);
        Self(crowd.clone())
    }
}

impl Drop for InCrowd {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn attend(stream: UnixStream, held: &Weak<Held>, end: &Sender<()>) -> io::Result<()> {
    let mut wire = Wire::new(stream, PATIENCE);
    let held = held.upgrade().ok_or(io::ErrorKind::NotFound)?;
    let leaf = held.credential.chain().leaf().der();
    let process = std::process::id().to_string();
    wire.send(&[
        b"held",
        leaf,
        held.fingerprint.as_bytes(),
        process.as_bytes(),
    ])?;
    let message = wire.receive()?;
    match message.fields().as_slice() {
        [b"lock"] => {
            drop(held);
            let _ = end.send(());
            // Until the process ends.
            wire.wait_for(PATIENCE);
            wire.closed();
            Ok(())
        }
        [b"make", letters, total, timeout, wanted @ ..] => {
            let time = |text: &[u8]| {
                let text = std::str::from_utf8(text).ok()?;
                Some(Duration::from_millis(text.parse().ok()?))
            };
            let limits = time(total)
                .zip(time(timeout))
                .ok_or(io::ErrorKind::InvalidData)?;
            wire.wait_for(limits.0.saturating_add(Duration::from_secs(60)));
            let wire = Arc::new(Mutex::new(wire));
            let made = make(&held, letters, limits, wanted, &wire);
            match made {
                Ok(made) => made.send(&mut locked(&wire)),
                Err(error) => refuse(&mut locked(&wire), error),
            }
        }
        _ => Ok(()),
    }
}

fn locked(wire: &Mutex<Wire>) -> MutexGuard<'_, Wire> {
    wire.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a client gets.
struct Answer(Vec<Zeroizing<Vec<u8>>>);

impl Answer {
    fn send(&self, wire: &mut Wire) -> io::Result<()> {
        let fields: Vec<&[u8]> = self.0.iter().map(|field| field.as_slice()).collect();
        wire.send(&fields)
    }
}

fn make(
    held: &Held,
    letters: &[u8],
    (total, timeout): (Duration, Duration),
    wanted: &[&[u8]],
    wire: &Arc<Mutex<Wire>>,
) -> Result<Answer, CommandError> {
    let given = |letter| letters.contains(&letter);
    let (env, words) = request::read(wanted).ok_or_else(incomprehensible)?;
    let args: InitArgs = args::parse("voms-proxy-init", &words)?;
    let plan = InitPlan {
        total,
        timeout,
        quiet: given(b'q'),
        debug: given(b'd'),
        warnings: match (given(b'f'), given(b'i')) {
            (true, _) => Warnings::Fatal,
            (_, true) => Warnings::Ignored,
            _ => Warnings::Printed,
        },
        ..InitPlan::new(args, &env)?
    };
    let wire = wire.clone();
    let mut report = Reporter::elsewhere(&plan, given(b'p'), move |kind, code, text| {
        let fields: [&[u8]; 4] = [b"said", kind, code, text];
        // Who is gone gets no answer either.
        let _ = locked(&wire).send(&fields);
    });
    if plan.list || plan.separate.is_some() {
        let acs = init::attributes_with(&plan, &held.credential, held.now, &mut report)?;
        let mut fields = vec![Zeroizing::new(b"attributes".to_vec())];
        fields.extend(acs.iter().map(|ac| Zeroizing::new(ac.as_der().to_vec())));
        return Ok(Answer(fields));
    }
    let made = init::made_with(&plan, &held.credential, held.now, &mut report)?;
    let pem = |proxy: &Proxy| proxy.to_pem().map_err(Diagnostic::unexpected);
    let cut = made.proxy.notes().contains(&ProxyNote::LifetimeCut);
    Ok(Answer(vec![
        Zeroizing::new(b"proxy".to_vec()),
        Zeroizing::new(if cut { b"c".to_vec() } else { Vec::new() }),
        pem(&made.proxy)?,
        made.plain
            .as_ref()
            .map(pem)
            .transpose()?
            .unwrap_or_default(),
    ]))
}

fn incomprehensible() -> Diagnostic {
    Diagnostic::unexpected("the process that holds the key does not understand what is wanted")
        .help("run voms-proxy unlock again: it may be of another version")
}

fn refuse(wire: &mut Wire, error: CommandError) -> io::Result<()> {
    let failure = match error {
        CommandError::Failed(failure) | CommandError::Usage(failure) => failure,
        _ => incomprehensible(),
    };
    let lines = failure.lines();
    let mut texts = vec![failure.code(), failure.headline()];
    texts.extend(lines.iter().map(String::as_str));
    let mut fields: Vec<&[u8]> = vec![b"failed"];
    fields.extend(texts.iter().map(|text| text.as_bytes()));
    wire.send(&fields)
}
