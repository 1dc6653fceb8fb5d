//! Reading what a vault answers.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{TokenError, excerpt};
use crate::http::Answer;
use crate::secret::Secret;

/// The most reasons of one refusal that are repeated.
const MOST_REASONS: usize = 5;

/// An answer of success.
pub fn accepted(host: &str, answer: Answer) -> Result<Answer, TokenError> {
    match answer.status {
        200 | 204 => Ok(answer),
        status => Err(TokenError::Refused {
            host: host.to_owned(),
            status,
            reasons: reasons(&answer),
        }),
    }
}

/// The document in an answer; null if there is none.
pub fn json(host: &str, answer: &Answer) -> Result<Value, TokenError> {
    if answer.status == 204 {
        return Ok(Value::Null);
    }
    let document: Value =
        serde_json::from_slice(&answer.body).map_err(|_| unreadable(host, "it is not JSON"))?;
    // What is indexed by name below has to be an object.
    if document.is_object() {
        Ok(document)
    } else {
        Err(unreadable(host, "it is not a JSON object"))
    }
}

/// Takes a secret out of a document (RFC 6901).
pub fn secret(document: &mut Value, pointer: &str) -> Option<Secret> {
    match document.pointer_mut(pointer)?.take() {
        Value::String(text) => Secret::taken(Zeroizing::new(text)),
        _ => None,
    }
}

/// What the vault says is wrong.
pub fn reasons(answer: &Answer) -> Vec<String> {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let listed = document.get("errors").and_then(Value::as_array);
    let texts = listed.into_iter().flatten().filter_map(Value::as_str);
    texts.take(MOST_REASONS).map(excerpt).collect()
}

pub fn unreadable(host: &str, why: &str) -> TokenError {
    TokenError::Unreadable {
        host: host.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: Zeroizing::new(body.as_bytes().to_vec()),
        }
    }

    #[test]
    fn a_refusal_carries_the_vaults_reasons_on_one_line_each() {
        let refused = answer(
            403,
            "{\"errors\": [\"1 error occurred:\\n\\t* permission denied\\n\\n\"]}",
        );
        assert_eq!(reasons(&refused), ["1 error occurred: * permission denied"]);
        assert!(matches!(
            accepted("vault", refused),
            Err(TokenError::Refused { status: 403, .. })
        ));
        for odd in [
            "",
            "[]",
            "{}",
            "{\"errors\": 1}",
            "{\"errors\": [1, null]}",
            "<html>",
        ] {
            assert!(reasons(&answer(500, odd)).is_empty(), "{odd}");
        }
    }

    #[test]
    fn a_secret_is_found_only_where_it_belongs() {
        for (text, found) in [
            (r#"{"auth": {"client_token": "s.x"}}"#, true),
            (r#"{"auth": {"client_token": "s.x\r\nX: y"}}"#, false),
            (r#"{"auth": {"client_token": ["s.x"]}}"#, false),
            (r#"{"auth": "client_token"}"#, false),
            (r#"{"auth": [1]}"#, false),
            (r#"{"auth": null}"#, false),
            ("{}", false),
        ] {
            let mut document = json("vault", &answer(200, text)).unwrap();
            assert_eq!(
                secret(&mut document, "/auth/client_token").is_some(),
                found,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_no_answer() {
        for odd in [
            "",
            "[1]",
            "null",
            "\"text\"",
            "{",
            "<html></html>",
            &"[".repeat(100_000),
        ] {
            assert!(json("vault", &answer(200, odd)).is_err(), "{odd:.20}");
        }
        assert!(json("vault", &answer(204, "")).unwrap().is_null());
    }
}
