"""What all commands share: exit statuses, options, printing, the progress bar."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from sim.engines import Engine, Progress, can_compile
from sim.errors import INSTALL, KitchensimError
from sim.units import printable, shown

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.storage import Address, Database

FAILED, WRONG, INCONCLUSIVE, NOT_SAVED, FAULT, INTERRUPTED, CLOSED_PIPE = 1, 2, 3, 4, 70, 130, 141


def number_from(low: int, high: int = 2**63 - 1) -> Callable[[object], int]:
    """Return the reader of an option that takes a whole number from `low` to `high`."""

    def read(value: object) -> int:
        text = str(value)
        if re.fullmatch("-?[0-9]{1,1000}", text) is None:
            raise typer.BadParameter(f"{shown(value)} is not a whole number; write a number such as 3")
        if int(text) < low:
            raise typer.BadParameter(f"{text[:40]} is too small; write {low} or more")
        if int(text) > high:
            raise typer.BadParameter(f"{text[:40]} is too large; write {high} or less")
        return int(text)

    return read


DatabaseOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Database: file:NAME, libsql://HOST or https://HOST. Default: TURSO_DATABASE_URL, else file:sim.db. "
        "The token of a server is TURSO_AUTH_TOKEN.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file.")]
SeedOption = Annotated[
    int | None, typer.Option(parser=number_from(0), metavar="N", help="Seed in place of the file's, from 0.")
]
SettingsOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Value of a parameter; may be repeated.")
]
EngineOption = Annotated[Engine, typer.Option(help="Which engine runs it.")]
OutOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Where files go. Default: out/NAME.")]
TagsOption = Annotated[
    list[str] | None, typer.Option("--tag", metavar="WORD", help="Word to find the run by; may be repeated.")
]
SaveOption = Annotated[bool, typer.Option("--save/--no-save", help="Keep what was run in the database.")]
ChartsOption = Annotated[bool, typer.Option("--charts/--no-charts", help="Draw the charts.")]
RunArgument = Annotated[str, typer.Argument(metavar="ID", help="The run's id, or how it starts.")]
KEY = "The id of a run or of an experiment, or how it starts."
KeyArgument = Annotated[str, typer.Argument(metavar="ID", help=KEY)]

# The verdicts with which lines begin, by the colour that they have on a terminal.
_VERDICT = re.compile(
    r" {0,2}(?:(?P<green>PASS|held|better|agrees|selected)|(?P<red>FAIL|FAILED|WRONG|NO DATA|worse|none selected)"
    r"|(?P<yellow>INCONCLUSIVE|NOTHING|differs|undecided))(?: \(warn\))?(?=[ ,]|$)"
)
_COLOURS = {"green": 32, "red": 31, "yellow": 33}
_PLAIN = {"≥": ">=", "…": "..."}  # where a stream cannot hold what we write ourselves

_bars: list[Any] = []  # on the terminal now; they make way for lines


def say(*lines: object) -> None:
    """Print lines to standard output, at once, so that a log shows how far a command is; on a terminal the verdicts
    with which they begin are in colour.
    """
    _print(lines, sys.stdout)


def say_json(document: object) -> None:
    """Print a JSON document, with an escape of JSON for the one control character that `json.dumps` leaves as it is."""
    say(*json.dumps(document, indent=2).replace("\x7f", r"\u007f").split("\n"))


def complain(*lines: object) -> None:
    """Print lines to standard error."""
    _print(lines, sys.stderr)


def _print(lines: Iterable[object], stream: TextIO | None) -> None:
    """Print lines, each as one line whatever it holds, in signs that the stream has; the only way to print."""
    if stream is not None:  # it is None where a command is started without it
        encoding = stream.encoding or "utf-8"
        shown = [_encodable(printable(str(line)), encoding) for line in lines]
        if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in (None, "dumb"):
            shown = [_coloured(line) for line in shown]
        for bar in _bars:
            bar.stop()
        stream.write("".join(f"{line}\n" for line in shown))
        stream.flush()
        for bar in _bars:
            bar.start()


def _coloured(line: str) -> str:
    """Return a line with the verdict with which it begins in colour."""
    verdict = _VERDICT.match(line)
    if verdict is None:
        return line
    return f"\x1b[{_COLOURS[verdict.lastgroup or '']}m{verdict[0]}\x1b[0m{line[verdict.end() :]}"


def columns() -> int:
    """Return how many signs a line of a table may have: as many as the terminal has, 80 where there is none."""
    from sim.output.layout import WIDTH

    if sys.stdout is not None and sys.stdout.isatty():
        return max(get_terminal_size().columns, WIDTH // 2)
    return WIDTH


def _encodable(line: str, encoding: str) -> str:
    """Return a line with a plain sign or a visible escape for each sign that an encoding does not have."""
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        if len(line) > 1:
            return "".join(_encodable(sign, encoding) for sign in line)
        return _PLAIN.get(line, ascii(line)[1:-1])
    return line


def size_text(size: int) -> str:
    """Return a number of bytes as a person reads it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} B"


class InterruptedWorkError(Exception):
    """Ctrl-C, or another signal that ends a command, when there is more to say than that: what is kept."""


def prepared(
    file: Path, settings: list[str] | None, tags: list[str] | None, db: str | None, save: bool
) -> tuple["Scenario", "Address | None"]:
    """Return a scenario and where its runs go; what is wrong is found before anything is run."""
    from sim.scenario import load_scenario

    scenario = load_scenario(file, **parameters_of(settings))
    complain(*scenario.notes)
    return scenario, destination(tags, db, save)


def destination(tags: list[str] | None, db: str | None, save: bool) -> "Address | None":
    """Return where runs with these tags go, None where they are not to be kept."""
    if not all(tag.strip() and tag.isprintable() for tag in tags or []):
        raise typer.BadParameter("is no word; write letters", param_hint="--tag")
    if not save:
        return None
    from sim.storage import find_address

    return find_address(db)


def parameters_of(settings: list[str] | None) -> dict[str, Any]:
    """Return the values that `--set` gives to parameters."""
    from sim.scenario import parse_value

    values = {}
    for setting in settings or []:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{setting!r} is no setting; write --set NAME=VALUE")
        try:
            values[name] = parse_value(text)
        except KitchensimError:
            raise typer.BadParameter(f"{setting!r} has no YAML value; write --set {name}=VALUE") from None
    return values


def hint_at_numba(engine: Engine) -> None:
    """Say what would be faster, where numba is missing."""
    if engine != "reference" and not can_compile():
        complain(f"sim: with numba this would be many times as fast; {INSTALL.format('[fast]')}")


def refuse_sources(targets: Iterable[Path], sources: Iterable[Path], option: str) -> None:
    """Refuse to write to a file that a scenario is read from, by whatever path; `option` names another.

    Raises:
        BadParameter: a target is such a file.

    """
    known = [source for source in sources if os.path.exists(source)]  # noqa: PTH110  # False also where Path.exists raises
    for target in targets:
        if os.path.exists(target) and any(target.samefile(source) for source in known):  # noqa: PTH110
            problem = f"{printable(str(target))} is a file that a scenario is read from; name another place"
            raise typer.BadParameter(problem, param_hint=option)


@contextmanager
def output_folder(
    command: str, scenarios: "Sequence[Scenario]", out: Path | None, files: bool = True
) -> Iterator[Path | None]:
    """Give the folder where the files of a command go, by default that of the first scenario, None where it writes no
    `files`; the folder is nobody else's meanwhile.

    Raises:
        BadParameter: a scenario is read from a file that would be overwritten.
        KitchensimError: another command is at work for that folder.

    """
    from sim.output import OUTPUT_FILES
    from sim.output.files import claimed

    if not files:
        yield None
        return
    folder = out or Path("out") / scenarios[0].name
    sources = [source for scenario in scenarios for source in scenario.sources]
    refuse_sources([folder / name for name in OUTPUT_FILES[command]], sources, "--out")
    with claimed(folder, "--out"):
        yield folder


def cannot_write(error: OSError, folder: Path, option: str) -> str:
    """Return why files cannot be written; `option` names another place."""
    where, reason = error.filename or folder, error.strerror or error
    return f"{where}: cannot be written ({reason}); name another place with {option}"


def existing_database(db: str | None, option: str = "--db") -> "Database":
    """Return the database to read from, which `option` names; a file must be there already."""
    from sim.storage import open_existing_database

    return open_existing_database(db, option)


@contextmanager
def progress_bar(doing: str) -> Iterator[Progress | None]:
    """Show a bar from the second second on, when a person is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    began = monotonic()
    with Bar(console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(doing, visible=False, total=None)
        _bars.append(bar)
        try:
            yield lambda completed, total: bar.update(
                task, completed=completed, total=total, visible=monotonic() - began > 1
            )
        finally:
            _bars.remove(bar)
