"""What GitHub shows: annotations on the lines of scenario files, and a summary of the step in Markdown."""

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sim.errors import Fault
from sim.experiment import CheckedFile
from sim.output.ci.lines import counts_text, finding_lines, notes, total_line
from sim.output.layout import Report
from sim.units import count, printable
from sim.verdicts import Judgement, Outcome, worst

MOST_BYTES = 1_000_000  # GitHub shows a summary of 1 MiB at most, and none of a longer one
_BARS = "▁▂▃▄▅▆▇█"
_MARKS = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "❔", "WRONG": "🚫", "NOTHING": "⬜"}


def annotations(checked: CheckedFile) -> Iterator[str]:
    """Yield the workflow commands that put what did not hold to its line."""
    for fault in checked.faults:
        message = f"{fault.path}: {fault.message}" if fault.path else fault.message
        yield _command("error", fault.file, fault.line, fault.column, "WRONG", [message])
    for finding in checked.findings:
        if finding.judgement is not Judgement.PASS:
            file, line, column = finding.place
            level = "warning" if finding.is_warning else "error"
            lines = (f"{finding.requirement}: {finding.got_and_note}", *finding.diff)
            yield _command(level, file, line, column, finding.verdict, lines)


def _command(level: str, file: str, line: int, column: int, title: str, lines: Iterable[str]) -> str:
    """Return a workflow command; its file is named from the top of the repository."""
    top = os.environ.get("GITHUB_WORKSPACE")
    path = os.path.relpath(file, top) if top else file
    places = {"file": path, "line": line, "col": column, "title": title}
    properties = ",".join(f"{key}={_escaped(str(value), in_property=True)}" for key, value in places.items())
    message = "\n".join(map(printable, lines))
    return f"::{level} {properties}::{_escaped(message)}"


def _escaped(text: str, in_property: bool = False) -> str:
    signs = "%\r\n:," if in_property else "%\r\n"
    return "".join(f"%{ord(sign):02X}" if sign in signs else sign for sign in text)


def step_summary(files: Sequence[CheckedFile], against: Report | None = None, unchecked: Sequence[Fault] = ()) -> str:
    """Return what GitHub shows of a step, in Markdown: a row for each file, the worst first, then what did not hold
    and what holds with a note, such as the worst slot.

    What does not fit into its limit is left out, and a line says so.
    """
    worst_first = sorted(files, key=lambda checked: list(Outcome).index(checked.outcome))
    remarks = notes(files, unchecked)
    parts = [
        f"### {total_line(files, unchecked=unchecked)}\n\n",
        "| | scenario | held | orders PENDING, replication 1 |\n|---|---|---|---|\n",
        *map(_row, worst_first),
    ]
    if remarks:
        parts.append(_fenced(remarks))
    if against is not None:
        parts.append(_fenced(against.lines()))
    parts += filter(None, map(_details, worst_first))
    text = ""
    room = MOST_BYTES
    for index, part in enumerate(parts):
        room -= len(part.encode())
        if room < 0:
            return f"{text}\n{count(len(parts) - index, 'more part')} of this would not fit; the log has all.\n"
        text += part
    return text


def _row(checked: CheckedFile) -> str:
    held = "" if checked.faults else counts_text(checked)
    cells = (f"{_MARKS[checked.outcome]} {checked.outcome}", _code(checked.file), held, _queue(checked))
    shown = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |\n"


def _queue(checked: CheckedFile) -> str:
    """Return how many orders were PENDING over time, as a line of bars."""
    if checked.look is None:
        return ""
    most = max(checked.look.queue)
    # Rounded up, so that a single order is seen beside a long queue.
    bars = "".join(_BARS[math.ceil(level * (len(_BARS) - 1) / max(most, 1))] for level in checked.look.queue)
    return f"`{bars}` up to {most}"


def _details(checked: CheckedFile) -> str:
    """Return what did not hold, and what there is to say of what did, such as the worst slot; '' for nothing."""
    findings = [finding for finding in checked.findings if finding.judgement is not Judgement.PASS or finding.note]
    lines = [str(fault) for fault in checked.faults]
    lines += [line.removeprefix("  ") for finding in findings for line in finding_lines(finding)]
    return f"\n#### {_code(checked.file)}\n{_fenced(lines)}" if lines else ""


def _code(text: str) -> str:
    """Return a text in one line as code."""
    text = printable(text)
    quotes = "`" * (_most_backticks(text) + 1)
    return f"{quotes} {text} {quotes}" if "`" in text else f"`{text}`"


def _most_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _fenced(lines: Iterable[str]) -> str:
    text = "\n".join(map(printable, lines))
    fence = "`" * (_most_backticks(text) + 3)
    return f"\n{fence}text\n{text}\n{fence}\n"


def tell_github(files: Sequence[CheckedFile], against: Report | None, unchecked: Sequence[Fault]) -> None:
    """Add the summary and the outcome of a check to the files that GitHub names for it in the environment.

    Raises:
        OSError: a file cannot be written.

    """
    outcome = worst(checked.outcome for checked in files)
    for name, text in (
        ("GITHUB_STEP_SUMMARY", step_summary(files, against, unchecked)),
        ("GITHUB_OUTPUT", f"outcome={outcome}\n"),
    ):
        if path := os.environ.get(name):
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
