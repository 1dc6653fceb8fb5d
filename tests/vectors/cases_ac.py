"""Cases about attribute certificates and whom the vomsdir trusts: RFC 5755 as VOMS has it."""

from builder import *
from world import *

PATH = "2.5.29.55"


def run(case):
    world = World.get()
    alice, bob, root, host = world.alice, world.bob, world.root, world.host

    def ac(**how):
        return attribute_certificate(how.pop("who", alice), how.pop("by", host), **how)

    def one(label, rule, expect, der, **rest):
        """The ACs, or an extension, in one proxy of alice."""
        if isinstance(der, (list, tuple)):
            made = proxy(alice, acs=der)
        else:
            made = proxy(alice, acseq=ac_seq(der))
        case(label, rule, [made, alice], expect, **rest)

    good = lambda fqans=LONG, until=None, **how: ok(fqans=fqans, until=until, **how)
    trust = lambda *pairs: vo({"voms.example.org.lsc": lsc(*pairs)})

    # --- sound ones
    one("ac-cpp-shape", "appendix A", good(until=AC_END), ac())
    aki = authority_id(host.key.identifier)
    one("ac-java-shape", "appendix A", good(["/virgo", "/virgo/virgo"]), ac(fqans=["/virgo", "/virgo/virgo"], exts=[targets("me.example.org"), cert_seq(host), NO_REV, aki]), hosts=["me.example.org"])
    one("ac-holder-rfc-form", "spec 2.4", good(), ac(holder=holder_of(alice, rfc=True)))
    one("ac-short-fqans", "spec 3.1", good(["/virgo", "/virgo/virgo"]), ac(fqans=["/virgo", "/virgo/virgo"]))
    ordered = ["/virgo/z", "/virgo/a/Role=pilot", "/virgo", "/virgo/a/b-c.d_e", "/virgo/Role=x/Capability=NULL"]
    one("ac-order-kept", "spec 3.3: the first is the primary", good(ordered), ac(fqans=ordered))
    many = [f"/virgo/g{n}" for n in range(300)]
    one("ac-300-fqans", "spec 7.8 (2)", good(many), ac(fqans=many))
    one("ac-no-fqan-repeated", "spec 3.3", good(["/virgo", "/virgo"]), ac(fqans=["/virgo", "/virgo"]))
    both = {**trust(host), **vo({"voms.example.org.lsc": lsc(host)}, "cms")}
    cms = ac(vo="cms", fqans=["/cms", "/cms/Role=t1"])
    one("ac-two-vos", "spec 2.2", good([*LONG, "/cms", "/cms/Role=t1"]), [ac(), cms], vomsdir=both)
    one("ac-two-of-one-vo", "spec 2.2", good([*LONG, "/virgo/b"]), [ac(), ac(fqans=["/virgo/b"], serial=integer(77))])
    one("ac-good-then-bad", "spec 7.6: each is judged", bad("ac-signature"), [ac(), ac(flip=True)])
    one("ac-bad-then-good", "spec 7.6: each is judged", bad("ac-signature"), [ac(flip=True), ac()])
    one("ac-good-then-untrusted", "spec 7.6: each is judged", bad("lsc-missing"), [ac(), cms])
    upper = proxy(alice, acs=[ac()])
    case("ac-in-the-upper-proxy", "spec 7.7: inherited", [proxy(upper), upper, alice], good(depth=2))
    case("ac-in-the-first-of-three", "spec 7.7: inherited", [proxy(p := proxy(upper)), p, upper, alice], good(depth=3))
    case("ac-in-the-leaf-of-two", "spec 7.7", [proxy(p := proxy(alice), acs=[ac()]), p, alice], good(depth=2))
    case("ac-of-the-child-overrides", "spec 7.7", [proxy(upper, acs=[ac(fqans=["/virgo/child"])]), upper, alice], good(["/virgo/child"], depth=2))
    broken = proxy(alice, acs=[ac(flip=True)])
    case("ac-broken-but-overridden", "spec 7.7: only the first certificate with any counts", [proxy(broken, acs=[ac()]), broken, alice], good(depth=2))
    case("ac-broken-in-the-child", "spec 7.7: no falling back", [proxy(upper, acs=[ac(flip=True)]), upper, alice], bad("ac-signature"))
    case("ac-below-independent", "RFC 3820 3.8.2: nothing is inherited", [proxy(upper, policy=INDEPENDENT), upper, alice], bad("independent"))
    case("ac-in-limited", "spec 1.8 (8)", [proxy(alice, limited=True, acs=[ac()]), alice], good(type="rfc limited", limited=True))
    case("ac-in-legacy", "spec 1.5", [proxy(alice, kind="legacy", acs=[ac()]), alice], good(type="legacy full"))
    case("ac-in-draft", "spec 1.5", [proxy(alice, kind="draft", acs=[ac()]), alice], good(type="draft impersonation"))
    carrier = person(ALICE, alice.key, root, serial=alice.serial, more=[ac_seq(ac())])
    case("ac-in-the-user-certificate", "spec 7.8 (1): over proxies only", [proxy(carrier), carrier], ok())
    case("ac-in-the-user-certificate-alone", "spec 7.8 (1): over proxies only", [carrier], ok("EEC", depth=0))
    case("acseq-single-sequence", "spec 2.2", [proxy(alice, acseq=ac_seq(ac(), single=True)), alice], good())
    case("acseq-single-sequence-of-two", "spec 2.2", [proxy(alice, acseq=ac_seq(ac(), ac(fqans=["/virgo/b"], serial=integer(77)), single=True)), alice], good([*LONG, "/virgo/b"]))
    case("acseq-two-inner-lists", "spec 2.2: Java reads all of them", [proxy(alice, acseq=ext(VOMS + "5", seq(seq(ac()), seq(ac(fqans=["/virgo/b"], serial=integer(77)))))), alice], good([*LONG, "/virgo/b"]))
    for label, value in [("empty", seq(seq())), ("no-content", b""), ("garbage", octets(b"?")), ("trailing-bytes", seq(seq(ac())) + NULL)]:
        case("acseq-" + label, "spec 2.2, 7.8 (2)", [proxy(alice, acseq=ext(VOMS + "5", value)), alice], bad("ac-encoding"))
    case("acseq-twice", "RFC 5280 4.2", [proxy(alice, acs=[ac()], more=[ac_seq(ac(flip=True))]), alice], bad("duplicate-extension"))
    crowd = [ac(fqans=["/virgo"], serial=integer(n + 1)) for n in range(65)]
    one("acseq-of-64", "spec 7.8 (2)", good(["/virgo"] * 64), crowd[:64])
    one("acseq-of-65", "spec 7.8 (2)", bad("ac-encoding"), crowd)

    # --- structure
    sha = host.key.algorithm
    p256 = key("p256", "ec:P-256")
    ec_host = world.server("voms.example.org", root, its_key=p256, usage=(SIGN,))
    backwards = seq(general_time("2026-11-24T12:00:00Z"), general_time("2026-11-24T11:59:00Z"))
    sound = ac()
    ber = b"\x30\x80" + inside(sound) + b"\0\0"
    unknown = seq(oid("1.3.6.1.4.1.99999.2"), NULL)
    structure = [
        ("version-0", "spec 7.8 (3)", "ac-version", dict(version=0)),
        ("version-2", "spec 7.8 (3)", "ac-version", dict(version=2)),
        ("no-serial", "spec 7.2 (3)", "ac-encoding", dict(serial=b"")),
        ("serial-20-bytes", "spec 7.2 (7)", None, dict(serial=tlv(2, b"\x11" * 20))),
        ("serial-21-bytes", "spec 7.2 (7)", "ac-serial", dict(serial=tlv(2, b"\x11" * 21))),
        ("serial-negative", "RFC 5755 4.2.5", "ac-serial", dict(serial=integer(-5))),
        ("serial-zero", "RFC 5755 4.2.5", "ac-serial", dict(serial=integer(0))),
        ("begin-after-end", "spec 7.8 (9)", "ac-validity", dict(validity=backwards)),
        ("utc-time", "spec 2.3", "ac-validity", dict(validity=seq(utc_time(AC_BEGIN), utc_time(AC_END)))),
        ("time-with-fraction", "RFC 5755 4.2.6", "ac-validity", dict(validity=seq(tlv(0x18, b"20261124060000.5Z"), general_time(AC_END)))),
        ("time-without-z", "RFC 5755 4.2.6", "ac-validity", dict(validity=seq(tlv(0x18, b"20261124060000"), general_time(AC_END)))),
        ("algorithms-differ", "spec 7.8 (3)", "ac-algorithm", dict(inner=sha("sha512"), outer=sha("sha256"))),
        ("algorithm-parameters-absent", "spec 7.8 (3)", None, dict(inner=seq(oid("1.2.840.113549.1.1.11")))),
        ("algorithm-parameters-differ", "spec 7.8 (3): NULL and absent are equal", None, dict(inner=seq(oid("1.2.840.113549.1.1.11")), outer=sha("sha256"))),
        ("algorithm-unknown", "spec 7.8 (3)", "ac-algorithm", dict(inner=unknown)),
        ("sha1", "spec 2.10, 10.1", "ac-weak", dict(digest="sha1")),
        ("md5", "spec 2.10", "ac-weak", dict(digest="md5")),
        ("sha384", "spec 2.10", None, dict(digest="sha384")),
        ("sha512", "spec 2.10", None, dict(digest="sha512")),
        ("pss", "spec 7.6: RSA as in PKCS #1 v1.5, and ECDSA", "ac-algorithm", dict(digest="pss")),
        ("ecdsa", "spec 7.6", None, dict(by=ec_host)),
        ("signature-flipped", "spec 7.8 (6)", "ac-signature", dict(flip=True)),
        ("signature-of-another-key", "spec 7.8 (6)", "ac-signature", dict(signer=key("stranger"))),
        ("fqan-tampered", "spec 7.8 (6)", "ac-signature", dict(tamper=(b"/virgo/virgo/Role=NULL", b"/virgo/admin/Role=NULL"))),
        ("end-tampered", "spec 7.8 (6)", "ac-signature", dict(tamper=(b"20261124180000Z", b"20261125180000Z"))),
        ("signature-unused-bits", "X.690 11.2", "ac-encoding", dict(unused=3)),
        ("holder-other-serial", "spec 2.4", "ac-holder", dict(holder=holder_of(alice, serial=4711))),
        ("holder-other-name", "spec 2.4", "ac-holder", dict(holder=holder_of(alice, rdns=bob.subject))),
        ("holder-another-user", "spec 2.4", "ac-holder", dict(who=bob)),
        ("holder-string-types", "spec 2.12", None, dict(holder=holder_of(alice, rdns=world.utf8(alice.subject)))),
        ("holder-entity-name-only", "spec 2.3, 2.4", "ac-holder", dict(holder=seq(ctx(1, directory(alice.subject))))),
        ("holder-entity-name-too", "RFC 5755 4.2.2", "ac-holder", dict(holder=seq(inside(holder_of(alice)), ctx(1, directory(bob.subject))))),
        ("holder-object-digest", "spec 7.2 (3)", "ac-holder", dict(holder=seq(inside(holder_of(alice)), ctx(2, tlv(10, b"\0"), SHA256, bits(b"\1" * 32))))),
        ("holder-none", "spec 7.2 (3)", "ac-holder", dict(holder=seq())),
        ("holder-two-names", "spec 7.2 (5)", "ac-holder", dict(holder=seq(ctx(0, seq(directory(alice.subject), directory(bob.subject)), integer(alice.serial))))),
        ("holder-is-the-proxy", "spec 7.7: the user's certificate", "ac-holder", dict(who=proxy(alice))),
        ("issuer-other-name", "spec 7.8 (6)", "ac-issuer", dict(issuer=ctx(0, seq(directory(bob.subject))))),
        ("issuer-two-names", "spec 7.8 (4)", "ac-issuer", dict(issuer=ctx(0, seq(directory(host.subject), directory(bob.subject))))),
        ("issuer-no-directory-name", "spec 7.8 (4)", "ac-issuer", dict(issuer=ctx(0, seq(uri("voms.example.org"))))),
        ("issuer-no-name", "spec 7.8 (4)", "ac-issuer", dict(issuer=ctx(0, seq()))),
        ("issuer-v1-form", "spec 2.3", "ac-issuer", dict(issuer=seq(directory(host.subject)))),
        ("issuer-base-certificate", "RFC 5755 4.2.3", "ac-issuer", dict(issuer=ctx(0, seq(directory(host.subject)), ctx(0, seq(directory(root.subject)), integer(5))))),
        ("begins-in-200-seconds", "spec 7.8 (9)", None, dict(begin="2026-11-24T12:03:20Z")),
        ("begins-in-301-seconds", "spec 7.8 (9)", "ac-not-yet-valid", dict(begin="2026-11-24T12:05:01Z")),
        ("ended-200-seconds-ago", "spec 7.8 (9)", None, dict(end="2026-11-24T11:56:40Z")),
        ("ended-301-seconds-ago", "spec 7.8 (9)", "ac-expired", dict(end="2026-11-24T11:54:59Z")),
        ("ended-long-ago", "spec 7.8 (9)", "ac-expired", dict(end="2026-11-24T07:00:00Z")),
    ]  # fmt: skip
    for label, rule, keyword, how in structure:
        until = dict(until="2026-11-24T11:56:40Z") if label == "ended-200-seconds-ago" else {}
        one("ac-" + label, rule, bad(keyword) if keyword else good(**until), ac(**how))
        if keyword == "ac-weak":
            one(f"ac-{label}-allowed", rule, good(), ac(**how), allow=[label])
    for label, how in (("late", dict(end="2026-11-24T11:59:59Z")), ("early", dict(begin="2026-11-24T12:00:01Z"))):
        word = "ac-expired" if label == "late" else "ac-not-yet-valid"
        one(f"ac-one-second-{label}", "spec 7.6: Java gives no grace", bad(word), ac(**how), skew=0)
    one("ac-trailing-garbage", "appendix B (9)", bad("ac-encoding"), seq(inside(sound), NULL))
    one("ac-indefinite-length", "appendix B (9)", bad("ac-encoding"), ber)
    one("ac-truncated", "spec 7.8 (2)", bad("ac-encoding"), seq(inside(sound)[:-60]))
    one("ac-is-a-certificate", "spec 7.8 (2)", bad("ac-encoding"), host.der)

    # --- attributes
    place = "virgo://voms.example.org:15000"
    value = syntax(LONG, place)
    utf = seq(authority_uri(place), seq(string("/virgo", UTF8)))
    shaped = lambda *names: seq(ctx(0, *names), seq(octets(b"/virgo")))
    attributes = [
        ("attributes-none", "spec 7.2 (9)", "ac-attributes", dict(attributes=[])),
        ("attributes-without-fqans", "spec 7.8 (11)", "ac-attributes", dict(attributes=[seq(oid("2.5.4.72"), set_of(NULL))])),
        ("attributes-another-too", "RFC 5755 4.2.7", None, dict(attributes=[seq(oid("1.3.6.1.5.5.7.10.4"), set_of(utf)), fqan_attribute(value)])),
        ("attributes-two", "spec 7.8 (11)", "ac-attributes", dict(attributes=[fqan_attribute(value), fqan_attribute(value)])),
        ("attributes-two-values", "spec 7.8 (11)", "ac-attributes", dict(attributes=[fqan_attribute(value, syntax(["/virgo/b"], place))])),
        ("attributes-no-value", "spec 7.8 (11)", "ac-attributes", dict(attributes=[fqan_attribute()])),
        ("attributes-garbage", "spec 7.8 (11)", "ac-attributes", dict(attributes=[fqan_attribute(NULL)])),
        ("fqans-empty-list", "spec 7.8 (11)", "ac-attributes", dict(fqans=[])),
        ("fqans-utf8-choice", "spec 2.5", "ac-attributes", dict(attributes=[fqan_attribute(utf)])),
        ("fqan-of-another-vo", "spec 7.8 (11)", "ac-foreign-fqan", dict(fqans=["/virgo", "/cms"])),
        ("fqan-of-a-longer-vo", "spec 7.8 (11)", "ac-foreign-fqan", dict(fqans=["/virgo", "/virgo2"])),
        ("fqan-of-a-vo-in-capitals", "spec 3.1: case counts", "ac-foreign-fqan", dict(fqans=["/VIRGO"])),
        ("fqan-no-slash", "spec 3.1", "ac-fqan", dict(fqans=["/virgo", "virgo/x"])),
        ("fqan-empty", "spec 3.1", "ac-fqan", dict(fqans=["/virgo", ""])),
        ("fqan-empty-element", "spec 3.1", "ac-fqan", dict(fqans=["/virgo//x"])),
        ("fqan-trailing-slash", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/"])),
        ("fqan-blank", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/a b"])),
        ("fqan-newline", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/a\n/virgo/b"])),
        ("fqan-nul", "spec 3.1", "ac-fqan", dict(fqans=["/virgo\0/x"])),
        ("fqan-not-ascii", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/\u00e9"])),
        ("fqan-comma", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/a,b"])),
        ("fqan-empty-role", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/Role="])),
        ("fqan-two-roles", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/Role=a/Role=b"])),
        ("fqan-group-after-role", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/Role=a/b"])),
        ("fqan-capability-before-role", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/Capability=a/Role=b"])),
        ("fqan-only-role", "spec 3.1", "ac-fqan", dict(fqans=["/Role=a"])),
        ("fqan-capability-with-blank", "spec 3.1", None, dict(fqans=["/virgo/Role=a/Capability=b c"])),
        ("fqan-255-bytes", "spec 3.1", None, dict(fqans=["/virgo/" + "g" * 248])),
        ("fqan-300-bytes", "spec 3.1", "ac-fqan", dict(fqans=["/virgo/" + "g" * 293])),
        ("authority-no-scheme", "spec 2.5", "ac-policy-authority", dict(where="virgo.voms.example.org:15000")),
        ("authority-no-port", "spec 7.8 (11): optional", None, dict(where="virgo://voms.example.org")),
        ("authority-empty-port", "spec 7.8 (11)", "ac-policy-authority", dict(where="virgo://voms.example.org:")),
        ("authority-port-not-numeric", "spec 7.8 (11)", "ac-policy-authority", dict(where="virgo://voms.example.org:http")),
        ("authority-empty-vo", "spec 7.8 (5)", "ac-policy-authority", dict(where="://voms.example.org:15000", fqans=["/virgo"])),
        ("authority-empty-host", "spec 7.8 (5)", "ac-policy-authority", dict(where="virgo://:15000")),
        ("authority-vo-climbs", "spec 7.8 (5)", "ac-policy-authority", dict(where="../virgo://voms.example.org:15000")),
        ("authority-vo-is-dot-dot", "spec 7.8 (5)", "ac-policy-authority", dict(where="..://voms.example.org:15000", fqans=["/.."])),
        ("authority-host-climbs", "spec 7.8 (5), 6.2", "ac-policy-authority", dict(where="virgo://../virgo/voms.example.org:15000")),
        ("authority-host-with-dot-in-front", "spec 7.8 (5)", "ac-policy-authority", dict(where="virgo://.voms.example.org:15000")),
        ("authority-host-with-nul", "spec 7.8 (5)", "ac-policy-authority", dict(where="virgo://voms.example.org\0:15000")),
        ("authority-host-in-capitals", "host names have no case", None, dict(where="virgo://VOMS.EXAMPLE.ORG:15000")),
        ("authority-other-host", "spec 6.2", "lsc-missing", dict(where="virgo://other.example.org:15000")),
        ("authority-two-names", "spec 2.5", "ac-policy-authority", dict(attributes=[fqan_attribute(shaped(uri(place), uri(place)))])),
        ("authority-none", "spec 2.5", "ac-policy-authority", dict(attributes=[fqan_attribute(seq(seq(octets(b"/virgo"))))])),
        ("authority-dns-name", "spec 2.5", "ac-policy-authority", dict(attributes=[fqan_attribute(shaped(string(place, 0x82)))])),
        ("authority-untagged", "spec 2.5: voms-api-java 3.3.5", None, dict(shape="untagged")),
        ("authority-explicit", "spec 2.5", None, dict(shape="explicit")),
    ]  # fmt: skip
    for label, rule, keyword, how in attributes:
        expect = bad(keyword) if keyword else good(how.get("fqans", LONG))
        one("ac-" + label, rule, expect, ac(**how))

    # --- extensions
    certs = cert_seq(host)
    other_ski = person(slash(host.subject), host.key, root, identify=False, more=[subject_id(b"\x05" * 20)])
    target = lambda *names, **how: dict(exts=[certs, NO_REV, aki, targets(*names, **how)])
    here = ["here.example.org"]
    extensions = [
        ("no-rev-avail-missing", "spec 2.9", "ac-missing-extension", dict(exts=[certs, aki])),
        ("no-rev-avail-critical", "RFC 5755 4.3.6", "ac-critical-extension", dict(exts=[certs, ext("2.5.29.56", NULL, True), aki])),
        ("no-rev-avail-empty-sequence", "spec 2.9", "ac-extension", dict(exts=[certs, ext("2.5.29.56", seq()), aki])),
        ("aki-missing", "spec 2.9", "ac-missing-extension", dict(exts=[certs, NO_REV])),
        ("aki-null", "appendix A: no key id", None, dict(aki=ext("2.5.29.35", NULL))),
        ("aki-wrong", "spec 7.8 (10)", "ac-key-identifier", dict(aki=authority_id(b"\x01" * 20))),
        ("aki-critical", "spec 7.3 (5)", "ac-critical-extension", dict(aki=authority_id(host.key.identifier, critical=True))),
        ("aki-unreadable", "spec 2.9", "ac-extension", dict(aki=ext("2.5.29.35", octets(b"?")))),
        ("aki-of-signer-ski", "spec 2.9: not always a SHA-1", None, dict(by=other_ski, aki=authority_id(b"\x05" * 20))),
        ("aki-sha1-not-ski", "spec 2.9: Java hashes the key", None, dict(by=other_ski)),
        ("extension-duplicate", "spec 7.8 (10)", "ac-duplicate-extension", dict(more=[NO_REV])),
        ("extension-unknown-critical", "spec 7.8 (10)", "ac-critical-extension", dict(more=[ext(UNKNOWN, NULL, True)])),
        ("extension-unknown", "RFC 5755 4.3", None, dict(more=[ext(UNKNOWN, NULL)])),
        ("certs-missing", "spec 2.7", "ac-no-signer", dict(exts=[NO_REV, aki])),
        ("certs-empty", "spec 7.8 (4)", "ac-extension", dict(exts=[ext(VOMS + "10", seq(seq())), NO_REV, aki])),
        ("certs-garbage", "spec 7.8 (2)", "ac-extension", dict(exts=[ext(VOMS + "10", octets(b"?")), NO_REV, aki])),
        ("certs-critical", "spec 2.1", "ac-critical-extension", dict(exts=[ext(VOMS + "10", seq(seq(host.der)), True), NO_REV, aki])),
        ("target-this-host", "spec 2.8", None, target("here.example.org")),
        ("target-other-host", "spec 2.8", "ac-target", target("there.example.org")),
        ("target-several", "spec 2.8", None, target("there.example.org", "here.example.org")),
        ("target-several-others", "spec 2.8", "ac-target", target("there.example.org", "elsewhere.example.org")),
        ("target-not-critical", "spec 7.6: always when present", "ac-target", target("there.example.org", critical=False)),
        ("target-case-and-dot", "spec 7.8 (10)", None, target("Here.Example.ORG.")),
        ("target-rfc-shape", "spec 2.8", None, target("here.example.org", shape="rfc")),
        ("target-rfc-shape-other", "spec 2.8", "ac-target", target("there.example.org", shape="rfc")),
        ("target-suffix", "spec 2.8", "ac-target", target("example.org")),
        ("target-short-name", "spec 7.8 (10): the short name where the target has no dot", None, target("here")),
        ("target-short-name-other", "spec 7.8 (10)", "ac-target", target("her")),
        ("target-none", "spec 2.8: for nobody", "ac-extension", target()),
        ("target-unreadable", "spec 7.8 (2)", "ac-extension", dict(exts=[certs, NO_REV, aki, ext(PATH, octets(b"?"), True)])),
        ("target-group", "RFC 5755 4.3.2: not known here", "ac-extension", dict(exts=[certs, NO_REV, aki, ext(PATH, seq(seq(seq(ctx(1, uri("here.example.org"))))), True)])),
        ("generic", "spec 2.6", None, dict(more=[generic(place, ("nick", "alice", "/virgo"), ("x", "1", "virgo"))])),
        ("generic-empty-value", "spec 2.6: old servers", None, dict(more=[ext(VOMS + "11", b"")])),
        ("generic-empty-list", "spec 2.6", None, dict(more=[ext(VOMS + "11", seq(seq()))])),
        ("generic-unreadable", "spec 7.8 (12)", "ac-extension", dict(more=[ext(VOMS + "11", seq(seq(octets(b"?"))))])),
        ("generic-of-another-vo", "spec 7.8 (12)", "ac-foreign-fqan", dict(more=[generic("cms://voms.example.org:15000", ("nick", "alice", "cms"))])),
    ]  # fmt: skip
    for label, rule, keyword, how in extensions:
        rest = dict(hosts=here) if "target" in label else {}
        one("ac-" + label, rule, bad(keyword) if keyword else good(), ac(**how), **rest)
    one("ac-extensions-none", "spec 2.3", bad("ac-missing-extension", "ac-no-signer"), ac(exts=[]))
    one("ac-target-but-no-host-known", "spec 2.8", bad("ac-target"), ac(**target("here.example.org")))

    vomsdir(case, world, ac, one, good, trust)
    signers(case, world, ac, one, good, trust)


def vomsdir(case, world, ac, one, good, trust):
    """LSC files, and certificates in their stead."""
    alice, root, host, bob = world.alice, world.root, world.host, world.bob
    other = world.server("other.example.org", root, "other-host")
    s, i = slash(host.subject), slash(host.issuer)
    file = lambda text: vo({"voms.example.org.lsc": text})
    wrong = f"{slash(other.subject)}\n{i}\n"
    foreign = slash(world.foreign_root.subject)
    spec = "spec 6.1"
    for label, rule, keyword, files in [
        ("subject-mismatch", "spec 6.2", "lsc-mismatch", file(wrong)),
        ("issuer-mismatch", "spec 6.2", "lsc-mismatch", file(f"{s}\n{foreign}\n")),
        ("swapped", "spec 6.2", "lsc-mismatch", file(f"{i}\n{s}\n")),
        ("longer-than-chain", "spec 6.2", None, file(f"{s}\n{i}\n{i}\n{i}\n")),
        ("missing", "spec 6.2", "lsc-missing", vo({"another.example.org.lsc": f"{s}\n{i}\n"})),
        ("of-another-vo", "spec 6.2", "lsc-missing", vo({"voms.example.org.lsc": f"{s}\n{i}\n"}, "cms")),
        ("at-the-top", "spec 6", "lsc-missing", {"voms.example.org.lsc": f"{s}\n{i}\n".encode()}),
        ("name-in-capitals", "host names have no case", None, vo({"VOMS.EXAMPLE.ORG.lsc": f"{s}\n{i}\n"})),
        ("empty", spec, "lsc-unusable", file("")),
        ("only-comments", spec, "lsc-unusable", file("# nothing\n\n")),
        ("odd", spec, "lsc-unusable", file(f"{s}\n")),
        ("odd-three", spec, "lsc-unusable", file(f"{s}\n{i}\n{i}\n")),
        ("comments", spec, None, file(f"# VOMS server\n\n{s}\n# its CA\n{i}\n")),
        ("quotes", spec, None, file(f'"{s}"\n"{i}"\n')),
        ("crlf", spec, None, file(f"{s}\r\n{i}\r\n")),
        ("blanks", spec, None, file(f"  {s}  \n\t{i}\t\n")),
        ("no-newline-at-the-end", spec, None, file(f"{s}\n{i}")),
        ("second-chain-cpp-separator", spec, None, file(f"{wrong}------ NEXT CHAIN ------\n{s}\n{i}\n")),
        ("second-chain-java-separator", spec, None, file(f"{wrong}------NEXT CHAIN------\n{s}\n{i}\n")),
        ("second-chain-lower-case", spec, None, file(f"{wrong}--- next chain ---\n{s}\n{i}\n")),
        ("first-chain-matches", spec, None, file(f"{s}\n{i}\n------ NEXT CHAIN ------\n{wrong}")),
        ("no-chain-matches", spec, "lsc-mismatch", file(f"{wrong}------ NEXT CHAIN ------\n{s}\n{foreign}\n")),
        ("pairs-across-chains", spec, "lsc-mismatch", file(f"{s}\n{foreign}\n------ NEXT CHAIN ------\n{slash(other.subject)}\n{i}\n")),
        ("trailing-separator", spec, None, file(f"{s}\n{i}\n------ NEXT CHAIN ------\n"),),
        ("case-of-values", "spec 9.3", None, file(f"{s.replace('Hosts', 'hosts')}\n{i.replace('Vector', 'VECTOR')}\n")),
        ("labels-in-lower-case", "spec 9.2", None, file(f"{s.replace('/DC=', '/dc=')}\n{i.replace('/DC=', '/dc=')}\n")),
        ("other-bad-file-beside", spec, None, {**file(f"{s}\n{i}\n"), **vo({"broken.lsc": "nonsense\n"})}),
        ("prefix-of-subject", "spec 7.4: no parts of names", "lsc-mismatch", file(f"{s[:-4]}\n{i}\n")),
        ("pem", "spec 6.2", None, vo({"voms.pem": host.pem})),
        ("pem-with-other-name", "spec 6.2: any file there", None, vo({"a.pem": other.pem, "b.pem": host.pem})),
        ("pem-of-another-host", "spec 6.2", "lsc-missing", vo({"voms.pem": other.pem})),
        ("pem-at-the-top", "spec 6.2: never for any VO", "lsc-missing", {"voms.pem": host.pem}),
        ("mismatch-with-pem", "spec 6.2: no falling back", "lsc-mismatch", {**file(wrong), **vo({"voms.pem": host.pem})}),
    ]:  # fmt: skip
        one("lsc-" + label, rule, bad(keyword) if keyword else good(), ac(), vomsdir=files)
    bare = ac(exts=[NO_REV, authority_id(host.key.identifier)])
    one("pem-and-no-certs", "spec 2.7", good(), bare, vomsdir=vo({"voms.pem": host.pem}))
    one("pem-and-no-certs-other-host", "spec 2.7", bad("lsc-missing"), bare, vomsdir=vo({"voms.pem": other.pem}))
    one("pem-and-signature-flipped", "spec 6.2: the signature finds the signer", bad("lsc-missing"), ac(flip=True), vomsdir=vo({"voms.pem": host.pem}))
    slashed = world.server("host/voms.example.org", root)
    base = "/DC=org/DC=example/OU=Hosts"
    for label, text in [("escaped", r"/CN=host\/voms.example.org"), ("plain", "/CN=host/voms.example.org")]:
        one(f"lsc-slash-{label}", "spec 6.2: OpenSSL 3 escapes", good(), ac(by=slashed), vomsdir=file(f"{base}{text}\n{i}\n"))
    plus = world.server("voms+1.example.org", root, more=[])
    for label, text in [("escaped", r"/CN=voms\+1.example.org"), ("plain", "/CN=voms+1.example.org")]:
        one(f"lsc-plus-{label}", "spec 6.2: OpenSSL 3 escapes", good(), ac(by=plus), vomsdir=file(f"{base}{text}\n{i}\n"))
    accent = person(dn(base) + ((("CN", "voms é", UTF8),),), host.key, root)
    for label, text in [("escaped", r"/CN=voms \xC3\xA9"), ("plain", "/CN=voms é")]:
        one(f"lsc-accent-{label}", "spec 9.3", good(), ac(by=accent), vomsdir=file(f"{base}{text}\n{i}\n"))
    mail = person(dn(base) + dn("/CN=voms.example.org") + ((("emailAddress", "voms@example.org"),),), host.key, root)
    for label in ("emailAddress", "Email", "E"):
        text = f"{base}/CN=voms.example.org/{label}=voms@example.org\n{i}\n"
        one(f"lsc-mail-{label.lower()}", "spec 9.2", good(), ac(by=mail), vomsdir=file(text))
    uid = person(dn(base) + dn("/CN=voms.example.org/UID=v1"), host.key, root)
    for label in ("UID", "USERID"):
        one(f"lsc-{label.lower()}", "spec 9.2", good(), ac(by=uid), vomsdir=file(f"{base}/CN=voms.example.org/{label}=v1\n{i}\n"))
    by_sub = world.server("voms.example.org", world.sub1)
    full = ac(by=by_sub, certs=[by_sub, world.sub1])
    one("lsc-two-pairs", "spec 6.2", good(), full, vomsdir=trust(by_sub, world.sub1))
    one("lsc-shorter-than-chain", "spec 6.2", bad("lsc-mismatch"), full, vomsdir=trust(by_sub))
    one("lsc-second-pair-mismatch", "spec 6.2", bad("lsc-mismatch"), full, vomsdir=trust(by_sub, world.sub2))
    one("lsc-user-signs-for-himself", "spec 6.2", bad("lsc-mismatch"), ac(by=alice))
    one("lsc-another-trusted-host-signs", "spec 6.2", bad("lsc-mismatch"), ac(by=other))


def signers(case, world, ac, one, good, trust):
    """The certificate of the signer and its chain."""
    alice, root, host = world.alice, world.root, world.host
    server = lambda issuer=root, **how: world.server("voms.example.org", issuer, **how)
    weak = key("weak", "rsa:1024")
    for label, rule, by, keyword in [
        ("expired", "spec 7.8 (7)", server(end="2026-11-24T11:54:59Z"), "signer-expired"),
        ("last-second", "spec 7.8 (7)", server(end="2026-11-24T12:00:00Z"), None),
        ("not-yet-valid", "spec 7.8 (7)", server(begin="2026-11-24T12:05:01Z"), "signer-not-yet-valid"),
        ("wrong-key", "spec 7.8 (7)", server(signer=key("stranger")), "signer-signature"),
        ("forged-ca", "spec 7.8 (7)", server(world.false_root), "signer-untrusted"),
        ("rsa1024", "spec 1.6", server(its_key=weak), "signer-weak"),
        ("rsa512", "spec 1.6", server(its_key=key("weaker", "rsa:512")), "signer-weak"),
        ("sha1", "spec 10.1", server(digest="sha1"), "signer-weak"),
        ("md5", "spec 10.1", server(digest="md5"), "signer-weak"),
        ("ec-p256", "spec 7.6", server(its_key=key("p256", "ec:P-256"), usage=(SIGN,)), None),
        ("no-key-usage", "RFC 5755 4.5", server(usage=None), None),
        ("may-not-sign", "RFC 5755 4.5", server(usage=(ENCIPHER,)), "signer-may-not-sign"),
        ("unknown-critical", "RFC 5280 6.1.5 (f)", server(more=[ext(UNKNOWN, NULL, True)]), "critical-extension"),
        ("is-a-ca", "RFC 5755 4.5", cert(slash(host.subject), host.key, root, exts=[basic(True), key_usage(SIGN, CERT_SIGN)]), "signer-is-ca"),
        ("no-server-eku", "spec 7.6: VOMS servers are hosts", server(more=[ext("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.1")))]), None),
    ]:  # fmt: skip
        one("signer-" + label, rule, bad(keyword) if keyword else good(), ac(by=by, certs=[by]))
        if keyword == "signer-weak" and label != "rsa512":
            one(f"signer-{label}-allowed", rule, good(), ac(by=by, certs=[by]), allow=[label])
    unknown = world.server("voms.example.org", world.foreign_root)
    one("signer-of-unknown-ca", "spec 7.8 (7)", bad("signer-untrusted"), ac(by=unknown), vomsdir=trust(unknown))
    one("signer-of-unknown-ca-with-root", "spec 7.8 (7)", bad("signer-untrusted"), ac(by=unknown, certs=[unknown, world.foreign_root]), vomsdir=trust(unknown, world.foreign_root))
    selfmade = cert(slash(host.subject), host.key, exts=[basic(False), key_usage(SIGN)])
    one("signer-self-signed", "spec 7.8 (7)", bad("signer-untrusted"), ac(by=selfmade), vomsdir=trust(selfmade))
    revoked = ca(root, {"r0": pem(crl(root, entry(host.serial)), "X509 CRL")})
    one("signer-revoked", "spec 7.8 (7)", bad("signer-revoked"), ac(), certdir=revoked)
    one("signer-revoked-crl-off", "spec 8.2", good(), ac(), certdir=revoked, crl="off")
    sub = world.server("voms.example.org", world.sub1)
    pairs = trust(sub, world.sub1)
    one("signer-of-sub-ca-in-certs", "spec 7.8 (7)", good(), ac(by=sub, certs=[sub, world.sub1]), vomsdir=pairs)
    one("signer-of-sub-ca-in-certdir", "spec 7.8 (7)", good(), ac(by=sub), vomsdir=pairs, certdir={**ca(root), **ca(world.sub1, crl=None)})
    one("signer-of-sub-ca-missing", "spec 7.8 (7)", bad("signer-untrusted"), ac(by=sub), vomsdir=pairs)
    one("signer-not-first", "spec 2.7, 7.8 (6)", bad("ac-issuer", "ac-signature", "ac-key-identifier", "signer-is-ca"), ac(by=sub, certs=[world.sub1, sub]), vomsdir=trust(world.sub1, sub))
    one("signer-with-root", "spec 6.2", good(), ac(certs=[host, root]), vomsdir=trust(host, root))
    policy = "access_id_CA X509 '{}'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=org/DC=example/OU=People/*\"'\n"
    one("signer-outside-policy", "spec 7.8 (7)", bad("signer-policy"), ac(), certdir=ca(root, policy=policy.format(slash(root.subject))))
    below = proxy(host)
    one("signer-is-proxy", "spec 7.8 (7)", bad("signer-is-proxy"), ac(by=below, certs=[below, host]), vomsdir=trust(below, host))
    one("signer-is-the-users-proxy", "spec 7.8 (7)", bad("signer-is-proxy"), ac(by=(own := proxy(alice)), certs=[own, alice]), vomsdir=trust(own, alice))
    one("signer-is-the-root", "RFC 5755 4.5", bad("signer-is-ca"), ac(by=root), vomsdir=trust(root))
