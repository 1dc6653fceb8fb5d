"""Credentials from the clients in use, made under `faketime` an hour before the moment they are judged at."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from builder import *
from world import *

CLOCK, LATER = "2026-11-24 11:00:00", "2026-11-24 11:10:00"


def run(case, scratch):
    world = World.get()
    home = Path(scratch) / "home"
    (home / "cas").mkdir(parents=True)
    for name, content in ca(world.root).items():
        (home / "cas" / name).write_bytes(content)

    def store(label, certificate):
        """Certificate and key in files, as the clients want them: the key in its old form, for its owner only."""
        pair = home / f"{label}.pem", home / f"{label}.key"
        pair[0].write_bytes(certificate.pem)
        pair[1].write_bytes(openssl("rsa", "-in", certificate.key.path, "-traditional"))
        pair[0].chmod(0o644)
        pair[1].chmod(0o400)
        return pair

    user, host = store("user", world.alice), store("host", world.host)
    environment = dict(os.environ, TZ="UTC", HOME=str(home), X509_CERT_DIR=str(home / "cas"))
    versions = {}

    def call(when, tool, *words):
        # A standing clock makes the dates exact; Java needs one that runs.
        clock = ["-f", ("@" if tool == "voms-proxy-init3" else "") + when]
        words = ["faketime", *clock, tool, *map(str, words)]
        for _ in range(5):
            done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
            if "sem_open" not in done.stderr:  # what a faketime of the same process id left behind
                break
        return done

    def version(tool):
        if tool not in versions:
            package = {"voms-proxy-fake": "voms-clients", "voms-proxy-init2": "voms-clients", "voms-proxy-init3": "voms-clients-java",
                       "grid-proxy-init": "globus-proxy-utils", "arcproxy": "nordugrid-arc-client"}[tool]  # fmt: skip
            shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
            versions[tool] = shown.stdout.split("-")[0] or "?"
        return versions[tool]

    def one(label, rule, expect, tool, *words, issuer=None):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed")
        out = home / f"{label}.out"
        cert_, key_ = issuer or user
        place = ["-C", cert_, "-K", key_, "-P", out] if tool == "arcproxy" else ["-cert", cert_, "-key", key_, "-out", out]
        # What issues must have begun: the clock of Java has run on since then, and it does not back-date.
        done = call(LATER if issuer else CLOCK, tool, *place, *words)
        if not out.exists():
            raise SystemExit(f"{tool} {words}: {done.stdout}{done.stderr}")
        # No private key leaves this program.
        kept = b"".join(re.findall(rb"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", out.read_bytes(), re.S))
        case(label, rule, kept, expect, made_with=f"{tool} {version(tool)}")
        return out

    late = "2026-11-24T23:00:00Z"
    independent = bad("independent")
    for option, kind, expect in [
        ("-rfc", "rfc", ok(until=late)),
        ("-draft", "draft", ok("draft impersonation", until=late)),
        ("-old", "legacy", ok("legacy full", until=late)),
    ]:
        one(f"gct-{kind}", "spec 1.3", expect, "grid-proxy-init", "-q", option)
        limited = {**expect, "type": expect["type"].split()[0] + " limited", "limited": True}
        one(f"gct-{kind}-limited", "spec 1.3", limited, "grid-proxy-init", "-q", option, "-limited")
    one("gct-default", "spec 1.3", ok(), "grid-proxy-init", "-q")
    one("gct-rfc-independent", "RFC 3820 3.8.2", independent, "grid-proxy-init", "-q", "-rfc", "-independent")
    one("gct-draft-independent", "RFC 3820 3.8.2", independent, "grid-proxy-init", "-q", "-draft", "-independent")
    one("gct-rfc-path-length", "spec 1.2", ok(), "grid-proxy-init", "-q", "-rfc", "-path-length", "3")
    one("gct-draft-path-length", "spec 1.2", ok("draft impersonation"), "grid-proxy-init", "-q", "-draft", "-path-length", "3")
    one("gct-rsa1024", "spec 1.6", bad("weak"), "grid-proxy-init", "-q", "-rfc", "-bits", "1024")
    one("arc-default", "spec 1.4", ok(until=late), "arcproxy")
    for number, kind in (("2", "legacy"), ("3", "draft"), ("4", "rfc")):
        full = "legacy full" if kind == "legacy" else f"{kind} impersonation"
        for tool, short in (("voms-proxy-init2", "cpp"), ("voms-proxy-init3", "java")):
            quiet = ["-q"] if short == "cpp" else ["--quiet"]
            one(f"{short}-{kind}", "spec 1.3", ok(full), tool, *quiet, "-proxyver", number)
            one(f"{short}-{kind}-limited", "spec 1.3", ok(f"{kind} limited", limited=True), tool, *quiet, "-proxyver", number, "-limited")
    one("cpp-default", "spec 1.3", ok(), "voms-proxy-init2", "-q")
    java = one("java-default", "spec 1.3", ok(), "voms-proxy-init3", "--quiet")
    one("java-rfc-option", "spec 1.3", ok(), "voms-proxy-init3", "--quiet", "-rfc")
    one("java-old-option", "spec 1.3", ok("legacy full"), "voms-proxy-init3", "--quiet", "-old")
    first = home / "cpp-rfc.out"
    one("gct-below-cpp", "spec 1.8 (2)", ok(depth=2), "grid-proxy-init", "-q", "-rfc", issuer=(first, first))
    one("arc-below-java", "spec 1.8 (2)", ok(depth=2), "arcproxy", issuer=(java, java))
    one("cpp-path-length-0", "spec 1.8 (6)", ok(), "voms-proxy-init2", "-q", "-path-length", "0")

    # Attribute certificates: voms-proxy-fake is client and server in one.
    def fake(label, rule, expect, *words, fqans=("/virgo/Role=NULL/Capability=NULL", "/virgo/virgo/Role=NULL/Capability=NULL"), **rest):
        asked = [word for fqan in fqans for word in ("-fqan", fqan)]
        return one(label, rule, expect, "voms-proxy-fake", "-quiet", "-hostcert", host[0], "-hostkey", host[1], "-voms", "virgo",
                   "-uri", "voms.example.org:15000", *asked, *words, **rest)  # fmt: skip

    fqans = ["/virgo/Role=NULL/Capability=NULL", "/virgo/virgo/Role=NULL/Capability=NULL"]
    made = fake("fake-plain", "spec 2.4", ok(fqans=fqans), "-rfc")
    fake("fake-newformat", "spec 2.4", ok(fqans=fqans), "-rfc", "-newformat")
    fake("fake-limited", "spec 1.8 (8)", ok("rfc limited", limited=True, fqans=fqans), "-rfc", "-limited")
    fake("fake-legacy", "spec 1.5", ok("legacy full", fqans=fqans), "-proxyver", "2")
    fake("fake-generic-attributes", "spec 2.6", ok(fqans=fqans), "-rfc", "-ga", "nick=alice (virgo)")
    fake("fake-short-fqan", "spec 3.1", ok(fqans=["/virgo"]), "-rfc", fqans=["/virgo"])
    fake("fake-foreign-fqan", "spec 7.8 (11)", bad("ac-foreign-fqan"), "-rfc", fqans=["/cms"])
    fake("fake-ac-from-yesterday", "spec 7.8 (9)", bad("ac-expired"), "-rfc", "-pastac", "30:00", "-vomslife", "1")
    one("gct-below-fake", "spec 7.7: inherited", ok(depth=2, fqans=fqans), "grid-proxy-init", "-q", "-rfc", issuer=(made, made))
