//! A server that shows a certificate which two parsers read differently: it must not be taken for
//! another one.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Duration;
use common::hostile::{tcp, virgo_at};
use common::{Home, now, world};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod, SslVerifyMode};
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509Builder, X509Name};

/// A certificate that claims the real host as its issuer, and whose TRUE is 01: OpenSSL reads it,
/// DER does not.
fn odd_certificate() -> (X509, PKey<Private>) {
    let key = PKey::ec_gen("prime256v1").unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "localhost")
        .unwrap();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&name.build()).unwrap();
    builder
        .set_issuer_name(
            voms::openssl_types::x509(world().host.chain().leaf())
                .unwrap()
                .subject_name(),
        )
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let day = |days| Asn1Time::from_unix((now() + Duration::days(days)).timestamp()).unwrap();
    builder.set_not_before(&day(-1)).unwrap();
    builder.set_not_after(&day(1)).unwrap();
    builder
        .append_extension(BasicConstraints::new().critical().build().unwrap())
        .unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let mut der = builder.build().to_der().unwrap();
    let at = der
        .windows(3)
        .position(|bytes| bytes == [1, 1, 0xff])
        .unwrap();
    der[at + 2] = 1;
    (X509::from_der(&der).unwrap(), key)
}

#[test]
fn the_certificate_after_an_unreadable_one_is_not_judged_in_its_place() {
    let (certificate, key) = odd_certificate();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder.set_certificate(&certificate).unwrap();
    let real = X509::from_der(world().host.chain().leaf().der()).unwrap();
    builder.add_extra_chain_cert(real).unwrap();
    builder.set_private_key(&key).unwrap();
    let met = Arc::new(AtomicBool::new(false));
    let meeting = met.clone();
    builder.set_verify_callback(SslVerifyMode::PEER, move |_, _| {
        meeting.store(true, Ordering::SeqCst);
        true
    });
    let acceptor = builder.build();
    let server = tcp(move |stream| {
        let _ = acceptor.accept(stream);
    });
    let line = virgo_at(server.port());
    Home::ada()
        .servers(&[line])
        .refused(&["--voms", "virgo"])
        .says("impostor", "cannot be read");
    assert!(
        !met.load(Ordering::SeqCst),
        "the user's certificate was shown to the impostor"
    );
}
