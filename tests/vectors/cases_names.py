"""Names that look like others: holders, RDNs of several values, long labels, and chains in any order."""

from builder import *
from cases_trust import FAR, policy, space
from world import *


def run(case):
    world = World.get()
    holders(case, world)
    several_values(case, world)
    labels(case, world)
    orders(case, world)


def holders(case, world):
    alice, bob, root = world.alice, world.bob, world.root
    base = lambda **how: inside(holder_of(alice, **how))
    entity = lambda who: ctx(1, directory(who.subject))
    unique = seq(ctx(0, seq(directory(alice.subject)), integer(alice.serial), bits(b"\1")))
    for label, rule, fine, holder in [
        ("base-wrong-entity-right", "RFC 5755 4.2.2", False, seq(base(serial=4711), entity(alice))),
        ("base-of-another-entity-right", "RFC 5755 4.2.2", False, seq(inside(holder_of(bob)), entity(alice))),
        ("base-and-entity-right", "RFC 5755 4.2.2: one of them is enough, and libvomsapi knows one only", False, seq(base(), entity(alice))),
        ("rfc-form-and-entity-wrong", "RFC 5755 4.2.2", False, seq(base(rfc=True), entity(bob))),
        ("rfc-form-other-serial", "spec 2.4", False, seq(base(rfc=True, serial=4711))),
        ("rfc-form-of-another-ca", "spec 2.4", False, seq(base(rdns=world.sub1.subject))),
        ("entity-name-of-another", "RFC 5755 4.2.2", False, seq(entity(bob))),
        ("entity-name-is-the-issuer", "RFC 5755 4.2.2", False, seq(entity(root))),
        ("name-of-another-and-mine", "spec 7.2 (5)", False, seq(ctx(0, seq(directory(bob.subject), directory(alice.subject)), integer(alice.serial)))),
        ("unique-id", "spec 7.2 (5): no certificate here has one", False, unique),
        ("proxy-name", "spec 7.7", False, holder_of(alice, rdns=proxy(alice).subject)),
    ]:  # fmt: skip
        made = attribute_certificate(alice, world.host, holder=holder)
        case("ac-holder-" + label, rule, [proxy(alice, acs=[made]), alice], ok(fqans=LONG) if fine else bad("ac-holder"))


def several_values(case, world):
    """One RDN of two values, and the two RDNs as which it may be printed."""
    root, alice = world.root, world.alice
    hosts = FAR + "/OU=Hosts"
    pair = ((("CN", "voms.example.org"), ("UID", "v1")),)
    multi = person(dn(hosts) + pair, world.host.key, root)
    flat = person(hosts + "/CN=voms.example.org/UID=v1", world.host.key, root)
    joined, split = hosts + "/CN=voms.example.org+UID=v1", hosts + "/CN=voms.example.org/UID=v1"
    rule = "RFC 5280 7.1: two RDNs are another name than one of two values"
    for label, by, text, fine in [
        ("joined", multi, joined, True),
        ("flattened", multi, split, False),
        ("joined-for-a-flat-name", flat, joined, False),
        ("flat-name", flat, split, True),
    ]:
        made = attribute_certificate(alice, by)
        trust = vo({"voms.example.org.lsc": f"{text}\n{slash(root.subject)}\n"})
        case("lsc-several-values-" + label, rule, [proxy(alice, acs=[made]), alice], ok(fqans=LONG) if fine else bad("lsc-mismatch"), vomsdir=trust)
    made = attribute_certificate(alice, multi, issuer=ctx(0, seq(directory(flat.subject))))
    trust = vo({"voms.example.org.lsc": f"{joined}\n{slash(root.subject)}\n"})
    case("ac-issuer-flattened", rule, [proxy(alice, acs=[made]), alice], bad("ac-issuer"), vomsdir=trust)

    people = FAR + "/OU=People"
    user = world.multi
    flat_user = person(people + "/CN=Ann Able/UID=aa1", alice.key, root)
    joined, split = people + "/CN=Ann Able+UID=aa1", people + "/CN=Ann Able/UID=aa1"
    for label, who, text, fine in [
        ("joined", user, joined, True),
        ("flattened", user, split, False),
        ("joined-for-a-flat-name", flat_user, joined, False),
        ("flat-name", flat_user, split, True),
    ]:
        good = ok(identity=slash(who.subject))
        case("policy-several-values-" + label, rule, [proxy(who), who], good if fine else bad("signing-policy"), certdir=ca(root, policy=policy(root, text)))
        case("namespaces-several-values-" + label, rule, [proxy(who), who], good if fine else bad("namespaces"), certdir=ca(root, namespaces=space(root, "PERMIT", text.replace("+", r"\+"))))
    made = attribute_certificate(user, world.host, holder=holder_of(user, rdns=flat_user.subject))
    case("ac-holder-flattened", rule, [proxy(user, acs=[made]), user], bad("ac-holder"))

    several = authority(dn(FAR) + ((("CN", "Several CA"), ("UID", "m1")),), key("odd"))
    twin = authority(FAR + "/CN=Several CA/UID=m1", key("odd"))
    for label, named, anchor, fine in [("joined", several, several, True), ("flattened", twin, several, False), ("joined-for-a-flat-name", several, twin, False)]:
        user = person(ALICE, alice.key, named)
        # Under either hash, so that the name alone decides.
        files = {**ca(anchor, None), **ca(named, None, content=anchor.pem)}
        case("issuer-several-values-" + label, rule, [proxy(user), user], ok() if fine else bad("untrusted"), certdir=files)
    for label, anchor, text, fine in [("joined", several, slash(several.subject), True), ("flattened", several, slash(twin.subject), False)]:
        user = person(ALICE, alice.key, anchor)
        case("policy-issuer-several-values-" + label, rule, [proxy(user), user], ok() if fine else bad("signing-policy"), certdir=ca(anchor, None, policy=policy(text, FAR + "/*")))


def labels(case, world):
    """Attribute types of more than 64 characters, and names with what is left of them when they are cut."""
    root, alice = world.root, world.alice
    hosts = FAR + "/OU=Hosts"
    whole = "1.3.6.1.4.1.99999" + ".1234567" * 9 + ".1"
    rule = "spec 9.1: an attribute is printed by its whole number"
    for length in (63, 64, 79):
        assert not whole[:length].endswith(".") and len(whole) > length
        short = whole[:length]
        named = lambda label: person(dn(hosts) + (((label, "v1"),),), world.host.key, root)
        for label, by, text, fine in [("whole", whole, whole, True), ("cut", whole, short, False), ("longer", short, whole, False)]:
            if label == "whole" and length != 64:
                continue
            suffix = "" if label == "whole" else f"-at-{length}"
            made = attribute_certificate(alice, named(by))
            trust = vo({"voms.example.org.lsc": f"{hosts}/{text}=v1\n{slash(root.subject)}\n"})
            case(f"lsc-long-label-{label}{suffix}", rule, [proxy(alice, acs=[made]), alice], ok(fqans=LONG) if fine else bad("lsc-mismatch"), vomsdir=trust)
            user = person(dn(FAR) + (((by, "v1"),),), alice.key, root)
            expect = ok(identity=f"{FAR}/{by}=v1") if fine else bad("signing-policy")
            case(f"policy-long-label-{label}{suffix}", rule, [proxy(user), user], expect, certdir=ca(root, policy=policy(root, f"{FAR}/{text}=v1")))


def orders(case, world):
    """What comes with the CAs. The first certificate is the one whose key its owner proved to have."""
    user, sub1, root = world.user1, world.sub1, world.root
    rule = "RFC 8446 4.4.2: the first is the leaf, the others are in any order"
    good, first_is_a_ca = ok("EEC", depth=0, identity=slash(user.subject)), bad("ca-as-user")
    for label, chain, expect in [
        ("user-sub-root", [user, sub1, root], good),
        ("user-root-sub", [user, root, sub1], good),
        ("root-sub-user", [root, sub1, user], first_is_a_ca),
        ("sub-user-root", [sub1, user, root], first_is_a_ca),
        ("sub-user", [sub1, user], first_is_a_ca),
    ]:
        case("file-order-" + label, rule, chain, expect)
    leaf = proxy(user)
    case("file-order-cas-before-the-user", rule, [leaf, root, sub1, user], ok(identity=slash(user.subject)))
    case("file-order-ca-before-the-proxy", rule, [sub1, leaf, user], first_is_a_ca)
