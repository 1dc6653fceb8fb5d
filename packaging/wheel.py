"""Makes a wheel of what packaging/stage laid out: packaging/wheel.py STAGE VERSION TAG SBOM OUT [MODULE]

The program is installed once; wheels know no links, so its other names are scripts of three lines, and the other names of
completions read the one that is there. MODULE is the native part of the Python package in crates/python, which then comes
too; the tag names its ABI."""

import base64
import hashlib
import os
import pathlib
import sys
import time
import zipfile

NAME = "voms_proxy"
COMMAND = """\
#!/bin/sh
directory=${{0%/*}}
[ -x "$directory/voms-proxy" ] || directory=$(dirname "$(readlink -f "$0")")
exec "$directory/voms-proxy" {name} "$@"
"""
COMPLETIONS = {
    "bash-completion": '. "${BASH_SOURCE[0]%/*}/voms-proxy"\n',
    "fish": "source (status dirname)/voms-proxy.fish\n",
}


def instead_of_link(path):
    if path.parts[0] == "bin":
        return COMMAND.format(name=path.name)
    return COMPLETIONS[path.parts[1]]


def data(stage):
    """What pip copies to bin and share of its environment."""
    for file in sorted(stage.rglob("*")):
        path = file.relative_to(stage)
        if file.is_symlink():
            content = instead_of_link(path).encode()
        elif file.is_file():
            content = file.read_bytes()
        else:
            continue
        is_program = path.parts[0] == "bin"
        place = pathlib.PurePath("scripts", *path.parts[1:]) if is_program else "data" / path
        yield str(place), content, 0o755 if is_program else 0o644


def description(version):
    readme = pathlib.Path("README.md").read_text()
    summary = "Grid credentials: proxies with VOMS attributes, made, shown, destroyed and verified"
    project = "https://github.com/voms-proxy/voms-proxy"
    return f"""\
Metadata-Version: 2.4
Name: voms-proxy
Version: {version}
Summary: {summary}
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.9
Keywords: grid,voms,proxy,x509
Classifier: Environment :: Console
Classifier: Intended Audience :: Science/Research
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Typing :: Typed
Classifier: Topic :: Security :: Cryptography
Project-URL: Source, {project}
Description-Content-Type: text/markdown

{readme}"""


def package(module):
    """The Python package, with its native part."""
    for file in sorted(pathlib.Path("crates/python", NAME).iterdir()):
        if file.suffix in {".py", ".pyi", ".typed"}:
            yield f"{NAME}/{file.name}", file.read_bytes(), 0o644
    yield f"{NAME}/_native.abi3.so", pathlib.Path(module).read_bytes(), 0o755


def files(stage, version, tag, sbom, module):
    folder = f"{NAME}-{version}"
    if module:
        yield from package(module)
    for place, content, mode in data(stage):
        yield f"{folder}.data/{place}", content, mode
    info = f"{folder}.dist-info"
    *interpreter, platforms = tag.split("-")
    tags = ["-".join([*interpreter, platform]) for platform in platforms.split(".")]
    wheel = ["Wheel-Version: 1.0", "Generator: voms-proxy", "Root-Is-Purelib: false"]
    wheel += [f"Tag: {tag}" for tag in tags]
    yield f"{info}/METADATA", description(version).encode(), 0o644
    yield f"{info}/WHEEL", ("\n".join(wheel) + "\n").encode(), 0o644
    yield f"{info}/licenses/LICENSE", pathlib.Path("LICENSE").read_bytes(), 0o644
    yield f"{info}/sboms/{sbom.name}", sbom.read_bytes(), 0o644


def main(stage, version, tag, sbom, out, module=None):
    date = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    record = []
    path = pathlib.Path(out, f"{NAME}-{version}-{tag}.whl")

    def add(archive, name, content, mode):
        entry = zipfile.ZipInfo(name, date)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o100000 | mode) << 16
        archive.writestr(entry, content, compresslevel=9)

    with zipfile.ZipFile(path, "w") as archive:
        for name, content, mode in files(pathlib.Path(stage), version, tag, pathlib.Path(sbom), module):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}\n")
            add(archive, name, content, mode)
        name = f"{NAME}-{version}.dist-info/RECORD"
        add(archive, name, "".join([*record, f"{name},,\n"]).encode(), 0o644)


main(*sys.argv[1:])
