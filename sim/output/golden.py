"""Golden logs: the event log of a scenario in which nothing is random, kept beside its file to be compared with."""

import csv
import gzip
import json
import zlib
from contextlib import suppress
from io import StringIO
from itertools import zip_longest
from pathlib import Path

from sim.checks import Judgement
from sim.errors import Fault, ScenarioError
from sim.experiment import Look, Run, run
from sim.metrics import events_table
from sim.output.findings import Finding, Outcome
from sim.output.folder import whole
from sim.output.tables import write_csv
from sim.output.text import aligned
from sim.scenario import Scenario
from sim.units import format_duration

_BEFORE = 3  # events that are shown before the first one that differs
_COLUMNS = ("t_us", "event", "order", "class", "bot")  # those of events.csv that the fingerprint is made of


def _files(file: Path) -> tuple[Path, Path]:
    """Return where the fingerprint and the log of a scenario file are kept."""
    return file.parent / "golden" / f"{file.name}.json", file.parent / "golden" / f"{file.name}.csv.gz"


def has_golden(file: Path) -> bool:
    """Whether a golden log of a scenario file is kept."""
    return _files(file)[0].exists()


def update_golden(file: Path, scenario: Scenario, first: Look) -> bool:
    """Keep the fingerprint and the log of a scenario beside its file, and tell whether that stored something.

    None is kept where something is random, since the next numpy may draw other numbers.

    Raises:
        OSError: a file cannot be written.

    """
    fingerprint, log = files = _files(file)
    if scenario.is_random:
        for old in files:
            if old.exists():
                old.unlink()
        return False
    wanted = {"fingerprint": first.replication.fingerprint, "model_sha256": scenario.model_sha256}
    text, rows = f"{json.dumps(wanted, indent=2)}\n".encode(), _rows(run(scenario))
    if _unpacked(log) == rows and fingerprint.exists() and fingerprint.read_bytes() == text:
        return False
    log.parent.mkdir(exist_ok=True)
    try:
        with whole(log) as partial:
            partial.write_bytes(gzip.compress("".join(rows).encode(), mtime=0))
        with whole(fingerprint) as partial:
            partial.write_bytes(text)
    except OSError:
        with suppress(OSError):
            log.parent.rmdir()  # if it is empty
        raise
    return True


def golden_finding(file: Path, scenario: Scenario, first: Look) -> Finding | None:
    """Return whether a scenario still has its golden log, with the first event that differs; None where it has none.

    Raises:
        ScenarioError: what is kept is no golden fingerprint.

    """
    stored, log = _files(file)
    try:
        document = json.loads(stored.read_text(encoding="utf-8"))
        fingerprint, model = (str(document[key]) for key in ("fingerprint", "model_sha256"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError):
        message = "is no golden fingerprint; sim check --update-golden stores it again"
        raise ScenarioError([Fault(str(stored), 1, 1, "", message)]) from None
    finding = Finding("golden log", scenario.root.place, "golden log", Judgement.PASS, Outcome.PASS)
    now = str(first.replication.fingerprint)
    if now == fingerprint:
        return finding
    is_same = model == scenario.model_sha256
    return finding._replace(
        judgement=Judgement.FAIL,
        outcome=Outcome.FAIL,
        got=f"fingerprint {now} in place of {fingerprint}",
        note=f"the scenario {'is as it was, so the rules are not' if is_same else 'has changed'}; if that is meant, "
        "--update-golden stores the new log",
        diff=_difference(log, run(scenario)),
    )


def _rows(done: Run) -> list[str]:
    text = StringIO()
    table = events_table(done.log, done.scenario.clock)
    write_csv({name: table[name] for name in _COLUMNS}, text)
    return text.getvalue().splitlines(keepends=True)


def _unpacked(log: Path) -> list[str] | None:
    """Return the lines of a golden log, None where there is none that can be read."""
    try:
        return gzip.decompress(log.read_bytes()).decode().splitlines(keepends=True)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return None


def _difference(log: Path, done: Run) -> tuple[str, ...]:
    """Return the first event that differs, with those before it, from both logs side by side."""
    golden, rows = _unpacked(log), _rows(done)
    unreadable = (f"{log} cannot be read, so there is nothing to compare with",)
    if golden is None or golden[:1] != rows[:1]:
        return unreadable
    pairs = list(zip_longest(golden, rows))
    differing = next((row for row, (was, now) in enumerate(pairs) if was != now), None)
    if differing is None:
        return (f"{log} has the events of now",)
    around = range(max(1, differing - _BEFORE), differing + 1)  # row 0 has the headings
    try:
        shown = [(">" * (row == differing), str(row - 1), *map(_words, pairs[row])) for row in around]
    except (ValueError, csv.Error):
        return unreadable
    return tuple(aligned([("", "event", "golden", "now"), *shown]))


def _words(line: str | None) -> str:
    """Return an event in words, from its line of a log."""
    if line is None:
        return "no more events"
    time, event, order, order_class, bot = next(csv.reader([line]))
    words = (format_duration(int(time), 6), event, order, order_class, f"bot {bot}" if bot else "")
    return " ".join(filter(None, words))
