"""The cast: one CA with three below it, users and hosts, and the directories that trust them."""

import functools

from builder import *

ALICE = "/DC=org/DC=example/OU=People/CN=Alice Adams"


def ok(type="rfc impersonation", *, identity=ALICE, limited=False, depth=1, fqans=(), until=None):
    found = dict(accepted=True, identity=identity, type=type, limited=limited, depth=depth, fqans=list(fqans))
    return {**found, "until": until} if until else found


def bad(*findings):
    return dict(accepted=False, findings=list(findings))


class World:
    @staticmethod
    @functools.lru_cache(maxsize=None)
    def get():
        return World()

    def __init__(self):
        base, people = "/DC=org/DC=example", "/DC=org/DC=example/OU=People"
        self.root = authority(base + "/CN=Vector Root CA", key("root"))
        self.false_root = authority(base + "/CN=Vector Root CA", key("false-root"))
        self.foreign_root = authority("/DC=net/DC=elsewhere/CN=Foreign Root CA", key("foreign-root"))
        self.sub1 = authority(base + "/CN=Vector Sub CA 1", key("sub1"), self.root)
        self.sub2 = authority(base + "/CN=Vector Sub CA 2", key("sub2"), self.sub1)
        self.sub3 = authority(base + "/CN=Vector Sub CA 3", key("sub3"), self.sub2)
        self.alice = person(ALICE, key("alice"), self.root)
        self.bob = person(people + "/CN=Bob Brown", key("bob"), self.root)
        self.short_user = person(people + "/CN=Sam Short", key("alice"), self.root, end="2030-01-01T00:00:00Z")
        self.number = person(people + "/CN=Nora Nu/CN=734512", key("alice"), self.root)
        self.multi = person(dn(people) + ((("CN", "Ann Able"), ("UID", "aa1")),), key("alice"), self.root)
        self.bare = cert(people + "/CN=Bare Ben", key("alice"), self.root)
        self.v1 = cert(people + "/CN=Old Otto", key("alice"), self.root, version=0)
        self.user1 = person(people + "/CN=Una One", key("alice"), self.sub1)
        self.user2 = person(people + "/CN=Tia Two", key("alice"), self.sub2)
        self.user3 = person(people + "/CN=Tess Three", key("alice"), self.sub3)
        self.foreign = person("/DC=net/DC=elsewhere/CN=Alice Adams", key("alice"), self.foreign_root)
        self.selfsigned = cert(ALICE, key("alice"), exts=[basic(False), key_usage(SIGN, ENCIPHER)])
        self.host = self.server("voms.example.org", self.root)

    def server(self, host, issuer, label="host", **how):
        rdns = dn("/DC=org/DC=example/OU=Hosts") + ((("CN", host),),)
        how.setdefault("more", [alternative(host.split("/")[-1])])
        return person(rdns, how.pop("its_key", None) or key(label), issuer, **how)

    def deep(self, user, depth, **how):
        chain = [user]
        for _ in range(depth):
            chain.insert(0, proxy(chain[0], **how))
        return chain

    @staticmethod
    def utf8(rdns):
        return tuple(tuple((ava[0], ava[1], UTF8) for ava in rdn) for rdn in rdns)


def ca(authority, crl="good", *, policy=None, namespaces=None, hashes=("new", "old"), n=0, content=None):
    """The files of one CA in a directory; `crl` is good, None, or a dict of suffix and bytes."""
    import builder

    files = {}
    if crl == "good":
        crl = {"r0": pem(builder.crl(authority), "X509 CRL")}
    for option in hashes:
        stem = authority.hash("-subject_hash" if option == "new" else "-subject_hash_old")
        files[f"{stem}.{n}"] = authority.pem if content is None else content
        for suffix, body in (crl or {}).items():
            files[f"{stem}.{suffix}"] = body
        for suffix, body in (("signing_policy", policy), ("namespaces", namespaces)):
            if body is not None:
                files[f"{stem}.{suffix}"] = body.encode()
    return files


def lsc(*pairs):
    return "".join(f"{slash(c.subject)}\n{slash(c.issuer)}\n" for c in pairs)


def vo(files, folder="virgo"):
    return {f"{folder}/{name}": text if isinstance(text, bytes) else text.encode() for name, text in files.items()}
