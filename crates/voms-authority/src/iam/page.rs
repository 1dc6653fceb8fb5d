//! The pages and documents sent by IAM and by nginx in front of it.

use chrono::{DateTime, Utc};

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>"#;

/// An HTTP answer.
pub(super) struct Page {
    pub(super) status: &'static str,
    pub(super) content_type: Option<&'static str>,
    /// Additional header fields.
    pub(super) more: &'static str,
    pub(super) body: String,
}

impl Page {
    pub(super) fn write(&self, now: DateTime<Utc>, with_body: bool) -> Vec<u8> {
        let Self {
            status,
            content_type,
            more,
            body,
        } = self;
        let content_type = content_type
            .map(|name| format!("Content-Type: {name}\r\n"))
            .unwrap_or_default();
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT");
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nServer: nginx\r\nDate: {date}\r\n{content_type}Content-Length: {length}\r\n{more}\
             Connection: close\r\n\r\n"
        );
        (head + if with_body { body } else { "" }).into_bytes()
    }
}

/// nginx's own page for a request that it does not forward.
pub(super) fn nginx(problem: Option<&str>) -> Page {
    let title = problem.unwrap_or("Bad Request");
    let explained = problem
        .map(|problem| format!("<center>{problem}</center>\r\n"))
        .unwrap_or_default();
    let body = format!(
        "<html>\r\n<head><title>400 {title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n\
         {explained}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Page {
        status: "400 Bad Request",
        content_type: Some("text/html"),
        more: "",
        body,
    }
}

pub(super) fn xml(body: String) -> Page {
    Page {
        content_type: Some("text/xml;charset=utf-8"),
        ..untyped("200 OK", body)
    }
}

/// An answer without a content type, as IAM's filters send it.
pub(super) fn untyped(status: &'static str, body: String) -> Page {
    Page {
        status,
        content_type: None,
        more: "",
        body,
    }
}

pub(super) fn voms(content: &str) -> String {
    format!("{DECLARATION}<voms>{content}</voms>")
}

pub(super) fn error(code: u32, message: &str) -> String {
    voms(&format!(
        "<error><code>{code}</code><message>{}</message></error>",
        escaped(message)
    ))
}

pub(super) fn old_error(code: u32, message: &str) -> String {
    let item = format!(
        "<number>{code}</number><message>{}</message>",
        escaped(message)
    );
    format!(
        "{DECLARATION}<vomsans><version>3</version><error><item>{item}</item></error><ac>QQ==\n</ac></vomsans>"
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#13;")
}
