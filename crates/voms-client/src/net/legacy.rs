//! The pre-REST protocol: one XML document in each direction over plain TLS (spec 4.5).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::net::{NetError, REPLY_LIMIT};

const END: &[u8] = b"</vomsans>";

/// Sends the document in one TLS record, since servers read only once, and reads until the answer's
/// document or the connection ends.
///
/// # Errors
/// [`NetError::Closed`] if nothing was received, [`NetError::TooLarge`], [`NetError::Refused`],
/// [`NetError::Broken`].
pub async fn exchange(
    mut stream: SslStream<TcpStream>,
    document: &str,
) -> Result<Vec<u8>, NetError> {
    stream
        .write_all(document.as_bytes())
        .await
        .map_err(|error| NetError::from_io(&error, true))?;
    let mut answer = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = stream
            .read(&mut buffer)
            .await
            .map_err(|error| NetError::from_io(&error, answer.is_empty()))?;
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..count]);
        if answer.len() > REPLY_LIMIT {
            return Err(NetError::TooLarge);
        }
        let tail = answer.len().saturating_sub(count + END.len());
        if answer[tail..]
            .windows(END.len())
            .any(|window| window == END)
        {
            break;
        }
    }
    if answer.is_empty() {
        Err(NetError::Closed)
    } else {
        Ok(answer)
    }
}
