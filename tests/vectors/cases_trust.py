"""Cases about the CA directory: hashes, revocation lists, signing policies and namespaces."""

from builder import *
from world import *

FAR = "/DC=org/DC=example"
PEOPLE = FAR + "/OU=People/*"
RULE_HASH, RULE_CRL, RULE_POLICY, RULE_NAMES = "spec 8.1", "spec 8.2", "spec 8.3", "spec 8.4"


def run(case):
    world = World.get()
    alice, root, sub1 = world.alice, world.root, world.sub1
    leaf = proxy(alice)
    chain = [leaf, alice]
    below = [proxy(world.user1), world.user1, sub1]
    una = slash(world.user1.subject)

    def one(label, rule, keyword, certdir, expect=None, **rest):
        case(label, rule, chain, bad(keyword) if keyword else ok(), certdir=certdir, **rest)

    anchors(one, case, world)
    lists(one, case, world, chain, below, una)
    policies(one, case, world, below, una)
    namespaces(one, case, world, below, una)
    p, n = policy(root, PEOPLE), space(root, "PERMIT", FAR + "/.*")
    no_p, no_n = policy(root, "/DC=net/*"), space(root, "PERMIT", "/DC=net/.*")
    one("policy-and-namespaces-both-permit", "spec 8.5", None, ca(root, policy=p, namespaces=n))
    one("policy-permits-namespaces-do-not", "spec 8.5: namespaces only without a signing policy", None, ca(root, policy=p, namespaces=no_n))
    one("policy-does-not-permit-namespaces-do", "spec 8.5: never either of them", "signing-policy", ca(root, policy=no_p, namespaces=n))


def anchors(one, case, world):
    root, false = world.root, world.false_root
    single = lambda content: ca(root, content=content)
    one("anchor-new-hash-only", RULE_HASH, None, ca(root, hashes=["new"]))
    one("anchor-old-hash-only", RULE_HASH, None, ca(root, hashes=["old"]))
    one("anchor-no-crl", RULE_CRL, None, ca(root, crl=None))
    one("anchor-second-of-one-name", "spec 8.1: all suffixes, by key", None, {**ca(false, crl=None), **ca(root, crl=None, n=1)})
    one("anchor-first-of-one-name", "spec 8.1: all suffixes, by key", None, {**ca(root, crl=None), **ca(false, crl=None, n=1)})
    one("anchor-suffix-1-without-0", "spec 8.1: all suffixes", None, ca(root, crl=None, n=1))
    one("anchor-garbage-at-0-good-at-1", "spec 8.1: all suffixes", None, {**ca(root, crl=None, n=1), **ca(root, crl=None, content=b"garbage\n")})
    trusted = pem(root.der + seq(seq(oid("1.3.6.1.5.5.7.3.2"))), "TRUSTED CERTIFICATE")
    one("anchor-trusted-label", "spec 8.1: OSG for EL9", None, single(trusted))
    one("anchor-trusted-label-then-plain", "spec 8.1: OSG for EL9", None, single(trusted + root.pem))
    one("anchor-x509-label", RULE_HASH, None, single(root.pem.replace(b" CERTIFICATE", b" X509 CERTIFICATE")))
    one("anchor-several-in-one-file", "spec 8.1: try every block", None, single(world.foreign_root.pem + root.pem))
    one("anchor-text-around", RULE_HASH, None, single(b"Root of the vectors\n" + root.pem + b"# end\n"))
    one("anchor-crlf", RULE_HASH, None, single(root.pem.replace(b"\n", b"\r\n")))
    one("anchor-der", "spec 8.1: canl reads it", None, single(root.der))
    one("anchor-none", RULE_HASH, "untrusted", {})
    one("anchor-of-another-ca", RULE_HASH, "untrusted", ca(world.foreign_root))
    one("anchor-under-wrong-hash", "spec 8.1: the name of the file must fit", "untrusted", {"deadbeef.0": root.pem, "root.pem": root.pem})
    one("anchor-file-empty", RULE_HASH, "untrusted", single(b""))
    one("anchor-file-garbage", RULE_HASH, "untrusted", single(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
    stem = root.hash()
    one("anchor-hash-in-capitals", "spec 8.1: lower case", "untrusted", {f"{stem.upper()}.0": root.pem})
    one("anchor-is-the-user", "spec 8.1: no partial chains", "untrusted", ca(world.alice, crl=None))
    one("anchor-bundle-of-other-hash", "spec 8.1: the name of the file must fit", "untrusted", ca(world.foreign_root, crl=None, content=world.foreign_root.pem + root.pem))


def lists(one, case, world, chain, below, una):
    root, sub1, alice = world.root, world.sub1, world.alice
    wrap_crl = lambda der: pem(der, "X509 CRL")
    r0 = lambda *entries, **how: {"r0": wrap_crl(crl(root, *entries, **how))}
    gone, stranger = entry(alice.serial), entry(0x7777)
    idp = lambda *parts: ext("2.5.29.28", seq(*parts), True)
    point = ctx(0, ctx(0, string("http://ca.example.org/crl", 0x86)))
    may_not = authority(slash(root.subject), root.key, usage=(CERT_SIGN,))
    unreadable, unsupported = "crl-unreadable", "crl-unsupported"
    for label, rule, keyword, files in [
        ("good", RULE_CRL, None, r0(stranger)),
        ("revoked", "RFC 5280 6.3.3", "revoked", r0(stranger, gone)),
        ("revoked-in-the-future", "RFC 5280 6.3.3: listed is revoked", "revoked", r0(entry(alice.serial, when="2027-01-01T00:00:00Z"))),
        ("on-hold", "RFC 5280 5.3.1", "revoked", r0(entry(alice.serial, reason(6)))),
        ("key-compromise", "RFC 5280 5.3.1", "revoked", r0(entry(alice.serial, reason(1)))),
        ("remove-from-crl", "RFC 5280 5.3.1: in delta lists only", "revoked", r0(entry(alice.serial, reason(8)))),
        ("expired", RULE_CRL, "crl-expired", r0(next="2026-11-24T11:59:59Z")),
        ("last-second", RULE_CRL, None, r0(next="2026-11-24T12:00:00Z")),
        ("not-yet-valid", "RFC 5280 5.1.2.4", "crl-not-yet-valid", r0(this="2026-11-24T12:00:01Z")),
        ("no-next-update", "RFC 5280 5.1.2.5: must be there", "crl-no-next-update", r0(next=None)),
        ("signature-flipped", "RFC 5280 6.3.3 (g)", "crl-signature", r0(flip=True)),
        ("wrong-signer", "RFC 5280 6.3.3 (g)", "crl-signature", r0(signer=key("stranger"))),
        ("ca-may-not-sign-lists", "RFC 5280 6.3.3 (f)", "crl-signature", None),
        ("of-another-issuer", "RFC 5280 6.3.3 (b): the file of this CA, not its list", "crl-signature", {"r0": wrap_crl(crl(world.foreign_root))}),
        ("garbage", RULE_CRL, unreadable, {"r0": b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"}),
        ("no-pem", RULE_CRL, unreadable, {"r0": b"<html>not found</html>\n"}),
        ("file-empty", RULE_CRL, unreadable, {"r0": b""}),
        ("revoked-in-r1", "spec 8.1: all suffixes", "revoked", {**r0(), "r1": wrap_crl(crl(root, gone))}),
        ("revoked-in-r0-of-two", "spec 8.1: all suffixes", "revoked", {**r0(gone), "r1": wrap_crl(crl(root))}),
        ("revoked-in-r1-without-r0", "spec 8.1: all suffixes", "revoked", {"r1": wrap_crl(crl(root, gone))}),
        ("expired-in-r0-good-in-r1", "RFC 5280 6.3.3: one current list is enough", None, {**r0(next="2026-11-20T00:00:00Z"), "r1": wrap_crl(crl(root))}),
        ("expired-revoking", "a revocation outlives its list", "revoked", {**r0(gone, next="2026-11-20T00:00:00Z"), "r1": wrap_crl(crl(root, gone))}),
        ("two-in-one-file", "spec 8.1: every block", "revoked", {"r0": wrap_crl(crl(root)) + wrap_crl(crl(root, gone))}),
        ("der", "fetch-crl can write it", None, {"r0": crl(root)}),
        ("der-revoked", "fetch-crl can write it: never ignored", "revoked", {"r0": crl(root, gone)}),
        ("text-around", RULE_CRL, None, {"r0": b"# list\n" + wrap_crl(crl(root))}),
        ("partitioned", "RFC 5280 5.2.5", unsupported, r0(exts=[idp(point)])),
        ("only-user-certificates", "RFC 5280 5.2.5: the user is in its scope", None, r0(exts=[idp(string(b"\xff", 0x81))])),
        ("only-ca-certificates", "RFC 5280 5.2.5", unsupported, r0(exts=[idp(string(b"\xff", 0x82))])),
        ("indirect", "RFC 5280 5.2.5", unsupported, r0(exts=[idp(string(b"\xff", 0x84))])),
        ("delta", "RFC 5280 5.2.4", unsupported, r0(exts=[ext("2.5.29.27", integer(5), True)])),
        ("unknown-critical", "RFC 5280 5.2", unsupported, r0(exts=[ext(UNKNOWN, NULL, True)])),
        ("unknown-not-critical", "RFC 5280 5.2", None, r0(exts=[ext(UNKNOWN, NULL)])),
        ("entry-unknown-critical", "RFC 5280 5.3", unsupported, r0(entry(0x7777, ext(UNKNOWN, NULL, True)))),
        ("entry-unknown-critical-of-the-user", "RFC 5280 5.3", unsupported, r0(entry(alice.serial, ext(UNKNOWN, NULL, True)))),
        ("md5", "spec 10.1", "weak", r0(digest="md5")),
        ("sha1", "spec 10.1", "weak", r0(digest="sha1")),
        ("sha512", "spec 10.1", None, r0(digest="sha512")),
    ]:  # fmt: skip
        directory = ca(may_not) if files is None else ca(root, files)
        one("crl-" + label, rule, keyword, directory)
        if label in ("md5", "sha1"):
            one(f"crl-{label}-allowed", rule, None, directory, allow=[label])
    one("crl-sha1-revoked", "a weak list still revokes", "revoked", ca(root, r0(gone, digest="sha1")), allow=["sha1"])
    old = lambda crl_files: ca(root, crl_files, hashes=["old"])
    new = lambda crl_files: ca(root, crl_files, hashes=["new"])
    one("crl-old-hash-only", RULE_HASH, "revoked", {**new(None), **old(r0(gone))})
    one("crl-revoked-under-old-hash-too", RULE_HASH, "revoked", {**new(r0()), **old(r0(gone))})
    one("crl-revoked-under-new-hash-only", RULE_HASH, "revoked", {**new(r0(gone)), **old(r0())})
    one("crl-absent-present", RULE_CRL, None, ca(root, crl=None), crl="present")
    one("crl-absent-required", RULE_CRL, "crl-missing", ca(root, crl=None), crl="required")
    one("crl-good-required", RULE_CRL, None, ca(root), crl="required")
    one("crl-revoked-required", RULE_CRL, "revoked", ca(root, r0(gone)), crl="required")
    one("crl-revoked-off", RULE_CRL, None, ca(root, r0(gone)), crl="off")
    one("crl-expired-off", RULE_CRL, None, ca(root, r0(next="2026-11-20T00:00:00Z")), crl="off")
    one("crl-garbage-off", RULE_CRL, None, ca(root, {"r0": b"garbage"}), crl="off")
    one("crl-of-another-issuer-required", RULE_CRL, "crl-signature", ca(root, {"r0": wrap_crl(crl(world.foreign_root))}), crl="required")
    sub_good = {"r0": wrap_crl(crl(sub1))}
    una_ok = ok(identity=una)
    for label, keyword, directory, how in [
        ("sub-ca-revoked", "revoked", ca(root, r0(entry(sub1.serial))), {}),
        ("sub-ca-list-good-required", None, {**ca(root), **ca(sub1, sub_good)}, dict(crl="required")),
        ("sub-ca-list-missing-required", "crl-missing", ca(root), dict(crl="required")),
        ("sub-ca-list-missing-present", None, ca(root), {}),
        ("user-of-sub-ca-revoked", "revoked", {**ca(root), **ca(sub1, {"r0": wrap_crl(crl(sub1, entry(world.user1.serial)))})}, {}),
        ("sub-ca-list-expired", "crl-expired", {**ca(root), **ca(sub1, {"r0": wrap_crl(crl(sub1, next="2026-11-20T00:00:00Z"))})}, {}),
        ("serial-of-another-ca", None, ca(root, r0(entry(world.user1.serial))), {}),
    ]:  # fmt: skip
        case("crl-" + label, RULE_CRL, below, bad(keyword) if keyword else una_ok, certdir=directory, **how)
    revoked_proxy = proxy(alice, serial=alice.serial + 1)
    case("crl-serial-of-a-proxy", "spec 1.8 (11): lists are not for proxies", [revoked_proxy, alice], ok(), certdir=ca(root, r0(entry(alice.serial + 1))))


def policy(authority, *patterns, access="access_id_CA      X509         '{}'", rights="pos_rights        globus        CA:sign",
           conditions=None):  # fmt: skip
    quoted = " ".join(f'"{p}"' for p in patterns)
    conditions = conditions or f"cond_subjects     globus       '{quoted}'"
    subject = authority if isinstance(authority, str) else slash(authority.subject)
    return "\n".join(line for line in (access.format(subject), rights, conditions) if line) + "\n"


def policies(one, case, world, below, una):
    root, sub1 = world.root, world.sub1
    ca_id = f"access_id_CA X509 '{slash(root.subject)}'"
    yes = policy(root, PEOPLE)
    no = policy(root, "/DC=net/*")
    line = lambda text: policy(root, conditions="cond_subjects globus " + text)
    exact = slash(world.alice.subject)
    for label, keyword, text in [
        ("permits", None, yes),
        ("does-not-permit", "signing-policy", no),
        ("exact-name", None, policy(root, exact)),
        ("prefix-without-star", "signing-policy", policy(root, exact[:-3])),
        ("several-patterns", None, policy(root, "/DC=net/*", PEOPLE)),
        ("star-in-the-middle", None, policy(root, "/DC=org/*/CN=Alice Adams")),
        ("star-only", None, policy(root, "*")),
        ("two-stars", None, policy(root, "/DC=org/*/OU=People/*")),
        ("star-in-front", None, policy(root, "*Adams")),
        ("question-mark", None, policy(root, "/DC=org/DC=example/OU=People/CN=?lice Adams")),
        ("question-mark-is-one", "signing-policy", policy(root, "/DC=org/DC=example/OU=People/CN=?Adams")),
        ("dot-is-a-dot", "signing-policy", policy(root, "/DC=org/DC=e.ample/*")),
        ("capitals", None, policy(root, "/dc=ORG/dc=Example/ou=PEOPLE/*")),
        ("issuer-in-capitals", None, policy(slash(root.subject).replace("Vector", "VECTOR"), PEOPLE)),
        ("double-quotes", None, line(f'"{PEOPLE}"')),
        ("single-quotes", None, line(f"'{PEOPLE}'")),
        ("bare-pattern", None, line(PEOPLE)),
        ("bare-pattern-other", "signing-policy", line("/DC=net/*")),
        ("comments-and-blanks", None, "# policy\n\n   " + yes.replace("\n", "   # x\n   ", 0).replace("\n", "\n\n")),
        ("crlf", None, yes.replace("\n", "\r\n")),
        ("tabs", None, yes.replace("  ", "\t")),
        ("no-newline-at-the-end", None, yes.rstrip("\n")),
        ("several-blocks", None, policy("/DC=net/CN=Other CA", "/DC=net/*") + "\n" + yes),
        ("several-blocks-last-other", None, yes + "\n" + policy("/DC=net/CN=Other CA", "/DC=net/*")),
        ("several-blocks-other-would-permit", "signing-policy", policy("/DC=net/CN=Other CA", PEOPLE) + "\n" + no),
        ("two-blocks-of-one-ca", None, no + "\n" + yes),
        ("for-another-ca-only", "signing-policy", policy("/DC=net/CN=Other CA", PEOPLE)),
        ("wrong-order", "signing-policy", "\n".join(reversed(yes.strip().split("\n"))) + "\n"),
        ("no-rights", "signing-policy", policy(root, PEOPLE, rights=None)),
        ("other-rights", "signing-policy", policy(root, PEOPLE, rights="pos_rights globus CA:revoke")),
        ("negative-rights", "signing-policy", policy(root, PEOPLE, rights="neg_rights globus CA:sign")),
        ("no-conditions", "signing-policy", ca_id + "\npos_rights globus CA:sign\n"),
        ("empty-conditions", "signing-policy", line("''")),
        ("unclosed-quote", "signing-policy", line(f"'\"{PEOPLE}")),
        ("empty-file", "signing-policy", ""),
        ("only-comments", "signing-policy", "# nothing here\n"),
        ("garbage", "signing-policy", "<html>404</html>\n"),
        ("anybody", None, policy(root, PEOPLE, access="access_id_ANYBODY globus ''")),
    ]:  # fmt: skip
        one("policy-" + label, RULE_POLICY, keyword, ca(root, policy=text))
    one("policy-unreadable", RULE_POLICY, "signing-policy", {**ca(root), **{f: b"\xff\xfe\x00a\x00c" for f in ca(root, crl=None, policy="") if "policy" in f}})
    one("policy-old-hash-only", RULE_HASH, "signing-policy", {**ca(root, hashes=["new"]), **ca(root, hashes=["old"], policy=no)})
    one("policy-new-hash-only", RULE_HASH, "signing-policy", {**ca(root, hashes=["old"]), **ca(root, hashes=["new"], policy=no)})
    deep = lambda label, keyword, directory: case("policy-" + label, "spec 8.3, 8.4", below, bad(keyword) if keyword else ok(identity=una), certdir=directory)
    named = FAR + "/CN=Vector Sub CA *"
    deep("parent-says-nothing-of-sub-ca", "signing-policy", ca(root, policy=policy(root, named)))
    deep("sub-ca-not-permitted", "signing-policy", ca(root, policy=policy(root, PEOPLE)))
    deep("parent-speaks-for-sub-ca", None, ca(root, policy=policy(root, named) + policy(sub1, PEOPLE)))
    deep("parent-forbids-for-sub-ca", "signing-policy", ca(root, policy=policy(root, named) + policy(sub1, "/DC=net/*")))
    deep("own-of-sub-ca-permits", None, {**ca(root, policy=policy(root, named)), **ca(sub1, crl=None, policy=policy(sub1, PEOPLE))})
    deep("own-of-sub-ca-forbids", "signing-policy", {**ca(root, policy=policy(root, named)), **ca(sub1, crl=None, policy=policy(sub1, "/DC=net/*"))})
    deep("own-of-sub-ca-over-parent", None, {**ca(root, policy=policy(root, named) + policy(sub1, "/DC=net/*")), **ca(sub1, crl=None, policy=policy(sub1, PEOPLE))})
    host = world.host
    case("policy-not-for-proxies", "spec 1.8 (11)", [proxy(p := proxy(world.alice)), p, world.alice], ok(depth=2), certdir=ca(root, policy=policy(root, exact)))
    case("policy-host-outside", RULE_POLICY, [host], bad("signing-policy"), certdir=ca(root, policy=yes))
    slashed = world.server("host/x.example.org", root)
    case("policy-slash-in-cn", "spec 9.3", [slashed], ok("EEC", depth=0, identity="/DC=org/DC=example/OU=Hosts/CN=host/x.example.org"), certdir=ca(root, policy=policy(root, FAR + "/OU=Hosts/CN=host/*")))
    mail = cert(dn(FAR + "/CN=Mia Mail") + ((("emailAddress", "mia@example.org"),),), key("alice"), root, exts=[basic(False), key_usage(SIGN)])
    for label in ("emailAddress", "Email", "E"):
        case("policy-mail-" + label.lower(), "spec 9.2", [mail], ok("EEC", depth=0, identity=FAR + "/CN=Mia Mail/emailAddress=mia@example.org"), certdir=ca(root, policy=policy(root, f"{FAR}/CN=*/{label}=*@example.org")))


def space(authority, *words, header="#NAMESPACES-VERSION: 1.0\n\n"):
    subject = authority if isinstance(authority, str) else slash(authority.subject)
    verb, pattern = words
    issuer = subject if subject == "SELF" else f'"{subject}"'
    return f'{header}TO Issuer {issuer} \\\n  {verb} Subject "{pattern}"\n'


def namespaces(one, case, world, below, una):
    root, sub1 = world.root, world.sub1
    inside_, outside = FAR + "/.*", "/DC=net/.*"
    yes, no = space(root, "PERMIT", inside_), space(root, "PERMIT", outside)
    add = lambda *parts: "\n".join([yes, *(space(root, *p, header="") for p in parts)])
    exact = slash(world.alice.subject)
    for label, keyword, text in [
        ("permit", None, yes),
        ("do-not-permit", "namespaces", no),
        ("deny", "namespaces", space(root, "DENY", inside_)),
        ("deny-and-permit", "namespaces", add(("DENY", ".*Alice.*"))),
        ("deny-before-permit", "namespaces", space(root, "DENY", ".*Alice.*") + space(root, "PERMIT", inside_, header="")),
        ("deny-somebody-else", None, add(("DENY", ".*Bob.*"))),
        ("deny-only-somebody-else", "namespaces", space(root, "DENY", ".*Bob.*")),
        ("two-permits", None, no + space(root, "PERMIT", inside_, header="")),
        ("self", None, space("SELF", "PERMIT", inside_)),
        ("self-does-not-permit", "namespaces", space("SELF", "PERMIT", outside)),
        ("one-line", None, yes.replace("\\\n", "")),
        ("continued-twice", None, yes.replace("PERMIT", "PERMIT \\\n")),
        ("lower-case-words", None, yes.replace("TO Issuer", "to issuer").replace("PERMIT Subject", "permit subject")),
        ("name-in-capitals", None, space(root, "PERMIT", inside_.upper())),
        ("exact-name", None, space(root, "PERMIT", exact)),
        ("whole-name-only", "namespaces", space(root, "PERMIT", exact[:-3])),
        ("anchored-in-front", "namespaces", space(root, "PERMIT", "OU=People/.*")),
        ("no-header", None, space(root, "PERMIT", inside_, header="")),
        ("version-2", "namespaces", yes.replace("1.0", "2.0")),
        ("another-issuer-only", None, space("/DC=net/CN=Other CA", "PERMIT", outside)),
        ("comments", None, yes.replace("\n\n", "\n# a comment\n\n")),
        ("crlf", None, yes.replace("\n", "\r\n")),
        ("no-newline-at-the-end", None, yes.rstrip("\n")),
        ("bad-expression", "namespaces", space(root, "PERMIT", "/DC=org/(((")),
        ("unknown-word", "namespaces", yes.replace("PERMIT", "ALLOW")),
        ("unclosed-quote", "namespaces", yes.rstrip().rstrip('"') + "\n"),
        ("cut-short", "namespaces", yes.split("PERMIT")[0]),
        ("garbage", "namespaces", "<html>404</html>\n"),
        ("empty-file", "namespaces", ""),
    ]:  # fmt: skip
        one("namespaces-" + label, RULE_NAMES, keyword, ca(root, namespaces=text))
    one("namespaces-not-text", RULE_NAMES, "namespaces", {**ca(root), **{f: b"\xff\xfe\x00a\x00c" for f in ca(root, crl=None, namespaces="") if "namespaces" in f}})
    deep = lambda label, keyword, directory: case("namespaces-" + label, RULE_NAMES, below, bad(keyword) if keyword else ok(identity=una), certdir=directory)
    deep("parent-forbids-for-sub-ca", "namespaces", ca(root, namespaces=yes + space(sub1, "PERMIT", outside, header="")))
    deep("parent-speaks-for-sub-ca", None, ca(root, namespaces=yes + space(sub1, "PERMIT", inside_, header="")))
    deep("sub-ca-not-permitted", "namespaces", ca(root, namespaces=space(root, "PERMIT", FAR + "/OU=.*")))
    deep("own-of-sub-ca-over-parent", None, {**ca(root, namespaces=yes + space(sub1, "PERMIT", outside, header="")), **ca(sub1, crl=None, namespaces=space(sub1, "PERMIT", inside_))})
    deep("own-of-sub-ca-forbids", "namespaces", {**ca(root, namespaces=yes), **ca(sub1, crl=None, namespaces=space(sub1, "PERMIT", outside))})
