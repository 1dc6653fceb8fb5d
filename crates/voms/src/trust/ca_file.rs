//! Files of CA certificates.

use std::io;

use der::asn1::ObjectIdentifier;

use crate::pki::certificate::Certificate;
use crate::pki::pem;
use crate::trust::settings;

/// The contents of a CA certificate file.
#[derive(Debug, Default)]
pub struct CaFile {
    pub certificates: Vec<Certificate>,
    /// The purposes that trust settings reject a certificate for.
    pub rejections: Vec<(Certificate, ObjectIdentifier)>,
    /// Whether something in it cannot be read.
    pub is_damaged: bool,
}

impl CaFile {
    /// Parses PEM, keeping every readable certificate, or a single DER certificate.
    pub fn parse(file: io::Result<&[u8]>) -> Self {
        let file = file.unwrap_or_default();
        let blocks = pem::blocks(file);
        let mut own = Self::default();
        let mut certificates = blocks.iter().filter(|b| b.is_certificate()).peekable();
        if certificates.peek().is_none() {
            own.add(Some(file), Some(&[]));
        }
        for block in certificates {
            let (der, settings) = (block.der(), block.trust_settings());
            own.add(der.as_ref().map(|der| der.as_slice()), settings.as_deref());
        }
        own
    }

    /// Adds a certificate, unless it or its trust settings cannot be read.
    fn add(&mut self, der: Option<&[u8]>, settings: Option<&[u8]>) {
        let read = || {
            let certificate = Certificate::from_der(der?).ok()?;
            certificate.check_supported().ok()?;
            Some((certificate, settings::rejected(settings?)?))
        };
        let Some((certificate, rejected)) = read() else {
            self.is_damaged = true;
            return;
        };
        let rejections = rejected.into_iter().map(|id| (certificate.clone(), id));
        self.rejections.extend(rejections);
        self.certificates.push(certificate);
    }
}
