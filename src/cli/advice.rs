//! The next step for each error and finding of the libraries. Errors of a single command carry
//! theirs where they are made.

mod credential;
mod received;
mod server;
mod token;

use saml_ecp::error::EcpError;
use saml_ecp::gssapi::GssError;
use voms::ac::finding::AcFinding;
use voms::chain::ChainFinding;
use voms::mapping::Unmapped;
use voms::pki::certificate::CertificateError;
use voms::proxy::ProxyError;
use voms::trust::{PathFinding, PathProblem, Usage};
use voms::verifier::Finding;
use voms::vo::fqan::FqanError;
use voms_client::net::NetError;

pub use self::server::{User, failure, refusal, rejected};
use super::codes::Coded;
use super::platform;

const FROM_CERTIFICATE: &str = "make the proxy from your certificate instead of from a proxy";
const ANOTHER: &str = "ask your CA for another certificate, with a name that programs can read";

/// Suggests what to do after a failure.
pub trait Advice: Coded {
    /// The next step, if there is one.
    fn next_step(&self) -> Option<String>;
}

impl Advice for CertificateError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Characters => ANOTHER.to_owned(),
            Self::Unsupported(_) => {
                "ask your CA for a certificate with SHA-256 and a key of 2048 bits or more"
                    .to_owned()
            }
            _ => "get it again from where it came from: it may be damaged".to_owned(),
        })
    }
}

impl Advice for FqanError {
    fn next_step(&self) -> Option<String> {
        if let Self::Slash(fqan) = self {
            let names: Vec<&str> = fqan.split('/').filter(|name| !name.is_empty()).collect();
            return Some(format!("leave out that slash: /{}", names.join("/")));
        }
        if let Self::NoVo(text) = self {
            let group = text.split('/').nth(1).filter(|group| !group.is_empty());
            return Some(match group {
                Some(group) => format!("did you mean {group}:{text}?"),
                None => "write for example --voms virgo (is a variable empty?)".to_owned(),
            });
        }
        Some(
            "write VO:/group/subgroup or VO:/group/Role=name, for example virgo:/virgo/virgo"
                .to_owned(),
        )
    }
}

impl Advice for PathFinding {
    fn next_step(&self) -> Option<String> {
        Some(match &self.problem {
            PathProblem::Expired(_) | PathProblem::Weak(_) | PathProblem::Revoked { .. }
                if self.is_ca =>
            {
                "update the CA's files (IGTF packages), or ask the CA for its renewed certificate"
                    .to_owned()
            }
            PathProblem::Expired(_) => "get a new certificate from your CA".to_owned(),
            PathProblem::NotYetValid(_) => "check the clock of this machine".to_owned(),
            PathProblem::UnknownIssuer {
                unreadable: Some(file),
                ..
            } => format!("fix or replace {}", file.display()),
            PathProblem::UnknownIssuer {
                namesake: Some(file),
                ..
            } => format!(
                "one of the two is not the CA that it seems: ask it for its present certificate, and put \
                 that in place of {}; or name another directory with --certdir or X509_CERT_DIR",
                file.display()
            ),
            PathProblem::UnknownIssuer { directory, .. } => format!(
                "if you trust that CA, install its certificate in {} ({}), or name another directory with \
                 --certdir or X509_CERT_DIR",
                directory.display(),
                platform::install_cas()
            ),
            PathProblem::Revoked { .. } => "ask your CA for a new certificate".to_owned(),
            PathProblem::Purpose(Usage::Client) => {
                "ask for a certificate for client authentication (clientAuth): \
                CAs for the web issue certificates for servers only"
                    .to_owned()
            }
            PathProblem::CrlExpired { .. } => {
                "update the revocation lists: run fetch-crl; if that changes nothing, check the \
                 clock of this machine (run: date)"
                    .to_owned()
            }
            PathProblem::CrlUnusable { .. } | PathProblem::CrlMissing(_) => {
                "update the revocation lists: run fetch-crl".to_owned()
            }
            PathProblem::Rejected { directory, .. } => format!(
                "if you trust that CA for this, remove the rejection from its certificate in {} \
                (openssl x509 -clrreject)",
                directory.display()
            ),
            PathProblem::Policy { file, .. } => {
                format!(
                    "update the CA's files (IGTF packages), or check what {} permits",
                    file.display()
                )
            }
            PathProblem::Weak(_) => {
                "ask its CA for a certificate with SHA-256 and a key of 2048 bits or more"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

impl Advice for ChainFinding {
    fn next_step(&self) -> Option<String> {
        match self {
            Self::Path(finding) => finding.next_step(),
            Self::Expired { .. } => Some("make a new proxy".to_owned()),
            Self::MixedTypes(_) => Some(FROM_CERTIFICATE.to_owned()),
            Self::Nameless => Some(ANOTHER.to_owned()),
            Self::NotYetValid { .. } => Some("check the clock of this machine".to_owned()),
            _ => None,
        }
    }
}

impl Advice for AcFinding {
    fn next_step(&self) -> Option<String> {
        match self {
            Self::NotTrusted { vo, host, vomsdir } => Some(format!(
                "get the server's LSC file (the VO's VOMS page shows it) and run: voms-proxy vo add {host}.lsc; \
                 for all users, put it into {}/{vo}/{host}.lsc",
                vomsdir.display()
            )),
            Self::LscFormerCa {
                file,
                signer,
                issuer,
                ..
            } => {
                let who = match signer
                    .common_name()
                    .is_some_and(|host| host.ends_with(".infn.it"))
                {
                    true => "CNAF changed CA at the end of 2025",
                    false => "GEANT's certificates have come from another CA since 2025",
                };
                Some(format!(
                    "{who}: install the VO's current LSC files, or, if the VO confirms it, put these two lines into {}: {signer} and \
                     {issuer}",
                    file.display()
                ))
            }
            Self::LscMismatch {
                file,
                signer,
                issuer,
            } => Some(format!(
                "if the VO confirms that its server's certificate changed, put these two lines into {}: {signer} and \
                 {issuer}",
                file.display()
            )),
            Self::LscUnusable { file, .. } => Some(format!("fix or replace {}", file.display())),
            Self::NotTheServer { signer } => Some(format!(
                "if the VO confirms that {signer} signs for it, put the LSC file of that host into a vomsdir and name it with \
                 --vomsdir or X509_VOMS_DIR"
            )),
            Self::Signer(finding) => finding.next_step(),
            Self::NotYetValid(_) => Some("check the clock of this machine".to_owned()),
            Self::Expired(_) => Some("make a new proxy".to_owned()),
            _ => None,
        }
    }
}

impl Advice for Finding {
    fn next_step(&self) -> Option<String> {
        match self {
            Self::Chain(finding) => finding.next_step(),
            Self::Ac { finding, .. } => finding.next_step(),
            _ => None,
        }
    }
}

impl Advice for Unmapped {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::File { .. } => "check the path, and what is in the file".to_owned(),
            Self::Line { place, .. } => {
                let file = place.file.display();
                format!("correct that line: LCMAPS reads no further in {file}")
            }
            Self::Banned { .. } => "ask the site's administrators".to_owned(),
            Self::NoAccount { .. } => "add the account to that line".to_owned(),
            Self::Spelling { name, .. } => {
                format!("write \"{name}\" there, or a wildcard that matches it")
            }
            Self::Wildcard { .. } => "add a line with the whole name".to_owned(),
            Self::Unknown { .. } => {
                "ask the site's administrators for a line with one of these names".to_owned()
            }
            _ => return None,
        })
    }
}

impl Advice for ProxyError {
    fn next_step(&self) -> Option<String> {
        match self {
            Self::Expired(_) => {
                Some("get a new certificate from your CA, or make a new proxy".to_owned())
            }
            Self::LegacyCannot => Some("make an RFC 3820 proxy, which is the default".to_owned()),
            Self::MayNotSign => {
                Some("ask your CA for a certificate with digitalSignature".to_owned())
            }
            Self::MixedChain | Self::PathLength => Some(FROM_CERTIFICATE.to_owned()),
            _ => None,
        }
    }
}

impl Advice for NetError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Resolve(_) => "check the network, and the host name in the vomses entry".into(),
            Self::Connect(_) => "check the network and firewall, or try again later".into(),
            Self::Untrusted(finding) => return of_server(finding),
            Self::UntrustedByWebCas(_) | Self::WebCas(_) => {
                format!(
                    "install the grid CAs ({}), or name their directory with --certdir or X509_CERT_DIR",
                    platform::install_cas()
                )
            }
            Self::Name { .. } => "check the host in the vomses entry against the VO's own page".into(),
            Self::Refused(_) | Self::Closed => "the server may not accept your certificate: check that it is in date, \
                not revoked, and issued by a CA that grids trust (openssl x509 -noout -text -in usercert.pem)"
                .into(),
            Self::Credential(_) => "ask your CA for a certificate with SHA-256 and a key of 2048 bits or more".into(),
            _ => "check the port in the vomses entry, or try again later".into(),
        })
    }
}

/// The server's certificate is not the user's to renew.
fn of_server(finding: &PathFinding) -> Option<String> {
    match finding.problem {
        PathProblem::Expired(_) | PathProblem::Revoked { .. } if !finding.is_ca => Some(
            "check the clock of this machine (run: date); if it is right, tell the VO's support: \
             their server needs a new certificate"
                .to_owned(),
        ),
        PathProblem::Weak(_) | PathProblem::Purpose(_) => {
            Some("tell the VO's support: their server needs another certificate".to_owned())
        }
        _ => finding.next_step(),
    }
}

impl Advice for EcpError {
    fn next_step(&self) -> Option<String> {
        Some(match self {
            Self::Insecure(_) => "write an address that begins with https://".to_owned(),
            Self::UserInAddress(_) => {
                "leave out the part before the @; a user is named with --username".to_owned()
            }
            Self::Untrusted { .. } => {
                "check the address, the clock, and SSL_CERT_FILE if you set it: another server may be answering".to_owned()
            }
            Self::Connect { .. } => "check the network and the proxy variables".to_owned(),
            Self::Timeout(_) | Self::TooLarge { .. } | Self::Fault { .. } => "try again later".to_owned(),
            Self::Status { status: 404 | 410, .. } => "check the address".to_owned(),
            Self::Gone { .. } | Self::Service { .. } => "CILogon no longer issues X.509 \
                certificates. Use SciTokens (htgettoken -a vault.ligo.org -i igwn), or a certificate of an IGTF CA with \
                VOMS (voms-proxy import, voms-proxy register); another issuer is named with --service-url"
                .to_owned(),
            Self::Status { .. } | Self::Rejected { .. } | Self::Certificate { .. } => {
                "try again later, or report it to the service's operators".to_owned()
            }
            Self::NotPaos { .. } | Self::Envelope { .. } | Self::NoSession(_) => {
                "check the service's address, and whether it supports SAML ECP".to_owned()
            }
            Self::Refused { .. } | Self::Page(_) | Self::Failed { .. } => {
                "check user name and password, or get a ticket with kinit and use --kerberos".to_owned()
            }
            Self::Address { .. } | Self::Elsewhere { .. } => {
                "stop here and report it to the operators of the service and of the identity provider".to_owned()
            }
            Self::UnknownIdp(_) | Self::AmbiguousIdp { .. } => "see the names with: ecp-get-cert --list-idps".to_owned(),
            Self::Kerberos(GssError::NoLibrary) => {
                "install Kerberos (Debian: libgssapi-krb5-2), or leave out --kerberos".to_owned()
            }
            Self::Kerberos(GssError::Static) => "log in with your password, without --kerberos, or install a build that is \
                not static: the manylinux wheel, deb, rpm or linux-gnu archive"
                .to_owned(),
            Self::Kerberos(GssError::Exchange(_)) => "the identity provider may not take Kerberos, or the KDC cannot be \
                reached: log in with your password, without --kerberos"
                .to_owned(),
            Self::Kerberos(_) => "run: kinit USER@REALM".to_owned(),
            Self::NotMutual(_) => "stop here: another server may be answering".to_owned(),
            Self::Cookies { .. } => "remove the file, or name another with --cookiefile".to_owned(),
            _ => "please report this as a bug".to_owned(),
        })
    }
}
