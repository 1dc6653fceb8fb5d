"""Whole commands against those of the other implementations, and against what cannot be done without."""

import statistics
from pathlib import Path

from measuring import (Command, Proxy, Removes, Says, Silent, figure, interval, paired, ratio_of_medians, table,
                       with_quartiles)

MIB = 1024 * 1024
OURS = "voms-proxy"
BEGUN, KEY, TRIP = "process start", "key RSA 2048", "round trip"
VOMS, PLAIN, ALL, LEFT, GONE = "init --voms virgo", "init", "info --all", "info --timeleft", "destroy"


class Comparison:
    def __init__(self, desk, tools, world):
        self.desk, self.tools, self.world = desk, tools, Path(world)
        self.trips = []
        self.commands = self.contenders()

    def contenders(self):
        desk, tools, world = self.desk, self.tools, self.world
        ours = tools["voms-proxy"]
        user = world / "users/alice"
        cert, key = user / "usercert.pem", user / "userkey.pem"
        pair = ["-cert", cert, "-key", key, "-bits", "2048"]
        given = desk.directory / "given.pem"
        commands = []

        def add(job, program, words, outcome, after=None):
            commands.append(Command(job, program, words, outcome, after=after))

        def out(program, attributes):
            return Proxy(desk.directory / f"{program}-{'voms' if attributes else 'plain'}.pem", attributes=attributes)

        add(BEGUN, "empty static program", [tools["empty"]], Silent())
        add(KEY, "our OpenSSL", [tools["genkey"], "2048"], Says("BEGIN PRIVATE KEY"))
        add(KEY, "openssl genrsa", ["openssl", "genrsa", "2048"], Says("BEGIN PRIVATE KEY"))
        # With a directory curl would read the web's CAs beside it.
        url = f"https://localhost:{(world / 'run/port').read_text().strip()}/generate-ac?fqans=/virgo&lifetime=43200"
        words = ["curl", "--fail", "--silent", "--show-error", "--cacert", world / "certificates/WorldCA.pem", "--cert", cert,
                 "--key", key, "--write-out", r"\nseconds %{time_total}\n", url]
        add(TRIP, "curl", words, Says(r"<ac>MII[^<]*</ac>"), lambda output: self.trips.append(
            1000 * float(output.rsplit("seconds ", 1)[1])))

        file = out("ours", True)
        add(VOMS, OURS, [ours, "init", *pair, "-voms", "virgo", "-out", file.path], file)
        file = out("voms-proxy-init2", True)
        add(VOMS, "voms-proxy-init2", ["voms-proxy-init2", *pair, "-voms", "virgo", "-out", file.path], file)
        file = out("arcproxy", True)
        add(VOMS, "arcproxy", ["arcproxy", "-S", "virgo", "-c", "keybits=2048", "-C", cert, "-K", key, "-P", file.path], file)
        file = out("voms-proxy-init3", True)
        words = ["voms-proxy-init3", *pair, "-voms", "virgo", "-vomses", world / "vomses", "-out", file.path]
        add(VOMS, "voms-proxy-init3", words, file)

        for program, words in [
            (OURS, [ours, "init"]), ("grid-proxy-init", ["grid-proxy-init"]), ("voms-proxy-init2", ["voms-proxy-init2"]),
        ]:
            file = out(program, False)
            add(PLAIN, program, [*words, *pair, "-out", file.path], file)

        seen = Says(r"^attribute : /virgo/virgo/")
        add(ALL, OURS, [ours, "info", "-all", "-file", given], seen)
        for program in ("voms-proxy-info2", "voms-proxy-info3"):
            add(ALL, program, [program, "-all", "-file", given], seen)
        seconds = Says(r"^\d{4,}$")
        add(LEFT, OURS, [ours, "info", "-timeleft", "-file", given], seconds)
        for program in ("voms-proxy-info2", "grid-proxy-info"):
            add(LEFT, program, [program, "-timeleft", "-file", given], seconds)

        def gone(program, *words):
            file = Removes(given, desk.directory / f"gone-{program}.pem")
            add(GONE, program, [*words, file.path], file)

        gone(OURS, ours, "destroy", "-file")
        gone("voms-proxy-destroy2", "voms-proxy-destroy2", "-file")
        gone("voms-proxy-destroy3", "voms-proxy-destroy3", "-file")
        gone("grid-proxy-destroy", "grid-proxy-destroy")

        usage = Says(r"(?i)\busage:|\boptions\b")
        add("init --help", OURS, [ours, "init", "--help"], usage)
        for program in ("voms-proxy-init2", "voms-proxy-init3", "grid-proxy-init", "arcproxy"):
            add("init --help", program, [program, "--help" if program == "arcproxy" else "-help"], usage)
        add("--help", OURS, [ours, "--help"], usage)
        return commands

    def run(self, rounds):
        given = Proxy(self.desk.directory / "given.pem")
        user = self.world / "users/alice"
        words = [self.tools["voms-proxy"], "init", "-cert", user / "usercert.pem", "-key", user / "userkey.pem", "-voms",
                 "virgo", "-out", given.path]
        self.desk.run(Command(VOMS, OURS, words, given))
        self.desk.measure(self.commands, rounds)
        del self.trips[:-rounds]
        return f"{self.goals()}\n{self.floor()}\n{self.all()}"

    def of(self, job, program=OURS):
        [command] = [command for command in self.commands if (command.job, command.program) == (job, program)]
        return command

    def goals(self):
        rows = []

        def row(what, against, ours, theirs, unit, value, between, goal):
            shown, reach = (figure, "") if unit != "ms" else (lambda v: f"{'+' if v >= 0 else '−'}{figure(abs(v))} ms", "+")
            limit = f"≤ {reach}{goal}" + (f" {unit}" if unit else "")
            missing = value - goal
            distance = f"{figure(abs(missing))}{' ' + unit if unit else ''}"
            verdict = f"**missed** by {distance}" if missing > 0 else f"met, {distance} to spare"
            low_high = f"{shown(between[0])} to {shown(between[1])}" if between else ""
            rows.append([what, against, ours, theirs, shown(value), low_high, limit, verdict])

        def ratio(what, measure, job, program, goal):
            ours, theirs = self.of(job), self.of(job, program)
            series = ours.series(measure), theirs.series(measure)
            unit = " MiB" if measure == "memory" else " ms"
            row(what, f"`{program}`", figure(ours.median(measure)) + unit, figure(theirs.median(measure)) + unit, "",
                ratio_of_medians(*series), interval(ratio_of_medians, *series), goal)

        def above(what, against, ours, floor, others, goal):
            def over(mine, *series):
                return statistics.median(mine) - floor(*map(statistics.median, series))
            bottom = floor(*map(statistics.median, others))
            row(what, against, f"{figure(statistics.median(ours))} ms", f"{figure(bottom)} ms", "ms", over(ours, *others),
                interval(over, ours, *others), goal)

        ratio("`init --voms virgo`, CPU", "cpu", VOMS, "voms-proxy-init2", 0.22)
        ratio("same, wall", "wall", VOMS, "voms-proxy-init2", 0.20)
        ratio("same, wall", "wall", VOMS, "voms-proxy-init3", 0.07)
        start = self.of(BEGUN, "empty static program")
        above("same, wall", "floor: max(key, round trip)", self.of(VOMS).series("wall"),
              lambda key, trip, begun: max(key, trip + begun),
              [self.of(KEY, "our OpenSSL").series("wall"), self.trips, start.series("wall")], 15)
        ratio("plain `init`, CPU", "cpu", PLAIN, "grid-proxy-init", 0.40)
        ratio("`info -all`, CPU", "cpu", ALL, "voms-proxy-info2", 0.20)
        above("`info --timeleft`, CPU", "an empty static program", self.of(LEFT).series("cpu"), lambda begun: begun,
              [start.series("cpu")], 4)
        ratio("`init --voms virgo`, peak memory", "memory", VOMS, "voms-proxy-init2", 1.2)
        size = self.tools["stripped"].stat().st_size
        row("executable, stripped", "–", f"{size} bytes", "–", "MiB", size / MIB, None, 8)
        head = ["command", "against", "ours", "theirs", "ratio or excess", "95 % of resamples", "goal", "verdict"]
        return "Ratios of medians:\n\n" + table(head, rows)

    def floor(self):
        """What a key costs beside what ours adds to it, both ways of looking at it."""
        wall = {name: self.of(KEY, name).median("wall") for name in ("our OpenSSL", "openssl genrsa")}
        start = self.of(BEGUN, "empty static program").median("wall")
        rest = self.of(PLAIN).median("wall") - self.of("--help").median("wall")
        return (
            f"The floor: a process that only makes one RSA 2048 key takes {figure(wall['our OpenSSL'])} ms of wall time with "
            f"our OpenSSL and {figure(wall['openssl genrsa'])} with Debian's `openssl genrsa 2048`; our plain `init` without "
            f"the process start (`--help`) {figure(rest)}. curl has its answer after {with_quartiles(self.trips)} ms, and "
            f"{figure(start)} of process start come to it.\n"
        )

    def all(self):
        rows, job = [], None
        for command in self.commands:
            first = next(other for other in self.commands if other.job == command.job)
            ratios = ["", ""]
            if command.program != OURS and first.program == OURS:
                ratios = [with_quartiles(paired(first.series(measure), command.series(measure))) for measure in ("cpu", "wall")]
            name = f"`{command.job}`" if first.program == OURS else command.job
            rows.append([name if command.job != job else "", command.program, with_quartiles(command.series("cpu")),
                         with_quartiles(command.series("wall")), figure(command.median("memory")), *ratios])
            job = command.job
        head = ["job", "program", "CPU ms", "wall ms", "peak MiB", "ours / its, CPU", "ours / its, wall"]
        return "Medians (quartiles), and medians (quartiles) of the ratios within each round:\n\n" + table(head, rows)
