"""Which scenario files are meant: files, those in folders, and those that `-k` selects."""

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

import typer

from sim.errors import Fault, ScenarioError
from sim.units import printable

_KEYS = ["scenario", "extends"]  # a file with one of them says that it is a scenario
_HAS_KEY = re.compile(rf"""^["']?({"|".join(_KEYS)})["']?\s*:""", re.MULTILINE)
_FIRST = 20  # keys among which a mistyped one is looked for
_MOST_NAMED = 3  # files in a message
_LONGEST = 1_000  # characters of an expression, which bounds its nesting too
_GRAMMAR = r"""
    ?either: both | both ("or" both)+ -> disjunction
    ?both: single | single ("and" single)+ -> conjunction
    ?single: "not" single -> negation | "(" either ")" | WORD -> word
    WORD: /[^\s()]+/
    %ignore /\s+/
"""


class Files(NamedTuple):
    """The scenario files that are meant, each with its path below what was named; folders that are `unreadable`; and
    what lies in folders and is `unchecked`: other YAML files, and golden logs without their scenario.
    """

    scenarios: list[tuple[Path, Path]]
    unreadable: list[Fault]
    unchecked: list[Fault]


def scenario_files(paths: Sequence[Path], keyword: str | None) -> Files:
    """Return the scenario files among files and in folders, each once.

    In a folder they are those `*.yaml` and `*.yml` that have the key `scenario` or `extends`, and those that cannot be
    read. Hidden ones, and those in hidden folders, do not count.

    Raises:
        BadParameter: a folder has none, or `keyword` selects none.

    """
    scenarios: dict[str, tuple[Path, Path]] = {}  # by what a path leads to, so that each is checked once
    unreadable, unchecked = set[Fault](), set[Fault]()
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112  # False also where Path.is_dir raises
        files = _in_folder(path) if is_folder else Files([(path, Path(path.name))], [], [])
        if not files.scenarios and not files.unreadable:
            message = printable(f"{path} holds no scenario; {_what_to_name(files.unchecked)}")
            raise typer.BadParameter(message, param_hint="PATH")
        for file, below in files.scenarios:
            scenarios.setdefault(os.path.realpath(file), (file, below))
        unreadable.update(files.unreadable)
        unchecked.update(files.unchecked)
    files = Files(list(scenarios.values()), sorted(unreadable), sorted(unchecked))
    return files if keyword is None else _selected(files, keyword)


def _what_to_name(unchecked: Sequence[Fault]) -> str:
    if not unchecked:
        return "name a folder with *.yaml files"
    return "; ".join(f"{fault.file} {fault.message}" for fault in unchecked[:_MOST_NAMED])


def _selected(files: Files, keyword: str) -> Files:
    """Return those whose path an expression selects.

    Raises:
        BadParameter: it is no expression, or selects no scenario.

    """
    is_chosen = _chosen(keyword)
    scenarios = [(file, below) for file, below in files.scenarios if is_chosen(file.as_posix().lower())]
    if not scenarios:
        count = len(files.scenarios)
        raise typer.BadParameter(f"{keyword!r} selects none of {count}; write a part of a path", param_hint="-k")
    unchecked = [fault for fault in files.unchecked if is_chosen(fault.file.lower())]
    return Files(scenarios, files.unreadable, unchecked)  # who knows what lies in an unreadable folder


def _in_folder(folder: Path) -> Files:
    """Return the scenario files in a folder, in the order of their paths, and whatever else may have been meant."""
    files = Files([], [], [])

    def cannot_read(error: OSError) -> None:
        message = f"cannot be read ({error.strerror}); make it readable, or name other folders"
        files.unreadable.append(Fault(str(error.filename), 1, 1, "", message))

    for place, folders, names in os.walk(folder, onerror=cannot_read):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for file in (Path(place, name) for name in names if not name.startswith(".")):
            why = _why_unchecked(file) if file.suffix.lower() in (".yaml", ".yml") else _why_orphaned(file)
            if why:
                files.unchecked.append(Fault(str(file), 1, 1, "", why))
            elif file.suffix.lower() in (".yaml", ".yml"):
                files.scenarios.append((file, file.relative_to(folder)))
    files.scenarios.sort()
    return files


def _why_unchecked(file: Path) -> str:
    """Return why a YAML file is no scenario, nothing where it says that it is one, or where checking it will say what
    is wrong.
    """
    from sim.scenario.files import LARGEST_FILE
    from sim.scenario.source import read_yaml

    try:
        if not S_ISREG(file.stat().st_mode):
            return ""
        with file.open("rb") as opened:
            text = getincrementaldecoder("utf-8-sig")().decode(opened.read(LARGEST_FILE))  # may end within a sign
    except (OSError, UnicodeDecodeError):
        return ""
    try:
        keys = list(read_yaml(text, str(file), []).value)
    except ScenarioError:
        if _HAS_KEY.search(text):
            return ""
        keys = []
    if any(key in keys for key in _KEYS):
        return ""
    why = f"has no key {' or '.join(map(repr, _KEYS))}"
    close = [key for key in keys[:_FIRST] if get_close_matches(key.lower(), _KEYS, cutoff=0.8)]
    return f"{why}; is {close[0]!r} meant?" if close else why


def _why_orphaned(file: Path) -> str:
    """Return what is missing of a golden log, nothing of a whole one and of other files."""
    from sim.output.golden import scenario_of_golden

    scenario = scenario_of_golden(file)
    if scenario is None:
        return ""
    if not os.path.lexists(scenario):
        return f"is a golden log, but {scenario} is gone; remove the log, or bring that back"
    fingerprint = file.with_name(f"{scenario.name}.json")
    if not os.path.lexists(fingerprint):
        return f"is a golden log, but {fingerprint} is gone; sim check --update-golden stores it again"
    return ""


def _chosen(keyword: str) -> Callable[[str], bool]:
    """Return whether a path is selected by an expression of its parts, as in pytest."""
    from lark import UnexpectedInput

    if len(keyword) > _LONGEST:
        raise typer.BadParameter(f"has {len(keyword)} characters; write at most {_LONGEST}", param_hint="-k")
    try:
        chosen: Callable[[str], bool] = _parser().parse(keyword.lower())
    except UnexpectedInput:
        example = 'write parts of paths, joined by and, or, not and ( ), such as "lunch and not staffing"'
        raise typer.BadParameter(f"{keyword!r} is not understood; {example}", param_hint="-k") from None
    return chosen


@cache
def _parser() -> Any:
    from lark import Lark, Transformer

    class Tests(Transformer[Any, Callable[[str], bool]]):
        """Makes a test of each rule."""

        def word(self, parts: list[Any]) -> Callable[[str], bool]:
            return lambda path: str(parts[0]) in path

        def negation(self, parts: list[Callable[[str], bool]]) -> Callable[[str], bool]:
            return lambda path: not parts[0](path)

        def conjunction(self, parts: list[Callable[[str], bool]]) -> Callable[[str], bool]:
            return lambda path: all(part(path) for part in parts)

        def disjunction(self, parts: list[Callable[[str], bool]]) -> Callable[[str], bool]:
            return lambda path: any(part(path) for part in parts)

    return Lark(_GRAMMAR, start="either", parser="lalr", transformer=Tests())
