//! A TLS server on the loopback interface that requests client certificates and answers one request
//! per connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use openssl::error::ErrorStack;
use openssl::ssl::{
    SslAcceptor, SslFiletype, SslMethod, SslRef, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::X509VerifyResult;
use openssl::x509::store::{X509Lookup, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;
use voms::chain::Chain;
use voms::credential::Credential;
use voms::openssl_types;
use voms::pki::certificate::Certificate;

use crate::{answer, iam};

const REQUEST_LIMIT: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: usize = 64;

/// A server that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No port could be opened.
    #[error("cannot listen on the loopback interface: {0}")]
    Listen(#[from] io::Error),
    /// The host's credential or the CRL cannot be used.
    #[error("cannot serve TLS: {0}")]
    Tls(#[from] ErrorStack),
    /// The path cannot be passed to OpenSSL.
    #[error("the path of the revocation list {} is not UTF-8", .0.display())]
    Path(PathBuf),
}

/// The server whose TLS and certificate handling is imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// The C++ server: a certificate that fails verification ends the handshake with an alert.
    Voms,
    /// The nginx in front of IAM: TLS 1.2, and clients without a valid certificate get an answer
    /// too.
    Nginx,
}

/// What the handshake revealed about a client.
#[derive(Debug)]
pub enum Client {
    /// It sent no certificate.
    Anonymous,
    /// It sent a certificate that failed verification, for this reason.
    Unverified(String),
    /// It resumed an earlier session, in which case the client does not send its certificate again.
    Resumed,
    /// It sent this chain, which was verified.
    Verified(Chain),
}

/// How a server accepts its clients.
pub struct Reception<'a> {
    /// The server to imitate.
    pub front: Front,
    /// The server's credential.
    pub host: &'a Credential,
    /// The CA that issues the clients' certificates.
    pub client_ca: &'a Certificate,
    /// That CA's CRL in PEM, if CRLs are checked.
    pub revocation_list: Option<&'a Path>,
}

/// A running server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on a free loopback port. Clients must present a certificate from `client_ca`, or a
    /// proxy of one; `answer` maps their chain and the bytes of the request to the bytes of the
    /// reply.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start<F>(
        host: &Credential,
        client_ca: &Certificate,
        answer: F,
    ) -> Result<Self, ServerError>
    where
        F: Fn(&Chain, &[u8]) -> Vec<u8> + Send + Sync + 'static,
    {
        let reception = Reception {
            front: Front::Voms,
            host,
            client_ca,
            revocation_list: None,
        };
        Self::receive(&reception, move |client, request| match client {
            Client::Verified(chain) => answer(chain, request),
            _ => Vec::new(),
        })
    }

    /// Starts on a free loopback port and accepts clients as configured; `answer` maps what is
    /// known of a client and the bytes of its request to the bytes of the reply.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn receive<F>(reception: &Reception<'_>, answer: F) -> Result<Self, ServerError>
    where
        F: Fn(&Client, &[u8]) -> Vec<u8> + Send + Sync + 'static,
    {
        let (acceptor, front) = (Arc::new(acceptor(reception)?), reception.front);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, answer, busy) = (
            stop.clone(),
            Arc::new(answer),
            Arc::new(AtomicUsize::new(0)),
        );
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopping.load(Ordering::Relaxed) {
                    break;
                }
                if busy.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
                    busy.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                let (acceptor, answer, busy) = (acceptor.clone(), answer.clone(), busy.clone());
                std::thread::spawn(move || {
                    // Errors on one connection do not affect the server.
                    let _ = serve(&acceptor, front, stream, &*answer);
                    busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Ok(Self {
            address,
            stop,
            accepting: Some(accepting),
        })
    }

    /// The port it listens on, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then notices the shutdown.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn acceptor(reception: &Reception<'_>) -> Result<SslAcceptor, ServerError> {
    let Reception {
        front,
        host,
        client_ca,
        revocation_list,
    } = reception;
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_certificate(openssl_types::x509(host.chain().leaf())?)?;
    builder.set_private_key(openssl_types::pkey(host.key()))?;
    builder.set_session_id_context(b"voms")?;
    let mut flags = X509VerifyFlags::ALLOW_PROXY_CERTS;
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(openssl_types::x509(client_ca)?.clone())?;
    if let Some(list) = revocation_list {
        let path = list
            .to_str()
            .ok_or_else(|| ServerError::Path(list.to_path_buf()))?;
        store
            .add_lookup(X509Lookup::file())?
            .load_crl_file(path, SslFiletype::PEM)?;
        // Otherwise OpenSSL checks only the first certificate, which may be a proxy.
        flags |= X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL;
    }
    store.set_flags(flags)?;
    builder.set_cert_store(store.build());
    builder.verify_param_mut().set_flags(flags)?;
    match front {
        Front::Voms => {
            builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT)
        }
        Front::Nginx => {
            builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
            // The handshake continues whatever the verification result, which OpenSSL records.
            builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
        }
    }
    Ok(builder.build())
}

fn serve(
    acceptor: &SslAcceptor,
    front: Front,
    stream: TcpStream,
    answer: &dyn Fn(&Client, &[u8]) -> Vec<u8>,
) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut raw = stream.try_clone()?;
    let mut stream = acceptor.accept(stream).map_err(|error| {
        drain(&mut raw);
        error.to_string()
    })?;
    let client = client(front, stream.ssl())?;
    let request = read_request(&mut stream, front)?;
    stream.write_all(&answer(&client, &request))?;
    stream.shutdown()?;
    if front == Front::Nginx {
        // The answer may have been sent before the whole request was read.
        drain(&mut raw);
    }
    Ok(())
}

/// Closing a socket with unread data resets the connection, and the last bytes sent might be lost.
fn drain(raw: &mut TcpStream) {
    let _ = raw.shutdown(Shutdown::Write);
    let (until, mut buffer) = (Instant::now() + PATIENCE, [0; 4096]);
    while Instant::now() < until && raw.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

fn client(front: Front, ssl: &SslRef) -> Result<Client, Box<dyn std::error::Error>> {
    Ok(match front {
        Front::Voms => Client::Verified(openssl_types::chain_of_peer(ssl)?),
        Front::Nginx if ssl.session_reused() => Client::Resumed,
        Front::Nginx if ssl.peer_certificate().is_none() => Client::Anonymous,
        Front::Nginx if ssl.verify_result() != X509VerifyResult::OK => {
            Client::Unverified(ssl.verify_result().error_string().to_owned())
        }
        Front::Nginx => match openssl_types::chain_of_peer(ssl) {
            Ok(chain) => Client::Verified(chain),
            Err(error) => Client::Unverified(error.to_string()),
        },
    })
}

fn read_request(stream: &mut SslStream<TcpStream>, front: Front) -> io::Result<Vec<u8>> {
    let is_complete = match front {
        Front::Voms => answer::is_complete,
        Front::Nginx => iam::is_complete,
    };
    let (until, mut request, mut buffer) = (Instant::now() + PATIENCE, Vec::new(), [0; 4096]);
    while !is_complete(without_gsi(&request))
        && request.len() < REQUEST_LIMIT
        && Instant::now() < until
    {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        request.extend_from_slice(&buffer[..count]);
    }
    Ok(without_gsi(&request).to_vec())
}

/// Strips GSI's "no delegation" byte, which some clients send first.
fn without_gsi(request: &[u8]) -> &[u8] {
    request.strip_prefix(b"0").unwrap_or(request)
}
