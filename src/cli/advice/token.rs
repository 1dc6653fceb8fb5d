//! The next step when there is no token.

use grid_token::error::{LoginFailure, TokenError};
use saml_ecp::gssapi::GssError;

use super::Advice;

impl Advice for TokenError {
    fn next_step(&self) -> Option<String> {
        let help = match self {
            Self::Address(_) => "name the vault with -a, as in -a vault.ligo.org",
            Self::Name(_) => "check -i, -r, --credkey and the paths given",
            Self::Untrusted { .. } => {
                "check the address, the clock, and --cafile, --capath, SSL_CERT_FILE and X509_CERT_DIR; a vault with \
                 another name in its certificate is accepted with --vaultcertname"
            }
            Self::Cas { .. } => "name a file with CA certificates with --cafile, or leave it out",
            Self::Connect { .. } => "check the address and the network",
            Self::Timeout(_) | Self::TooLarge { .. } => "try again later",
            Self::Redirect { .. } => "if that is the vault, name it with -a",
            Self::Refused { status: 400, .. } => {
                "check --scopes and --audience: the login that the vault keeps may not permit them"
            }
            Self::Refused { status: 403, .. } => {
                "check -i and -r; a vault token that has expired is renewed by kinit, or in a web browser"
            }
            Self::Refused { status: 404, .. } => {
                "check -i, -r and --credkey; the vault keeps no login for them: log in in a web browser, on a terminal"
            }
            Self::Refused { .. } | Self::Unreadable { .. } => {
                "try again later, or report it to the vault's operators"
            }
            Self::Login {
                reason: LoginFailure::Denied,
                ..
            } => "run it again, and agree to what the page asks",
            Self::Login { .. } => "run it again, and log in at the address shown",
            Self::InsecureLogin(_) => "do not log in there: report it to the vault's operators",
            Self::Kerberos(GssError::NoLibrary) => {
                "install Kerberos (Debian: libgssapi-krb5-2), or log in in a web browser, on a terminal"
            }
            Self::Kerberos(GssError::NoTicket(_)) => "run: kinit USER@REALM",
            Self::Kerberos(_) => "check the realm of your ticket with klist, and --vaultalias",
            Self::NoAgent(_) => {
                "start it with: eval $(oidc-agent), and load your account with oidc-add"
            }
            Self::Agent { .. } => "see the accounts with oidc-add -a, and load yours with oidc-add",
            _ => return None,
        };
        Some(help.to_owned())
    }
}
