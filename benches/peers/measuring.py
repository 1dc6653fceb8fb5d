"""Runs commands in turn, measures each, and says what came of it."""

import base64
import os
import random
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, NamedTuple

# A daemon's child that served the command before is gone by then.
SETTLE = 0.03
RESAMPLES = 2000

# In a certificate: the extension with attribute certificates (1.3.6.1.4.1.8005.100.100.5), and an RSA key of 2048 bits.
VOMS = bytes.fromhex("060a2b06010401be45646405")
RSA_2048 = bytes.fromhex("06092a864886f70d01010105000382010f003082010a0282010100")


def say(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)


def run(*words, **options):
    """A command that is not measured; its output."""
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"bench-peers: {' '.join(map(str, words))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Sample(NamedTuple):
    """In ms, ms and MiB."""

    cpu: float
    wall: float
    memory: float


class Proxy:
    """The file that a command writes, and what has to be in it."""

    def __init__(self, path, bits=2048, attributes=True):
        self.path, self.bits, self.attributes = Path(path), bits, attributes

    def prepare(self):
        self.path.unlink(missing_ok=True)

    def fault(self, _output):
        if not self.path.exists():
            return f"no {self.path}"
        pem = self.path.read_text()
        certificates = re.findall("-----BEGIN CERTIFICATE-----([^-]*)-----END", pem)
        if "PRIVATE KEY-----" not in pem or len(certificates) < 2:
            return f"no proxy in {self.path}"
        leaf = base64.b64decode(certificates[0])
        if self.attributes != (VOMS in leaf):
            return f"{'no ' if self.attributes else ''}attributes in {self.path}"
        if self.bits == 2048 and RSA_2048 not in leaf:
            return f"the key in {self.path} is not of RSA 2048"
        return None


class Says:
    """Text that has to be in the output, as often as said."""

    def __init__(self, pattern, count=None):
        self.pattern, self.count = pattern, count

    def prepare(self):
        pass

    def fault(self, output):
        found = len(re.findall(self.pattern, output, re.MULTILINE))
        if found and self.count in (None, found):
            return None
        return f"{self.pattern!r} is {found} times in its output"


class Removes:
    """A copy of a file, which has to be gone."""

    def __init__(self, original, path):
        self.original, self.path = Path(original), Path(path)

    def prepare(self):
        self.path.write_bytes(self.original.read_bytes())
        self.path.chmod(0o600)

    def fault(self, _output):
        return f"{self.path} is still there" if self.path.exists() else None


class Silent(Says):
    def __init__(self):
        super().__init__(r"\A\Z")


@dataclass(eq=False)
class Command:
    job: str
    program: str
    words: list
    outcome: object
    variables: dict = field(default_factory=dict)
    after: Callable = None  # given the output, for figures that the command prints itself
    samples: list = field(default_factory=list)

    def series(self, measure):
        return [getattr(sample, measure) for sample in self.samples]

    def median(self, measure):
        return statistics.median(self.series(measure))


class Desk:
    """A home directory and an environment that know nothing of the machine's."""

    def __init__(self, directory, launcher):
        self.directory, self.launcher = Path(directory), launcher
        home = self.directory / "home"
        home.mkdir(parents=True)
        self.output = self.directory / "stdout", self.directory / "stderr"
        world = Path(os.environ["WORLD"])
        self.variables = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "X509_USER_PROXY": str(home / "default.pem"),
            "X509_CERT_DIR": str(world / "certificates"), "X509_VOMS_DIR": str(world / "vomsdir"),
            "X509_VOMSES": str(world / "vomses"), "VOMS_USERCONF": str(world / "vomses"),
        }

    def run(self, command):
        command.outcome.prepare()
        words = [str(self.launcher), *map(str, self.output), *map(str, command.words)]
        variables = self.variables | {name: str(value) for name, value in command.variables.items()}
        printed = run(*words, env=variables, cwd=self.directory / "home", stdin=subprocess.DEVNULL)
        status, wall, user, system, memory = map(int, printed.split())
        output = "".join(path.read_text(errors="replace") for path in self.output)
        fault = f"it ended with {status}" if status else command.outcome.fault(output)
        if fault:
            sys.exit(f"bench-peers: {command.program}, {command.job}: {fault}\n{' '.join(words[3:])}\n{output}")
        if command.after:
            command.after(output)
        return Sample((user + system) / 1e3, wall / 1e6, memory / 1024)

    def measure(self, commands, rounds):
        """All in turn, each round from another one on and every other one backwards, so that a busy minute of the machine
        hits each of them and none always has the same one before it. The first round counts for nothing."""
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}" if number else "first a round to warm up")
            start = number % len(commands)
            turn = commands[start:] + commands[:start]
            for command in reversed(turn) if number % 2 else turn:
                sample = self.run(command)
                time.sleep(SETTLE)
                if number:
                    command.samples.append(sample)


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def interval(estimate, *series):
    """Where 95 % of the estimates from rounds drawn anew lie (bootstrap), rounds kept together."""
    chance = random.Random(1)
    rounds = range(len(series[0]))
    estimates = []
    for _ in range(RESAMPLES):
        drawn = chance.choices(rounds, k=len(rounds))
        estimates.append(estimate(*([values[i] for i in drawn] for values in series)))
    estimates.sort()
    return estimates[RESAMPLES * 25 // 1000], estimates[RESAMPLES * 975 // 1000]


def ratio_of_medians(ours, theirs):
    return statistics.median(ours) / statistics.median(theirs)


def paired(ours, theirs):
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def figure(value):
    """Three digits, as far as they go behind the point."""
    size = abs(value)
    return f"{value:.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}" if size >= 0.995 else f"{value:.3f}"


def with_quartiles(values):
    first, third = quartiles(values)
    return f"{figure(statistics.median(values))} ({figure(first)}–{figure(third)})"


def table(head, rows):
    """The first column is to the left, all others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"
