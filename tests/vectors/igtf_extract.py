#!/usr/bin/env python3
"""Writes igtf.json: names and policy files of the CAs of an IGTF release.

    igtf_extract.py DIRECTORY VERSION     the directory where its packages are unpacked
"""

import json
import sys
from pathlib import Path

from builder import LABELS, element, openssl

SHORT = {number: label for label, (number, _) in LABELS.items()}


def elements(body):
    while body:
        tag, content, body = element(body)
        yield tag, content


def dotted(body):
    arcs, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def rdns(name):
    """A DER name as builder.name takes it."""
    found = []
    for _, rdn in elements(element(name)[1]):
        (_, number), (tag, value) = elements(element(rdn)[1])
        found.append([[SHORT.get(dotted(number), dotted(number)), value.decode(), tag]])
    return found


def names(pem):
    """Subject and issuer of a certificate."""
    der = openssl("x509", "-in", str(pem), "-outform", "DER")
    version, serial, algorithm, issuer, validity, subject, *_ = raw(element(element(der)[1])[1])
    return rdns(subject), rdns(issuer)


def raw(body):
    """The elements with their headers."""
    while body:
        rest = element(body)[2]
        yield body[: len(body) - len(rest)]
        body = rest


def main():
    folder, version = Path(sys.argv[1]), sys.argv[2]
    cas = []
    for pem in sorted(folder.rglob("*.pem"), key=lambda path: path.stem.lower()):
        if pem.is_symlink():
            continue
        subject, issuer = names(pem)
        row = dict(alias=pem.stem, subject=subject)
        if issuer != subject:
            row["issuer"] = issuer
        for kind in ("signing_policy", "namespaces"):
            file = pem.with_suffix("." + kind)
            if file.exists():
                row[kind] = file.read_bytes().decode("utf-8")
        cas.append(row)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in cas)
    target = Path(__file__).with_name("igtf.json")
    target.write_text(f'{{"release": "{version}", "cas": [\n{rows}\n]}}\n')
    print(f"{len(cas)} CAs")


if __name__ == "__main__":
    main()
