"""Keys that cost whoever verifies: refused before anything is computed with them."""

import copy

from builder import *
from world import *

RULE = "no stranger's key may cost what it likes: RSA up to 8192 bits with an exponent of 64, in DER, and curves in use, by name"
EXPONENT_64, EXPONENT_65 = (1 << 64) - 59, (1 << 64) + 13
KEYS = [
    ("rsa8192", "rsa:8192", True),
    ("rsa8200", "rsa:8200", False),
    ("exponent-3", "rsa:2048:3", True),
    ("exponent-64-bits", f"rsa:2048:{EXPONENT_64}", True),
    ("exponent-65-bits", f"rsa:2048:{EXPONENT_65}", False),
    ("rsa-not-der", "rsa:2048", False),
    ("ec-explicit", "ec:P-256:explicit", False),
    ("ec-binary", "ec:sect283r1", False),
    ("ec-brainpool", "ec:brainpoolP256r1", True),
]


def padded(its_key):
    """The same RSA key with two zeros before its modulus, as OpenSSL reads it and DER forbids it."""
    _, algorithm, _ = element(inside(its_key.spki))
    _, modulus, exponent = element(inside(its_key.bit_string))
    other = copy.copy(its_key)
    other.spki = seq(tlv(0x30, algorithm), bits(seq(tlv(2, b"\0", modulus), exponent)))
    return other


def run(case):
    world = World.get()
    alice, root = world.alice, world.root
    for label, kind, fine in KEYS:
        odd = key("limit-" + label, kind)
        odd = padded(odd) if label == "rsa-not-der" else odd
        usage = (SIGN,) if kind.startswith("ec") else (SIGN, ENCIPHER)
        expect = ok() if fine else bad("key-limit")
        case(f"proxy-{label}", RULE, [proxy(alice, its_key=odd, usage=usage), alice], expect)
        user = person(ALICE, odd, root, usage=usage)
        case(f"user-{label}", RULE, [proxy(user), user], expect)
        sub = authority("/DC=org/DC=example/CN=Odd Sub CA", odd, root)
        user = person(ALICE, alice.key, sub)
        case(f"sub-ca-{label}", RULE, [proxy(user), user, sub], expect)
        signer = world.server("voms.example.org", root, its_key=odd, usage=usage)
        made = attribute_certificate(alice, signer)
        case(f"signer-{label}", RULE, [proxy(alice, acs=[made]), alice], ok(fqans=LONG) if fine else expect)
