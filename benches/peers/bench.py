"""`bench.py compare|growth ROUNDS WORK`: what scripts/bench-peers does once the programs are built and the world is up. WORK
has build.json, cargo's messages; tools are compiled there, and commands run there."""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from compare import Comparison
from growth import Growth
from measuring import Desk, run

HERE = Path(__file__).parent
PACKAGES = "voms-clients", "voms-clients-java", "nordugrid-arc-client", "globus-proxy-utils", "voms-server", "curl"


def build(work):
    """The programs to measure and to measure with."""
    messages = [json.loads(line) for line in (work / "build.json").read_text().splitlines() if line.startswith("{")]
    [executable] = [m["executable"] for m in messages
                    if m["reason"] == "compiler-artifact" and m["target"]["name"] == "voms-proxy" and m["executable"]]
    [linked] = [m["linked_paths"] for m in messages
                if m["reason"] == "build-script-executed" and "openssl-sys" in m["package_id"]]
    tools = {name: work / name for name in ("measure", "empty", "genkey", "stripped")}
    tools["voms-proxy"] = Path(executable)
    for name in ("measure", "empty"):
        run("cc", "-O2", "-Wall", "-static", "-o", tools[name], HERE / f"{name}.c")
    # The very library that is in our executable
    library = Path(linked[0].removeprefix("native="))
    run("cc", "-O2", "-Wall", "-I", library.parent / "include", "-o", tools["genkey"], HERE / "genkey.c", library / "libcrypto.a",
        "-pthread", "-ldl")
    run("strip", "-o", tools["stripped"], executable)
    return tools


def commit():
    git = ["git", "-C", HERE, "-c", f"safe.directory={HERE.parent.parent}"]
    if subprocess.run([*git, "rev-parse"], capture_output=True).returncode:
        return "unknown commit"
    changed = run(*git, "status", "--porcelain", "--untracked-files=no")
    return "commit " + run(*git, "rev-parse", "--short", "HEAD").strip() + (" with changes" if changed else "")


def head(tools, rounds):
    about = dict(re.findall(r"^([^:\n]+):\s+(.*)$", run("lscpu", env={**os.environ, "LC_ALL": "C"}), re.MULTILINE))
    versions = (run("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES).splitlines())
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr.splitlines()[0]
    today = datetime.datetime.now(datetime.timezone.utc)
    ours = run(tools["voms-proxy"], "--version").strip()
    return "\n".join([
        f"{today.day} {today:%B %Y %H:%M} UTC; {about.get('Model name', platform.processor())}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}; load {os.getloadavg()[0]:.1f} before the run; {rounds} rounds.",
        f"Ours: {ours}, {commit()}, {run(tools['genkey'], 'version').strip()}. "
        f"Theirs: {', '.join(versions)}, {run('openssl', 'version').split(' (')[0].strip()}, {java}.",
    ]) + "\n"


def main():
    kind, rounds, work = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    tools = build(work)
    beginning = head(tools, rounds)
    desk = Desk(work / "desk", tools["measure"])
    bench = {"compare": Comparison, "growth": Growth}[kind](desk, tools, os.environ["WORLD"])
    print(f"{beginning}\n{bench.run(rounds)}", end="")


main()
