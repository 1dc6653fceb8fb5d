"""What the program does, which comes in the same wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from typing import Any, Dict, List, Optional, Sequence, Union

from ._errors import Error

Text = Union[str, "os.PathLike[str]"]
Option = Union[bool, int, Text, Sequence[Text], None]


def _program() -> str:
    # Beside the interpreter's other scripts, or where `pip install --user` puts them.
    places = [sysconfig.get_path("scripts"), os.path.dirname(sys.executable)]
    for scheme in ("posix_user", "osx_framework_user"):
        if scheme in sysconfig.get_scheme_names():
            places.append(sysconfig.get_path("scripts", scheme))
    found = shutil.which("voms-proxy", path=os.pathsep.join(places)) or shutil.which("voms-proxy")
    if found is None:
        raise Error("command-not-run", "the program voms-proxy is not beside this Python")
    return found


def _run(words: List[str], data: Optional[bytes] = None) -> Dict[str, Any]:
    ended = subprocess.run(
        [_program(), *words, "--json"], input=data or b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        document = json.loads(ended.stdout)
    except ValueError:
        message = ended.stderr.decode(errors="replace").strip()
        raise Error("failed", message or f"voms-proxy ended with {ended.returncode}") from None
    # A failure is a document of its own, with a code at the top.
    if ended.returncode != 0 and "code" in document:
        raise Error(document["code"], document["message"], document.get("help"))
    return dict(document)


def info(data: bytes) -> Dict[str, Any]:
    """What is in a proxy: the object that ``voms-proxy-info --json`` prints. It is not verified
    unless it says so."""
    return _run(["info", "--file", "-"], data)


def init(
    voms: Union[str, Sequence[str], None] = None,
    *,
    out: Optional[Text] = None,
    password: Optional[str] = None,
    **options: Option,
) -> Dict[str, Any]:
    """Makes a proxy as ``voms-proxy-init`` does, and returns what that prints with ``--json``.

    ``voms`` names VOs, groups and roles, ``out`` the file. All other options have the names of the
    command's: ``hours=24``, ``limited=True``, ``cert="usercert.pem"``. Raises Error.
    """
    words = ["init"]
    options["voms"] = [voms] if isinstance(voms, str) else voms
    options["out"] = out
    if password is not None:
        options["pwstdin"] = True
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(option)
            continue
        several = isinstance(value, (list, tuple))
        for one in value if several else [value]:  # type: ignore[union-attr]
            words.append(f"{option}={os.fspath(one) if isinstance(one, os.PathLike) else one}")
    return _run(words, None if password is None else password.encode() + b"\n")
