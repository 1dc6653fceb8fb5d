"""The CAs of an IGTF release, with its policy files as they are, and keys of our own: what each may certify."""

import json
import re
from pathlib import Path

from builder import *
from world import *

VERA, OUTSIDE = "CN=Vera Vector", "/DC=org/DC=example/CN=Vera Vector"


RELEASE = json.loads(Path(__file__).with_name("igtf.json").read_text())


def run(case):
    rows = {slash(name_of(row["subject"])): row for row in RELEASE["cas"]}
    shared = key("igtf", "ec:P-256")
    cas = {}

    def clone(name):
        if name not in cas:
            row = rows[name]
            above = clone(slash(name_of(row["issuer"]))) if "issuer" in row else None
            cas[name] = authority(name_of(row["subject"]), shared, above)
        return cas[name]

    files = {}
    for name, row in rows.items():
        files |= ca(clone(name), None, policy=row["signing_policy"], namespaces=row.get("namespaces"))
    case.directory("certdirs", "igtf", files)

    for name, row in rows.items():
        label, rule = "igtf-" + row["alias"].lower(), f"IGTF {RELEASE['release']}: {row['alias']}"
        permitted = [subject for subject in may_sign(row) if in_namespaces(subject, name, row, rows)]
        for at, subject in enumerate(permitted):
            user = person(subject, key("igtf-user", "ec:P-256"), cas[name], usage=(SIGN,))
            case(f"{label}-{at + 1}" if at else label, rule, [user], ok("EEC", depth=0, identity=subject), certdir="igtf")
        user = person(OUTSIDE, key("igtf-user", "ec:P-256"), cas[name], usage=(SIGN,))
        words = ["signing-policy"] + (["namespaces"] if name in speakers(row) else [])
        case(label + "-outside", rule, [user], bad(*words), certdir="igtf")


def name_of(rdns):
    return tuple(tuple(map(tuple, rdn)) for rdn in rdns)


def may_sign(row):
    """A user for each pattern that ends in a star."""
    conditions = re.findall(r"^\s*cond_subjects\s+globus\s+'(.*)'", row["signing_policy"], re.M)
    for pattern in re.findall(r'"(.*?)"', " ".join(conditions)):
        if pattern.endswith("/*"):
            yield pattern[:-1] + VERA


def rules(row):
    text = re.sub(r"^#.*\n", "", row.get("namespaces", ""), flags=re.M).replace("\\\n", " ")
    return re.findall(r'TO\s+Issuer\s+"(.*?)"\s+PERMIT\s+Subject\s+"(.*?)"', text, re.I)


def speakers(row):
    return {issuer for issuer, _ in rules(row)}


def in_namespaces(subject, name, row, rows):
    """Whether its own file or that of the CA above permits a name, or neither speaks of the CA."""
    above = rows[slash(name_of(row["issuer"]))] if "issuer" in row else {}
    for file in (row, above):
        patterns = [pattern for issuer, pattern in rules(file) if issuer == name]
        if patterns:
            return any(re.fullmatch(pattern, subject, re.I) for pattern in patterns)
    return True
