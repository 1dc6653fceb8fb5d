//! What is in a token (JWT, RFC 7519). Nothing is verified.

use chrono::{DateTime, Utc};
use serde_json::Value;
use voms::crypto::base64_decode;

use crate::secret::Secret;

/// The texts of header and payload, which are JSON. Without the signature they are no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The header.
    pub header: String,
    /// The payload, with the claims.
    pub payload: String,
}

impl Parts {
    /// Splits a token into its parts; `None` if it is not a JWT.
    #[must_use]
    pub fn of(token: &Secret) -> Option<Self> {
        let mut parts = token.expose().split('.');
        let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            header: document(header)?,
            payload: document(payload)?,
        })
    }

    /// What the payload says.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims::of(&serde_json::from_str(&self.payload).unwrap_or_default())
    }
}

/// The text of a JSON object in base64url (RFC 7515 section 2).
fn document(part: &str) -> Option<String> {
    let mut text = part.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    let text = String::from_utf8(base64_decode(&text)?).ok()?;
    let document: Value = serde_json::from_str(&text).ok()?;
    document.is_object().then_some(text)
}

/// The claims that matter to users, of SciTokens and of the WLCG profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Who issued it.
    pub issuer: Option<String>,
    /// Who it speaks of.
    pub subject: Option<String>,
    /// The services that it is for.
    pub audience: Vec<String>,
    /// What it permits.
    pub scopes: Vec<String>,
    /// The groups of its subject (`wlcg.groups`).
    pub groups: Vec<String>,
    /// When it begins to be valid.
    pub not_before: Option<DateTime<Utc>>,
    /// When it was issued.
    pub issued: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires: Option<DateTime<Utc>>,
}

impl Claims {
    fn of(payload: &Value) -> Self {
        let text = |name: &str| payload[name].as_str().map(str::to_owned);
        let moment = |name: &str| DateTime::from_timestamp(payload[name].as_i64()?, 0);
        let scope = payload["scope"].as_str().unwrap_or_default();
        Self {
            issuer: text("iss"),
            subject: text("sub"),
            audience: list(&payload["aud"]),
            scopes: scope.split_whitespace().map(str::to_owned).collect(),
            groups: list(&payload["wlcg.groups"]),
            not_before: moment("nbf"),
            issued: moment("iat"),
            expires: moment("exp"),
        }
    }

    /// The seconds that it has left: none if it has expired, or never ends, which no token may.
    #[must_use]
    pub fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        let left = self.expires.map(|end| (end - now).num_seconds());
        left.unwrap_or_default().max(0)
    }

    /// Whether it is not valid yet.
    #[must_use]
    pub fn is_early(&self, now: DateTime<Utc>) -> bool {
        self.not_before.is_some_and(|begin| now < begin)
    }
}

/// A text, or a list of them.
fn list(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts
            .iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voms::crypto::base64_encode;

    fn token(header: &str, payload: &str) -> Secret {
        let part = |text: &str| {
            base64_encode(text.as_bytes())
                .replace('+', "-")
                .replace('/', "_")
                .trim_end_matches('=')
                .to_owned()
        };
        Secret::new(&format!("{}.{}.c2ln", part(header), part(payload))).unwrap()
    }

    #[test]
    fn claims_of_both_profiles_are_read() {
        let payload = r#"{"iss":"https://i.example/v","sub":"ada","aud":["a","b"],"scope":"read:/ x",
            "wlcg.groups":["/virgo"],"exp":2000000000,"nbf":1000000000,"odd":"?>~ü"}"#;
        let parts = Parts::of(&token(r#"{"alg":"RS256"}"#, payload)).unwrap();
        assert_eq!(parts.payload, payload);
        let claims = parts.claims();
        assert_eq!(claims.audience, ["a", "b"]);
        assert_eq!(claims.scopes, ["read:/", "x"]);
        assert_eq!(claims.groups, ["/virgo"]);
        let now = DateTime::from_timestamp(1_999_999_000, 0).unwrap();
        assert_eq!(claims.seconds_left(now), 1000);
        assert_eq!(claims.seconds_left(now + chrono::Duration::days(1)), 0);
        assert!(!claims.is_early(now));
        let single = Parts::of(&token("{}", r#"{"aud":"ANY","exp":"soon"}"#)).unwrap();
        assert_eq!(single.claims().audience, ["ANY"]);
        assert_eq!(single.claims().seconds_left(now), 0);
    }

    #[test]
    fn what_is_no_jwt_has_no_parts() {
        for text in [
            "word",
            "a.b",
            "a.b.c",
            "e30.e30",
            "e30.e30.x.y",
            "W10.e30.x",
            "e30.!.x",
        ] {
            assert!(Parts::of(&Secret::new(text).unwrap()).is_none(), "{text}");
        }
        assert!(Parts::of(&Secret::new("e30.e30.").unwrap()).is_some());
    }
}
