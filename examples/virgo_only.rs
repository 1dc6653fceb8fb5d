//! A TLS server that admits only members of `/virgo/virgo`.
//!
//! `cargo run --example virgo_only HOSTCERT HOSTKEY [ADDRESS]`, with `X509_CERT_DIR` and
//! `X509_VOMS_DIR` set; the address defaults to 127.0.0.1:8443.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openssl::ssl::{
    SslAcceptor, SslFiletype, SslMethod, SslOptions, SslSessionCacheMode, SslVerifyMode,
};
use voms::openssl_types;
use voms::verifier::VomsVerifier;

const MAX_CONNECTIONS: usize = 100;

#[allow(clippy::disallowed_methods)] // Programs may read the environment and the clock.
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key, address @ ..] = words.as_slice() else {
        return Err("usage: virgo_only HOSTCERT HOSTKEY [ADDRESS]".into());
    };
    let verifier = VomsVerifier::open(
        std::env::var("X509_CERT_DIR")?.as_ref(),
        std::env::var("X509_VOMS_DIR")?.as_ref(),
    )?;
    let shared = Arc::new((acceptor(certificate, key)?, verifier));
    let listener = TcpListener::bind(address.first().map_or("127.0.0.1:8443", String::as_str))?;
    println!("listening on {}", listener.local_addr()?);
    let busy = Arc::new(AtomicUsize::new(0));
    // Keep serving if a connection breaks or there are too many.
    for stream in listener.incoming().flatten() {
        if busy.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            busy.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (shared, busy) = (shared.clone(), busy.clone());
        std::thread::spawn(move || {
            if let Err(error) = serve(&shared.0, &shared.1, stream) {
                eprintln!("{error}");
            }
            busy.fetch_sub(1, Ordering::Relaxed);
        });
    }
    Ok(())
}

fn acceptor(certificate: &str, key: &str) -> Result<SslAcceptor, Box<dyn Error>> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_certificate_chain_file(certificate)?;
    builder.set_private_key_file(key, SslFiletype::PEM)?;
    // TLS only proves that the client holds the key. The proxy itself is verified below, for every
    // connection, so sessions must not be resumed.
    builder.set_verify_callback(
        SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
        |_, _| true,
    );
    // OpenSSL would build and verify the whole chain that a stranger sends, whatever its keys cost,
    // before the verifier, which has a budget, sees it. With this depth it stops at the first issuer.
    builder.set_verify_depth(0);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_TICKET);
    Ok(builder.build())
}

#[allow(clippy::disallowed_methods)]
fn serve(
    acceptor: &SslAcceptor,
    verifier: &VomsVerifier,
    stream: TcpStream,
) -> Result<(), Box<dyn Error>> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = acceptor.accept(stream)?;
    let verdict = openssl_types::chain_of_peer(stream.ssl())
        .map_err(|error| error.to_string())
        .and_then(|chain| {
            verifier
                .verify_chain(&chain, std::time::SystemTime::now())
                .map_err(|findings| findings.to_string())
        });
    let group = "/virgo/virgo".parse()?;
    let (status, text) = match &verdict {
        Ok(verified) if verified.has_fqan(&group) => {
            ("200 OK", format!("welcome, {}", verified.identity()))
        }
        Ok(verified) => (
            "403 Forbidden",
            format!("{} is not in /virgo/virgo", verified.identity()),
        ),
        Err(findings) => ("403 Forbidden", findings.clone()),
    };
    let _request = stream.read(&mut [0; 8192])?;
    let length = text.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    )?;
    stream.shutdown()?;
    Ok(())
}
