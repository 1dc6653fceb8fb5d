//! Servers that misbehave below HTTP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslMethod, SslStream, SslVerifyMode};
use voms::credential::Credential;
use voms::openssl_types;

use super::servers::entry;
use super::world;

/// A listener whose connections are handled by a thread each, as long as it lives.
pub struct Hostile {
    port: u16,
    connections: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Hostile {
    pub fn virgo(&self) -> String {
        virgo_at(self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many clients came.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

pub fn virgo_at(port: u16) -> String {
    entry(
        "virgo",
        "localhost",
        port,
        &world().host.chain().leaf().subject().to_string(),
        "virgo",
    )
}

/// A port where nothing listens: bound once, so that it was free, and given up.
pub fn dead_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub fn tcp(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> Hostile {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (connections, over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (counting, ending, handle) = (connections.clone(), over.clone(), Arc::new(handle));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if ending.load(Ordering::SeqCst) {
                break;
            }
            counting.fetch_add(1, Ordering::SeqCst);
            // So that no thread outlives the binary's patience.
            stream
                .set_read_timeout(Some(Duration::from_secs(60)))
                .unwrap();
            stream
                .set_write_timeout(Some(Duration::from_secs(60)))
                .unwrap();
            let handle = handle.clone();
            std::thread::spawn(move || handle(stream));
        }
    });
    Hostile {
        port,
        connections,
        over,
    }
}

/// Speaks TLS as the world's host, reads one request, and then does what the test asks.
pub fn tls(handle: impl Fn(SslStream<TcpStream>) + Send + Sync + 'static) -> Hostile {
    tls_as(&world().host, SslVerifyMode::NONE, handle)
}

pub fn tls_as(
    host: &Credential,
    verify: SslVerifyMode,
    handle: impl Fn(SslStream<TcpStream>) + Send + Sync + 'static,
) -> Hostile {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder
        .set_certificate(openssl_types::x509(host.chain().leaf()).unwrap())
        .unwrap();
    builder
        .set_private_key(openssl_types::pkey(host.key()))
        .unwrap();
    builder.set_verify(verify);
    let acceptor = builder.build();
    tcp(move |stream| {
        let mut raw = stream.try_clone().unwrap();
        match acceptor.accept(stream) {
            Ok(mut stream) => {
                let mut request = [0; 4096];
                if stream.read(&mut request).is_ok() {
                    handle(stream);
                }
            }
            // Closing with bytes unread would reset the connection, and the alert might be lost on
            // the way.
            Err(_) => silence(&mut raw),
        }
    })
}

/// Writes for as long as anybody reads.
pub fn without_end(stream: &mut impl Write, begin: &str, chunk: &str) {
    let mut sent = stream.write_all(begin.as_bytes());
    while sent.is_ok() {
        sent = stream.write_all(chunk.as_bytes());
    }
}

/// Takes what comes and never says a word.
pub fn silence(stream: &mut impl Read) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}
