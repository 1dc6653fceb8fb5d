"""What a verified credential says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List, Optional


def time(text: str) -> datetime:
    # Python before 3.11 does not know the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class Finding:
    """One reason not to believe a credential, or a part of it."""

    code: str
    message: str


@dataclass(frozen=True)
class Attributes:
    """A verified attribute certificate."""

    vo: str
    fqans: List[str]
    #: Each with ``name``, ``value`` and ``qualifier``.
    generic: List[Dict[str, str]]
    #: The subject of the certificate that signed it.
    issuer: str
    not_after: datetime


class Credential:
    """A verified credential."""

    def __init__(self, verdict: Dict[str, Any]) -> None:
        self._verdict = verdict
        #: The subject of the user's certificate, in the slash form.
        self.identity: str = verdict["identity"]
        #: The attribute certificates, in their order.
        self.attributes: List[Attributes] = [
            Attributes(
                vo=one["vo"],
                fqans=one["fqans"],
                generic=one["generic_attributes"],
                issuer=one["signer"],
                not_after=time(one["valid_until"]),
            )
            for one in verdict["attributes"]
        ]
        #: When the first of all certificates and attributes ends.
        self.usable_until: datetime = time(verdict["usable_until"])
        #: Whether it is limited: such proxies must not start jobs.
        self.limited: bool = verdict["limited"]
        #: Why attribute certificates were left out, with ``skip_invalid``.
        self.left_out: List[Finding] = [Finding(**one) for one in verdict.get("skipped", [])]

    @property
    def fqans(self) -> List[str]:
        """Groups and roles as the VOMS servers wrote them, in their order."""
        return [fqan for one in self.attributes for fqan in one.fqans]

    @property
    def primary_fqan(self) -> Optional[str]:
        """The first of them."""
        return next(iter(self.fqans), None)

    @property
    def vos(self) -> List[str]:
        """The VOs, each once."""
        return list(dict.fromkeys(one.vo for one in self.attributes))

    def to_dict(self) -> Dict[str, Any]:
        """The object that ``voms-proxy verify --json`` prints."""
        return dict(self._verdict)

    def __repr__(self) -> str:
        return f"Credential({self.identity!r}, {self.fqans!r})"
