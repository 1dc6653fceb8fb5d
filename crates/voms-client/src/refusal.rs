//! What a VOMS server says when it grants nothing, classified once (spec 4.3, 4.4, 4.6).

/// Which software answered, as far as its answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Software {
    /// The C++ VOMS server, with VOMS-Admin for its members.
    Voms,
    /// The VOMS-AA of INDIGO IAM.
    Iam,
    /// The answer does not tell.
    Unknown,
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerErrorKind {
    /// No member has this certificate. IAM names what it looked for; it compares subject and issuer.
    UnknownUser {
        /// The subject that it looked for, in RFC 2253 form.
        subject: Option<String>,
        /// The issuer that it looked for, in RFC 2253 form.
        issuer: Option<String>,
    },
    /// The user is a member who has to sign the usage policy (AUP), for the first time or again.
    UsagePolicy,
    /// The user's membership, or the certificate, is suspended.
    Suspended {
        /// The reason that the VO's managers gave.
        reason: Option<String>,
    },
    /// A group or role that was asked for is not the user's.
    NotHeld {
        /// Which one, if the server names it.
        fqan: Option<String>,
    },
    /// A parameter is longer than the server takes.
    TooLong {
        /// The most that it takes, in characters.
        limit: Option<u32>,
    },
    /// What stands in front of the authority did not accept the user's certificate, or did not hand it on.
    CertificateRejected,
    /// The request is malformed in the server's eyes.
    BadRequest,
    /// The server, or its database, does not work.
    Fault,
    /// Anything else; the server's own words have to do.
    Other,
}

/// One `<error>` of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// What it means.
    pub kind: ServerErrorKind,
    /// Who says so.
    pub software: Software,
    /// The server's code: a word in REST (`NoSuchUser`), a number in the legacy protocol and in IAM.
    pub code: String,
    /// The server's sentence, on one line.
    pub message: String,
}

impl ServerError {
    /// Classifies a code and a sentence. The sentence goes first: 1004 and 1006 have several meanings each.
    #[must_use]
    pub fn new(software: Software, code: String, message: String) -> Self {
        let kind = of_message(&message).unwrap_or_else(|| of_code(&code));
        Self { kind, software, code, message }
    }

    /// Whether it holds for all servers of the VO, so that there is no point in asking another. That a user is unknown
    /// does not: while a VO moves to IAM, old and new servers know different certificates.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        use ServerErrorKind::{NotHeld, Suspended, TooLong, UsagePolicy};
        matches!(self.kind, NotHeld { .. } | Suspended { .. } | TooLong { .. } | UsagePolicy)
    }
}

fn of_message(message: &str) -> Option<ServerErrorKind> {
    use ServerErrorKind as Kind;
    let lower = message.to_ascii_lowercase();
    let has = |text: &str| lower.contains(text);
    Some(if has("unknown to this vo") {
        let issuer = after(message, "(issued by '").and_then(|rest| rest.rsplit_once("')")).map(|(name, _)| name);
        let subject = after(message, "vo: '").and_then(|rest| rest.split("' (issued by").next());
        Kind::UnknownUser { subject: subject.map(str::to_owned), issuer: issuer.map(str::to_owned) }
    } else if has("unable to satisfy") || has("not authorized to request attribute") {
        Kind::NotHeld {
            fqan: after(message, "attribute '").and_then(|rest| rest.split('\'').next()).map(str::to_owned),
        }
    } else if has("needs to sign aup") {
        Kind::UsagePolicy
    } else if has("suspended") {
        let reason = after(message, "suspension reason:").map(|reason| reason.trim().to_owned());
        if reason.as_deref().is_some_and(is_about_usage_policy) {
            Kind::UsagePolicy
        } else {
            Kind::Suspended { reason }
        }
    } else if has("is not active") {
        Kind::Suspended { reason: None }
    } else if has("length is limited to") {
        let digits = after(message, "limited to ").and_then(|rest| rest.split(' ').next());
        Kind::TooLong { limit: digits.and_then(|digits| digits.parse().ok()) }
    } else if has("not authenticated") || has("certificate error") || has("client certificate") {
        Kind::CertificateRejected
    } else if has("internal server error") || has("not really working") {
        Kind::Fault
    } else {
        return None;
    })
}

fn of_code(code: &str) -> ServerErrorKind {
    use ServerErrorKind as Kind;
    match code {
        "NoSuchUser" | "1001" => Kind::UnknownUser { subject: None, issuer: None },
        "SuspendedUser" | "SuspendedCertificate" | "1004" => Kind::Suspended { reason: None },
        "1002" | "1007" => Kind::NotHeld { fqan: None },
        "BadRequest" | "1005" => Kind::BadRequest,
        "InternalError" | "1003" => Kind::Fault,
        _ => Kind::Other,
    }
}

/// VOMS-Admin suspends members who have not signed in time, and says so in the reason.
fn is_about_usage_policy(reason: &str) -> bool {
    let lower = reason.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    lower.contains("usage policy") || words.any(|word| word == "aup")
}

/// What follows a text that is looked for without case.
fn after<'a>(message: &'a str, text: &str) -> Option<&'a str> {
    let at = message.to_ascii_lowercase().find(text)?;
    message.get(at + text.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str, message: &str) -> ServerErrorKind {
        ServerError::new(Software::Unknown, code.to_owned(), message.to_owned()).kind
    }

    #[test]
    fn one_code_has_several_meanings_and_the_sentence_tells_which() {
        use ServerErrorKind as Kind;
        let suspended = |reason: &str| Kind::Suspended { reason: Some(reason.to_owned()) };
        let cases = [
            ("1004", "User frank needs to sign AUP for this organization in order to proceed.", Kind::UsagePolicy),
            ("1004", "User 'CN=Dave, CN=CA' is not active.", Kind::Suspended { reason: None }),
            ("1004", "User is currently suspended! Suspension reason: left", suspended("left")),
            ("SuspendedUser", "User is currently suspended! Suspension reason: AUP not signed", Kind::UsagePolicy),
            ("1006", "Client is not authenticated.", Kind::CertificateRejected),
            ("1006", "fqans parameter length is limited to 512 characters", Kind::TooLong { limit: Some(512) }),
            ("1006", "Internal server error: the VOMS server is not really working as it should...", Kind::Fault),
            ("1006", "lifetime must be a positive integer", Kind::Other),
            ("1005", "SSL certificate error: invalid or missing client certificate.", Kind::CertificateRejected),
            ("1005", "Unable to intepret command", Kind::BadRequest),
            ("1001", "virgo: Unable to satisfy G/virgo/ligo request!", Kind::NotHeld { fqan: None }),
            ("1001", "", Kind::UnknownUser { subject: None, issuer: None }),
        ];
        for (code, message, expected) in cases {
            assert_eq!(kind(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn what_the_server_names_is_kept() {
        let unknown = kind("1001", "User unknown to this VO: 'CN=O'Hara (x),O=V' (issued by 'CN=CA's,O=V')");
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            unknown,
            ServerErrorKind::UnknownUser { subject: some("CN=O'Hara (x),O=V"), issuer: some("CN=CA's,O=V") }
        );
        let held = kind("1007", "User is not authorized to request attribute '/virgo/x' or attribute does not exist.");
        assert_eq!(held, ServerErrorKind::NotHeld { fqan: some("/virgo/x") });
    }

    #[test]
    fn odd_sentences_are_classified_without_harm() {
        for message in [
            "VO: '",
            "unknown to this VO: '",
            "(issued by '')",
            "Attribute '",
            "İlimited to 5",
            "ß suspension reason:é",
        ] {
            kind("1", message);
        }
    }
}
