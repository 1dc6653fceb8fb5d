//! Diagnoses HTTP answers that do not come from VOMS.

use std::time::Duration;

use crate::net::rest::HttpResponse;

/// Maximum length of an excerpt from a foreign page or URL, in characters.
const MAX_EXCERPT: usize = 200;

/// An HTTP answer that does not come from VOMS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFailure {
    /// A redirect, which VOMS endpoints do not send.
    #[error(
        "the server redirects to {location} (HTTP {status}): that is a web page, perhaps IAM's own, not its VOMS endpoint"
    )]
    Redirect {
        /// The status, 3xx.
        status: u16,
        /// The redirect target.
        location: String,
    },
    /// The server is reachable, but its service is down or overloaded.
    #[error("the server is temporarily unavailable (HTTP {status} {})", reason(*.status))]
    Unavailable {
        /// The status: 429, 500, 502, 503 or 504.
        status: u16,
        /// How long the server asks clients to wait.
        retry_after: Option<Duration>,
    },
    /// The front-end web server rejected the client certificate.
    #[error("the server did not accept your certificate (HTTP {status})")]
    CertificateRejected {
        /// The status.
        status: u16,
    },
    /// The front-end web server received no client certificate.
    #[error(
        "the server did not accept your certificate: it says that it was sent none (HTTP {status})"
    )]
    CertificateMissing {
        /// The status.
        status: u16,
    },
    /// The request, or the certificate chain sent with it, exceeds the front-end web server's
    /// limit.
    #[error("the request is too long for the server (HTTP {status})")]
    TooLong {
        /// The status.
        status: u16,
    },
    /// An HTML page.
    #[error("the server sent a web page (HTTP {status}, {title:?}), not an answer of VOMS")]
    WebPage {
        /// The status.
        status: u16,
        /// The page's title, or its first characters.
        title: String,
    },
    /// The body is compressed although no compression was requested.
    #[error("the server compressed its answer ({encoding}), which it was not asked to do")]
    Compressed {
        /// The encoding.
        encoding: String,
    },
    /// A status without a body.
    #[error("an empty answer (HTTP {status})")]
    Empty {
        /// The status.
        status: u16,
    },
    /// Anything else.
    #[error("an answer that is not VOMS's (HTTP {status}): {start:?}")]
    Foreign {
        /// The status.
        status: u16,
        /// The first characters of the answer.
        start: String,
    },
}

impl HttpFailure {
    /// Classifies an answer that does not come from a VOMS server.
    pub(crate) fn of(response: &HttpResponse) -> Self {
        let status = response.status;
        let text = String::from_utf8_lossy(&response.body);
        // nginx uses its own codes for client certificate errors, 495 and 496, and reports them as
        // 400.
        let is_page_of = |title: &str| matches!(status, 400 | 495 | 496) && text.contains(title);
        match status {
            300..=399 => {
                let location = response
                    .location
                    .as_deref()
                    .unwrap_or("an address that it does not name");
                Self::Redirect {
                    status,
                    location: excerpt(location),
                }
            }
            429 | 500 | 502..=504 => Self::Unavailable {
                status,
                retry_after: response.retry_after,
            },
            413 | 414 | 431 => Self::TooLong { status },
            400 if is_about_size(&text) => Self::TooLong { status },
            _ if is_page_of("The SSL certificate error") => Self::CertificateRejected { status },
            _ if is_page_of("No required SSL certificate was sent") => {
                Self::CertificateMissing { status }
            }
            _ => match (&response.encoding, title(&text)) {
                (Some(encoding), _) => Self::Compressed {
                    encoding: excerpt(encoding),
                },
                (None, Some(title)) => Self::WebPage { status, title },
                (None, None) if text.trim().is_empty() => Self::Empty { status },
                (None, None) => Self::Foreign {
                    status,
                    start: excerpt(&text),
                },
            },
        }
    }
}

/// nginx's "Request Header Or Cookie Too Large", Tomcat's "Request header is too large".
fn is_about_size(text: &str) -> bool {
    let start: String = text.chars().take(4096).collect();
    let lower = start.to_ascii_lowercase();
    lower.contains("request header") && lower.contains("too large")
}

fn reason(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

/// The title of an HTML page, or its first characters if it has no title.
fn title(text: &str) -> Option<String> {
    let start: String = text.chars().take(4096).collect();
    let lower = start.to_ascii_lowercase();
    if !lower.contains("<html") && !lower.contains("<!doctype html") {
        return None;
    }
    let inside = || {
        let start_tag_end = lower.find("<title>")? + "<title>".len();
        let end = lower[start_tag_end..].find("</title>")?;
        start.get(start_tag_end..start_tag_end + end)
    };
    Some(excerpt(inside().unwrap_or(&start)))
}

fn excerpt(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(MAX_EXCERPT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: u16, body: &str) -> HttpFailure {
        HttpFailure::of(&HttpResponse {
            status,
            body: body.as_bytes().to_vec(),
            ..HttpResponse::default()
        })
    }

    #[test]
    fn the_status_decides_before_the_page_does() {
        let html = "<html><head><title>502 Bad\n Gateway</title></head></html>";
        assert_eq!(
            page(502, html),
            HttpFailure::Unavailable {
                status: 502,
                retry_after: None
            }
        );
        assert_eq!(
            page(404, html),
            HttpFailure::WebPage {
                status: 404,
                title: "502 Bad Gateway".to_owned()
            }
        );
        assert_eq!(page(404, ""), HttpFailure::Empty { status: 404 });
    }

    #[test]
    fn nginxs_pages_about_certificates_are_recognised() {
        let rejected = page(400, "<html><title>400 The SSL certificate error</title>");
        assert_eq!(rejected, HttpFailure::CertificateRejected { status: 400 });
        let missing = page(
            400,
            "<html><title>400 No required SSL certificate was sent</title>",
        );
        assert_eq!(missing, HttpFailure::CertificateMissing { status: 400 });
        assert!(matches!(
            page(200, "<html>The SSL certificate error"),
            HttpFailure::WebPage { .. }
        ));
    }

    #[test]
    fn what_nginx_sends_in_iams_place_is_recognised() {
        let cert = page(400, include_str!("../../../fixtures/rest/iam-cert.body"));
        assert_eq!(cert, HttpFailure::CertificateRejected { status: 400 });
        let missing = page(400, include_str!("../../../fixtures/rest/iam-nocert.body"));
        assert_eq!(missing, HttpFailure::CertificateMissing { status: 400 });
        let exception = page(500, include_str!("../../../fixtures/rest/iam-all.body"));
        assert_eq!(
            exception,
            HttpFailure::Unavailable {
                status: 500,
                retry_after: None
            }
        );
    }

    #[test]
    fn a_request_too_long_and_a_wrong_address_are_distinct_errors() {
        for (status, title) in [
            (414, "414 Request-URI Too Large"),
            (431, ""),
            (400, "400 Request Header Or Cookie Too Large"),
            (400, "Request header is too large"),
        ] {
            let page = page(status, &format!("<html><title>{title}</title></html>"));
            assert_eq!(page, HttpFailure::TooLong { status });
        }
    }

    #[test]
    fn pages_of_any_size_are_cut() {
        let HttpFailure::WebPage { title, .. } =
            page(200, &format!("<!DOCTYPE HTML>{}", "x".repeat(1 << 20)))
        else {
            panic!("not a page")
        };
        assert!(title.chars().count() <= MAX_EXCERPT);
    }
}
