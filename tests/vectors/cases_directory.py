"""CA directories as they come: names that collide, keys that change, lists in odd places, files that say too little."""

import hashlib

from builder import *
from cases_trust import FAR, PEOPLE, policy, space
from world import *

# Two names with one SHA-1 hash (the first four bytes, of the canonical form), and two with one MD5 hash (of the DER).
NAMESAKES = {
    "new": (FAR + "/CN=Vector Namesake CA 99787", "/DC=net/DC=elsewhere/CN=Namesake CA 7918"),
    "old": (FAR + "/CN=Vector Namesake CA 83871", "/DC=net/DC=elsewhere/CN=Namesake CA 4863"),
}
RULE_HASH = "a policy file speaks for the CA whose subject it stands under, not for one with the same hash"
RULE_TWO_KEYS = "spec 8.1: old and new key under one name, decided by the key"


def run(case):
    world = World.get()
    collisions(case, world)
    lists(case, world)
    rollovers(case, world)
    rekeyed(case, world)
    silent(case, world)
    quoted(case, world)
    rejections(case, world)
    early(case, world)


def collisions(case, world):
    """A CA of the directory, and a sub-CA whose name has its hash."""
    root = world.root
    for hashes, names in NAMESAKES.items():
        mine = authority(names[0], key("namesake1"))
        other = authority(names[1], key("namesake2"), root)
        option = "-subject_hash" if hashes == "new" else "-subject_hash_old"
        assert mine.hash(option) == other.hash(option) and mine.subject != other.subject
        near = person("/DC=net/DC=elsewhere/CN=Ned Near", key("alice"), other)
        far = person(ALICE, key("alice"), other)
        text = space(root, "PERMIT", "/DC=(org|net)/.*") + space(other, "PERMIT", "/DC=net/.*", header="")
        spaces = {**ca(root, namespaces=text), **ca(mine, None, namespaces=space("SELF", "PERMIT", "/DC=(org|net)/.*"))}
        narrow = {**ca(root, namespaces=text), **ca(mine, None, namespaces=space("SELF", "PERMIT", "/DC=org/.*"))}
        text = policy(root, "/DC=org/*", "/DC=net/*") + policy(other, "/DC=net/*")
        anybody = policy("", "/DC=*", access="access_id_ANYBODY globus ''")
        signs = {**ca(root, policy=text), **ca(mine, None, policy=anybody)}
        signs_own = {**ca(root, policy=text), **ca(mine, None, policy=policy(mine, "/DC=org/*"))}
        for label, user, keyword, directory in [
            ("namespaces-self-is-not-the-other", far, "namespaces", spaces),
            ("namespaces-of-the-other-do-not-bind", near, None, narrow),
            ("policy-for-anybody-is-not-the-others", far, "signing-policy", signs),
            ("policy-of-the-other-does-not-bind", near, None, signs_own),
        ]:
            expect = bad(keyword) if keyword else ok(identity=slash(user.subject))
            case(f"{hashes}-hash-collision-{label}", RULE_HASH, [proxy(user), user, other], expect, certdir=directory)
        # Both are trusted under the one hash: rules by name stay apart.
        second = authority(names[1], key("namesake2"))
        user = person("/DC=net/DC=elsewhere/CN=Ned Near", key("alice"), second)
        both = lambda **how: {**ca(second, None, n=1), **ca(mine, None, **how)}
        for label, keyword, directory in [
            ("two-roots", None, both()),
            ("two-roots-namespaces-by-name", None, both(namespaces=space(mine, "PERMIT", "/DC=org/.*"))),
            ("two-roots-policy-by-name", "signing-policy", both(policy=policy(mine, "/DC=org/*"))),
        ]:
            expect = bad(keyword) if keyword else ok(identity=slash(user.subject))
            case(f"{hashes}-hash-collision-{label}", RULE_HASH, [proxy(user), user], expect, certdir=directory)


def wrap_crl(der):
    return pem(der, "X509 CRL")


def old_hash(rdns):
    """The MD5 hash of a name as it is spelled."""
    return hashlib.md5(name(rdns)).digest()[3::-1].hex()


def lists(case, world):
    """Lists under another name of their CA, lists of changes, and lists without an end."""
    alice, root = world.alice, world.root
    spelled = world.utf8(root.subject)
    assert old_hash(root.subject) == root.hash("-subject_hash_old") != old_hash(spelled)
    user = person(ALICE, alice.key, root, issuer_name=spelled)
    gone = entry(user.serial)
    rule = "spec 8.1, 8.2: under every hash of either spelling of the CA's name"
    for place, rdns in [("of-the-ca", root.subject), ("of-the-certificate", spelled)]:
        for writes, issuer in [("ca", root.subject), ("certificate", spelled)]:
            file = {f"{old_hash(rdns)}.r0": wrap_crl(crl(root, gone, issuer=issuer))}
            case(f"crl-old-hash-{place}-spelled-as-the-{writes}", rule, [proxy(user), user], bad("revoked"), certdir={**ca(root, None, hashes=["new"]), **file})
        good = {f"{old_hash(rdns)}.r0": wrap_crl(crl(root))}
        case(f"crl-old-hash-{place}-required", rule, [proxy(user), user], ok(), certdir={**ca(root, None, hashes=["new"]), **good}, crl="required")
    delta = lambda *entries: wrap_crl(crl(root, *entries, exts=[ext("2.5.29.27", integer(5), True)]))
    full = lambda *entries: wrap_crl(crl(root, *entries))
    chain = [proxy(alice), alice]
    rule = "RFC 5280 5.2.4: the complete list decides for whoever reads no deltas"
    case("crl-delta-beside-full", rule, chain, ok(), certdir=ca(root, {"r0": full(), "r1": delta()}), crl="required")
    case("crl-delta-in-front-of-full", rule, chain, ok(), certdir=ca(root, {"r0": delta(), "r1": full()}), crl="required")
    case("crl-delta-beside-full-revoked", rule, chain, bad("revoked"), certdir=ca(root, {"r0": full(entry(alice.serial)), "r1": delta()}))
    case("crl-delta-without-full-required", rule, chain, bad("crl-unsupported"), certdir=ca(root, {"r0": delta()}), crl="required")
    rule = "RFC 5280 5.1.2.5: nextUpdate must be there"
    endless = lambda *entries: wrap_crl(crl(root, *entries, next=None))
    case("crl-no-next-update-revoked", rule, chain, bad("revoked"), certdir=ca(root, {"r0": endless(entry(alice.serial))}))
    case("crl-no-next-update-beside-good", rule, chain, ok(), certdir=ca(root, {"r0": endless(), "r1": full()}))
    case("crl-no-next-update-required", rule, chain, bad("crl-no-next-update"), certdir=ca(root, {"r0": endless()}), crl="required")


def rollovers(case, world):
    """A CA of one name with an old key, under which alice is certified, and a new one, which signs the list."""
    root, alice = world.root, world.alice
    fresh = key("root-next")
    link = cert(root.subject, fresh, root, exts=[basic(True), key_usage(CERT_SIGN, CRL_SIGN), subject_id(fresh.identifier), authority_id(root.key.identifier)])
    renewed = authority(root.subject, fresh)
    chain = [proxy(alice), alice]
    by_new = lambda *entries: {"r0": wrap_crl(crl(root, *entries, signer=fresh))}
    gone = entry(alice.serial)
    rule = "RFC 5280 6.3.3 (f): the list's own path"
    for label, beside in [("self-issued", {**ca(link, None, n=1)}), ("both-roots", {**ca(renewed, None, n=1)})]:
        for state, files, expect in [("good", by_new(), ok()), ("revoked", by_new(gone), bad("revoked"))]:
            case(f"crl-of-the-new-key-{label}-{state}", rule, chain, expect, certdir={**ca(root, files), **beside}, crl="required")
    case("crl-of-the-new-key-self-issued-in-the-file", rule, [*chain, link], bad("revoked"), certdir=ca(root, by_new(gone)))
    case("crl-of-the-new-key-alone", rule, chain, bad("crl-signature"), certdir=ca(root, by_new()))
    forged = cert(root.subject, fresh, root, signer=key("stranger"), exts=[basic(True), key_usage(CERT_SIGN, CRL_SIGN)])
    case("crl-of-the-new-key-self-issued-forged", rule, [*chain, forged], bad("crl-signature"), certdir=ca(root, by_new()))
    two = {"r0": wrap_crl(crl(root)), "r1": wrap_crl(crl(root, signer=fresh))}
    case("crl-of-either-key", rule, chain, ok(), certdir={**ca(root, two), **ca(renewed, None, n=1)}, crl="required")
    two["r1"] = wrap_crl(crl(root, gone, signer=fresh))
    case("crl-of-either-key-revoked-by-the-new", rule, chain, bad("revoked"), certdir={**ca(root, two), **ca(renewed, None, n=1)})


def rekeyed(case, world):
    """Both keys of a CA in the directory, and certificates that do not say which of them signed."""
    root, alice = world.root, world.alice
    others = [authority(root.subject, key(f"root-{n}")) for n in ("next", "third")]
    trust = vo({"voms.example.org.lsc": lsc(world.host)})
    for count, keys in (("two", [root, others[0]]), ("three", [root, *others])):
        for at, signer in enumerate(keys):
            user = person(ALICE, alice.key, signer, identify=False)
            host = world.server("voms.example.org", signer, identify=False)
            directory = {}
            for n, one in enumerate(keys):
                directory |= ca(one, None, n=n)
            case(f"rekeyed-ca-{count}-keys-user-of-{at}", RULE_TWO_KEYS, [proxy(user), user], ok(), certdir=directory)
            made = attribute_certificate(user, host)
            case(f"rekeyed-ca-{count}-keys-signer-of-{at}", RULE_TWO_KEYS, [proxy(user, acs=[made]), user], ok(fqans=LONG), certdir=directory, vomsdir=trust)
    stranger = person(ALICE, alice.key, root, signer=key("stranger"), identify=False)
    directory = {**ca(root, None), **ca(others[0], None, n=1)}
    case("rekeyed-ca-user-of-neither", RULE_TWO_KEYS, [proxy(stranger), stranger], bad("signature"), certdir=directory)
    gone = person(ALICE, alice.key, others[0], identify=False)
    lists = {"r0": wrap_crl(crl(root)), "r1": wrap_crl(crl(root, entry(gone.serial), signer=others[0].key))}
    case("rekeyed-ca-revoked-by-its-key", RULE_TWO_KEYS, [proxy(gone), gone], bad("revoked"), certdir={**ca(root, lists), **ca(others[0], None, n=1)})
    subs = [authority(world.sub1.subject, key(f"sub1-{n}"), root) for n in ("old", "new")]
    for at, signer in enumerate(subs):
        user = person(slash(world.user1.subject), alice.key, signer, identify=False)
        case(f"rekeyed-sub-ca-in-the-file-user-of-{at}", RULE_TWO_KEYS, [proxy(user), user, *subs], ok(identity=slash(user.subject)))


def silent(case, world):
    """Namespaces that name their own CA wrongly, as a file of IGTF 1.141 does: they say nothing of it."""
    root, sub1 = world.root, world.sub1
    una = slash(world.user1.subject)
    chain = [proxy(world.user1), world.user1, sub1]
    cut = space(slash(sub1.subject)[:-4], "PERMIT", "/DC=net/.*")
    above = lambda pattern: space(root, "PERMIT", FAR + "/.*") + space(sub1, "PERMIT", pattern, header="")
    signs = lambda pattern: policy(root, FAR + "/*") + policy(sub1, pattern)
    for label, keyword, directory in [
        ("alone", None, {**ca(root), **ca(sub1, None, namespaces=cut)}),
        ("parent-permits", None, {**ca(root, namespaces=above(FAR + "/.*")), **ca(sub1, None, namespaces=cut)}),
        ("parent-forbids", "namespaces", {**ca(root, namespaces=above("/DC=net/.*")), **ca(sub1, None, namespaces=cut)}),
        ("policy-permits", None, {**ca(root), **ca(sub1, None, namespaces=cut, policy=policy(sub1, PEOPLE))}),
        ("policy-forbids", "signing-policy", {**ca(root), **ca(sub1, None, namespaces=cut, policy=policy(sub1, "/DC=net/*"))}),
        ("parents-policy-permits", None, {**ca(root, policy=signs(PEOPLE)), **ca(sub1, None, namespaces=cut)}),
        ("parents-policy-forbids", "signing-policy", {**ca(root, policy=signs("/DC=net/*")), **ca(sub1, None, namespaces=cut)}),
    ]:
        case("namespaces-silent-of-own-ca-" + label, "spec 8.4: without any entry, accepted", chain, bad(keyword) if keyword else ok(identity=una), certdir=directory)


def quoted(case, world):
    """Apostrophes in names, as in the policies of Let's Encrypt's CAs."""
    root = world.root
    encrypt = authority("/C=US/O=Let's Encrypt/CN=R13", key("odd"), root)
    user = person("/DC=org/DC=example/O=Vera's Lab/CN=Vera", key("alice"), encrypt)
    yes = r"/DC=org/DC=example/O=Vera\'s Lab/*"
    by = r"/C=US/O=Let\'s Encrypt/CN=R13"
    double = "access_id_CA X509 \"{}\""
    for label, keyword, text in [
        ("escaped", None, policy(by, "/DC=org/*")),
        ("escaped-in-the-pattern", None, policy(by, yes)),
        ("escaped-and-not-permitted", "signing-policy", policy(by, "/DC=net/*")),
        ("in-double-quotes", None, policy("/C=US/O=Let's Encrypt/CN=R13", "/DC=org/*", access=double)),
        ("escaped-in-double-quotes", None, policy(by, "/DC=org/*", access=double)),
    ]:
        expect = bad(keyword) if keyword else ok(identity=slash(user.subject))
        directory = {**ca(root, policy=policy(root, "*")), **ca(encrypt, None, policy=text)}
        case("policy-apostrophe-" + label, "IGTF 1.141: /O=Let\\'s Encrypt", [proxy(user), user], expect, certdir=directory)


def rejections(case, world):
    """The trust settings of a TRUSTED CERTIFICATE."""
    root, alice, host = world.root, world.alice, world.host
    server, client, mail = (oid(f"1.3.6.1.5.5.7.3.{n}") for n in (1, 2, 4))
    chain = [proxy(alice), alice]
    rule = "OpenSSL's X509_CERT_AUX: what it rejects it is no anchor for"
    for label, settings, fine in [
        ("client", [ctx(0, client)], False),
        ("any", [ctx(0, oid("2.5.29.37.0"))], False),
        ("server", [ctx(0, server)], True),
        ("mail", [ctx(0, mail)], True),
        ("server-and-client", [ctx(0, server, client)], False),
        ("client-and-trusts-it", [seq(client), ctx(0, client)], False),
    ]:
        content = pem(root.der + seq(*settings), "TRUSTED CERTIFICATE")
        case(f"anchor-rejects-{label}", rule, chain, ok() if fine else bad("ca-rejected"), certdir=ca(root, content=content))
    content = pem(root.der + seq(ctx(0, client)), "TRUSTED CERTIFICATE")
    case("anchor-rejects-client-plain-beside", rule, chain, bad("ca-rejected"), certdir=ca(root, content=content + root.pem))


def early(case, world):
    """CAs from before 1970, as one of PKITS: UTCTime goes back to 1950."""
    root, alice = world.root, world.alice
    rule = "RFC 5280 4.1.2.5.1: 50 is 1950"
    for year in (1950, 1960, 1969):
        begin = f"{year}-01-01T00:00:00Z"
        old = authority(slash(root.subject), root.key, begin=begin)
        case(f"root-from-{year}", rule, [proxy(alice), alice], ok(), certdir=ca(old, None))
        sub = authority(slash(world.sub1.subject), world.sub1.key, root, begin=begin)
        case(f"sub-ca-from-{year}", rule, [proxy(world.user1), world.user1, sub], ok(identity=slash(world.user1.subject)))
    user = person(ALICE, alice.key, root, begin="1960-02-29T12:00:00Z")
    case("user-from-1960", rule, [proxy(user), user], ok())
    user = person(ALICE, alice.key, root, begin="1950-01-01T00:00:00Z", end="1969-12-31T23:59:59Z")
    case("user-until-1969", rule, [proxy(user), user], bad("expired"))
    host = world.server("voms.example.org", root, begin="1960-01-01T00:00:00Z")
    case("signer-from-1960", rule, [proxy(alice, acs=[attribute_certificate(alice, host)]), alice], ok(fqans=LONG))
    case("crl-from-1960", "RFC 5280 5.1.2.4", [proxy(alice), alice], ok(), certdir=ca(root, {"r0": wrap_crl(crl(root, this="1960-01-01T00:00:00Z"))}))
