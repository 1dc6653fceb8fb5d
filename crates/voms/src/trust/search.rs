//! Finds the paths that OpenSSL passes over: of several certificates of one name it tries one.

use crate::pki::certificate::Certificate;
use crate::trust::MAX_DEPTH;
use crate::work::{Exhausted, Work};

/// A CA that changed its key and its superior doubles the paths twice.
const MAX_PATHS: usize = 8;

/// The paths from the leaf to an anchor by names, key identifiers and signatures, as far as the
/// budget goes. Each is the leaf, and what stands above it.
pub(super) fn paths(
    leaf: &Certificate,
    untrusted: &[Certificate],
    anchors: &[Certificate],
    work: &mut Work,
) -> Vec<Vec<Certificate>> {
    let mut search = Search {
        untrusted,
        anchors,
        found: Vec::new(),
    };
    if search.has_namesakes() {
        // What was found until the budget was spent is judged all the same.
        let _ = search.extend(&mut vec![leaf.clone()], work);
    }
    search.found
}

struct Search<'a> {
    untrusted: &'a [Certificate],
    anchors: &'a [Certificate],
    found: Vec<Vec<Certificate>>,
}

impl<'a> Search<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Certificate> + use<'a> {
        self.untrusted.iter().chain(self.anchors)
    }

    /// Whether there is a choice at all.
    fn has_namesakes(&self) -> bool {
        let namesakes = |one: &Certificate, other: &Certificate| {
            one != other && one.subject().matches(other.subject())
        };
        self.all()
            .enumerate()
            .any(|(at, one)| self.all().skip(at + 1).any(|other| namesakes(one, other)))
    }

    fn extend(&mut self, path: &mut Vec<Certificate>, work: &mut Work) -> Result<(), Exhausted> {
        let Some(last) = path.last().cloned() else {
            return Ok(());
        };
        // The same certificate may also be one that another key of the CA signed.
        if last.is_self_issued() && self.anchors.contains(&last) {
            self.found.push(path.clone());
        }
        let fits = |other: &&Certificate| {
            other.subject().matches(last.issuer()) && other.may_have_key_of(&last)
        };
        let mut tried: Vec<&Certificate> = Vec::new();
        for issuer in self.all().filter(fits) {
            if self.found.len() >= MAX_PATHS || path.len() > MAX_DEPTH {
                return Ok(());
            }
            if path.contains(issuer) || tried.contains(&issuer) {
                continue;
            }
            tried.push(issuer);
            work.spend(issuer)?;
            if last.is_signed_by(issuer) {
                path.push(issuer.clone());
                self.extend(path, work)?;
                path.pop();
            }
        }
        Ok(())
    }
}
