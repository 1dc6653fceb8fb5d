//! A TLS server on the loopback interface that asks for client certificates and answers one request a connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::ssl::{SslAcceptor, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;

use super::answer::is_complete;
use crate::credential::certificate::Certificate;
use crate::credential::chain::Chain;
use crate::credential::user::Credential;

const REQUEST_LIMIT: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_CONNECTIONS: usize = 64;

/// A server that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No port.
    #[error("cannot listen on the loopback interface: {0}")]
    Listen(#[from] io::Error),
    /// The host's credential cannot be used.
    #[error("cannot serve TLS: {0}")]
    Tls(#[from] ErrorStack),
}

/// A running server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts on a free loopback port: clients must show a certificate of `client_ca`, proxies included; `answer` gets
    /// their chain and the bytes of the request and gives the bytes of the reply.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start<F>(host: &Credential, client_ca: &Certificate, answer: F) -> Result<Self, ServerError>
    where
        F: Fn(&Chain, &[u8]) -> Vec<u8> + Send + Sync + 'static,
    {
        let acceptor = Arc::new(acceptor(host, client_ca)?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, answer, busy) = (stop.clone(), Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopping.load(Ordering::Relaxed) {
                    break;
                }
                if busy.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
                    busy.fetch_sub(1, Ordering::Relaxed);
                    continue;
                }
                let (acceptor, answer, busy) = (acceptor.clone(), answer.clone(), busy.clone());
                std::thread::spawn(move || {
                    // A client that breaks off is the client's affair.
                    let _ = serve(&acceptor, stream, &*answer);
                    busy.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Ok(Self { address, stop, accepting: Some(accepting) })
    }

    /// The port it listens on, at 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn acceptor(host: &Credential, client_ca: &Certificate) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_certificate(host.chain().leaf().x509()?)?;
    builder.set_private_key(host.key().pkey())?;
    builder.set_session_id_context(b"voms")?;
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(client_ca.to_x509()?)?;
    store.set_flags(X509VerifyFlags::ALLOW_PROXY_CERTS)?;
    builder.set_cert_store(store.build());
    builder.verify_param_mut().set_flags(X509VerifyFlags::ALLOW_PROXY_CERTS)?;
    builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    Ok(builder.build())
}

fn serve(
    acceptor: &SslAcceptor,
    stream: TcpStream,
    answer: &dyn Fn(&Chain, &[u8]) -> Vec<u8>,
) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut raw = stream.try_clone()?;
    let mut stream = acceptor.accept(stream).map_err(|error| {
        // Closing with bytes unread would reset the connection, and the alert that says why might be lost.
        let _ = raw.shutdown(Shutdown::Write);
        let _ = io::copy(&mut (&mut raw).take(REQUEST_LIMIT as u64), &mut io::sink());
        error.to_string()
    })?;
    let client = Chain::shown_by(stream.ssl())?;
    let request = read_request(&mut stream)?;
    stream.write_all(&answer(&client, &request))?;
    stream.shutdown()?;
    Ok(())
}

fn read_request(stream: &mut SslStream<TcpStream>) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&request) && request.len() < REQUEST_LIMIT {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        request.extend_from_slice(&buffer[..count]);
    }
    // Some clients send GSI's "no delegation" byte first.
    Ok(request.strip_prefix(b"0").map(<[u8]>::to_vec).unwrap_or(request))
}
