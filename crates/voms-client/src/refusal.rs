//! Classifies the refusals of VOMS servers, in one place (spec 4.3, 4.4, 4.6).

/// The server's software, as far as its answer reveals it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Software {
    /// The C++ VOMS server, with VOMS-Admin managing its members.
    Voms,
    /// The VOMS-AA of INDIGO IAM.
    Iam,
    /// The answer does not reveal it.
    Unknown,
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerErrorKind {
    /// No member has this certificate. IAM reports the subject and issuer it searched for, and
    /// compares both.
    UnknownUser {
        /// The subject it searched for, in RFC 2253 form.
        subject: Option<String>,
        /// The issuer it searched for, in RFC 2253 form.
        issuer: Option<String>,
    },
    /// The user has an account, but belongs to no group of the VO that is granted by default.
    NoGroup,
    /// The user is a member who must sign the usage policy (AUP), for the first time or again.
    UsagePolicy,
    /// The user's membership, or the certificate, is suspended.
    Suspended {
        /// The reason given by the VO's managers.
        reason: Option<String>,
    },
    /// The user does not hold a requested group or role.
    NotHeld {
        /// Which one, if the server names it.
        fqan: Option<String>,
    },
    /// A parameter exceeds the server's length limit.
    TooLong {
        /// The limit, in characters.
        limit: Option<u32>,
    },
    /// The front end rejected the user's certificate, or did not pass it to the authority.
    CertificateRejected,
    /// The server considers the request malformed.
    BadRequest,
    /// The server or its database is failing.
    Fault,
    /// Anything else; only the server's message explains it.
    Other,
}

/// One `<error>` of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerError {
    /// What it means.
    pub kind: ServerErrorKind,
    /// The software that sent it.
    pub software: Software,
    /// The server's code: a word in REST (`NoSuchUser`), a number in the legacy protocol and from
    /// IAM.
    pub code: String,
    /// The server's message, on one line.
    pub message: String,
}

impl ServerError {
    /// Classifies a code and a message. Word codes are unambiguous; of the numeric codes, 1004 and
    /// 1006 have several meanings each, which the message distinguishes.
    #[must_use]
    pub fn new(software: Software, code: String, message: String) -> Self {
        let kind = of_word(&code, &message).or_else(|| of_sentence(&message));
        let kind = kind.unwrap_or_else(|| of_number(software, &code));
        Self {
            kind,
            software,
            code,
            message,
        }
    }

    /// Takes the HTTP status into account: IAM says "unknown" with 403 if no account has the
    /// certificate, and with 200 if the account is in no group that is granted by default.
    #[must_use]
    pub fn under_status(self, status: u16) -> Self {
        let no_group = self.software == Software::Iam && status == 200;
        match self.kind {
            ServerErrorKind::UnknownUser { .. } if no_group => Self {
                kind: ServerErrorKind::NoGroup,
                ..self
            },
            _ => self,
        }
    }

    /// Whether the request itself is at fault, so that asking another server is pointless. No other
    /// refusal is final: while a VO migrates to IAM, the old servers and the new one know different
    /// members.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        matches!(self.kind, ServerErrorKind::TooLong { .. })
    }
}

/// Word codes of the C++ server.
fn of_word(code: &str, message: &str) -> Option<ServerErrorKind> {
    Some(match code {
        "NoSuchUser" => unknown_user(message),
        "SuspendedUser" | "SuspendedCertificate" => suspended(message),
        "BadRequest"
            if without_vo(message)
                .to_ascii_lowercase()
                .starts_with("unable to satisfy") =>
        {
            ServerErrorKind::NotHeld { fqan: None }
        }
        "BadRequest" => ServerErrorKind::BadRequest,
        "InternalError" => ServerErrorKind::Fault,
        _ => return None,
    })
}

/// Messages of both servers, recognized by how they start and end: the text in between may contain
/// any name.
fn of_sentence(message: &str) -> Option<ServerErrorKind> {
    use ServerErrorKind as Kind;
    let lower = without_vo(message).to_ascii_lowercase();
    let starts = |text: &str| lower.starts_with(text);
    let ends = |text: &str| lower.trim_end_matches('.').ends_with(text);
    Some(if starts("user unknown to this vo") {
        unknown_user(message)
    } else if starts("user is currently suspended") {
        suspended(message)
    } else if starts("user ") && ends("needs to sign aup for this organization in order to proceed")
    {
        Kind::UsagePolicy
    } else if starts("user ") && ends("is not active") {
        Kind::Suspended { reason: None }
    } else if starts("unable to satisfy") {
        Kind::NotHeld { fqan: None }
    } else if starts("user is not authorized to request attribute") {
        Kind::NotHeld {
            fqan: after(message, "attribute '")
                .and_then(|rest| rest.split('\'').next())
                .map(str::to_owned),
        }
    } else if let Some((_, rest)) = lower.split_once(" parameter length is limited to ") {
        Kind::TooLong {
            limit: rest
                .split(' ')
                .next()
                .and_then(|digits| digits.parse().ok()),
        }
    } else if starts("client is not authenticated") || starts("ssl certificate error") {
        Kind::CertificateRejected
    } else if starts("internal server error") {
        Kind::Fault
    } else {
        return None;
    })
}

/// Numeric codes of the legacy protocol, which IAM uses too, with 1005 for the client's
/// certificate.
fn of_number(software: Software, code: &str) -> ServerErrorKind {
    use ServerErrorKind as Kind;
    match (code, software) {
        ("1001", _) => Kind::UnknownUser {
            subject: None,
            issuer: None,
        },
        ("1004", _) => Kind::Suspended { reason: None },
        ("1002" | "1007", _) => Kind::NotHeld { fqan: None },
        ("1005", Software::Iam) => Kind::CertificateRejected,
        ("1005", _) => Kind::BadRequest,
        ("1003", _) => Kind::Fault,
        _ => Kind::Other,
    }
}

fn unknown_user(message: &str) -> ServerErrorKind {
    let issuer = after(message, "(issued by '")
        .and_then(|rest| rest.rsplit_once("')"))
        .map(|(name, _)| name);
    let subject = after(message, "vo: '").and_then(|rest| rest.split("' (issued by").next());
    ServerErrorKind::UnknownUser {
        subject: subject.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
    }
}

fn suspended(message: &str) -> ServerErrorKind {
    let reason = after(message, "suspension reason:").map(|reason| reason.trim().to_owned());
    match reason.as_deref().is_some_and(names_unsigned_policy) {
        true => ServerErrorKind::UsagePolicy,
        false => ServerErrorKind::Suspended { reason },
    }
}

/// Whether a suspension is due to an unsigned usage policy: VOMS-Admin suspends members who miss
/// the deadline, and says so in the reason. A violation of the policy does not count.
fn names_unsigned_policy(reason: &str) -> bool {
    let lower = reason.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let names_policy = lower.contains("usage policy") || words.clone().any(|word| word == "aup");
    names_policy
        && words.any(|word| matches!(word, "sign" | "signed" | "signing" | "resign" | "signature"))
}

/// A message without the VO name that the C++ server prepends.
fn without_vo(message: &str) -> &str {
    message
        .split_once(": ")
        .filter(|(vo, _)| !vo.contains(' '))
        .map_or(message, |(_, rest)| rest)
}

/// The text following the first case-insensitive match.
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
        let suspended = |reason: &str| Kind::Suspended {
            reason: Some(reason.to_owned()),
        };
        let cases = [
            (
                "1004",
                "User frank needs to sign AUP for this organization in order to proceed.",
                Kind::UsagePolicy,
            ),
            (
                "1004",
                "User 'CN=Dave, CN=CA' is not active.",
                Kind::Suspended { reason: None },
            ),
            (
                "1004",
                "User is currently suspended! Suspension reason: left",
                suspended("left"),
            ),
            (
                "SuspendedUser",
                "User is currently suspended! Suspension reason: AUP not signed",
                Kind::UsagePolicy,
            ),
            (
                "1006",
                "Client is not authenticated.",
                Kind::CertificateRejected,
            ),
            (
                "1006",
                "fqans parameter length is limited to 512 characters",
                Kind::TooLong { limit: Some(512) },
            ),
            (
                "1006",
                "Internal server error: the VOMS server is not really working as it should...",
                Kind::Fault,
            ),
            ("1006", "lifetime must be a positive integer", Kind::Other),
            (
                "1005",
                "SSL certificate error: invalid or missing client certificate.",
                Kind::CertificateRejected,
            ),
            ("1005", "Unable to intepret command", Kind::BadRequest),
            (
                "1001",
                "virgo: Unable to satisfy G/virgo/ligo request!",
                Kind::NotHeld { fqan: None },
            ),
            (
                "1001",
                "",
                Kind::UnknownUser {
                    subject: None,
                    issuer: None,
                },
            ),
            (
                "SuspendedUser",
                "User is currently suspended! Suspension reason: violation of the Grid AUP",
                suspended("violation of the Grid AUP"),
            ),
            (
                "SuspendedUser",
                "User is currently suspended! Suspension reason: unknown to this VO",
                suspended("unknown to this VO"),
            ),
            (
                "SuspendedUser",
                "unable to satisfy G/virgo",
                Kind::Suspended { reason: None },
            ),
            (
                "1004",
                "User 'CN=Unknown to this VO, CN=CA' is not active.",
                Kind::Suspended { reason: None },
            ),
            (
                "1004",
                "User 'CN=Needs to sign AUP, CN=CA' is not active.",
                Kind::Suspended { reason: None },
            ),
            (
                "1004",
                "User is not active needs to sign AUP for this organization in order to proceed.",
                Kind::UsagePolicy,
            ),
            (
                "1007",
                "User is not authorized to request attribute '/virgo/suspended' or attribute does not exist.",
                Kind::NotHeld {
                    fqan: Some("/virgo/suspended".to_owned()),
                },
            ),
        ];
        for (code, message, expected) in cases {
            assert_eq!(kind(code, message), expected, "{code} {message}");
        }
    }

    #[test]
    fn iams_number_for_certificates_needs_no_sentence() {
        let kind = |software| ServerError::new(software, "1005".to_owned(), String::new()).kind;
        assert_eq!(kind(Software::Iam), ServerErrorKind::CertificateRejected);
        assert_eq!(kind(Software::Voms), ServerErrorKind::BadRequest);
    }

    #[test]
    fn the_status_tells_an_account_without_groups_from_none() {
        let unknown = |software, status| {
            ServerError::new(
                software,
                "1001".to_owned(),
                "User unknown to this VO.".to_owned(),
            )
            .under_status(status)
            .kind
        };
        assert_eq!(unknown(Software::Iam, 200), ServerErrorKind::NoGroup);
        assert!(matches!(
            unknown(Software::Iam, 403),
            ServerErrorKind::UnknownUser { .. }
        ));
        assert!(matches!(
            unknown(Software::Voms, 200),
            ServerErrorKind::UnknownUser { .. }
        ));
    }

    #[test]
    fn what_the_server_names_is_kept() {
        let unknown = kind(
            "1001",
            "User unknown to this VO: 'CN=O'Hara (x),O=V' (issued by 'CN=CA's,O=V')",
        );
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            unknown,
            ServerErrorKind::UnknownUser {
                subject: some("CN=O'Hara (x),O=V"),
                issuer: some("CN=CA's,O=V")
            }
        );
        let held = kind(
            "1007",
            "User is not authorized to request attribute '/virgo/x' or attribute does not exist.",
        );
        assert_eq!(
            held,
            ServerErrorKind::NotHeld {
                fqan: some("/virgo/x")
            }
        );
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
