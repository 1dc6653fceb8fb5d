#!/usr/bin/env python3
"""Makes the conformance vectors: `make.py DIR` writes cases.json, the credentials and the directories they are judged by."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from builder import Cert, Key

README = """# Conformance vectors

{count} credentials, each with the verdict that the standards and the clients in use ask for. Nothing of this project had a
hand in them: `tests/vectors/make.py DIR` writes DER by itself, keys and signatures are those of `openssl`, and some are from
the clients in use, under `faketime`. A run makes new keys, so every file changes. The keys in a few `file-*` cases are the
only private ones here; they open nothing.

`certdirs/igtf` has the policy files of the IGTF's release {release} as they are (copyright its members, licensed under
[CC BY 3.0](https://creativecommons.org/licenses/by/3.0/)), beside certificates with the names of its CAs and a key of our own.

`cases.json` has one case a line:

- `name`; `rule` that it keeps or breaks, where *spec* is the project's digest of how VOMS works: 1 proxies, 2 attribute
  certificates, 3 FQANs, 6 vomsdir, 7 validation, 8 trust anchors, 9 names, 10 pitfalls; `made_with`
- `file`, by default NAME.pem; `certdir` and `vomsdir`, by default `certdirs/good` and `vomsdirs/good`
- `at`, by default 2026-11-24T12:00:00Z; `crl`: `off`, `present` (default) or `required`; `hosts`, the names of the verifier,
  by default none; `allow`: what it tolerates out of `rsa1024` (keys of 1024 bits and more), `sha1` and `md5`, by default none
- `skew`: seconds of grace at either end of certificates and attribute certificates, by default 300; lists have none
- `accepted`; then `identity`, `type`, `limited`, `depth` (proxies), `fqans` in order and perhaps `until`; otherwise
  `findings`, the whole set, in the words below

Where documents differ the strict side was taken, unless real credentials need more; the rule then says why.

| word | what is wrong |
| --- | --- |
{words}
"""

# Every word a finding may have, and what it says.
WORDS = {
    "file": "there is no chain of certificates to be read in the file",
    "encoding": "a certificate contradicts itself or its version",
    "no-end-entity": "the user's certificate is missing below the proxies",
    "ca-as-user": "a CA certificate where a user's should be",
    "issued-by-ca": "a CA issued a proxy",
    "untrusted": "no way from the user to a trusted CA",
    "ca-rejected": "the CA directory rejects its CA for this use",
    "signature": "not signed by the issuer it names",
    "not-a-ca": "its issuer may not issue certificates",
    "ca-path-length": "more CAs than a CA above allows",
    "name-constraints": "a name outside the constraints of a CA above",
    "expired": "past its end",
    "not-yet-valid": "before its begin",
    "name": "a proxy's subject is not its issuer's and one CN, or names another issuer",
    "issuer-may-not-sign": "the issuer of a proxy lacks digitalSignature",
    "user-key-usage": "a user without a proxy, whose key may neither sign nor agree on keys",
    "key-usage": "the leaf's own key usage is none for a proxy",
    "alternative-name": "a proxy with an alternative name",
    "proxy-is-ca": "a proxy with CA:TRUE",
    "unreadable-extension": "an extension that decides something cannot be read",
    "critical-extension": "an unknown critical extension",
    "duplicate-extension": "the same extension twice",
    "weak": "a key below RSA 2048 or its equal, or a signature with SHA-1 or MD5",
    "pci-not-critical": "a ProxyCertInfo that is not critical",
    "two-pcis": "more than one ProxyCertInfo",
    "pci": "a ProxyCertInfo that cannot be read",
    "policy": "a proxy policy nobody can follow",
    "independent": "an independent proxy does not speak for the user",
    "purpose": "it, or a CA above it, is for other uses, as its extended key usage says",
    "certificate-policies": "the certificate policies on the path do not fit each other, where they have to",
    "key-limit": "a key that costs too much to compute with, or of a curve without a name",
    "path-length": "more proxies than a proxy above allows",
    "mixed-types": "proxies of different generations",
    "limited-not-kept": "a full proxy below a limited one",
    "revoked": "on its issuer's revocation list",
    "crl-missing": "no revocation list where one is required",
    "crl-expired": "the revocation list is past its next update",
    "crl-not-yet-valid": "the revocation list is from the future",
    "crl-signature": "the CA did not sign its revocation list, or may not",
    "crl-no-next-update": "the revocation list does not say when the next one is due",
    "crl-unreadable": "the revocation list cannot be read",
    "crl-unsupported": "a revocation list with a critical extension, or a delta",
    "signing-policy": "outside the CA's signing policy, or that file is unusable",
    "namespaces": "outside the CA's namespaces, or that file is unusable",
    "ac-encoding": "the attribute certificate cannot be decoded",
    "ac-version": "its version is not 2",
    "ac-algorithm": "its two algorithms differ, or the one is unknown",
    "ac-weak": "it is signed with SHA-1 or MD5, or by a short key",
    "ac-signature": "its signature is not its signer's",
    "ac-serial": "its serial number is no positive one of at most 20 bytes",
    "ac-validity": "its validity is malformed",
    "ac-expired": "past its end by more than the grace",
    "ac-not-yet-valid": "before its begin by more than the grace",
    "ac-holder": "of somebody else",
    "ac-issuer": "its issuer is not its signer, or has no usable form",
    "ac-attributes": "not exactly one FQAN attribute of one value",
    "ac-fqan": "an FQAN against the grammar",
    "ac-foreign-fqan": "an FQAN or attribute of another VO",
    "ac-policy-authority": "its policyAuthority names no VO and server",
    "ac-missing-extension": "noRevAvail or the authority key identifier is missing",
    "ac-key-identifier": "its authority key identifier is not its signer's",
    "ac-extension": "an extension of it cannot be read",
    "ac-critical-extension": "an extension that must not be critical, or an unknown one, is",
    "ac-duplicate-extension": "the same extension twice",
    "ac-target": "for other hosts",
    "ac-no-signer": "its signer's certificate is not at hand",
    "lsc-missing": "nothing in the vomsdir for this server",
    "lsc-mismatch": "the LSC file names others",
    "lsc-unusable": "the LSC file cannot be used",
    "signer-expired": "the signer's certificate is past its end",
    "signer-not-yet-valid": "the signer's certificate is before its begin",
    "signer-revoked": "the signer's certificate is revoked",
    "signer-untrusted": "no way from the signer to a trusted CA",
    "signer-signature": "a certificate above the AC is not signed by the issuer it names",
    "signer-policy": "the signer is outside its CA's signing policy",
    "signer-weak": "the signer's certificate or key is weak",
    "signer-is-ca": "a CA signs no attribute certificates",
    "signer-is-proxy": "a proxy signs no attribute certificates",
    "signer-may-not-sign": "the signer's key usage forbids it",
}


class Output:
    """Collects the cases and writes what they need."""

    def __init__(self, folder, openssl):
        self.folder, self.cases, self.names, self.default = folder, [], set(), f"own DER, signed by {openssl}"

    def directory(self, kind, label, files):
        for path, content in files.items():
            target = self.folder / kind / label / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        (self.folder / kind / label).mkdir(parents=True, exist_ok=True)
        if not files:
            (self.folder / kind / label / "README").write_text("Empty on purpose.\n")
        return f"{kind}/{label}"

    def __call__(self, name, rule, content, expect, *, certdir="good", vomsdir="good", at=None, crl=None, hosts=(), allow=(),
                 skew=None, made_with=None, file=None):  # fmt: skip
        """One case. `content` is a list of certificates, or the file's bytes."""
        assert name not in self.names, name
        assert all(word in WORDS for word in expect.get("findings", [])), name
        self.names.add(name)
        if not isinstance(content, bytes):
            content = b"".join(c.pem if isinstance(c, Cert) else c for c in content)
        (self.folder / (file or name + ".pem")).write_bytes(content)
        row = dict(name=name, rule=rule, made_with=made_with or self.default)
        if file:
            row["file"] = file
        for kind, given in (("certdir", certdir), ("vomsdir", vomsdir)):
            if isinstance(given, dict):
                row[kind] = self.directory(kind + "s", name, given)
            elif given != "good":
                row[kind] = f"{kind}s/{given}"
        row.update({k: v for k, v in dict(at=at, crl=crl, hosts=list(hosts), allow=list(allow)).items() if v})
        if skew is not None:
            row["skew"] = skew
        self.cases.append({**row, **expect})

    def finish(self, release):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in self.cases)
        (self.folder / "cases.json").write_text(f"[\n{rows}\n]\n")
        words = "\n".join(f"| `{word}` | {meaning} |" for word, meaning in WORDS.items())
        (self.folder / "README.md").write_text(README.format(count=len(self.cases), words=words, release=release))


def main():
    target = Path(sys.argv[1])
    folder = target.with_name(target.name + ".new")  # what is there stays until all is made
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    version = " ".join(subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()[:2]).lower()
    out = Output(folder, version)
    with tempfile.TemporaryDirectory() as scratch:
        Key.folder = scratch
        from world import World, ca, lsc, vo

        world = World.get()
        out.directory("certdirs", "good", ca(world.root))
        out.directory("vomsdirs", "good", vo({"voms.example.org.lsc": lsc(world.host)}))
        import cases_ac
        import cases_chain
        import cases_directory
        import cases_igtf
        import cases_keys
        import cases_names
        import cases_peers
        import cases_purpose
        import cases_trust

        cases_chain.run(out)
        cases_ac.run(out)
        cases_trust.run(out)
        cases_purpose.run(out)
        cases_directory.run(out)
        cases_names.run(out)
        cases_keys.run(out)
        cases_igtf.run(out)
        cases_peers.run(out, scratch)
    out.finish(cases_igtf.RELEASE["release"])
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    print(f"{len(out.cases)} cases in {target}")


if __name__ == "__main__":
    main()
