"""DER, certificates, revocation lists and attribute certificates, written byte by byte.

Nothing here checks anything: what is malformed on purpose must come out as asked for. The only help from outside is the
`openssl` command, for keys, signatures and the hashes that name the files of a CA directory.
"""

import base64
import functools
import hashlib
import itertools
import os
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone

# --- DER ---------------------------------------------------------------------------------------------------------


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *parts)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for arc in [first * 40 + second, *rest]:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, arc & 0x7F | 0x80)
        body += bytes(septets)
    return tlv(6, body)


def octets(body):
    return tlv(4, body)


def bits(body, unused=0):
    return tlv(3, bytes([unused]), body)


def ctx(n, *parts):
    """Context tag, constructed."""
    return tlv(0xA0 | n, *parts)


def string(text, tag=0x13):
    return tlv(tag, text if isinstance(text, bytes) else text.encode())


def element(der):
    """Tag and contents of the first element, and what follows it."""
    start = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    length = der[1] if start == 2 else int.from_bytes(der[2:start], "big")
    return der[0], der[start : start + length], der[start + length :]


def inside(der):
    """The contents of one element."""
    return der[2 if der[1] < 0x80 else 2 + (der[1] & 0x7F) :]


NULL = tlv(5)
TRUE = b"\x01\x01\xff"
UTF8, PRINTABLE, IA5, T61 = 0x0C, 0x13, 0x16, 0x14


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def general_time(text):
    return tlv(0x18, moment(text).strftime("%Y%m%d%H%M%SZ").encode())


def utc_time(text):
    return tlv(0x17, moment(text).strftime("%y%m%d%H%M%SZ").encode())


def time(text):
    return utc_time(text) if moment(text).year < 2050 else general_time(text)


def pem(der, label="CERTIFICATE"):
    return f"-----BEGIN {label}-----\n".encode() + wrap(der) + f"-----END {label}-----\n".encode()


def wrap(der):
    text = base64.b64encode(der).decode()
    return "".join(text[i : i + 64] + "\n" for i in range(0, len(text), 64)).encode()


# --- names -------------------------------------------------------------------------------------------------------

LABELS = {
    "C": ("2.5.4.6", PRINTABLE),
    "ST": ("2.5.4.8", PRINTABLE),
    "L": ("2.5.4.7", PRINTABLE),
    "O": ("2.5.4.10", PRINTABLE),
    "OU": ("2.5.4.11", PRINTABLE),
    "CN": ("2.5.4.3", PRINTABLE),
    "DC": ("0.9.2342.19200300.100.1.25", IA5),
    "UID": ("0.9.2342.19200300.100.1.1", PRINTABLE),
    "serialNumber": ("2.5.4.5", PRINTABLE),
    "emailAddress": ("1.2.840.113549.1.9.1", IA5),
}


def dn(text):
    """A name out of its slash form: a tuple of RDNs, each a tuple of (label, value[, tag])."""
    return tuple((tuple(part.split("=", 1)),) for part in text.split("/")[1:])


def name(rdns):
    def one(label, value, tag=None):
        number, default = LABELS.get(label, (label, UTF8))
        return seq(oid(number), string(value, tag or default))

    return seq(*(set_of(*(one(*ava) for ava in rdn)) for rdn in rdns))


def slash(rdns):
    return "".join("/" + "+".join(f"{ava[0]}={ava[1]}" for ava in rdn) for rdn in rdns)


def directory(rdns):
    """GeneralName of the form directoryName."""
    return ctx(4, name(rdns))


def uri(text):
    return string(text, 0x86)


# --- keys --------------------------------------------------------------------------------------------------------


def openssl(*words, feed=None):
    return subprocess.run(["openssl", *words], input=feed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


RSA_OIDS = {"md5": 4, "sha1": 5, "sha256": 11, "sha384": 12, "sha512": 13, "sha224": 14}
EC_OIDS = {"sha1": "1.2.840.10045.4.1", "sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3"}
SHA256 = seq(oid("2.16.840.1.101.3.4.2.1"), NULL)
PSS = seq(
    oid("1.2.840.113549.1.1.10"),
    seq(ctx(0, SHA256), ctx(1, seq(oid("1.2.840.113549.1.1.8"), SHA256)), ctx(2, integer(32))),
)


class Key:
    """A key pair in a file; `kind` is rsa:BITS[:EXPONENT], ec:CURVE[:explicit] or ed25519."""

    folder = None

    def __init__(self, label, kind):
        self.kind, self.path = kind, os.path.join(self.folder, label + ".key")
        family, size, more = (kind.split(":") + ["", ""])[:3]
        options = {"rsa": [f"rsa_keygen_bits:{size}"], "ec": [f"ec_paramgen_curve:{size}"]}.get(family, [])
        if family == "rsa" and int(size) > 4096:
            options.append("rsa_keygen_primes:4")  # large ones in seconds
        if more:
            options.append({"rsa": f"rsa_keygen_pubexp:{more}", "ec": f"ec_param_enc:{more}"}[family])
        words = [word for option in options for word in ("-pkeyopt", option)]
        openssl("genpkey", "-algorithm", family, *words, "-out", self.path)
        os.chmod(self.path, 0o600)
        self.spki = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def algorithm(self, digest):
        if digest == "pss":
            return PSS
        if self.kind.startswith("rsa"):
            return seq(oid(f"1.2.840.113549.1.1.{RSA_OIDS[digest]}"), NULL)
        if self.kind.startswith("ec"):
            return seq(oid(EC_OIDS[digest]))
        return seq(oid("1.3.101.112"))

    @functools.lru_cache(maxsize=None)
    def sign(self, body, digest):
        if self.kind == "ed25519":
            # Ed25519 has no digest of its own and its signer reads no standard input.
            scratch = self.path + ".body"
            with open(scratch, "wb") as file:
                file.write(body)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", scratch)
        if digest == "pss":
            padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
            return openssl("dgst", "-sha256", *padding, "-sign", self.path, feed=body)
        return openssl("dgst", "-" + digest, "-sign", self.path, feed=body)

    @property
    def bit_string(self):
        """The contents of the subjectPublicKey BIT STRING: what a key identifier is the SHA-1 of."""
        body = inside(self.spki)
        return inside(body[2 + body[1] :])[1:]  # over the algorithm, which is short, and the count of unused bits

    @property
    def identifier(self):
        return hashlib.sha1(self.bit_string).digest()


@functools.lru_cache(maxsize=None)
def key(label, kind="rsa:2048"):
    return Key(label, kind)


# --- extensions --------------------------------------------------------------------------------------------------

VOMS = "1.3.6.1.4.1.8005.100.100."
RFC_PCI, DRAFT_PCI = "1.3.6.1.5.5.7.1.14", "1.3.6.1.4.1.3536.1.222"
ANY, INHERIT, INDEPENDENT = (f"1.3.6.1.5.5.7.21.{n}" for n in range(3))
LIMITED = "1.3.6.1.4.1.3536.1.1.1.9"


def ext(number, value, critical=False):
    return seq(oid(number), TRUE if critical else b"", octets(value))


SIGN, REPUDIATE, ENCIPHER, DATA, AGREE, CERT_SIGN, CRL_SIGN = range(7)


def key_usage(*names, critical=True):
    mask = sum(0x80 >> n for n in names)
    return ext("2.5.29.15", bits(bytes([mask]), 7 - max(names, default=0)), critical)


def basic(ca, path=None, critical=True):
    return ext("2.5.29.19", seq(TRUE if ca else b"", integer(path) if path is not None else b""), critical)


def subject_id(identifier):
    return ext("2.5.29.14", octets(identifier))


def authority_id(identifier, critical=False):
    return ext("2.5.29.35", seq(string(identifier, 0x80)), critical)


def alternative(host, which="2.5.29.17", critical=False):
    return ext(which, seq(string(host, 0x82)), critical)


def constraints(permitted=None, excluded=None):
    side = lambda n, rdns: ctx(n, seq(directory(rdns))) if rdns else b""
    return ext("2.5.29.30", seq(side(0, permitted), side(1, excluded)), True)


def rfc_pci(language=INHERIT, path=None, policy=None, critical=True):
    inner = seq(oid(language), octets(policy) if policy is not None else b"")
    return ext(RFC_PCI, seq(integer(path) if path is not None else b"", inner), critical)


def draft_pci(language=INHERIT, path=None, policy=None, critical=True):
    inner = seq(oid(language), octets(policy) if policy is not None else b"")
    return ext(DRAFT_PCI, seq(inner, ctx(1, integer(path)) if path is not None else b""), critical)


def ac_seq(*acs, single=False):
    return ext(VOMS + "5", seq(*acs) if single else seq(seq(*acs)))


UNKNOWN = "1.3.6.1.4.1.99999.1"

# --- certificates ------------------------------------------------------------------------------------------------

BEGIN, END = "2026-01-01T00:00:00Z", "2046-01-01T00:00:00Z"
serials = itertools.count(0x1001)


@dataclass
class Cert:
    der: bytes
    subject: tuple
    issuer: tuple
    key: Key
    serial: int
    depth: int = 0

    @property
    def pem(self):
        return pem(self.der)

    def hash(self, option="-subject_hash"):
        return openssl("x509", "-noout", option, feed=self.pem).decode().strip()


def flipped(body):
    """The last bit but two of a signature turned over."""
    return body[:-1] + bytes([body[-1] ^ 4])


def cert(subject, its_key, issuer=None, *, signer=None, issuer_name=None, serial=None, begin=BEGIN, end=END, exts=(),
         digest=None, outer=None, version=2, flip=False, depth=0):  # fmt: skip
    """A certificate of `its_key`, signed by `signer` (default the issuer's key; its own without issuer)."""
    subject = dn(subject) if isinstance(subject, str) else subject
    serial = next(serials) if serial is None else serial
    issuer_name = issuer_name or (issuer.subject if issuer else subject)
    signer = signer or (issuer.key if issuer else its_key)
    digest = digest or "sha256"
    algorithm = signer.algorithm(digest)
    body = seq(
        ctx(0, integer(version)) if version else b"",
        integer(serial),
        algorithm,
        name(issuer_name),
        seq(time(begin), time(end)),
        name(subject),
        its_key.spki,
        ctx(3, seq(*exts)) if exts else b"",
    )
    signature = signer.sign(body, digest)
    der = seq(body, outer or algorithm, bits(flipped(signature) if flip else signature))
    return Cert(der, subject, issuer_name, its_key, serial, depth)


def authority(subject, its_key, issuer=None, *, path=None, more=(), usage=(CERT_SIGN, CRL_SIGN), **rest):
    above = [authority_id(issuer.key.identifier)] if issuer else []
    exts = [basic(True, path), key_usage(*usage), subject_id(its_key.identifier), *above, *more]
    return cert(subject, its_key, issuer, exts=exts, **rest)


def person(subject, its_key, issuer, *, usage=(SIGN, ENCIPHER), more=(), identify=True, **rest):
    """An end entity, user or host."""
    ids = [subject_id(its_key.identifier), authority_id(issuer.key.identifier)] if identify else []
    exts = [basic(False)] + ([key_usage(*usage)] if usage else []) + ids + list(more)
    return cert(subject, its_key, issuer, exts=exts, **rest)


def proxy(issuer, *, kind="rfc", limited=False, policy=None, path=None, octets=None, pci=None, usage=(SIGN, ENCIPHER),
          critical_usage=True, cn=None, subject=None, its_key=None, more=(), acs=(), acseq=None, **rest):  # fmt: skip
    """A proxy below `issuer`. `pci` replaces the list of ProxyCertInfo extensions."""
    depth = issuer.depth + 1
    number = 1000000 + 7919 * depth
    if pci is None:
        language = policy or (LIMITED if limited else INHERIT)
        pci = {"rfc": [rfc_pci], "draft": [draft_pci], "legacy": []}[kind]
        pci = [make(language, path, octets) for make in pci]
    cn = cn or ({True: "limited proxy", False: "proxy"}[limited] if kind == "legacy" else str(number))
    subject = subject or issuer.subject + ((("CN", cn),),)
    attributes = [acseq] if acseq else [ac_seq(*acs)] if acs else []
    usage = [key_usage(*usage, critical=critical_usage)] if usage is not None else []
    rest.setdefault("serial", issuer.serial if kind == "legacy" else number)
    return cert(subject, its_key or key(f"proxy{depth}"), issuer, exts=[*attributes, *usage, *pci, *more], depth=depth, **rest)


# --- revocation lists --------------------------------------------------------------------------------------------


def entry(serial, *exts, when="2026-06-01T00:00:00Z"):
    return seq(integer(serial), utc_time(when), seq(*exts) if exts else b"")


def reason(n):
    return ext("2.5.29.21", tlv(10, bytes([n])))


def crl(ca, *entries, this="2026-11-01T00:00:00Z", next="2036-11-01T00:00:00Z", exts=(), signer=None, issuer=None,
        digest="sha256", flip=False):  # fmt: skip
    signer = signer or ca.key
    number = ext("2.5.29.20", integer(7))
    body = seq(
        integer(1),
        signer.algorithm(digest),
        name(issuer or ca.subject),
        utc_time(this),
        utc_time(next) if next else b"",
        seq(*entries) if entries else b"",
        ctx(0, seq(authority_id(signer.identifier), number, *exts)),
    )
    signature = signer.sign(body, digest)
    return seq(body, signer.algorithm(digest), bits(flipped(signature) if flip else signature))


# --- attribute certificates --------------------------------------------------------------------------------------

AC_BEGIN, AC_END = "2026-11-24T06:00:00Z", "2026-11-24T18:00:00Z"
AC_SERIAL = 0x00C5A1F0E2D3C4B5A69788796A5B4C3D2E
LONG = ["/virgo/Role=NULL/Capability=NULL", "/virgo/virgo/Role=NULL/Capability=NULL"]


def holder_of(certificate, rfc=False, serial=None, rdns=None):
    """The deployed form names the subject of the holder's certificate; that of RFC 5755 its issuer."""
    rdns = rdns or (certificate.issuer if rfc else certificate.subject)
    return seq(ctx(0, seq(directory(rdns)), integer(certificate.serial if serial is None else serial)))


def authority_uri(text, shape="implicit"):
    """policyAuthority: as it should be, and as voms-api-java 3.3.5 wrote it."""
    return {"implicit": ctx(0, uri(text)), "untagged": seq(uri(text)), "explicit": ctx(0, seq(uri(text)))}[shape]


def syntax(fqans, where, shape="implicit"):
    texts = (octets(f if isinstance(f, bytes) else f.encode()) for f in fqans)
    return seq(authority_uri(where, shape), seq(*texts))


def fqan_attribute(*values):
    return seq(oid(VOMS + "4"), set_of(*values))


def cert_seq(*certs):
    return ext(VOMS + "10", seq(seq(*(c.der for c in certs))))


NO_REV = ext("2.5.29.56", NULL)


def targets(*hosts, shape="voms", critical=True):
    one = lambda host: ctx(0, uri(host)) if shape == "rfc" else seq(ctx(0, uri(host)))
    return ext("2.5.29.55", seq(seq(*map(one, hosts))), critical)


def generic(where, *triples):
    rows = seq(*(seq(*(octets(part.encode()) for part in triple)) for triple in triples))
    return ext(VOMS + "11", seq(seq(seq(seq(uri(where)), rows))))


def attribute_certificate(who, by, *, vo="virgo", host="voms.example.org", where=None, fqans=LONG, shape="implicit",
                          version=1, holder=None, issuer=None, serial=None, begin=AC_BEGIN, end=AC_END, validity=None,
                          attributes=None, exts=None, more=(), certs=None, aki=None, digest="sha256",
                          inner=None, outer=None, signer=None, flip=False, tamper=None, unused=0):  # fmt: skip
    """An AC for `who` by `by`."""
    signer = signer or by.key
    where = where or f"{vo}://{host}:15000"
    algorithm = signer.algorithm(digest)
    attributes = [fqan_attribute(syntax(fqans, where, shape))] if attributes is None else attributes
    aki = authority_id(by.key.identifier) if aki is None else aki
    chain = cert_seq(*(certs or [by]))
    if exts is None:
        exts = [*more, chain, NO_REV, aki]
    body = seq(
        integer(version),
        holder_of(who) if holder is None else holder,
        ctx(0, seq(directory(by.subject))) if issuer is None else issuer,
        inner or algorithm,
        (integer(AC_SERIAL) if serial is None else serial),
        validity or seq(general_time(begin), general_time(end)),
        seq(*attributes),
        seq(*exts) if exts else b"",
    )
    signature = signer.sign(body, digest)
    if tamper:
        assert len(tamper[0]) == len(tamper[1]) and tamper[0] in body
        body = body.replace(*tamper, 1)
    return seq(body, outer or inner or algorithm, bits(flipped(signature) if flip else signature, unused))
