//! The paved path: asks the servers of a VO for an attribute certificate, one after the other, and keeps every failure.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout_at};
use voms_asn1::{DecodeError, EncodedAc};

use crate::credential::certificate::Certificate;
use crate::credential::dn::Dn;
use crate::credential::user::Credential;
use crate::net::tls::{Connection, ServerName, ServerTrust, TlsClient};
use crate::net::{NetError, endpoint, legacy, rest};
use crate::voms::request::AcRequest;
use crate::voms::response::{Reply, ResponseError, ServerError};
use crate::voms::verify::validity;
use crate::voms::vomses::VomsesEntry;

/// How servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, as all of today's servers speak it.
    Rest,
    /// The XML protocol before it.
    Legacy,
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rest => "REST",
            Self::Legacy => "legacy protocol",
        })
    }
}

/// Why one server gave no attribute certificate over one protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// On the way.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The answer is not VOMS's.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The server said no.
    #[error("{}", .0.message)]
    Server(ServerError),
    /// Neither an attribute certificate nor an error in the answer.
    #[error("the answer holds neither an attribute certificate nor an error")]
    Nothing,
    /// The attribute certificate is not one.
    #[error("the attribute certificate cannot be read: {0}")]
    Ac(#[from] DecodeError),
    /// The time for this server, or for the whole command, is over.
    #[error("Read timed out: no answer within {} s", .0.as_secs_f64().ceil())]
    Timeout(Duration),
}

impl Failure {
    /// The next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Net(error) => error.help(),
            Self::Server(error) => error.help(),
            Self::Timeout(_) => Some("try again later, or allow more time with --timeout SECONDS".to_owned()),
            Self::Response(_) | Self::Nothing | Self::Ac(_) => {
                Some("check host and port in the vomses entry: something else than VOMS may answer there".to_owned())
            }
        }
    }

    /// How much it tells: a server's own words most, then what was found out about it, then silence.
    fn weight(&self) -> u8 {
        match self {
            Self::Server(error) if error.is_definite() => 5,
            Self::Server(_) => 4,
            Self::Net(NetError::Untrusted(_) | NetError::UntrustedByWebCas(_) | NetError::Name { .. })
            | Self::Net(NetError::Refused(_) | NetError::Credential(_)) => 3,
            Self::Response(_) | Self::Nothing | Self::Ac(_) => 2,
            Self::Net(NetError::Closed | NetError::Broken(_) | NetError::TooLarge) | Self::Timeout(_) => 1,
            Self::Net(_) => 0,
        }
    }

    fn is_definite(&self) -> bool {
        matches!(self, Self::Server(error) if error.is_definite())
    }

    /// Whether the server may yet understand the other protocol.
    fn wants_legacy(&self) -> bool {
        matches!(self, Self::Response(_) | Self::Nothing) || matches!(self, Self::Net(error) if error.is_silence())
    }
}

/// What was tried at one server.
#[derive(Debug)]
pub struct Attempt {
    /// The server.
    pub entry: VomsesEntry,
    /// What became of it, protocol by protocol.
    pub failures: Vec<(Protocol, Failure)>,
}

/// No server of the VO gave an attribute certificate.
#[derive(Debug)]
pub struct ClientError {
    /// The VO.
    pub vo: String,
    /// Every server that was tried, in order.
    pub attempts: Vec<Attempt>,
}

impl ClientError {
    /// The failure that tells most.
    #[must_use]
    pub fn foremost(&self) -> Option<(&VomsesEntry, &Failure)> {
        let all = self
            .attempts
            .iter()
            .flat_map(|attempt| attempt.failures.iter().map(move |(_, failure)| (&attempt.entry, failure)));
        all.max_by_key(|(_, failure)| failure.weight())
    }

    /// What a server said, if one refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&ServerError> {
        match self.foremost() {
            Some((_, Failure::Server(error))) => Some(error),
            _ => None,
        }
    }

    /// The next step.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.foremost().and_then(|(_, failure)| failure.help())
    }
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.foremost() {
            Some((entry, failure)) => write!(f, "{}:{}: {failure}", entry.host, entry.port),
            None => write!(f, "no server of the VO {} could be asked", self.vo),
        }
    }
}

impl std::error::Error for ClientError {}

/// What happens on the way, for whoever wants to tell the user.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server is about to be asked.
    Contacting(&'a VomsesEntry),
    /// A server failed in one protocol.
    Failed(&'a VomsesEntry, Protocol, &'a Failure),
    /// A server answered with an attribute certificate.
    Answered(&'a VomsesEntry, Protocol),
}

/// An attribute certificate as it came, not yet judged.
#[derive(Debug)]
pub struct AcReply {
    /// The attribute certificate.
    pub ac: EncodedAc,
    /// What the server says it did otherwise than asked.
    pub warnings: Vec<String>,
    /// The certificate with which the server authenticated itself.
    pub server: Certificate,
    /// What the server's clock showed, if it said so.
    pub server_time: Option<DateTime<Utc>>,
}

/// Asks VOMS servers on behalf of one user.
pub struct VomsClient {
    tls: TlsClient,
    /// What the last server may have left open, for the next request to it.
    open: Mutex<Option<Open>>,
    runtime: Waiting,
    timeout: Duration,
    deadline: Instant,
    any_host: bool,
}

/// A connection that may take another request.
struct Open {
    name: ServerName,
    server: Certificate,
    session: rest::Session,
}

/// A runtime on this thread, whose end a name lookup that hangs does not delay.
struct Waiting(Option<Runtime>);

impl Waiting {
    fn new() -> Result<Self, NetError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|error| NetError::Connect(error.to_string()))
    }

    fn until<T>(&self, done: impl Future<Output = T>) -> Option<T> {
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

impl VomsClient {
    /// A client that spends at most `timeout` on one server and at most `total` on everything it is asked.
    ///
    /// # Errors
    /// [`NetError::Credential`], [`NetError::WebCas`], or what the system says where no connections can be made at all.
    pub fn new(
        credential: &Credential,
        trust: ServerTrust,
        now: DateTime<Utc>,
        timeout: Duration,
        total: Duration,
    ) -> Result<Self, NetError> {
        Ok(Self {
            tls: TlsClient::new(credential, trust, now)?,
            open: Mutex::new(None),
            runtime: Waiting::new()?,
            timeout: timeout.min(total),
            deadline: Instant::now() + total,
            any_host: false,
        })
    }

    /// The same, which believes a server that a trusted CA vouches for whatever its name is. Whoever has a certificate
    /// of such a CA can then answer in the server's place.
    #[must_use]
    pub fn without_host_check(self) -> Self {
        Self { any_host: true, ..self }
    }

    /// Asks the servers in random order until one gives an attribute certificate, or says that none will.
    ///
    /// # Errors
    /// [`ClientError`] with every attempt.
    pub fn request(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, ClientError> {
        let nothing = |attempts| ClientError { vo: request.vo.clone(), attempts };
        let outcome = self.runtime.until(self.ask_all(request, servers, observe));
        outcome.unwrap_or_else(|| Err(Vec::new())).map_err(nothing)
    }

    async fn ask_all(
        &self,
        request: &AcRequest,
        servers: &[VomsesEntry],
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, Vec<Attempt>> {
        let mut attempts = Vec::new();
        for entry in shuffled(servers) {
            observe(&Event::Contacting(&entry));
            match self.ask(request, &entry, observe).await {
                Ok(reply) => return Ok(reply),
                Err(failures) => {
                    let definite = failures.iter().any(|(_, failure)| failure.is_definite());
                    attempts.push(Attempt { entry, failures });
                    if definite || Instant::now() >= self.deadline {
                        break;
                    }
                }
            }
        }
        Err(attempts)
    }

    /// One server: REST, then the legacy protocol if REST brought nothing of VOMS, both within one time limit.
    async fn ask(
        &self,
        request: &AcRequest,
        entry: &VomsesEntry,
        observe: &mut dyn FnMut(&Event<'_>),
    ) -> Result<AcReply, Vec<(Protocol, Failure)>> {
        let start = Instant::now();
        let end = (start + self.timeout).min(self.deadline);
        let mut failures: Vec<(Protocol, Failure)> = Vec::new();
        for protocol in [Protocol::Rest, Protocol::Legacy] {
            let outcome = timeout_at(end, self.speak(protocol, request, entry)).await;
            let failure = match outcome {
                Ok(Ok(reply)) => {
                    observe(&Event::Answered(entry, protocol));
                    return Ok(reply);
                }
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Timeout(end - start),
            };
            observe(&Event::Failed(entry, protocol, &failure));
            let go_on = failure.wants_legacy();
            failures.push((protocol, failure));
            if !go_on {
                break;
            }
        }
        Err(failures)
    }

    async fn speak(&self, protocol: Protocol, request: &AcRequest, entry: &VomsesEntry) -> Result<AcReply, Failure> {
        let first = self.exchange(protocol, request, entry).await;
        // Some servers do not know the word for "everything"; the top group brings at least all groups.
        match (&first, request.without_all()) {
            (Err(Failure::Server(error)), Some(top)) if protocol == Protocol::Rest && !error.is_about_membership() => {
                self.instead_of_all(protocol, &top, entry).await
            }
            (Err(Failure::Response(ResponseError::Foreign(_))), Some(top)) if protocol == Protocol::Rest => {
                self.instead_of_all(protocol, &top, entry).await
            }
            _ => first,
        }
    }

    async fn instead_of_all(
        &self,
        protocol: Protocol,
        top: &AcRequest,
        entry: &VomsesEntry,
    ) -> Result<AcReply, Failure> {
        let mut reply = self.exchange(protocol, top, entry).await?;
        reply
            .warnings
            .push(format!("{} does not know the request for everything: no roles were asked for", entry.host));
        Ok(reply)
    }

    async fn exchange(&self, protocol: Protocol, request: &AcRequest, entry: &VomsesEntry) -> Result<AcReply, Failure> {
        let name = server_name(entry, self.any_host);
        let (body, date, server) = match protocol {
            Protocol::Rest => {
                let (answer, server) = self.get(name, &request.rest_target()).await?;
                (answer.body, answer.date, server)
            }
            Protocol::Legacy => {
                let connection = self.tls.connect(&name).await?;
                let answer = legacy::exchange(connection.stream, &request.legacy_document()).await?;
                (answer, None, connection.server)
            }
        };
        let reply = Reply::parse(&body)?;
        if let Some(der) = reply.ac {
            let ac = EncodedAc::from_der(&der)?;
            // VOMS servers begin the life of what they sign with the present.
            let server_time = date.or_else(|| Some(validity(&ac.certificate().acinfo).0));
            return Ok(AcReply { ac, warnings: reply.warnings, server, server_time });
        }
        Err(reply.errors.into_iter().next().map_or(Failure::Nothing, Failure::Server))
    }

    /// Over the connection that this server left open, if it still is, else over a new one.
    async fn get(&self, name: ServerName, target: &str) -> Result<(rest::Answer, Certificate), NetError> {
        let host = format!("{}:{}", name.host, name.port);
        let left = self.open().take().filter(|open| open.name == name);
        if let Some(mut open) = left
            && open.session.is_open().await
        {
            match open.session.get(&host, target).await {
                Ok(answer) => return Ok((answer, self.leave(open))),
                Err(NetError::Closed | NetError::Broken(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let Connection { stream, server } = self.tls.connect(&name).await?;
        let mut open = Open { name, server, session: rest::Session::open(stream).await? };
        let answer = open.session.get(&host, target).await?;
        Ok((answer, self.leave(open)))
    }

    fn leave(&self, open: Open) -> Certificate {
        let server = open.server.clone();
        *self.open() = Some(open);
        server
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server_name(entry: &VomsesEntry, any_host: bool) -> ServerName {
    ServerName { host: entry.host.clone(), port: entry.port, subject: Dn::parse(&entry.dn), any_host }
}

/// What a server is without anybody asking it for anything: each step up to the first that fails.
#[derive(Debug)]
pub struct Look {
    /// Its addresses.
    pub addresses: Result<Vec<SocketAddr>, NetError>,
    /// Whether it takes connections.
    pub connection: Option<Result<(), NetError>>,
    /// The certificate that it shows.
    pub certificate: Option<Result<Certificate, NetError>>,
}

/// Looks at a server step by step; each step may take `timeout`.
///
/// # Errors
/// [`NetError::WebCas`], or what the system says where no connections can be made at all.
pub fn look_at(
    entry: &VomsesEntry,
    trust: ServerTrust,
    now: DateTime<Utc>,
    timeout: Duration,
) -> Result<Look, NetError> {
    let tls = TlsClient::anonymous(trust, now)?;
    let late = || NetError::Connect(format!("no answer within {} s", timeout.as_secs_f64().ceil()));
    let look = Waiting::new()?.until(async {
        let mut look =
            Look { addresses: Err(NetError::Resolve(entry.host.clone())), connection: None, certificate: None };
        if let Ok(found) = tokio::time::timeout(timeout, endpoint::resolve(&entry.host, entry.port)).await {
            look.addresses = found;
        }
        if look.addresses.is_err() {
            return look;
        }
        let connecting = tokio::time::timeout(timeout, endpoint::connect(&entry.host, entry.port)).await;
        look.connection = Some(match connecting.unwrap_or_else(|_| Err(late())) {
            Ok(tcp) => {
                let looked = tokio::time::timeout(timeout, tls.look_at(&server_name(entry, false), tcp)).await;
                look.certificate = Some(looked.unwrap_or_else(|_| Err(late())));
                Ok(())
            }
            Err(error) => Err(error),
        });
        look
    });
    look.ok_or_else(late)
}

fn shuffled(servers: &[VomsesEntry]) -> Vec<VomsesEntry> {
    let mut keyed: Vec<(u64, &VomsesEntry)> = servers
        .iter()
        .map(|entry| {
            let mut key = [0; 8];
            // Without randomness the order of the file is as good as any.
            let _ = openssl::rand::rand_bytes(&mut key);
            (u64::from_ne_bytes(key), entry)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, entry)| entry.clone()).collect()
}
