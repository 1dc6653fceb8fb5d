//! For those who have no certificate yet: where to get one, and what to ask for.

use crate::cli::codes;
use crate::cli::output::{self, Diagnostic};

const WHERE: &str = "\
You have no certificate yet. To get one:

1. Ask for it where your institution says. Most institutions in Europe take part
   in GEANT's certificate service (TCS): open https://cm.harica.gr/, choose
   Academic Login, and log in at your institution. If yours does not take part,
   ask the CA of your country: https://www.igtf.net/ lists those that grids trust.
2. Ask for a personal certificate for authentication (clientAuth) from an IGTF
   CA. TCS calls it \"IGTF Client Auth\", GEANT Personal Authentication. Those for
   e-mail (S/MIME) and for servers are refused. RSA with 2048 bits or more works
   everywhere.
3. Import the file that you get:
     voms-proxy import mycert.p12
4. Then: voms-proxy register
";

/// Prints what to do if there is no certificate in any of the usual places. A file that was named,
/// but cannot be read, is another matter.
pub fn advised(diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.code() == codes::NO_CREDENTIAL {
        output::line(WHERE);
    }
    diagnostic
}
