//! A server's reply, REST or legacy, is read within bounds, and any AC in either protocol's writing
//! comes out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voms::pki::pem::encode;
use voms_client::response::Reply;

const LONGEST_MESSAGE: usize = 500;
const MAX_MESSAGES: usize = 32;

fuzz_target!(|data: &[u8]| {
    match Reply::parse(data) {
        Ok(reply) => check(&reply),
        Err(error) => drop(error.to_string()),
    }
    let der = [&[0x30, 0x82, 0x01][..], data].concat();
    let lines: String = encode("AC", &der)
        .lines()
        .filter(|line| !line.starts_with('-'))
        .map(|l| l.to_owned() + "\n")
        .collect();
    let references = lines.replace('\n', "&#13;\n");
    for ac in [
        lines.replace('\n', ""),
        lines,
        references,
        voms_alphabet(&der),
    ] {
        for root in ["voms", "vomsans"] {
            let reply = Reply::parse(format!("<{root}><ac>{ac}</ac></{root}>").as_bytes()).unwrap();
            assert_eq!(reply.ac.as_ref(), Some(&der), "{ac}");
        }
    }
});

fn check(reply: &Reply) {
    assert!(reply.ac.as_ref().is_none_or(|der| der[0] == 0x30));
    assert!(reply.warnings.len() + reply.errors.len() <= MAX_MESSAGES);
    let warnings = reply.warnings.iter().map(|warning| &warning.message);
    let messages = reply
        .errors
        .iter()
        .flat_map(|error| [&error.code, &error.message])
        .chain(warnings);
    for message in messages {
        assert!(message.chars().count() <= LONGEST_MESSAGE && !message.contains('\n'));
    }
    reply
        .errors
        .iter()
        .for_each(|error| _ = error.is_definite());
}

/// Base64 with the letters of VOMS, on one line and without padding.
fn voms_alphabet(der: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]";
    let digits = |group: &[u8]| -> Vec<char> {
        let number = (0..3).fold(0, |sum, at| {
            sum << 8 | u32::from(group.get(at).copied().unwrap_or(0))
        });
        let letter = |at: usize| char::from(LETTERS[(number >> (18 - 6 * at) & 63) as usize]);
        (0..=group.len()).map(letter).collect()
    };
    der.chunks(3).flat_map(digits).collect()
}
