"""What certificates may be used for, and under which policies: RFC 5280 sections 4.2.1.4, 4.2.1.11, 4.2.1.12 and 6.1."""

from builder import *
from world import *

SERVER, CLIENT, CODE, MAIL, OCSP = (f"1.3.6.1.5.5.7.3.{n}" for n in (1, 2, 3, 4, 9))
ANY_USE = "2.5.29.37.0"
USES = [
    ("client", [CLIENT], True),
    ("server", [SERVER], False),
    ("code", [CODE], False),
    ("mail", [MAIL], False),
    ("ocsp", [OCSP], False),
    ("unknown", ["1.3.6.1.4.1.99999.4"], False),
    ("any", [ANY_USE], True),
    ("client-and-server", [CLIENT, SERVER], True),
    ("server-and-code", [SERVER, CODE], False),
    ("code-and-any", [CODE, ANY_USE], True),
]
P1, P2 = "1.3.6.1.4.1.99999.10.1", "1.3.6.1.4.1.99999.10.2"
ANY_POLICY = "2.5.29.32.0"
CPS, ODD_QUALIFIER = "1.3.6.1.5.5.7.2.1", "1.3.6.1.4.1.99999.11"
RULE = "RFC 5280 4.2.1.12: for no other use"
RULE_PATH = "RFC 5280 4.2.1.12, for every CA on the path as openssl -purpose takes it"


def uses(*numbers, critical=False):
    return ext("2.5.29.37", seq(*map(oid, numbers)), critical)


def netscape(mask, critical=False):
    return ext("2.16.840.1.113730.1.1", bits(bytes([mask]), (mask & -mask).bit_length() - 1), critical)


def policies(*numbers, critical=False, qualifier=None):
    text = seq(seq(oid(qualifier), string("https://ca.example.org/cps", IA5))) if qualifier else b""
    return ext("2.5.29.32", seq(*(seq(oid(number), text) for number in numbers)), critical)


def policy_constraints(require=None, inhibit=None, critical=True):
    one = lambda tag, n: b"" if n is None else tlv(tag, bytes([n]))
    return ext("2.5.29.36", seq(one(0x80, require), one(0x81, inhibit)), critical)


def inhibit_any(skip, critical=True):
    return ext("2.5.29.54", integer(skip), critical)


def mappings(*pairs, critical=True):
    return ext("2.5.29.33", seq(*(seq(oid(above), oid(below)) for above, below in pairs)), critical)


def run(case):
    world = World.get()
    alice, root, host = world.alice, world.root, world.host
    issue = lambda *more, by=root: person(ALICE, alice.key, by, more=list(more))
    sub = lambda *more, by=root, label="odd": authority(f"/DC=org/DC=example/CN={label.title()} Sub CA", key(label), by, more=list(more))

    def one(label, rule, chain, fine, **rest):
        case(label, rule, [proxy(chain[0]), *chain], fine if isinstance(fine, dict) else ok(), **rest)

    # --- extended key usage
    purpose = bad("purpose")
    for label, numbers, fine in USES:
        for suffix, critical in (("", False), ("-critical", True)):
            extension, expect = uses(*numbers, critical=critical), fine or purpose
            one(f"user-eku-{label}{suffix}", RULE, [issue(extension)], expect)
            made = sub(extension)
            one(f"sub-ca-eku-{label}{suffix}", RULE_PATH, [issue(by=made), made], expect)
            case(f"proxy-eku-{label}{suffix}", RULE, [proxy(alice, more=[extension]), alice], ok() if fine else purpose)
    server = issue(uses(SERVER))
    case("user-eku-server-alone", RULE, [server], purpose)
    upper = proxy(alice, more=[uses(CODE)])
    case("upper-proxy-eku-code", RULE, [proxy(upper), upper, alice], purpose)
    one("user-eku-empty", "RFC 5280 4.2.1.12: one use at least", [issue(uses())], purpose)
    one("user-eku-unreadable", "RFC 5280 4.2", [issue(ext("2.5.29.37", octets(b"?")))], bad("unreadable-extension"))
    far = sub(uses(SERVER, OCSP), label="far")
    near = sub(uses(CLIENT), by=far, label="near")
    one("sub-ca-eku-server-two-above", RULE_PATH, [issue(by=near), near, far], purpose)
    for label, numbers, fine in USES[:2]:
        made = authority(slash(root.subject), root.key, more=[uses(*numbers)])
        one(f"root-eku-{label}", "as openssl -purpose takes it; RFC 5280 says nothing of anchors", [alice], fine or purpose, certdir=ca(made, crl=None))
    for label, mask, fine in [("client", 0x80, True), ("server", 0x40, False), ("client-and-server", 0xC0, True), ("mail", 0x20, False)]:
        rule = "as openssl -purpose takes it"
        one(f"user-nscerttype-{label}", rule, [issue(netscape(mask))], fine or purpose)
        case(f"proxy-nscerttype-{label}", rule, [proxy(alice, more=[netscape(mask)]), alice], ok() if fine else purpose)
    one("user-nscerttype-client-critical", "as openssl -purpose takes it", [issue(netscape(0x80, critical=True))], True)

    # --- extended key usage of signers of attributes
    for label, number in [("client", CLIENT), ("code", CODE), ("any", ANY_USE)]:
        signer = world.server("voms.example.org", root, more=[uses(number)])
        made = attribute_certificate(alice, signer)
        case(f"signer-eku-{label}", "spec 7.6: extKeyUsage is free", [proxy(alice, acs=[made]), alice], ok(fqans=LONG))

    # --- certificate policies
    refused = bad("certificate-policies")
    required = policy_constraints(require=0)
    rule = "RFC 5280 6.1"
    for label, above, own, expect in [
        ("required-and-there", [policies(P1), required], [policies(P1)], True),
        ("required-and-missing", [policies(P1), required], [], refused),
        ("required-but-another", [policies(P1), required], [policies(P2)], refused),
        ("required-of-two", [policies(P1, P2), required], [policies(P2)], True),
        ("required-any-of-the-user", [policies(P1), required], [policies(ANY_POLICY)], True),
        ("required-any-of-the-ca", [policies(ANY_POLICY), required], [policies(P2)], True),
        ("required-ca-has-none", [required], [policies(P1)], refused),
        ("required-any-inhibited", [policies(P1), required, inhibit_any(0)], [policies(ANY_POLICY)], refused),
        ("required-after-one", [policies(P1), policy_constraints(require=1)], [], refused),
        ("required-after-two", [policies(P1), policy_constraints(require=2)], [], True),
        ("required-not-critical", [policies(P1), policy_constraints(require=0, critical=False)], [], refused),
        ("any-inhibited", [inhibit_any(0)], [policies(ANY_POLICY)], True),
        ("mapped", [policies(P1), required, mappings((P1, P2))], [policies(P2)], True),
        ("mapped-from", [policies(P1), required, mappings((P1, P2))], [policies(P1)], refused),
        ("mapped-from-any", [policies(P1), mappings((ANY_POLICY, P2))], [policies(P2)], refused),
        ("mapped-nothing-required", [policies(P1), mappings((P1, P2))], [], True),
        ("required-by-the-user", [policies(P1)], [required], refused),
        ("constraints-unreadable", [ext("2.5.29.36", octets(b"?"), True)], [policies(P1)], bad("unreadable-extension")),
        ("unreadable-critical", [], [ext("2.5.29.32", octets(b"?"), True)], bad("unreadable-extension")),
        ("mappings-unreadable-critical", [ext("2.5.29.33", octets(b"?"), True)], [policies(P1)], bad("unreadable-extension")),
        ("inhibit-unreadable-critical", [ext("2.5.29.54", octets(b"?"), True)], [policies(P1)], bad("unreadable-extension")),
        ("critical", [policies(P1, critical=True)], [policies(P1, critical=True)], True),
        ("qualifier-cps-critical", [], [policies(P1, critical=True, qualifier=CPS)], True),
        ("qualifier-unknown", [], [policies(P1, qualifier=ODD_QUALIFIER)], True),
        ("qualifier-unknown-critical", [], [policies(P1, critical=True, qualifier=ODD_QUALIFIER)], bad("critical-extension")),
        ("qualifier-unknown-critical-of-the-ca", [policies(P1, critical=True, qualifier=ODD_QUALIFIER)], [], bad("critical-extension")),
    ]:  # fmt: skip
        made = sub(*above)
        one("policies-" + label, rule, [issue(*own, by=made), made], expect)
    far = sub(policies(P1), policy_constraints(require=0, inhibit=0), label="far")
    near = sub(policies(P1), mappings((P1, P2)), by=far, label="near")
    one("policies-mapping-inhibited", rule, [issue(policies(P2), by=near), near, far], refused)
    made = authority(slash(root.subject), root.key, more=[policies(P1), required])
    one("policies-required-by-the-root", "RFC 5280 6.1.1 (d): an anchor is a name and a key", [alice], True, certdir=ca(made, crl=None))
    for label, extension in [("policies", policies(P1, critical=True)), ("constraints", required)]:
        case(f"proxy-certificate-{label}-critical", "spec 1.8 (9)", [proxy(alice, more=[extension]), alice], bad("critical-extension"))
