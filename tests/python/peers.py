#!/usr/bin/env python3
"""Asks DIRAC's and Rucio's own code who a user is, and compares. tests/python/peers prepares what it needs, in an
environment that has the package voms_proxy too."""

import ast
import importlib.util
import pathlib
import re
import sys
from datetime import datetime, timezone

import voms_proxy
from DIRAC.Core.Security.m2crypto.X509Chain import X509Chain

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures" / "info"
THEN = datetime(2026, 11, 24, 3, 25, 45, tzinfo=timezone.utc)
verifier = voms_proxy.Verifier(certdir=FIXTURES / "trust", vomsdir=FIXTURES / "vomsdir")


def rucios_function(name):
    """One function of a module that needs a database to be imported."""
    found = importlib.util.find_spec("rucio").submodule_search_locations[0]
    source = pathlib.Path(found, "core", "authentication.py").read_text()
    function = next(one for one in ast.parse(source).body if getattr(one, "name", None) == name)
    scope = {"re": re}
    exec(compile(ast.Module([function], []), "authentication.py", "exec"), scope)
    return scope[name]


def main():
    strip = rucios_function("strip_x509_proxy_attributes")
    agreed, unread = 0, []
    for path in sorted((FIXTURES / "proxies").glob("*.pem")):
        try:
            user = verifier.verify(path.read_bytes(), THEN)
        except voms_proxy.VerificationError:
            # They verify nothing, so there is nothing to agree on.
            continue
        chain = X509Chain()
        if not chain.loadProxyFromFile(str(path))["OK"]:
            # DIRAC wants a key in the file.
            continue
        theirs = chain.getIssuerCert()["Value"].getSubjectDN()["Value"]
        # DIRAC prints names as OpenSSL 3 does, with slashes escaped.
        assert theirs.replace("\\/", "/") == user.identity, (path.name, theirs, user.identity)
        leaf = chain.getCertInChain(0)["Value"].getSubjectDN()["Value"].replace("\\/", "/")
        assert strip(leaf) == user.identity, (path.name, leaf, user.identity)
        voms = chain.getVOMSData()
        first = voms["Value"] if voms["OK"] and voms["Value"] else None
        if first is None:
            if user.fqans:
                unread.append(path.name)
        else:
            # DIRAC reads one attribute certificate.
            assert first["fqan"] == user.attributes[0].fqans, (path.name, first)
            assert first["vo"] == user.vos[0], (path.name, first)
        agreed += 1
    # Where the holder's name has an address for e-mail, DIRAC finds no attributes.
    assert unread == ["rfc-dn-email.pem"], unread
    assert agreed >= 8, agreed
    print(f"DIRAC and Rucio agree on {agreed} proxies")


sys.exit(main())
