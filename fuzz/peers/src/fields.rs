//! Names for the fields of certificates, revocation lists and attribute certificates.

use std::rc::Rc;

use crate::der::Node;

/// What is signed here, each the name of its element.
pub const ROLES: [&str; 6] = ["proxy", "user", "ca", "signer", "ac", "crl"];

const EXPLICIT_0: u8 = 0xa0;
const EXPLICIT_3: u8 = 0xa3;
const SEQUENCE: u8 = 0x30;

const EXTENSIONS: [(&[u8], &str); 25] = [
    (&[0x55, 0x1d, 14], "subject-key-identifier"),
    (&[0x55, 0x1d, 15], "key-usage"),
    (&[0x55, 0x1d, 17], "subject-alternative-name"),
    (&[0x55, 0x1d, 18], "issuer-alternative-name"),
    (&[0x55, 0x1d, 19], "basic-constraints"),
    (&[0x55, 0x1d, 20], "crl-number"),
    (&[0x55, 0x1d, 21], "reason"),
    (&[0x55, 0x1d, 27], "delta-crl"),
    (&[0x55, 0x1d, 28], "issuing-distribution-point"),
    (&[0x55, 0x1d, 30], "name-constraints"),
    (&[0x55, 0x1d, 31], "distribution-points"),
    (&[0x55, 0x1d, 32], "policies"),
    (&[0x55, 0x1d, 33], "policy-mappings"),
    (&[0x55, 0x1d, 35], "authority-key-identifier"),
    (&[0x55, 0x1d, 36], "policy-constraints"),
    (&[0x55, 0x1d, 37], "extended-key-usage"),
    (&[0x55, 0x1d, 54], "inhibit-any-policy"),
    (&[0x55, 0x1d, 55], "targets"),
    (&[0x55, 0x1d, 56], "no-rev-avail"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 14], "proxy-cert-info"),
    (
        &[0x2b, 6, 1, 4, 1, 0x9b, 0x50, 1, 0x81, 0x5e],
        "draft-proxy-cert-info",
    ),
    (&[0x2b, 6, 1, 4, 1, 0xbe, 0x45, 100, 100, 5], "acs"),
    (&[0x2b, 6, 1, 4, 1, 0xbe, 0x45, 100, 100, 10], "certs"),
    (
        &[0x2b, 6, 1, 4, 1, 0xbe, 0x45, 100, 100, 11],
        "generic-attributes",
    ),
    (
        &[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1],
        "netscape-type",
    ),
];

/// Names the fields of something signed, and of what is signed inside of it.
pub fn name(node: &mut Node, role: &str) {
    if !node.looks_signed() {
        return;
    }
    node.name = Some(role.into());
    let Some([body, algorithm, _]) = node.nodes_mut().map(Vec::as_mut_slice) else {
        return;
    };
    algorithm.name = Some("outer-algorithm".into());
    let version = usize::from(
        role == "ac"
            || body.nodes()[0].tag == EXPLICIT_0
            || role == "crl" && body.nodes()[0].tag == 2,
    );
    let fields: &[&str] = match role {
        "ac" => &[
            "holder",
            "issuer",
            "algorithm",
            "serial",
            "validity",
            "attributes",
        ],
        "crl" => &[
            "algorithm",
            "issuer",
            "this-update",
            "next-update",
            "entries",
        ],
        _ => &[
            "serial",
            "algorithm",
            "issuer",
            "validity",
            "subject",
            "key",
        ],
    };
    for (at, part) in body.nodes_mut().into_iter().flatten().enumerate() {
        let field = at.checked_sub(version).and_then(|at| fields.get(at));
        match (field, part.tag) {
            (Some(field), _) => part.name = Some((*field).into()),
            (None, _) if at < version => part.name = Some("version".into()),
            (None, EXPLICIT_0 | EXPLICIT_3) if role != "ac" => {
                part.nodes_mut().into_iter().flatten().for_each(extensions)
            }
            (None, SEQUENCE) if role == "ac" => extensions(part),
            _ => {}
        }
    }
    let inner = if role == "ac" { "signer" } else { "ac" };
    body.each_mut(&mut |node| {
        if node.name.is_none() {
            name(node, inner);
        }
    });
}

fn extensions(list: &mut Node) {
    list.name = Some("extensions".into());
    for extension in list.nodes_mut().into_iter().flatten() {
        let id = extension
            .nodes()
            .first()
            .map(Node::encode)
            .unwrap_or_default();
        let known = EXTENSIONS
            .iter()
            .find(|(known, _)| id.get(2..) == Some(*known));
        extension.name = Some(known.map_or("another-extension", |(_, name)| *name).into());
    }
}

/// The named elements in it: where they are, and their class, such as `proxy.key-usage`.
pub fn named(node: &Node) -> Vec<(Vec<usize>, String)> {
    let mut found = Vec::new();
    walk(node, &mut Vec::new(), "", &mut found);
    found
}

fn walk(node: &Node, path: &mut Vec<usize>, role: &str, found: &mut Vec<(Vec<usize>, String)>) {
    let name: Option<Rc<str>> = node.name.clone();
    let role = match name.as_deref() {
        Some(name) if ROLES.contains(&name) => {
            found.push((path.clone(), name.to_owned()));
            name
        }
        Some(name) => {
            found.push((path.clone(), format!("{role}.{name}")));
            role
        }
        None => role,
    };
    for (at, inner) in node.nodes().iter().enumerate() {
        path.push(at);
        walk(inner, path, role, found);
        path.pop();
    }
}

/// The field of something signed.
pub fn field<'a>(signed: &'a Node, name: &str) -> Option<&'a Node> {
    signed
        .nodes()
        .first()?
        .nodes()
        .iter()
        .find(|field| field.is_named(name))
}

/// The same, to be changed.
pub fn field_mut<'a>(signed: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    signed
        .nodes_mut()?
        .first_mut()?
        .nodes_mut()?
        .iter_mut()
        .find(|field| field.is_named(name))
}

/// Whether it is a CA's certificate.
pub fn is_ca(certificate: &Node) -> bool {
    const ID: [u8; 5] = [6, 3, 0x55, 0x1d, 19];
    const TRUE: [u8; 3] = [1, 1, 0xff];
    let der = certificate.encode();
    let Some(at) = der.windows(ID.len()).position(|window| window == ID) else {
        return false;
    };
    let rest = &der[at + ID.len()..];
    let value = rest.strip_prefix(&TRUE).unwrap_or(rest);
    // Over the headers of the OCTET STRING and the SEQUENCE.
    value.get(4..).is_some_and(|value| value.starts_with(&TRUE))
}
