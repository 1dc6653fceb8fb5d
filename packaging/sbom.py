"""What the program and the Python package are made of: packaging/sbom.py VERSION SBOM LICENCES writes a CycloneDX document and
the licences of all crates that are linked. Nothing in them depends on when or where that is done but for SOURCE_DATE_EPOCH."""

import json
import os
import pathlib
import subprocess
import sys
import time
import tomllib
import uuid

# Of what crates bring along: its name, licence, and where its version is in that of the crate.
BUNDLED = {"openssl-src": ("openssl", "Apache-2.0", "https://www.openssl.org")}
# Released beside the root package.
MODULE = "voms-python"
LICENCE_FILES = ("LICEN", "COPYING", "NOTICE")


def metadata():
    words = "cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu".split()
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def linked(data):
    """The packages whose code is in what is released, by id, each with those that it uses."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    names = {package["id"]: package["name"] for package in data["packages"]}

    def used(node):
        for dep in node["deps"]:
            kinds = {kind["kind"] for kind in dep["dep_kinds"]}
            # the crate with OpenSSL's source is only used to build
            if None in kinds or names[dep["pkg"]] in BUNDLED:
                yield dep["pkg"]

    modules = [at for at, name in names.items() if name == MODULE]
    found, open_ends = {}, [data["resolve"]["root"], *modules]
    while open_ends:
        at = open_ends.pop()
        if at not in found:
            found[at] = sorted(used(nodes[at]))
            open_ends.extend(found[at])
    return found


def checksums():
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())
    return {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def bundled(package):
    name, licence, website = BUNDLED[package["name"]]
    version = package["version"].split("+")[-1]
    return {
        "type": "library",
        "bom-ref": f"pkg:generic/{name}@{version}",
        "name": name,
        "version": version,
        "licenses": [{"expression": licence}],
        "purl": f"pkg:generic/{name}@{version}",
        "externalReferences": [{"type": "website", "url": website}],
    }


def component(package, checksum):
    found = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    }
    if package["license"]:
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        found["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    if package["name"] in BUNDLED:
        found["components"] = [bundled(package)]
    return found


def document(version, root, packages, uses):
    known = checksums()
    components = [
        component(package, known.get((package["name"], package["version"])))
        for package in packages
    ]
    program = {**component(root, None), "type": "application"}
    names = {package["id"]: purl(package) for package in [root, *packages]}
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    body = {
        "components": components,
        "dependencies": [
            {"ref": names[at], "dependsOn": sorted(names[used] for used in uses[at])}
            for at in sorted(uses, key=names.get)
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([version, epoch, body], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)),
            "component": program,
        },
        **body,
    }


def licences(packages):
    """Each text once, below the crates that it is for."""
    owners = {}
    for package in packages:
        directory = pathlib.Path(package["manifest_path"]).parent
        title = f"{package['name']} {package['version']} ({package['license']})"
        files = sorted(file for file in directory.iterdir() if file.name.upper().startswith(LICENCE_FILES))
        for file in files:
            if file.is_file():
                text = file.read_text(errors="replace").strip()
                owners.setdefault(text, []).append(title)
    return "\n\n".join("\n".join([*titles, "-" * 72, text]) for text, titles in owners.items()) + "\n"


def main(version, sbom, texts):
    data = metadata()
    uses = linked(data)
    by_id = {package["id"]: package for package in data["packages"]}
    root = by_id[data["resolve"]["root"]]
    packages = sorted(
        (by_id[at] for at in uses if at != root["id"]), key=lambda p: (p["name"], p["version"])
    )
    made = document(version, root, packages, uses)
    pathlib.Path(sbom).write_text(json.dumps(made, indent=1) + "\n")
    foreign = [package for package in packages if package["source"]]
    pathlib.Path(texts).write_text(licences(foreign))


main(*sys.argv[1:])
