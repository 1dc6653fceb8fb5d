//! A budget for the signatures that a stranger's bytes make us verify.

use crate::pki::certificate::Certificate;
use crate::pki::key_limit::Cost;

/// For one credential. The longest chain accepted has 100 certificates; with RSA 4096 throughout
/// it costs as much.
const FOR_A_CREDENTIAL: Cost = 400;

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
