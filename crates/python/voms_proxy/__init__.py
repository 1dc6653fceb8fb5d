"""Verifies grid proxies and their VOMS attributes, shows them, and makes them.

    >>> import voms_proxy
    >>> user = voms_proxy.verify(data, certdir="/etc/grid-security/certificates",
    ...                          vomsdir="/etc/grid-security/vomsdir")
    >>> user.identity, user.primary_fqan
"""

from ._credential import Attributes, Credential, Finding
from ._program import info, init
from ._verify import Verifier, verify
from ._errors import Error, VerificationError

__all__ = [
    "Attributes",
    "Credential",
    "Error",
    "Finding",
    "VerificationError",
    "Verifier",
    "info",
    "init",
    "verify",
]
