//! The next step after a file that an institution sent cannot be used.

use std::path::Path;

use super::Advice;
use crate::home::bundle::ReceivedError;
use crate::home::bundle::foreign::Foreign;

/// What to do until the CA has answered.
const WAIT: &str = "wait for your CA's mail, and import the certificate that it sends";

impl Advice for ReceivedError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { path, .. } if path.is_dir() => {
                "name the files in it that your CA sent, for example mycert.p12".to_owned()
            }
            Self::Unreadable { .. } => "name a readable file of at most 1 MiB".to_owned(),
            Self::Foreign { path, what } => foreign(*what, path),
            Self::CutShort { .. } | Self::Damaged { .. } => {
                "download or export it again; in a mail, save the attachment itself".to_owned()
            }
            Self::Password { .. } => "try again with the password that was chosen when the file was made (the \
                browser's export dialogue asked for it, or the CA's mail names it)"
                .to_owned(),
            Self::Cipher { path, .. } => {
                format!(
                    "convert it where it was made, for example: openssl pkcs12 -in {} -out cert.pem",
                    path.display()
                )
            }
            Self::Proxy { .. } => {
                "import the certificate that your CA issued; use this proxy with: voms-proxy-init --cert FILE"
                    .to_owned()
            }
            Self::NoCertificate { .. } | Self::Nothing | Self::OnlyAuthorities(_) => {
                "name the file with your own certificate as well".to_owned()
            }
            Self::OnlyRequested => WAIT.to_owned(),
            Self::SeveralKeys { path, .. } => {
                format!("run: openssl pkcs12 -in {} -out all.pem, import all.pem, and remove it", path.display())
            }
            Self::NoKey(_) => {
                "name the file with the key as well: it lies where the certificate was requested, in the \
                browser's key store or in a file such as userkey.pem or key.pem"
                    .to_owned()
            }
            Self::Ambiguous(..) => {
                "put the certificate and the key of the one that you want into a file of their own, \
                and import that"
                    .to_owned()
            }
            Self::Mismatch(_) => "name the key that was made together with the request for this certificate".to_owned(),
            Self::Prompt(error) => return error.next_step(),
        })
    }
}

/// What to do with a file that was mistaken for a certificate.
fn foreign(what: Foreign, path: &Path) -> String {
    match what {
        Foreign::Empty | Foreign::WebPage => {
            "download it again from your CA's page, logged in there".to_owned()
        }
        Foreign::JavaKeyStore => {
            let path = path.display();
            format!(
                "run: keytool -importkeystore -srckeystore {path} -destkeystore cert.p12 -deststoretype PKCS12"
            )
        }
        Foreign::Archive => "unpack it, and import the files in it".to_owned(),
        Foreign::Utf16 => format!(
            "run: iconv -f UTF-16 -t UTF-8 {} > cert.pem",
            path.display()
        ),
        Foreign::Request => WAIT.to_owned(),
        _ => {
            "import the file with the certificate that your CA sent, or that your browser exported"
                .to_owned()
        }
    }
}
