//! The time that an unverified server claims.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::net::endpoint;
use crate::net::rest::parse_date;
use crate::net::tls::unverified;
use crate::vomses::VomsesEntry;

/// More than the head of an answer has.
const LONGEST_HEAD: u64 = 16 << 10;

/// The `Date` of a server's answer to a request that carries nothing about the user. Its certificate
/// is not verified, since that takes a clock that is right: only good for suspecting one's own.
/// `None` if it does not answer in time, or not with a date, as the C++ server.
pub async fn claimed_time(entry: &VomsesEntry, timeout: Duration) -> Option<SystemTime> {
    tokio::time::timeout(timeout, ask(entry)).await.ok()?
}

async fn ask(entry: &VomsesEntry) -> Option<SystemTime> {
    let tcp = endpoint::connect(&entry.host, entry.port).await.ok()?;
    let mut stream = unverified(&entry.host, tcp).ok()?;
    Pin::new(&mut stream).connect().await.ok()?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n\r\n",
        entry.host, entry.port
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    // What came before an error may have the date.
    let _ = stream.take(LONGEST_HEAD).read_to_end(&mut head).await;
    date_in(&head)
}

fn date_in(answer: &[u8]) -> Option<SystemTime> {
    let text = String::from_utf8_lossy(answer);
    let mut lines = text.lines();
    lines.next().filter(|status| status.starts_with("HTTP/"))?;
    let mut headers = lines.take_while(|line| !line.is_empty());
    headers.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_date = name.eq_ignore_ascii_case("date");
        is_date.then(|| parse_date(value.trim()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_head_of_an_http_answer_has_a_date() {
        let date = "Date: Fri, 27 Nov 2026 10:00:00 GMT";
        let whole = format!("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n{date}\r\n\r\n<html>");
        assert!(date_in(whole.as_bytes()).is_some());
        for other in [
            String::new(),
            date.to_owned(),
            format!("HTTP/1.1 200 OK\r\n\r\n{date}\r\n"),
            "HTTP/1.1 200 OK\r\nDate: soon\r\n\r\n".to_owned(),
        ] {
            assert_eq!(date_in(other.as_bytes()), None, "{other}");
        }
    }
}
