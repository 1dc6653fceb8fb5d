"""Cases about the chain and the file: RFC 3820, RFC 5280, and what the tools in use write."""

from builder import *
from world import *

MIXED = [("rfc", "draft"), ("rfc", "legacy"), ("draft", "rfc"), ("draft", "legacy"), ("legacy", "rfc"), ("legacy", "draft")]
TYPES = {"rfc": "rfc impersonation", "draft": "draft impersonation", "legacy": "legacy full"}


def run(case):
    world = World.get()
    alice, bob, root, sub1, sub2, sub3 = world.alice, world.bob, world.root, world.sub1, world.sub2, world.sub3
    plain = proxy(alice)
    deep_user = [world.user3, sub3, sub2, sub1]

    # --- sound chains
    case("proxy-rfc", "spec 1.8", [plain, alice], ok(until=END))
    case("proxy-draft", "spec 1.2", [proxy(alice, kind="draft"), alice], ok("draft impersonation"))
    case("proxy-legacy", "spec 1.3", [proxy(alice, kind="legacy"), alice], ok("legacy full"))
    case("proxy-rfc-limited", "spec 1.3", [proxy(alice, limited=True), alice], ok("rfc limited", limited=True))
    case("proxy-draft-limited", "spec 1.2", [proxy(alice, kind="draft", limited=True), alice], ok("draft limited", limited=True))
    case("proxy-legacy-limited", "spec 1.3", [proxy(alice, kind="legacy", limited=True), alice], ok("legacy limited", limited=True))
    case("proxy-no-key-usage", "spec 1.8 (3)", [proxy(alice, usage=None), alice], ok())
    case("proxy-key-usage-not-critical", "spec 1.8 (3)", [proxy(alice, critical_usage=False), alice], ok())
    case("proxy-key-usage-signature-only", "spec 1.8 (3)", [proxy(alice, usage=(SIGN,)), alice], ok())
    case("proxy-key-usage-non-repudiation", "spec 1.4: canl does not clear it", [proxy(alice, usage=(SIGN, REPUDIATE, ENCIPHER)), alice], ok())
    case("proxy-basic-constraints-false", "spec 1.8 (9)", [proxy(alice, more=[basic(False)]), alice], ok())
    case("proxy-basic-constraints-not-critical", "spec 1.8 (9)", [proxy(alice, more=[basic(False, critical=False)]), alice], ok())
    case("proxy-eku-critical", "spec 1.8 (9)", [proxy(alice, more=[ext("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.2")), True)]), alice], ok())
    case("proxy-nscerttype-critical", "spec 1.8 (9)", [proxy(alice, more=[ext("2.16.840.1.113730.1.1", bits(b"\x80", 7), True)]), alice], ok())
    ids = [subject_id(key("proxy1").identifier), authority_id(alice.key.identifier)]
    case("proxy-key-identifiers", "spec 1.8 (9)", [proxy(alice, more=ids), alice], ok())
    case("proxy-wrong-key-identifiers", "spec 1.4: xrdgsiproxy copies those of the user", [proxy(alice, more=[subject_id(alice.key.identifier), authority_id(root.key.identifier)]), alice], ok())
    case("proxy-cn-text", "RFC 3820 3.4: any text will do", [proxy(alice, cn="delegated by portal"), alice], ok())
    case("proxy-cn-negative", "spec 1.4: xrdgsiproxy prints signed", [proxy(alice, cn="-1234567"), alice], ok())
    case("proxy-cn-utf8", "RFC 3820 3.4", [proxy(alice, subject=alice.subject + ((("CN", "12345", UTF8),),)), alice], ok())
    case("proxy-serial-of-16-bytes", "RFC 5280 4.1.2.2", [proxy(alice, serial=(1 << 126) + 5), alice], ok())
    case("proxy-unknown-extension-not-critical", "RFC 5280 4.2", [proxy(alice, more=[ext(UNKNOWN, NULL)]), alice], ok())
    case("proxy-named-like-legacy-but-rfc", "spec 1.7: the extension decides", [proxy(alice, cn="proxy"), alice], ok())
    case("proxy-outlives-user", "RFC 3820 3.3 does not forbid it", [proxy(world.short_user), world.short_user], ok(until="2030-01-01T00:00:00Z", identity=slash(world.short_user.subject)))
    for depth in (2, 3, 9):
        case(f"proxy-{depth}-deep", "spec 1.8 (2)", world.deep(alice, depth), ok(depth=depth))
    p1 = proxy(alice)
    p2 = proxy(p1)
    p3 = proxy(p2)
    case("proxies-shuffled", "RFC 8446 4.4.2: any order after the leaf", [p3, alice, p1, p2], ok(depth=3))
    case("proxies-leaf-last", "spec 1.9: the first certificate is the leaf", [alice, p1], ok("EEC", depth=0))
    case("issuing-proxy-missing", "spec 1.8 (2)", [p2, alice], bad("name", "signature"))
    case("user-certificate-missing", "spec 1.8 (1)", [p1], bad("no-end-entity"))
    case("user-certificate-missing-below-two", "spec 1.8 (1)", [p2, p1], bad("no-end-entity"))
    case("root-in-the-file", "spec 1.9", [plain, alice, root], ok())
    case("stranger-in-the-file", "spec 1.8 (1)", [plain, alice, bob], ok())
    case("user-alone", "RFC 5280 6", [alice], ok("EEC", depth=0))
    case("host-alone", "RFC 5280 6", [world.host], ok("EEC", depth=0, identity=slash(world.host.subject)))
    case("user-numeric-cn", "spec 9.4", [proxy(world.number), world.number], ok(identity=slash(world.number.subject)))
    case("user-multi-valued-rdn", "spec 9.1", [proxy(world.multi), world.multi], ok(identity="/DC=org/DC=example/OU=People/CN=Ann Able+UID=aa1"))
    case("user-no-extensions", "RFC 5280 6", [proxy(world.bare), world.bare], ok(identity=slash(world.bare.subject)))
    case("user-version-1", "RFC 5280 6.1.4 asks version 3 of CAs only", [proxy(world.v1), world.v1], ok(identity=slash(world.v1.subject)))

    # --- the path above the user
    case("sub-ca-1-in-file", "RFC 5280 6", [proxy(world.user1), world.user1, sub1], ok(identity=slash(world.user1.subject)))
    case("sub-ca-2-in-file", "RFC 5280 6", [proxy(world.user2), world.user2, sub2, sub1], ok(identity=slash(world.user2.subject)))
    case("sub-ca-3-in-file", "RFC 5280 6", [proxy(world.user3), *deep_user], ok(identity=slash(world.user3.subject)))
    case("sub-ca-3-out-of-order", "RFC 8446 4.4.2", [proxy(world.user3), world.user3, sub1, sub3, sub2], ok(identity=slash(world.user3.subject)))
    case("sub-ca-3-in-certdir", "spec 8.1", [proxy(world.user3), world.user3], ok(identity=slash(world.user3.subject)), certdir={**ca(root), **ca(sub1, crl=None), **ca(sub2, crl=None), **ca(sub3, crl=None)})
    case("sub-ca-3-half-in-certdir", "spec 8.1", [proxy(world.user3), world.user3, sub3], ok(identity=slash(world.user3.subject)), certdir={**ca(root), **ca(sub1, crl=None), **ca(sub2, crl=None)})
    case("sub-ca-without-root", "spec 8.1: no partial chains", [proxy(world.user1), world.user1, sub1], bad("untrusted"), certdir=ca(sub1, crl=None))
    case("sub-ca-missing", "RFC 5280 6", [proxy(world.user1), world.user1], bad("untrusted"))
    case("sub-ca-2-missing", "RFC 5280 6", [proxy(world.user3), world.user3, sub3, sub1], bad("untrusted"))
    case("root-of-same-name-other-key", "RFC 5280 6.1.3 (a)(1)", [plain, alice], bad("untrusted"), certdir=ca(world.false_root))
    case("user-self-signed", "RFC 5280 6", [proxy(world.selfsigned), world.selfsigned], bad("untrusted"))
    case("root-alone", "a CA is no user", [root], bad("ca-as-user"))
    case("sub-ca-alone", "a CA is no user", [sub1], bad("ca-as-user"))
    signing = authority(slash(root.subject), root.key, usage=(SIGN, CERT_SIGN, CRL_SIGN))
    case("root-presented-with-proxy", "spec 1.8 (2): I is not a CA", [proxy(signing), signing], bad("issued-by-ca", "ca-as-user"), certdir=ca(signing))
    case("proxy-of-sub-ca", "spec 1.8 (2): I is not a CA", [proxy(below := authority(slash(sub1.subject), sub1.key, root, usage=(SIGN, CERT_SIGN))), below], bad("issued-by-ca", "ca-as-user"))
    case("user-of-unknown-ca", "RFC 5280 6", [proxy(world.foreign), world.foreign], bad("untrusted"))
    case("user-of-unknown-ca-root-in-file", "spec 8.1: what is presented is no anchor", [proxy(world.foreign), world.foreign, world.foreign_root], bad("untrusted"))

    odd = lambda made: ([proxy(user := person("/DC=org/DC=example/OU=People/CN=Ulla", key("alice"), made)), user, made], slash(user.subject))
    subject = "/DC=org/DC=example/CN=Odd Sub CA"
    for label, rule, made, keyword in [
        ("sub-ca-not-ca", "RFC 5280 6.1.4 (k)", cert(subject, key("odd"), root, exts=[basic(False), key_usage(CERT_SIGN)]), "not-a-ca"),
        ("sub-ca-no-basic-constraints", "RFC 5280 6.1.4 (k)", cert(subject, key("odd"), root, exts=[key_usage(CERT_SIGN)]), "not-a-ca"),
        ("sub-ca-version-1", "RFC 5280 6.1.4 (k)", cert(subject, key("odd"), root, version=0), "not-a-ca"),
        ("sub-ca-may-not-sign-certificates", "RFC 5280 6.1.4 (n)", authority(subject, key("odd"), root, usage=(SIGN, CRL_SIGN)), "not-a-ca"),
        ("sub-ca-unknown-critical", "RFC 5280 6.1.4 (o)", authority(subject, key("odd"), root, more=[ext(UNKNOWN, NULL, True)]), "critical-extension"),
        ("sub-ca-expired", "RFC 5280 6.1.3 (a)(2)", authority(subject, key("odd"), root, end="2026-11-24T11:54:59Z"), "expired"),
        ("sub-ca-not-yet-valid", "RFC 5280 6.1.3 (a)(2)", authority(subject, key("odd"), root, begin="2026-11-24T12:05:01Z"), "not-yet-valid"),
        ("sub-ca-signature-flipped", "RFC 5280 6.1.3 (a)(1)", authority(subject, key("odd"), root, flip=True), "signature"),
        ("sub-ca-wrong-signer", "RFC 5280 6.1.3 (a)(1)", authority(subject, key("odd"), root, signer=key("stranger")), "signature"),
        ("sub-ca-name-constraints-violated", "RFC 5280 4.2.1.10", authority(subject, key("odd"), root, more=[constraints(dn("/DC=org/DC=elsewhere"))]), "name-constraints"),
        ("sub-ca-name-constraints-excluded", "RFC 5280 4.2.1.10", authority(subject, key("odd"), root, more=[constraints(None, dn("/DC=org/DC=example/OU=People"))]), "name-constraints"),
        ("sub-ca-name-constraints-respected", "RFC 5280 4.2.1.10", authority(subject, key("odd"), root, more=[constraints(dn("/DC=org/DC=example"))]), None),
        ("sub-ca-path-length-0", "RFC 5280 4.2.1.9: proxies do not count", authority(subject, key("odd"), root, path=0), None),
        ("sub-ca-rsa1024", "spec 1.6", authority(subject, key("weak-ca", "rsa:1024"), root), "weak"),
        ("sub-ca-sha1", "spec 10.1", authority(subject, key("odd"), root, digest="sha1"), "weak"),
        ("sub-ca-md5", "spec 10.1", authority(subject, key("odd"), root, digest="md5"), "weak"),
        ("sub-ca-sha384", "spec 10.1", authority(subject, key("odd"), root, digest="sha384"), None),
        ("sub-ca-sha512", "spec 10.1", authority(subject, key("odd"), root, digest="sha512"), None),
        ("sub-ca-ec", "spec 1.6", authority(subject, key("odd-ec", "ec:P-384"), root), None),
    ]:  # fmt: skip
        chain, identity = odd(made)
        case(label, rule, chain, ok(identity=identity) if keyword is None else bad(keyword))
        if keyword == "weak":
            allow = "rsa1024" if "1024" in label else label[-4:].strip("-")
            case(label + "-allowed", rule, chain, ok(identity=identity), allow=[allow])
    tight = authority(subject, key("odd"), root, path=0)
    below = authority("/DC=org/DC=example/CN=Below Odd", key("odd2"), tight)
    chain, identity = odd(below)
    case("sub-ca-path-length-0-exceeded", "RFC 5280 4.2.1.9", [*chain, tight], bad("ca-path-length"))
    wide = authority(subject, key("odd"), root, path=1)
    below = authority("/DC=org/DC=example/CN=Below Odd", key("odd2"), wide)
    chain, identity = odd(below)
    case("sub-ca-path-length-1-respected", "RFC 5280 4.2.1.9", [*chain, wide], ok(identity=identity))
    roots = dict(  # the root itself, each with a user of its own
        expired=(dict(end="2026-11-24T11:54:59Z"), "expired"),
        not_yet_valid=(dict(begin="2026-11-24T12:05:01Z"), "not-yet-valid"),
        sha1=(dict(digest="sha1"), None),
        md5=(dict(digest="md5"), None),
        signature_flipped=(dict(flip=True), None),
        sha512=(dict(digest="sha512"), None),
    )
    for label, (how, keyword) in roots.items():
        rule = "spec 8.1: a root's signature on itself says nothing" if keyword is None else "RFC 5280 6.1.3 (a)(2)"
        made = authority(slash(root.subject), root.key, **how)
        case("root-" + label.replace("_", "-"), rule, [plain, alice], bad(keyword) if keyword else ok(), certdir=ca(made, crl=None))
    weak_root = authority(slash(root.subject), key("weak-ca", "rsa:1024"))
    user = person(slash(alice.subject), alice.key, weak_root)
    for suffix, allow, expect in [("", [], bad("weak")), ("-allowed", ["rsa1024"], ok())]:
        case("root-rsa1024" + suffix, "spec 1.6", [proxy(user), user], expect, certdir=ca(weak_root, crl=None), allow=allow)
    v1_root = cert(slash(root.subject), root.key, version=0)
    case("root-version-1", "RFC 5280 6.1.1 (d): an anchor is a name and a key", [plain, alice], ok(), certdir=ca(v1_root, crl=None))

    # --- the user's own certificate
    issue = lambda **how: person(slash(alice.subject), how.pop("its_key", alice.key), root, **how)
    for label, rule, user, keyword in [
        ("user-expired", "RFC 5280 6.1.3 (a)(2)", issue(end="2026-11-24T11:54:59Z"), "expired"),
        ("user-not-yet-valid", "RFC 5280 6.1.3 (a)(2)", issue(begin="2026-11-24T12:05:01Z"), "not-yet-valid"),
        ("user-last-second", "RFC 5280 4.1.2.5: inclusive", issue(end="2026-11-24T12:00:00Z"), None),
        ("user-first-second", "RFC 5280 4.1.2.5: inclusive", issue(begin="2026-11-24T12:00:00Z"), None),
        ("user-signature-flipped", "RFC 5280 6.1.3 (a)(1)", issue(flip=True), "signature"),
        ("user-wrong-signer", "RFC 5280 6.1.3 (a)(1)", issue(signer=key("stranger")), "signature"),
        ("user-unknown-critical", "RFC 5280 6.1.5 (f)", issue(more=[ext(UNKNOWN, NULL, True)]), "critical-extension"),
        ("user-unknown-not-critical", "RFC 5280 4.2", issue(more=[ext(UNKNOWN, NULL)]), None),
        ("user-may-not-sign", "spec 1.8 (3)", issue(usage=(ENCIPHER,)), "issuer-may-not-sign"),
        ("user-only-non-repudiation", "spec 1.8 (3)", issue(usage=(REPUDIATE,)), "issuer-may-not-sign"),
        ("user-no-key-usage", "spec 1.8 (3)", issue(usage=None), None),
        ("user-only-key-agreement", "spec 1.8 (3)", issue(usage=(AGREE,)), "issuer-may-not-sign"),
        ("user-alternative-name", "RFC 5280 4.2.1.6", issue(more=[alternative("alice.example.org")]), None),
        ("user-path-length", "RFC 5280 4.2.1.9: of no meaning without cA", cert(slash(alice.subject), alice.key, root, exts=[basic(False, 0), key_usage(SIGN)]), None),
        ("user-duplicate-extension", "RFC 5280 4.2", issue(more=[key_usage(SIGN)]), "duplicate-extension"),
        ("user-version-1-with-extensions", "RFC 5280 4.1.2.1", cert(slash(alice.subject), alice.key, root, version=0, exts=[key_usage(SIGN)]), "encoding"),
        ("user-algorithms-differ", "RFC 5280 4.1.1.2", issue(outer=alice.key.algorithm("sha512")), "encoding"),
        ("user-rsa1024", "spec 1.6", issue(its_key=key("weak", "rsa:1024")), "weak"),
        ("user-rsa4096", "spec 1.6", issue(its_key=key("strong", "rsa:4096")), None),
        ("user-ec-p256", "spec 1.6", issue(its_key=key("p256", "ec:P-256")), None),
        ("user-ec-p384", "spec 1.6", issue(its_key=key("p384", "ec:P-384")), None),
        ("user-sha1", "spec 10.1", issue(digest="sha1"), "weak"),
        ("user-md5", "spec 10.1", issue(digest="md5"), "weak"),
        ("user-sha384", "spec 10.1", issue(digest="sha384"), None),
        ("user-sha512", "spec 10.1", issue(digest="sha512"), None),
        ("user-pss", "RFC 4055", issue(digest="pss"), None),
    ]:  # fmt: skip
        case(label, rule, [proxy(user), user], bad(keyword) if keyword else ok())
        if keyword == "weak":
            allow = "rsa1024" if "1024" in label else label[5:]
            case(label + "-allowed", rule, [proxy(user), user], ok(), allow=[allow])
    # A proxy of theirs is refused for its issuer; without one they could only log in.
    for label, usage, fine in [
        ("signature", (SIGN,), True),
        ("key-agreement", (AGREE,), True),
        ("non-repudiation", (REPUDIATE,), False),
        ("encipherment", (ENCIPHER, DATA), False),
    ]:
        case(f"user-alone-only-{label}", "RFC 5280 4.2.1.3, as openssl -purpose sslclient takes it", [issue(usage=usage)], ok("EEC", depth=0) if fine else bad("user-key-usage"))
    case("user-ca-true", "a CA is no user", [issue_ca := cert(slash(alice.subject), alice.key, root, exts=[basic(True), key_usage(SIGN, CERT_SIGN)])], bad("ca-as-user"))
    case("user-ca-true-with-proxy", "spec 1.8 (2): I is not a CA", [proxy(issue_ca), issue_ca], bad("issued-by-ca", "ca-as-user"))

    nameless = person((), alice.key, root, more=[alternative("alice.example.org", critical=True)])
    case("user-without-a-name", "spec 1.8 (2): I has a subject", [proxy(nameless), nameless], bad("name"))

    # --- one proxy, one fault
    bare = [alice]
    for label, rule, made, keyword in [
        ("name-of-another-user", "RFC 3820 3.4", proxy(alice, subject=bob.subject + ((("CN", "1007919"),),)), "name"),
        ("name-unrelated", "RFC 3820 3.4", proxy(alice, subject=dn("/C=IT/CN=Mallory")), "name"),
        ("name-two-cns", "RFC 3820 3.4", proxy(alice, subject=alice.subject + dn("/CN=1/CN=2")), "name"),
        ("name-two-values", "RFC 3820 3.4", proxy(alice, subject=alice.subject + ((("CN", "1"), ("CN", "2")),)), "name"),
        ("name-not-cn", "RFC 3820 3.4", proxy(alice, subject=alice.subject + dn("/OU=1007919")), "name"),
        ("name-nothing-added", "RFC 3820 3.4", proxy(alice, subject=alice.subject), "name"),
        ("name-shortened", "RFC 3820 3.4", proxy(alice, subject=alice.subject[:-1] + dn("/CN=1007919")), "name"),
        ("name-cn-in-front", "RFC 3820 3.4", proxy(alice, subject=dn("/CN=1007919") + alice.subject), "name"),
        ("name-other-issuer", "spec 1.8 (2)", proxy(alice, issuer_name=bob.subject), "name"),
        ("name-string-types-differ", "spec 1.8 (2): compared in canonical form", proxy(alice, subject=world.utf8(alice.subject) + dn("/CN=1007919"), issuer_name=world.utf8(alice.subject)), None),
        ("proxy-signature-flipped", "RFC 3820 4.1", proxy(alice, flip=True), "signature"),
        ("proxy-wrong-signer", "RFC 3820 4.1", proxy(alice, signer=bob.key), "signature"),
        ("proxy-signed-by-itself", "RFC 3820 4.1", proxy(alice, signer=key("proxy1")), "signature"),
        ("proxy-algorithms-differ", "RFC 5280 4.1.1.2", proxy(alice, outer=alice.key.algorithm("sha512")), "encoding"),
        ("proxy-expired", "spec 1.8 (5)", proxy(alice, end="2026-11-24T11:54:59Z"), "expired"),
        ("proxy-last-second", "RFC 5280 4.1.2.5: inclusive", proxy(alice, end="2026-11-24T12:00:00Z"), None),
        ("proxy-not-yet-valid", "spec 1.8 (5)", proxy(alice, begin="2026-11-24T12:05:01Z"), "not-yet-valid"),
        ("proxy-first-second", "RFC 5280 4.1.2.5: inclusive", proxy(alice, begin="2026-11-24T12:00:00Z"), None),
        ("proxy-subject-alternative-name", "RFC 3820 3.5", proxy(alice, more=[alternative("x.example.org")]), "alternative-name"),
        ("proxy-issuer-alternative-name", "RFC 3820 3.5", proxy(alice, more=[alternative("x.example.org", "2.5.29.18")]), "alternative-name"),
        ("proxy-ca-true", "RFC 3820 3.6", proxy(alice, more=[basic(True)]), "proxy-is-ca"),
        ("proxy-key-encipherment-only", "a key that may not sign proves nothing", proxy(alice, usage=(ENCIPHER,)), "key-usage"),
        ("proxy-key-cert-sign", "RFC 5280 4.2.1.3", proxy(alice, usage=(SIGN, CERT_SIGN)), "key-usage"),
        ("proxy-basic-constraints-unreadable", "RFC 5280 4.2", proxy(alice, more=[ext("2.5.29.19", octets(b"?"), True)]), "unreadable-extension"),
        ("proxy-unknown-critical", "RFC 3820 4.1.3, spec 1.8 (9)", proxy(alice, more=[ext(UNKNOWN, NULL, True)]), "critical-extension"),
        ("proxy-name-constraints-critical", "spec 1.8 (9)", proxy(alice, more=[constraints(dn("/DC=org"))]), "critical-extension"),
        ("proxy-acseq-critical", "spec 2.1, 1.8 (9)", proxy(alice, more=[ext(VOMS + "5", seq(seq(attribute_certificate(alice, world.host))), True)]), "critical-extension"),
        ("proxy-duplicate-extension", "RFC 5280 4.2", proxy(alice, more=[key_usage(SIGN)]), "duplicate-extension"),
        ("proxy-rsa1024", "spec 1.6", proxy(alice, its_key=key("weak", "rsa:1024")), "weak"),
        ("proxy-rsa512", "spec 1.6", proxy(alice, its_key=key("weaker", "rsa:512")), "weak"),
        ("proxy-rsa1536", "spec 1.6", proxy(alice, its_key=key("middling", "rsa:1536")), "weak"),
        ("proxy-rsa3072", "spec 1.6", proxy(alice, its_key=key("strong3", "rsa:3072")), None),
        ("proxy-ec-p256", "spec 1.6", proxy(alice, its_key=key("p256", "ec:P-256"), usage=(SIGN,)), None),
        ("proxy-ec-p384", "spec 1.6", proxy(alice, its_key=key("p384", "ec:P-384"), usage=(SIGN,)), None),
        ("proxy-ec-p192", "spec 1.6", proxy(alice, its_key=key("p192", "ec:prime192v1"), usage=(SIGN,)), "weak"),
        ("proxy-ed25519", "spec 1.6: not made, but strong", proxy(alice, its_key=key("ed", "ed25519"), usage=(SIGN,)), None),
        ("proxy-sha1", "spec 10.1", proxy(alice, digest="sha1"), "weak"),
        ("proxy-md5", "spec 10.1", proxy(alice, digest="md5"), "weak"),
        ("proxy-sha384", "spec 10.1", proxy(alice, digest="sha384"), None),
        ("proxy-sha512", "spec 10.1", proxy(alice, digest="sha512"), None),
        ("proxy-pss", "RFC 4055", proxy(alice, digest="pss"), None),
        ("pci-not-critical", "RFC 3820 3.8", proxy(alice, pci=[rfc_pci(critical=False)]), "pci-not-critical"),
        ("pci-draft-not-critical", "spec 1.2", proxy(alice, pci=[draft_pci(critical=False)]), "pci-not-critical"),
        ("pci-twice", "spec 1.2, RFC 5280 4.2", proxy(alice, pci=[rfc_pci(), rfc_pci()]), "two-pcis"),
        ("pci-both", "spec 1.2", proxy(alice, pci=[rfc_pci(), draft_pci()]), "two-pcis"),
        ("pci-unreadable", "RFC 3820 3.8", proxy(alice, pci=[ext(RFC_PCI, seq(octets(b"?")), True)]), "pci"),
        ("pci-empty", "RFC 3820 3.8", proxy(alice, pci=[ext(RFC_PCI, b"", True)]), "pci"),
        ("pci-trailing-bytes", "RFC 3820 3.8", proxy(alice, pci=[ext(RFC_PCI, seq(seq(oid(INHERIT))) + NULL, True)]), "pci"),
        ("pci-draft-unreadable", "spec 1.2", proxy(alice, pci=[ext(DRAFT_PCI, seq(octets(b"?")), True)]), "pci"),
        ("pci-path-length-negative", "RFC 3820 3.8.1", proxy(alice, path=-1), "pci"),
        ("pci-draft-path-length-negative", "spec 1.2", proxy(alice, kind="draft", path=-1), "pci"),
        ("policy-unknown", "RFC 3820 3.8.2, spec 1.8 (10)", proxy(alice, policy="1.3.6.1.4.1.99999.7", octets=b"let me"), "policy"),
        ("policy-unknown-no-octets", "RFC 3820 3.8.2, spec 1.8 (10)", proxy(alice, policy="1.3.6.1.4.1.99999.7"), "policy"),
        ("policy-any-language", "RFC 3820 3.8.2, spec 1.8 (10)", proxy(alice, policy=ANY), "policy"),
        ("policy-inherit-with-octets", "RFC 3820 3.8.2", proxy(alice, octets=b"rules"), "policy"),
        ("policy-draft-unknown", "spec 1.8 (10)", proxy(alice, kind="draft", policy="1.3.6.1.4.1.99999.7", octets=b"let me"), "policy"),
        ("policy-independent", "RFC 3820 3.8.2: has none of the user's rights", proxy(alice, policy=INDEPENDENT), "independent"),
        ("policy-draft-independent", "RFC 3820 3.8.2: has none of the user's rights", proxy(alice, kind="draft", policy=INDEPENDENT), "independent"),
    ]:  # fmt: skip
        case(label, rule, [made, *bare], bad(keyword) if keyword else ok())
        allow = {"proxy-rsa1024": "rsa1024", "proxy-sha1": "sha1", "proxy-md5": "md5"}.get(label)
        if allow:
            case(label + "-allowed", rule, [made, *bare], ok(), allow=[allow])
        if label == "proxy-rsa512":
            case("proxy-rsa512-never", rule, [made, *bare], bad("weak"), allow=["rsa1024"])
        if label == "proxy-rsa1536":
            case("proxy-rsa1536-allowed", rule, [made, *bare], ok(), allow=["rsa1024"])
    empty = issue(usage=None, more=[key_usage()])
    odd = issue(usage=None, more=[ext("2.5.29.15", octets(b"?"), True)])
    case("user-key-usage-unreadable", "RFC 5280 4.2", [proxy(odd), odd], bad("issuer-may-not-sign", "unreadable-extension"))
    case("user-key-usage-empty", "RFC 5280 4.2.1.3: one bit at least", [proxy(empty), empty], bad("issuer-may-not-sign", "encoding"))
    case("pci-path-length-int-max", "RFC 3820 3.8.1", [proxy(p := proxy(alice, path=(1 << 31) - 1)), p, alice], ok(depth=2))
    case("pci-path-length-33-bits", "RFC 3820 3.8.1", [proxy(p := proxy(alice, path=1 << 32)), p, alice], ok(depth=2))
    case("pci-path-length-huge", "RFC 3820 3.8.1", [proxy(p := proxy(alice, path=1 << 70)), p, alice], ok(depth=2))
    case("policy-empty-octets", "RFC 3820 3.8.2: absent means absent", [proxy(alice, octets=b""), alice], bad("policy"))

    # --- more than one proxy
    def stack(*hows):
        chain = [alice]
        for how in hows:
            chain.insert(0, proxy(chain[0], **how))
        return chain

    none = {}
    full, limited, independent = {}, dict(limited=True), dict(policy=INDEPENDENT)
    draft, legacy = dict(kind="draft"), dict(kind="legacy")
    for label, rule, chain, expect in [
        ("upper-proxy-signature-flipped", "spec 1.8 (11)", stack(dict(flip=True), none), bad("signature")),
        ("middle-proxy-signature-flipped", "spec 1.8 (11)", stack(none, dict(flip=True), none), bad("signature")),
        ("upper-proxy-wrong-signer", "spec 1.8 (11)", stack(dict(signer=bob.key), none), bad("signature")),
        ("leaf-signed-by-user", "spec 1.8 (11): by its issuer", stack(none, dict(signer=alice.key)), bad("signature")),
        ("upper-proxy-expired", "spec 1.8 (5)", stack(dict(end="2026-11-24T11:54:59Z"), none), bad("expired")),
        ("upper-proxy-not-yet-valid", "spec 1.8 (5)", stack(dict(begin="2026-11-24T12:05:01Z"), none), bad("not-yet-valid")),
        ("upper-proxy-may-not-sign", "spec 1.8 (3)", stack(dict(usage=(ENCIPHER,)), none), bad("issuer-may-not-sign")),
        ("upper-proxy-key-usage-unreadable", "RFC 5280 4.2", stack(dict(usage=None, more=[ext("2.5.29.15", octets(b"?"), True)]), none), bad("issuer-may-not-sign", "unreadable-extension")),
        ("upper-proxy-key-usage-unreadable-not-critical", "spec 1.8 (3)", stack(dict(usage=None, more=[ext("2.5.29.15", octets(b"?"))]), none), bad("issuer-may-not-sign", "unreadable-extension")),
        ("upper-proxy-unknown-critical", "spec 1.8 (9)", stack(dict(more=[ext(UNKNOWN, NULL, True)]), none), bad("critical-extension")),
        ("upper-proxy-alternative-name", "RFC 3820 3.5", stack(dict(more=[alternative("x.example.org")]), none), bad("alternative-name")),
        ("upper-proxy-pci-not-critical", "RFC 3820 3.8", stack(dict(pci=[rfc_pci(critical=False)]), none), bad("pci-not-critical")),
        ("upper-proxy-policy-unknown", "spec 1.8 (10)", stack(dict(policy="1.3.6.1.4.1.99999.7"), none), bad("policy")),
        ("upper-proxy-name-unrelated", "RFC 3820 3.4", stack(dict(subject=dn("/C=IT/CN=Mallory")), none), bad("name")),
        ("upper-proxy-weak", "spec 1.6", stack(dict(its_key=key("weak", "rsa:1024")), none), bad("weak")),
        ("upper-proxy-sha1", "spec 10.1", stack(dict(digest="sha1"), none), bad("weak")),
        ("upper-proxy-ec", "spec 1.6", stack(dict(its_key=key("p256", "ec:P-256"), usage=(SIGN,)), none), ok(depth=2)),
        ("path-length-0", "spec 1.8 (6)", stack(dict(path=0)), ok()),
        ("path-length-0-exceeded", "spec 1.8 (6)", stack(dict(path=0), none), bad("path-length")),
        ("path-length-1", "spec 1.8 (6)", stack(dict(path=1), none), ok(depth=2)),
        ("path-length-1-exceeded", "spec 1.8 (6)", stack(dict(path=1), none, none), bad("path-length")),
        ("path-length-0-in-the-middle", "spec 1.8 (6)", stack(none, dict(path=0), none), bad("path-length")),
        ("path-length-0-of-the-leaf", "spec 1.8 (6)", stack(none, none, dict(path=0)), ok(depth=3)),
        ("path-length-not-widened", "spec 1.8 (6): the remainder counts", stack(dict(path=1), dict(path=5), none), bad("path-length")),
        ("path-length-2-1-0", "spec 1.8 (6)", stack(dict(path=2), dict(path=1), dict(path=0)), ok(depth=3)),
        ("path-length-2-0-exceeded", "spec 1.8 (6)", stack(dict(path=2), dict(path=0), none), bad("path-length")),
        ("path-length-draft-0", "spec 1.2", stack(dict(kind="draft", path=0)), ok("draft impersonation")),
        ("path-length-draft-0-exceeded", "spec 1.2, 1.8 (6)", stack(dict(kind="draft", path=0), draft), bad("path-length")),
        ("path-length-draft-1", "spec 1.2, 1.8 (6)", stack(dict(kind="draft", path=1), draft), ok("draft impersonation", depth=2)),
        ("path-length-draft-1-exceeded", "spec 1.2, 1.8 (6)", stack(dict(kind="draft", path=1), draft, draft), bad("path-length")),
        ("draft-then-draft", "spec 1.8 (7)", stack(draft, draft), ok("draft impersonation", depth=2)),
        ("legacy-then-legacy", "spec 1.8 (7)", stack(legacy, legacy), ok("legacy full", depth=2)),
        ("limited-then-limited", "spec 1.8 (8)", stack(limited, limited), ok("rfc limited", limited=True, depth=2)),
        ("full-then-limited", "spec 1.8 (8)", stack(full, limited), ok("rfc limited", limited=True, depth=2)),
        ("limited-then-full", "spec 1.8 (8)", stack(limited, full), bad("limited-not-kept")),
        ("limited-limited-full", "spec 1.8 (8)", stack(limited, limited, full), bad("limited-not-kept")),
        ("limited-then-independent", "spec 1.8 (8): no wider than limited", stack(limited, independent), bad("independent")),
        ("independent-then-full", "RFC 3820 3.8.2", stack(independent, full), bad("independent")),
        ("full-then-independent", "RFC 3820 3.8.2", stack(full, independent), bad("independent")),
        ("draft-limited-then-full", "spec 1.8 (8)", stack({**draft, **limited}, draft), bad("limited-not-kept")),
        ("draft-limited-then-limited", "spec 1.8 (8)", stack({**draft, **limited}, {**draft, **limited}), ok("draft limited", limited=True, depth=2)),
        ("legacy-limited-then-full", "spec 1.8 (8)", stack({**legacy, **limited}, legacy), bad("limited-not-kept")),
        ("legacy-limited-then-limited", "spec 1.8 (8)", stack({**legacy, **limited}, {**legacy, **limited}), ok("legacy limited", limited=True, depth=2)),
        ("legacy-full-then-limited", "spec 1.8 (8)", stack(legacy, {**legacy, **limited}), ok("legacy limited", limited=True, depth=2)),
    ]:  # fmt: skip
        case(label, rule, chain, expect)
    for upper, lower in MIXED:
        case(f"mixed-{upper}-then-{lower}", "spec 1.8 (7)", stack(dict(kind=upper), dict(kind=lower)), bad("mixed-types"))
    grace = "spec 1.8 (5): 300 seconds, as canl and GCT"
    ended, soon = "2026-11-24T11:56:40Z", "2026-11-24T12:03:20Z"
    late_user, early_user = (person(ALICE, alice.key, root, **how) for how in (dict(end=ended), dict(begin=soon)))
    for label, chain, until in [
        ("proxy-expired-200-seconds", [proxy(alice, end=ended), alice], ended),
        ("proxy-begins-in-200-seconds", [proxy(alice, begin=soon), alice], END),
        ("user-expired-200-seconds", [proxy(late_user), late_user], ended),
        ("user-begins-in-200-seconds", [proxy(early_user), early_user], END),
    ]:
        case(label, grace, chain, ok(until=until))
    none_given = "spec 1.8 (5): OpenSSL gives no grace"
    for label, chain, keyword in [
        ("proxy-one-second-late", [proxy(alice, end="2026-11-24T11:59:59Z"), alice], "expired"),
        ("proxy-one-second-early", [proxy(alice, begin="2026-11-24T12:00:01Z"), alice], "not-yet-valid"),
    ]:
        case(label, none_given, chain, bad(keyword), skew=0)
    last = dict(end="2026-11-24T12:00:00Z"), dict(begin="2026-11-24T12:00:00Z")
    for label, how in zip(("last", "first"), last):
        case(f"proxy-{label}-second-no-grace", "RFC 5280 4.1.2.5: inclusive", [proxy(alice, **how), alice], ok(), skew=0)
    case("legacy-cn-upper-case", "spec 1.7: the case of the CN counts", [proxy(alice, kind="legacy", cn="Proxy"), alice], bad("not-a-ca"))
    case("at-after-everything", "spec 1.8 (5)", [alice], bad("expired"), at="2046-01-01T00:05:01Z", certdir=ca(authority(slash(root.subject), root.key, end="2060-01-01T00:00:00Z"), crl=None))

    files(case, world)


def files(case, world):
    """The form of the file; each with a private key where it is about its place."""
    alice = world.alice
    leaf = proxy(alice)
    rsa = openssl("rsa", "-in", leaf.key.path, "-traditional")
    pkcs8 = openssl("pkey", "-in", leaf.key.path)
    ec_key = key("p256", "ec:P-256")
    ec_leaf = proxy(alice, its_key=ec_key, usage=(SIGN,))
    ec = openssl("ec", "-in", ec_key.path)
    both = leaf.pem + alice.pem
    rule = "spec 1.9"
    half = leaf.pem[: len(leaf.pem) // 2]
    truncated = leaf.der[: len(leaf.der) // 2]
    lines = both.replace(b"-----END CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n\n")
    trusted = leaf.der + seq(seq(oid("1.3.6.1.5.5.7.3.2")))
    for label, content, expect in [
        ("file-crlf", both.replace(b"\n", b"\r\n"), ok()),
        ("file-text-between", b"Bag Attributes\n  friendlyName: x\n" + leaf.pem + b"subject=/CN=x\n" + alice.pem, ok()),
        ("file-blank-lines", b"\n" + lines, ok()),
        ("file-key-in-the-middle", leaf.pem + rsa + alice.pem, ok()),
        ("file-key-first", rsa + both, ok()),
        ("file-key-last", both + rsa, ok()),
        ("file-key-pkcs8", leaf.pem + pkcs8 + alice.pem, ok()),
        ("file-key-ec", ec_leaf.pem + ec + alice.pem, ok()),
        ("file-trailing-garbage", both + b"\x00\xff not PEM\n", ok()),
        ("file-no-newline-at-the-end", both.rstrip(b"\n"), ok()),
        ("file-trailing-blanks", both.replace(b"\n", b"  \n"), ok()),
        ("file-byte-order-mark", b"\xef\xbb\xbf" + both, ok()),
        ("file-label-x509", both.replace(b" CERTIFICATE", b" X509 CERTIFICATE"), ok()),
        ("file-label-trusted", pem(trusted, "TRUSTED CERTIFICATE") + alice.pem, ok()),
        ("file-truncated-pem", half, bad("file")),
        ("file-truncated-pem-second", leaf.pem + alice.pem[:400], bad("file")),
        ("file-truncated-der", pem(truncated) + alice.pem, bad("file")),
        ("file-trailing-bytes-in-der", pem(leaf.der + b"\0\0") + alice.pem, bad("file")),
        ("file-base64-garbage", b"-----BEGIN CERTIFICATE-----\n!!!! not base64 ????\n-----END CERTIFICATE-----\n" + alice.pem, bad("file")),
        ("file-labels-differ", leaf.pem.replace(b"END CERTIFICATE", b"END X509 CRL") + alice.pem, bad("file")),
        ("file-empty", b"", bad("file")),
        ("file-only-a-key", rsa, bad("file")),
        ("file-no-pem", b"this is no credential\n", bad("file")),
        ("file-100-certificates", both + alice.pem * 98, ok()),
        ("file-101-certificates", both + alice.pem * 99, bad("file")),
    ]:  # fmt: skip
        case(label, rule, content, expect)
    case("file-der", rule, alice.der, ok("EEC", depth=0), file="file-der.der")
    case("file-der-truncated", rule, alice.der[:-20], bad("file"), file="file-der-truncated.der")
