//! HTTP Negotiate (RFC 4559): the client's first token, and the server's response token.

use voms::crypto::{base64_decode, base64_encode};
use zeroize::Zeroizing;

use crate::error::EcpError;
use crate::gssapi::{Gssapi, Negotiation};
use crate::http::Answer;

/// The `Authorization` header for a host, and the negotiation that the answer must complete.
///
/// # Errors
/// [`EcpError::Kerberos`].
pub fn begin<'a>(
    gssapi: &'a Gssapi,
    host: &str,
) -> Result<(Negotiation<'a>, Zeroizing<String>), EcpError> {
    let (negotiation, token) = gssapi.begin(host)?;
    let encoded = Zeroizing::new(base64_encode(&token));
    let header = Zeroizing::new(["Negotiate ", encoded.as_str()].concat());
    Ok((negotiation, header))
}

/// Verifies that the server that answered holds the host's key.
///
/// # Errors
/// [`EcpError::NotMutual`].
pub fn verify(mut negotiation: Negotiation<'_>, answer: &Answer) -> Result<(), EcpError> {
    let refused = || EcpError::NotMutual(answer.host.clone());
    let values = answer
        .headers
        .get_all("www-authenticate")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut tokens = values.filter_map(|value| value.strip_prefix("Negotiate "));
    let token = tokens
        .next()
        .and_then(|token| base64_decode(token.trim()))
        .ok_or_else(refused)?;
    negotiation.step(&token).map_err(|_| refused())?;
    if negotiation.is_complete() {
        Ok(())
    } else {
        Err(refused())
    }
}
