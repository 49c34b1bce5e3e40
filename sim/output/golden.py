"""Golden logs: the event log of a scenario in which nothing is random, kept beside its file to be compared with."""

import csv
import gzip
import json
import zlib
from collections import deque
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path

from sim.errors import Fault, ScenarioError
from sim.experiment import Look, Run, run
from sim.metrics import events_table
from sim.output.files import write_files
from sim.output.tables import write_csv
from sim.output.text import aligned
from sim.scenario import Scenario
from sim.scenario.files import read_bytes
from sim.units import format_duration
from sim.verdicts import Finding, Judgement, Outcome

_BEFORE = 3  # events that are shown before the first one that differs
_LARGEST = 10_000  # bytes of a file with a fingerprint
_LONGEST = 200  # characters of a line of a log
_DIGITS = {"fingerprint": 16, "model_sha256": 64}
_DAMAGED = (OSError, EOFError, ValueError, zlib.error)
_COLUMNS = ("t_us", "event", "order", "class", "bot")  # those of events.csv that the fingerprint is made of


def _files(file: Path) -> tuple[Path, Path]:
    """Return where the fingerprint and the log of a scenario file are kept."""
    return file.parent / "golden" / f"{file.name}.json", file.parent / "golden" / f"{file.name}.csv.gz"


def scenario_of_golden(file: Path) -> Path | None:
    """Return the scenario file that a file in a folder `golden` belongs to by its name, None where it is not ours."""
    name = next((file.name.removesuffix(end) for end in (".json", ".csv.gz") if file.name.endswith(end)), "")
    is_ours = file.parent.name == "golden" and name.lower().endswith((".yaml", ".yml"))
    return file.parent.parent / name if is_ours else None


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
    with suppress(*_DAMAGED):
        if not _until_difference(log, rows) and fingerprint.read_bytes() == text:
            return False
    log.parent.mkdir(exist_ok=True)
    packed = gzip.compress("".join(rows).encode(), mtime=0)
    try:
        write_files({log: lambda draft: draft.write_bytes(packed)})
        write_files({fingerprint: lambda draft: draft.write_bytes(text)})
    except OSError:
        with suppress(OSError):
            log.parent.rmdir()  # if it is empty
        raise
    return True


def golden_finding(file: Path, scenario: Scenario, first: Look, is_required: bool = False) -> Finding | None:
    """Return whether a scenario still has its golden log, with the first event that differs; None where it has none.

    Where that `is_required`, a scenario in which nothing is random must have one.

    Raises:
        ScenarioError: what is kept is no golden fingerprint.

    """
    stored, log = _files(file)
    try:
        if not has_golden(file):
            return _required(scenario) if is_required and not scenario.is_random else None
        document = json.loads(read_bytes(stored, _LARGEST))
        fingerprint, model = (_digits(document[key], number) for key, number in _DIGITS.items())
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
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


def _digits(text: object, number: int) -> str:
    """Return a text that is so many hex digits.

    Raises:
        ValueError: it is not.

    """
    if not isinstance(text, str) or len(text) != number or text.strip("0123456789abcdef"):
        raise ValueError
    return text


def _required(scenario: Scenario) -> Finding:
    note = "there is none; sim check --update-golden stores it"
    return Finding("golden log", scenario.root.place, "golden log", Judgement.FAIL, Outcome.FAIL, note=note)


def _rows(done: Run) -> list[str]:
    text = StringIO()
    table = events_table(done.log, done.scenario.clock)
    write_csv({name: table[name] for name in _COLUMNS}, text)
    return text.getvalue().splitlines(keepends=True)


def _until_difference(log: Path, rows: list[str]) -> list[tuple[int, str | None, str | None]]:
    """Return the first row of a golden log that differs from `rows`, with those before it: number, golden, now.

    None stands for the end. No more is unpacked than that needs, since a small file may unpack to a very large one.

    Raises:
        OSError, EOFError, ValueError, zlib.error: there is no such log, or it is damaged.

    """
    around = deque[tuple[int, str | None, str | None]](maxlen=_BEFORE + 1)
    with gzip.open(BytesIO(read_bytes(log)), "rt", encoding="utf-8", newline="\n") as golden:
        for number, now in enumerate((*rows, None)):
            was = golden.readline(_LONGEST) or None
            around.append((number, was, now))
            if was != now:
                return list(around)
    return []


def _difference(log: Path, done: Run) -> tuple[str, ...]:
    """Return the first event that differs, with those before it, from both logs side by side."""
    try:
        around = _until_difference(log, _rows(done))
        if not around:
            return (f"{log} has the events of now",)
        if around[-1][0] == 0:
            raise ValueError  # the headings differ
        last = around[-1][0]
        shown = [(">" * (row == last), str(row - 1), _words(was), _words(now)) for row, was, now in around if row]
    except (*_DAMAGED, csv.Error):
        return (f"{log} cannot be read, so there is nothing to compare with",)
    return tuple(aligned([("", "event", "golden", "now"), *shown]))


def _words(line: str | None) -> str:
    """Return an event in words, from its line of a log."""
    if line is None:
        return "no more events"
    time, event, order, order_class, bot = next(csv.reader([line]))
    words = (format_duration(int(time), 6), event, order, order_class, f"bot {bot}" if bot else "")
    return " ".join(filter(None, words))
