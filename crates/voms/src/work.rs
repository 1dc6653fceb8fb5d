//! A budget for the signatures that a stranger's bytes make us verify.

use crate::pki::certificate::Certificate;
use crate::pki::key_limit::Cost;

/// For one credential. The longest chain accepted has 100 certificates; with RSA 4096 throughout
/// it costs as much.
const FOR_A_CREDENTIAL: Cost = 400;

/// What this thread has in fact computed, whether a budget was asked or not, for the fuzz target that
/// holds the budget to its word. The paths that OpenSSL builds are not in it; it
/// verifies one signature at a time, from the trusted end, and stops at the first that is wrong.
#[cfg(fuzzing)]
pub mod meter {
    use std::cell::Cell;

    use super::Cost;

    thread_local! {
        static SPENT: Cell<Cost> = const { Cell::new(0) };
    }

    pub(crate) fn count(cost: Cost) {
        SPENT.set(SPENT.get().saturating_add(cost));
    }

    /// The cost since the last call, in signatures of RSA 2048.
    pub fn take() -> Cost {
        SPENT.take()
    }
}

/// What is left of the budget.
#[derive(Debug)]
pub(crate) struct Work(Cost);

/// The budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Work {
    /// The budget of a credential of which that much is spent.
    pub fn after(spent: Cost) -> Self {
        Self(FOR_A_CREDENTIAL.saturating_sub(spent))
    }

    /// Pays for verifying one signature with the certificate's key.
    pub fn spend(&mut self, signer: &Certificate) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(signer.cost()).ok_or(Exhausted)?;
        Ok(())
    }

    /// What has been spent.
    pub fn spent(&self) -> Cost {
        FOR_A_CREDENTIAL - self.0
    }
}
