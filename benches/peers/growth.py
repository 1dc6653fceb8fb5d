"""How the commands grow with the FQANs of the user, the CAs of the machine and the way to the server."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measuring import (Command, Proxy, Says, figure, paired, quartiles, ratio_of_medians, run, say, table, with_quartiles)

OURS, CPP = "voms-proxy", "voms-proxy-init2"
FQANS = 1, 10, 100, 1000
CAS = 1, 100, 300
ROUND_TRIPS = 0, 20, 80
# Every so many CAs one has a revocation list of a megabyte.
LARGE_EVERY, LARGE, SMALL = 20, 22_000, 85

REVOKING = """
[ca]
default_ca = one
[one]
dir = {home}
database = $dir/index
crlnumber = $dir/crlnumber
default_md = sha256
default_crl_days = 30
unique_subject = no
"""


def revocation_list(home, cert, key, entries, out):
    """Signed by that CA, with so many serial numbers of 16 bytes."""
    home.mkdir()
    now = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() - 86400))
    later = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + 400 * 86400))
    lines = (f"R\t{later}\t{now}\t{0x51 << 120 | number * 0x9E3779B97F4A7C15:032X}\tunknown\t/CN={number}\n" for number in range(entries))
    (home / "index").write_text("".join(lines))
    (home / "crlnumber").write_text("01\n")
    (home / "configuration").write_text(REVOKING.format(home=home))
    run("openssl", "ca", "-gencrl", "-config", home / "configuration", "-cert", cert, "-keyfile", key, "-out", out)
    shutil.rmtree(home)


def install(directory, cert, files):
    """Gives the files of a CA the names that they are looked for by: old hash and new."""
    for value in run("openssl", "x509", "-in", cert, "-noout", "-subject_hash", "-subject_hash_old").split():
        for name, end in files:
            link = directory / (value + end)
            if link.exists():
                sys.exit(f"bench-peers: two CAs have the hash {value}")
            link.symlink_to(name)


def authority(pool, number):
    """One more CA, which signed nothing here, laid out as IGTF does."""
    name, dn = f"Other{number:03}", f"/DC=example/DC=other/CN=Other CA {number}"
    directory = pool / name
    directory.mkdir()
    cert, key = directory / f"{name}.pem", pool / f"{name}.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", "3650",
        "-subj", dn, "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", key, "-out", cert)
    entries = SMALL if number % LARGE_EVERY else LARGE
    revocation_list(pool / f"{name}.home", cert, key, entries, directory / f"{name}.crl.pem")
    (directory / f"{name}.signing_policy").write_text(
        f"access_id_CA  X509    '{dn}'\npos_rights    globus  CA:sign\ncond_subjects globus  '\"/DC=example/DC=other/*\"'\n")
    (directory / f"{name}.namespaces").write_text(f'TO Issuer "{dn}" \\\n  PERMIT Subject "/DC=example/DC=other/.*"\n')
    install(directory, cert, [(f"{name}{end}", link) for end, link in (
        (".pem", ".0"), (".crl.pem", ".r0"), (".signing_policy", ".signing_policy"), (".namespaces", ".namespaces"))])
    return directory


class Growth:
    def __init__(self, desk, tools, world):
        self.desk, self.tools, self.world = desk, tools, Path(world)
        self.port = int((self.world / "run/port").read_text())

    def run(self, rounds):
        return "\n".join(part(rounds) for part in (self.fqans, self.authorities, self.latency))

    def init(self, job, program, user, bits, variables):
        directory = self.world / "users" / user
        file = Proxy(self.desk.directory / f"{program}-{job}.pem", bits)
        words = [self.tools[OURS], "init"] if program == OURS else [program]
        words += ["-voms", "virgo", "-bits", bits, "-cert", directory / "usercert.pem", "-key", directory / "userkey.pem"]
        return Command(job, program, [*words, "-out", file.path], file, variables)

    def four(self, job, user, fqans, given, variables):
        """`init`, `info -all` and, of ours alone, `verify`."""
        shown = Says("^attribute : /virgo", fqans)
        return [
            self.init(job, OURS, user, 1024, variables),
            self.init(job, CPP, user, 1024, variables),
            Command(job, "info", [self.tools[OURS], "info", "-all", "-file", given], shown, variables),
            Command(job, "voms-proxy-info2", ["voms-proxy-info2", "-all", "-file", given], shown, variables),
            Command(job, "verify", [self.tools[OURS], "verify", given], shown, variables),
        ]

    def fake(self, user, fqans):
        """A proxy of RSA 2048 with those FQANs, signed as the server does."""
        directory, file = self.world / "users" / user, Proxy(self.desk.directory / f"fake-{user}.pem")
        words = [self.tools[OURS], "fake", "-voms", "virgo", "-hostcert", self.world / "host/hostcert.pem", "-hostkey",
                 self.world / "host/hostkey.pem", "-uri", f"voms.world.example:{self.port}", "-cert",
                 directory / "usercert.pem", "-key", directory / "userkey.pem", "-out", file.path]
        words += [word for fqan in fqans for word in ("-fqan", f"{fqan}/Role=NULL/Capability=NULL")]
        self.desk.run(Command("fake", OURS, words, file))
        return file.path

    @staticmethod
    def rows(commands, jobs):
        for job in jobs:
            of = {command.program: command for command in commands if command.job == job}
            cpu = {name: with_quartiles(command.series("cpu")) for name, command in of.items()}
            yield [cpu[OURS], cpu[CPP], with_quartiles(of[OURS].series("wall")), with_quartiles(of[CPP].series("wall")),
                   figure(of[OURS].median("memory")), figure(of[CPP].median("memory")), cpu["info"], cpu["voms-proxy-info2"],
                   cpu["verify"], figure(of["verify"].median("memory"))]

    HEAD = ["`init --voms`, CPU", "init2, CPU", "`init --voms`, wall", "init2, wall", "`init --voms`, MiB", "init2, MiB",
            "`info -all`, CPU", "info2, CPU", "`verify`, CPU", "`verify`, MiB"]

    def fqans(self, rounds):
        say("users in many groups")
        here = Path(__file__).parent
        run(here / "members", *map(str, FQANS))
        commands, sizes = [], []
        for count in FQANS:
            names = ["/virgo"] + [f"/virgo/group{number:04}" for number in range(1, count)]
            given = self.fake(f"fan{count}", names)
            sizes.append(given.stat().st_size)
            commands += self.four(str(count), f"fan{count}", count, given, {})
        self.desk.measure(commands, rounds)
        for count in FQANS:
            self.granted(count)
        rows = [[count, size, *row] for count, size, row in zip(FQANS, sizes, self.rows(commands, map(str, FQANS)))]
        return ("FQANs of the user, with proxy keys of 1024 bits, so that luck with the key does not hide the growth; ms, medians "
                "(quartiles):\n\n" + table(["FQANs", "proxy, bytes", *self.HEAD], rows))

    def granted(self, count):
        """What `init` got from the server is as many FQANs as were meant."""
        for program in (OURS, CPP):
            words = [self.tools[OURS], "info", "-fqan", "-file", self.desk.directory / f"{program}-{count}.pem"]
            self.desk.run(Command(f"info of {count} FQANs", program, words, Says("^/virgo", count)))

    def authorities(self, rounds):
        say(f"{max(CAS)} CAs")
        pool = self.desk.directory / "authorities"
        pool.mkdir()
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            others = list(workers.map(lambda number: authority(pool, number), range(1, max(CAS))))
        places = []
        for count in CAS:
            place = self.desk.directory / f"certificates-{count}"
            place.mkdir()
            for source in [self.world / "certificates", *others[: count - 1]]:
                for file in source.iterdir():
                    # Only that CA of the world which the user and the server are from
                    if source.parent == pool or os.path.realpath(file).rsplit("/", 1)[1].startswith("WorldCA."):
                        shutil.copy2(file, place / file.name, follow_symlinks=False)
            places.append((str(count), place))
        large = self.desk.directory / "certificates-large"
        shutil.copytree(places[-1][1], large, symlinks=True)
        home = self.world / "ca/WorldCA"
        revocation_list(pool / "WorldCA.home", home / "cert.pem", home / "key.pem", LARGE, large / "WorldCA.crl.pem")
        places.append((f"{max(CAS)}, and the user's own list is large too", large))

        given = self.fake("alice", ["/virgo", "/virgo/virgo"])
        commands = []
        for job, place in places:
            commands += self.four(job, "alice", 2, given, {"X509_CERT_DIR": place})
        self.desk.measure(commands, rounds)
        head = ["CAs", "MB in the directory", *self.HEAD]
        sizes = [sum(file.lstat().st_size for file in place.iterdir()) / 1e6 for _, place in places]
        jobs = [job for job, _ in places]
        rows = [[job, figure(size), *row] for job, size, row in zip(jobs, sizes, self.rows(commands, jobs))]
        return (f"CAs in the directory, each with a revocation list, every {LARGE_EVERY}th with one of {LARGE} entries (1 MB); "
                "proxy keys of 1024 bits; ms, medians (quartiles):\n\n" + table(head, rows))

    def latency(self, rounds):
        say("added round trip time")
        host = run("openssl", "x509", "-in", self.world / "host/hostcert.pem", "-noout", "-subject", "-nameopt", "compat")
        host = host.strip().removeprefix("subject=")
        script = Path(__file__).parent / "delay.py"
        forwarder = subprocess.Popen([sys.executable, script, str(self.port), *map(str, ROUND_TRIPS)], stdout=subprocess.PIPE, text=True)
        try:
            ports = forwarder.stdout.readline().split()
            commands, trips = [], {}
            genkey = Command("key", "key", [self.tools["genkey"], "2048"], Says("BEGIN PRIVATE KEY"))
            commands.append(genkey)
            for added, port in zip(ROUND_TRIPS, ports, strict=True):
                vomses = self.desk.directory / f"vomses-{added}"
                vomses.write_text(f'"virgo" "localhost" "{port}" "{host}" "virgo"\n')
                variables = {"X509_VOMSES": vomses, "VOMS_USERCONF": vomses}
                commands += [self.init(str(added), program, "alice", 2048, variables) for program in (OURS, CPP)]
                commands.append(self.curl(str(added), port, trips.setdefault(added, [])))
            self.desk.measure(commands, rounds)
        finally:
            forwarder.kill()
            forwarder.wait()
        key = genkey.median("wall")
        rows = []
        for added in ROUND_TRIPS:
            ours, cpp = ([c for c in commands if (c.job, c.program) == (str(added), program)][0] for program in (OURS, CPP))
            trip = sorted(trips[added][-rounds:])
            median = trip[len(trip) // 2]
            pair = paired(ours.series("wall"), cpp.series("wall"))
            low, high = quartiles(pair)
            rows.append([added, with_quartiles(ours.series("wall")), with_quartiles(cpp.series("wall")), with_quartiles(trip),
                         figure(key), figure(ours.median("wall") - max(key, median)),
                         figure(ratio_of_medians(ours.series("wall"), cpp.series("wall"))), f"{figure(low)}–{figure(high)}"])
        head = ["added ms", "`init --voms virgo`, wall", "init2, wall", "curl, the request", "one key", "ours above the floor",
                "ours / init2", "in a round"]
        return ("Added round trip time, by a forwarder on the loopback; proxy keys of 2048 bits; ms, medians (quartiles). The floor "
                "is the larger one of key and request:\n\n" + table(head, rows))

    def curl(self, job, port, trips):
        user = self.world / "users/alice"
        url = f"https://localhost:{port}/generate-ac?fqans=/virgo&lifetime=43200"
        words = ["curl", "--fail", "--silent", "--show-error", "--cacert", self.world / "certificates/WorldCA.pem", "--cert",
                 user / "usercert.pem", "--key", user / "userkey.pem", "--write-out", r"\nseconds %{time_total}\n", url]
        return Command(job, "curl", words, Says(r"<ac>MII[^<]*</ac>"),
                       after=lambda output: trips.append(1000 * float(output.rsplit("seconds ", 1)[1])))
