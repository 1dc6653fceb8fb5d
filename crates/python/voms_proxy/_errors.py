"""What goes wrong, by codes that stay."""

from __future__ import annotations

from typing import List, Optional

from ._credential import Finding


class Error(Exception):
    """A failure: ``code`` stays, the sentence does not; ``help`` is the next step, if there is one."""

    def __init__(self, code: str, message: str, help: Optional[str] = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help

    def __reduce__(self):
        return type(self), (self.code, self.message, self.help)


class VerificationError(Error):
    """A credential that is not to be believed, with every finding, at least one."""

    def __init__(self, findings: List[Finding]) -> None:
        super().__init__(findings[0].code, "; ".join(finding.message for finding in findings))
        self.findings = findings

    def __reduce__(self):
        return type(self), (self.findings,)
