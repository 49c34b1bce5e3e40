"""Golden logs: the event log of a scenario in which nothing is random, kept beside its file to be compared with."""

import csv
import gzip
import json
import zlib
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


def _files(scenario_file: str) -> tuple[Path, Path]:
    """Return where the fingerprint and the log of a scenario file are kept."""
    file = Path(scenario_file)
    return file.parent / "golden" / f"{file.name}.json", file.parent / "golden" / f"{file.name}.csv.gz"


def has_golden(scenario: Scenario) -> bool:
    """Whether a golden log of a scenario is kept."""
    return _files(scenario.root.place.file)[0].exists()


def update_golden(scenario: Scenario, first: Look) -> bool:
    """Keep the fingerprint and the log of a scenario beside its file, and tell whether that changed anything.

    None is kept where something is random, since the next numpy may draw other numbers.

    Raises:
        OSError: a file cannot be written.

    """
    fingerprint, log = files = _files(scenario.root.place.file)
    if scenario.is_random:
        found = [file for file in files if file.exists()]
        for file in found:
            file.unlink()
        return bool(found)
    wanted = {"fingerprint": first.replication.fingerprint, "model_sha256": scenario.model_sha256}
    text = json.dumps(wanted, indent=2) + "\n"
    if log.exists() and fingerprint.exists() and fingerprint.read_text(encoding="utf-8") == text:
        return False
    fingerprint.parent.mkdir(exist_ok=True)
    packed = gzip.compress("".join(_rows(run(scenario))).encode(), mtime=0)
    with whole(log) as partial:
        partial.write_bytes(packed)
    with whole(fingerprint) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return True


def golden_finding(scenario: Scenario, first: Look) -> Finding | None:
    """Return whether a scenario still has its golden log, with the first event that differs; None where it has none.

    Raises:
        ScenarioError: what is kept is no golden fingerprint.

    """
    stored, log = _files(scenario.root.place.file)
    try:
        document = json.loads(stored.read_text(encoding="utf-8"))
        fingerprint, model = (str(document[key]) for key in ("fingerprint", "model_sha256"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        message = "is no golden fingerprint; sim check --update-golden stores it again"
        raise ScenarioError([Fault(str(stored), 1, 1, "", message)]) from None
    now, place, asked = str(first.replication.fingerprint), scenario.root.place, f"fingerprint {fingerprint}"
    if now == fingerprint:
        return Finding("golden log", place, asked, Judgement.PASS, Outcome.PASS)
    is_same = model == scenario.model_sha256
    note = "the scenario is as it was, so the rules are not" if is_same else "the scenario has changed"
    diff = _difference(log, run(scenario))
    return Finding("golden log", place, asked, Judgement.FAIL, Outcome.FAIL, now, note, diff)


def _rows(done: Run) -> list[str]:
    text = StringIO()
    table = events_table(done.log, done.scenario.clock)
    write_csv({name: table[name] for name in _COLUMNS}, text)
    return text.getvalue().splitlines(keepends=True)


def _difference(log: Path, done: Run) -> tuple[str, ...]:
    """Return the first event that differs, with those before it, from both logs side by side."""
    try:
        golden = gzip.decompress(log.read_bytes()).decode().splitlines(keepends=True)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return (f"{log} cannot be read, so there is nothing to compare with",)
    pairs = list(zip_longest(golden, _rows(done)))
    differing = next((row for row, (was, now) in enumerate(pairs) if was != now), None)
    if differing is None:
        return (f"{log} has the events of now",)
    rows = range(max(1, differing - _BEFORE), differing + 1)  # row 0 has the headings
    shown = [(">" * (row == differing), str(row - 1), *map(_words, pairs[row])) for row in rows]
    return tuple(aligned([("", "event", "golden", "now"), *shown]))


def _words(line: str | None) -> str:
    """Return an event in words, from its line of a log."""
    if line is None:
        return "no more events"
    time, event, order, order_class, bot = next(csv.reader([line]))
    words = (format_duration(int(time), 6), event, order, order_class, f"bot {bot}" if bot else "")
    return " ".join(filter(None, words))
