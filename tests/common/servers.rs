//! VOMS servers that give prepared answers and remember what was asked.

use std::sync::{Arc, Mutex};

use openssl::base64;
use voms::chain::Chain;
use voms::credential::Credential;
use voms_asn1::EncodedAc;
use voms_authority::server::Server;
use voms_authority::sign::AcDraft;
use voms_authority::{Authority, Member};

use super::{now, world};

/// The port that attribute certificates carry; nothing listens there.
pub const PORT: u16 = 15_009;

/// A running server.
pub struct Voms {
    server: Server,
    subject: String,
    heard: Arc<Mutex<Vec<String>>>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Voms {
    /// A line of vomses for it.
    pub fn line(&self, alias: &str, vo: &str) -> String {
        entry(alias, "localhost", self.port(), &self.subject, vo)
    }

    pub fn virgo(&self) -> String {
        self.line("virgo", "virgo")
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The requests so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// What was asked for, as it stands in the first lines of the REST requests.
    pub fn targets(&self) -> Vec<String> {
        let target = |request: &String| request.split(' ').nth(1).map(str::to_owned);
        self.heard()
            .iter()
            .filter(|request| request.starts_with("GET "))
            .filter_map(target)
            .collect()
    }

    /// The attribute certificates sent so far.
    pub fn sent(&self) -> Vec<Vec<u8>> {
        self.sent.lock().unwrap().clone()
    }
}

pub fn entry(alias: &str, host: &str, port: u16, subject: &str, vo: &str) -> String {
    format!("\"{alias}\" \"{host}\" \"{port}\" \"{subject}\" \"{vo}\"\n")
}

/// A server with the world's host certificate.
pub fn serve(answer: impl Fn(&Chain, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> Voms {
    serve_as(&world().host, answer)
}

pub fn serve_as(
    host: &Credential,
    answer: impl Fn(&Chain, &[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> Voms {
    let (heard, sent) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(Mutex::new(Vec::new())),
    );
    let (hearing, sending) = (heard.clone(), sent.clone());
    let server = Server::start(host, world().ca.certificate(), move |client, request| {
        hearing
            .lock()
            .unwrap()
            .push(String::from_utf8_lossy(request).into_owned());
        let reply = answer(client, request);
        sending
            .lock()
            .unwrap()
            .extend(attribute_certificate(&reply));
        reply
    });
    Voms {
        server: server.unwrap(),
        subject: host.chain().leaf().subject().to_string(),
        heard,
        sent,
    }
}

/// The world's authority, changed as a test needs it.
pub fn authority(change: impl FnOnce(&mut Authority)) -> Authority {
    let mut authority = world().authority(PORT);
    change(&mut authority);
    authority
}

/// The authority of another VO, with its own groups for the same user.
pub fn authority_of(vo: &str) -> Authority {
    authority(|authority| {
        authority.vo = vo.to_owned();
        authority.members[0].groups = vec![format!("/{vo}").parse().unwrap()];
        authority.members[0].roles.clear();
    })
}

/// Another member, with the same groups and roles.
pub fn join(authority: &mut Authority, user: &Credential) {
    let subject = user.chain().leaf().subject().clone();
    authority.members.push(Member {
        subject,
        ..authority.members[0].clone()
    });
}

/// An honest server.
pub fn honest(authority: Authority) -> Voms {
    serve(move |client, request| authority.answer(&world().host, client, request, now()))
}

/// An honest server that answers nothing to HTTP.
pub fn legacy(authority: Authority) -> Voms {
    serve(move |client, request| match request.starts_with(b"GET") {
        true => Vec::new(),
        false => authority.answer(&world().host, client, request, now()),
    })
}

/// The draft that an honest server would sign for a plain `virgo`.
pub fn draft() -> AcDraft {
    AcDraft {
        vo: "virgo".to_owned(),
        uri: format!("localhost:{PORT}"),
        fqans: vec!["/virgo/Role=NULL/Capability=NULL".to_owned()],
        attributes: Vec::new(),
        targets: Vec::new(),
        not_before: now(),
        not_after: now() + chrono::Duration::hours(12),
    }
}

/// The draft, signed by the world's host for its user.
pub fn signed(draft: &AcDraft) -> EncodedAc {
    draft
        .sign(world().user.chain().leaf(), &world().host)
        .unwrap()
}

/// A server that sends these bytes as the attribute certificate.
pub fn sends(der: &[u8]) -> Voms {
    let reply = ok(&format!(
        "<voms><ac>{}</ac></voms>",
        base64::encode_block(der)
    ));
    serve(move |_, _| reply.clone())
}

pub fn ok(body: &str) -> Vec<u8> {
    http("200 OK", body)
}

pub fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn attribute_certificate(reply: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(reply);
    let (_, rest) = text.split_once("<ac>")?;
    let compact: String = rest.split_once("</ac>")?.0.split_whitespace().collect();
    base64::decode_block(&compact).ok()
}
