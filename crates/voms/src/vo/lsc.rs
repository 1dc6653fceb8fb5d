//! LSC files: which signer, certified by which CAs, may sign a VO's attribute certificates (spec
//! 6.1).

use crate::pki::certificate::Certificate;
use crate::pki::dn::Dn;

/// Why an LSC file is unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LscError {
    /// It contains no names.
    #[error("it holds no names")]
    Empty,
    /// A chain has an odd number of names; subjects and issuers come in pairs.
    #[error("it has an odd number of names in one chain")]
    Odd,
    /// A line is not a distinguished name.
    #[error("line {line} is not a distinguished name")]
    Line {
        /// The line number, from 1.
        line: usize,
    },
}

/// One subject and its issuer.
type Pair = (Dn, Dn);

/// The chains of one LSC file: any of them may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lsc {
    chains: Vec<Vec<Pair>>,
}

impl Lsc {
    /// Parses a file: names in slash form, alternating subject and issuer, from the signer up.
    /// Blank lines, `#` comments, surrounding quotes and blanks are ignored. A line of dashes with
    /// `NEXT CHAIN` starts another chain.
    ///
    /// # Errors
    /// [`LscError`].
    pub fn parse(text: &str) -> Result<Self, LscError> {
        let mut names: Vec<Vec<Dn>> = vec![Vec::new()];
        for (number, line) in text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .lines()
            .enumerate()
        {
            let line = line.trim().trim_matches('"').trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if is_separator(line) {
                names.push(Vec::new());
                continue;
            }
            let name = Dn::parse(line).ok_or(LscError::Line { line: number + 1 })?;
            if let Some(chain) = names.last_mut() {
                chain.push(name);
            }
        }
        names.retain(|chain| !chain.is_empty());
        if names.is_empty() {
            return Err(LscError::Empty);
        }
        if names.iter().any(|chain| chain.len() % 2 != 0) {
            return Err(LscError::Odd);
        }
        let pairs = |chain: &Vec<Dn>| {
            chain
                .chunks_exact(2)
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect()
        };
        Ok(Self {
            chains: names.iter().map(pairs).collect(),
        })
    }

    /// Whether one of the chains matches these certificates, signer first: each certificate needs
    /// its pair; the chain may continue above them.
    #[must_use]
    pub fn matches(&self, certificates: &[Certificate]) -> bool {
        !certificates.is_empty()
            && self.chains.iter().any(|chain| {
                chain.len() >= certificates.len()
                    && chain
                        .iter()
                        .zip(certificates)
                        .all(|((subject, issuer), certificate)| {
                            subject.matches(certificate.subject())
                                && issuer.matches(certificate.issuer())
                        })
            })
    }

    /// The signers it names, each with its issuer.
    pub fn named(&self) -> impl Iterator<Item = (&Dn, &Dn)> {
        self.chains
            .iter()
            .filter_map(|chain| chain.first())
            .map(|(subject, issuer)| (subject, issuer))
    }
}

fn is_separator(line: &str) -> bool {
    let inner = line.trim_matches('-').trim();
    line.starts_with('-') && line.ends_with('-') && inner.eq_ignore_ascii_case("NEXT CHAIN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_comments_and_quotes_are_understood() {
        for separator in [
            "------ NEXT CHAIN ------",
            "------NEXT CHAIN------",
            "-- next chain --",
        ] {
            let text = format!("# voms\n\"/CN=a\"\r\n  /CN=ca \n\n{separator}\n/CN=b\n/CN=ca\n");
            let lsc = Lsc::parse(&text).unwrap();
            assert_eq!(
                lsc.named()
                    .map(|(subject, _)| subject.to_string())
                    .collect::<Vec<_>>(),
                ["/CN=a", "/CN=b"]
            );
        }
    }

    #[test]
    fn what_says_nothing_usable_is_refused() {
        assert_eq!(Lsc::parse("\n# nothing\n"), Err(LscError::Empty));
        assert_eq!(Lsc::parse("/CN=a\n"), Err(LscError::Odd));
        assert_eq!(
            Lsc::parse("/CN=a\nhello\n"),
            Err(LscError::Line { line: 2 })
        );
    }
}
