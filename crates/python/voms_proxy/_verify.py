"""Verification."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from functools import lru_cache
from typing import Optional, Sequence, Union

from . import _native
from ._credential import Credential, Finding
from ._errors import VerificationError

Directory = Union[str, "os.PathLike[str]"]


class Verifier:
    """Verifies against one directory of CAs and one vomsdir; for all threads.

    Keep it: it reads files once, and again when they change.
    """

    def __init__(
        self,
        *,
        certdir: Directory,
        vomsdir: Directory,
        crl: str = "present",
        hosts: Optional[Sequence[str]] = None,
        skip_invalid: bool = False,
    ) -> None:
        """``crl`` says when to check revocation lists: off, present or required.

        ``hosts`` are names of the service, for attributes that are meant for certain hosts;
        by default that of this machine. With ``skip_invalid``, attributes that fail verification
        are left out; without it, they fail the whole credential.
        """
        names = _names(hosts)
        if names is None:
            names = (os.uname().nodename,)
        self._native = _native.Verifier(certdir, vomsdir, crl, list(names), skip_invalid)

    def verify(self, data: bytes, now: Optional[datetime] = None) -> Credential:
        """Verifies the certificates that a client presented, leaf first, in PEM, or one in DER.

        That the client has the key of the first one is for TLS to show. Raises VerificationError.
        """
        if now is not None and now.tzinfo is None:
            raise ValueError("now needs a time zone")
        seconds = time.time() if now is None else now.timestamp()
        verdict = json.loads(self._native.verify(data, seconds))
        if not verdict["verified"]:
            raise VerificationError([Finding(**finding) for finding in verdict["findings"]])
        return Credential(verdict)


def _names(hosts: Optional[Sequence[str]]) -> Optional[tuple[str, ...]]:
    if isinstance(hosts, str):
        raise TypeError("hosts is a list of names")
    return None if hosts is None else tuple(hosts)


@lru_cache(maxsize=16)
def _verifier(certdir: str, vomsdir: str, crl: str, hosts: Optional[tuple[str, ...]]) -> Verifier:
    return Verifier(certdir=certdir, vomsdir=vomsdir, crl=crl, hosts=hosts)


def verify(
    data: bytes,
    *,
    certdir: Directory,
    vomsdir: Directory,
    now: Optional[datetime] = None,
    crl: str = "present",
    hosts: Optional[Sequence[str]] = None,
) -> Credential:
    """Verifies as a Verifier does, which is kept for the next call."""
    kept = _verifier(os.fspath(certdir), os.fspath(vomsdir), crl, _names(hosts))
    return kept.verify(data, now)
