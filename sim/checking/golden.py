"""Golden logs: the event log of a scenario in which nothing is random, kept beside its file to be compared with."""

import csv
import gzip
import json
import zlib
from collections import deque
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import NamedTuple

from sim.errors import Fault, FileError
from sim.experiment import Look, Run, run
from sim.metrics import events_table
from sim.output.files import write_files
from sim.output.layout import aligned
from sim.output.tables import write_csv
from sim.scenario import Scenario
from sim.scenario.files import read_bytes
from sim.units import format_duration
from sim.verdicts import Finding, Judgement, Outcome

_EVENTS_SHOWN = 3  # events that are shown before the first one that differs
_LARGEST = 10_000  # bytes of a file with a fingerprint
_LONGEST = 200  # characters of a line of a log
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


def update_golden(file: Path, scenario: Scenario, look: Look) -> bool:
    """Keep the fingerprint and the log of a scenario beside its file, and tell whether that stored something.

    None is kept where something is random, since the next numpy may draw other numbers.

    Raises:
        OSError: a file cannot be written.

    """
    fingerprint, log = _files(file)
    if scenario.is_random:
        for path in (fingerprint, log):
            if path.exists():
                path.unlink()
        return False
    document = {"fingerprint": look.replication.fingerprint, "model_sha256": scenario.model_sha256}
    text = f"{json.dumps(document, indent=2)}\n".encode()
    rows = _rows(run(scenario))
    # Files that hold this already are left alone, so that nothing changes for git and for make.
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


def golden_finding(file: Path, scenario: Scenario, look: Look, is_required: bool = False) -> Finding | None:
    """Return whether a scenario still has its golden log, with the first event that differs; None where it has none.

    Where that `is_required`, a scenario in which nothing is random must have one.

    Raises:
        FileError: what is kept is not a golden fingerprint.

    """
    finding = Finding("golden log", scenario.root.place, "golden log", Judgement.PASS, Outcome.PASS)
    if not has_golden(file):
        if not is_required or scenario.is_random:
            return None
        note = "there is none; sim check --update-golden stores it"
        return finding._replace(judgement=Judgement.FAIL, outcome=Outcome.FAIL, note=note)
    stored, log = _files(file)
    golden_fingerprint, golden_model = _read_fingerprint(stored)
    fingerprint = str(look.replication.fingerprint)
    if fingerprint == golden_fingerprint:
        return finding
    is_same_model = golden_model == scenario.model_sha256
    cause = "the scenario is unchanged, so the rules have changed" if is_same_model else "the scenario has changed"
    return finding._replace(
        judgement=Judgement.FAIL,
        outcome=Outcome.FAIL,
        got=f"fingerprint {fingerprint} in place of {golden_fingerprint}",
        note=f"{cause}; if this is intended, --update-golden stores the new log",
        diff=_difference(log, run(scenario)),
    )


def _read_fingerprint(file: Path) -> tuple[str, str]:
    """Return the fingerprint of a golden log, and that of the scenario that it was made of.

    Raises:
        FileError: the file has none.

    """
    try:
        document = json.loads(read_bytes(file, _LARGEST))
        return _digits(document["fingerprint"], 16), _digits(document["model_sha256"], 64)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        message = "is not a golden fingerprint; sim check --update-golden stores it again"
        raise FileError([Fault(str(file), 1, 1, "", message)]) from None


def _digits(text: object, number: int) -> str:
    """Return a text that is so many hex digits.

    Raises:
        ValueError: it is not.

    """
    if not isinstance(text, str) or len(text) != number or text.strip("0123456789abcdef"):
        raise ValueError
    return text


def _rows(golden_run: Run) -> list[str]:
    """Return the lines of a run's events.csv, without columns that the fingerprint does not cover."""
    text = StringIO()
    table = events_table(golden_run.log, golden_run.scenario.clock)
    write_csv({name: table[name] for name in _COLUMNS}, text)
    return text.getvalue().splitlines(keepends=True)


class _RowPair(NamedTuple):
    """A row of a golden log and the same one of now, by their number; None stands for the end."""

    number: int
    golden: str | None
    now: str | None


def _until_difference(log: Path, rows: list[str]) -> list[_RowPair]:
    """Return the first row of a golden log that differs from `rows`, with those before it; nothing where none does.

    No more is unpacked than that needs, since a small file may unpack to a very large one.

    Raises:
        OSError, EOFError, ValueError, zlib.error: there is no such log, or it is damaged.

    """
    pairs = deque[_RowPair](maxlen=_EVENTS_SHOWN + 1)
    with gzip.open(BytesIO(read_bytes(log)), "rt", encoding="utf-8", newline="\n") as golden_log:
        for number, row in enumerate((*rows, None)):
            golden_row = golden_log.readline(_LONGEST) or None
            pairs.append(_RowPair(number, golden_row, row))
            if row != golden_row:
                return list(pairs)
    return []


def _difference(log: Path, golden_run: Run) -> tuple[str, ...]:
    """Return the first event that differs, with those before it, from both logs side by side."""
    try:
        pairs = _until_difference(log, _rows(golden_run))
        if not pairs:
            return (f"{log} has the events of now",)
        differing = pairs[-1].number
        if differing == 0:
            raise ValueError  # the headings differ
        table = [
            (">" if pair.number == differing else "", str(pair.number - 1), _words(pair.golden), _words(pair.now))
            for pair in pairs
            if pair.number > 0
        ]
    except (*_DAMAGED, csv.Error):
        return (f"{log} cannot be read, so there is nothing to compare with",)
    return tuple(aligned([("", "event", "golden", "now"), *table]))


def _words(line: str | None) -> str:
    """Return an event in words, from its line of a log."""
    if line is None:
        return "no more events"
    time, event, order, order_class, bot = next(csv.reader([line]))
    words = (format_duration(int(time), 6), event, order, order_class, f"bot {bot}" if bot else "")
    return " ".join(filter(None, words))
