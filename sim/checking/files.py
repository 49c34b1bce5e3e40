"""Which scenario files are meant: files, those in folders, and those that a keyword selects."""

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

from sim.checking.golden import scenario_of_golden
from sim.checking.keyword import selection_of
from sim.errors import ArgumentError, Fault, ScenarioError
from sim.scenario import Scenario, load_scenario
from sim.scenario.files import LARGEST_FILE
from sim.scenario.source import read_yaml
from sim.units import printable

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_KEYS = ["scenario", "extends"]  # a file with one of them says that it is a scenario
_HAS_KEY = re.compile(rf"""^["']?({"|".join(_KEYS)})["']?\s*:""", re.MULTILINE)
_MOST_KEYS = 20  # among which a mistyped one is looked for
_MOST_NAMED = 3  # files in a message


class FilePath(NamedTuple):
    """The path of a scenario file, and the part of it below the folder that was named."""

    path: Path
    below: Path


class LoadedFile(NamedTuple):
    """A scenario file with its scenario, or what is wrong with it."""

    path: Path
    below: Path
    scenario: Scenario | ScenarioError


@dataclass(frozen=True)
class ScenarioFiles:
    """The scenario files that are meant, loaded with `parameters`; folders that are `unreadable`; and what lies in
    folders and is `unchecked`: other YAML files, and golden logs without their scenario.
    """

    loaded: Sequence[LoadedFile]
    parameters: Mapping[str, Any]
    unreadable: Sequence[Fault]
    unchecked: Sequence[Fault]

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios of those files that have one."""
        return [file.scenario for file in self.loaded if isinstance(file.scenario, Scenario)]

    @property
    def sources(self) -> Iterator[Path]:
        """The files from which scenarios are read, with traces and what they extend."""
        yield from (file.path for file in self.loaded)
        for scenario in self.scenarios:
            yield from scenario.sources


def load_files(paths: Paths, keyword: str | None = None, parameters: Mapping[str, Any] | None = None) -> ScenarioFiles:
    """Load the scenario files among files and in folders, each once, with values for their parameters.

    In a folder they are those `*.yaml` and `*.yml` that have the key `scenario` or `extends`, and those that cannot be
    read. Hidden ones, and those in hidden folders, do not count.

    Raises:
        ArgumentError: a folder has none, or `keyword` is no expression or selects none.

    """
    named = [paths] if isinstance(paths, str | os.PathLike) else paths
    scenarios: dict[str, FilePath] = {}  # by what a path leads to, so that each is checked once
    unreadable = set[Fault]()
    unchecked = set[Fault]()
    for path in map(Path, named):
        if not os.path.isdir(path):  # noqa: PTH112  # False also where Path.is_dir raises
            scenarios.setdefault(os.path.realpath(path), FilePath(path, Path(path.name)))
            continue
        folder = _Folder(path)
        if not folder.scenarios and not folder.unreadable:
            message = f"{path} holds no scenario; {_what_to_name(folder.unchecked)}"
            raise ArgumentError("paths", printable(message))
        for file in folder.scenarios:
            scenarios.setdefault(os.path.realpath(file.path), file)
        unreadable.update(folder.unreadable)
        unchecked.update(folder.unchecked)
    files = list(scenarios.values())
    if not files and not unreadable:
        raise ArgumentError("paths", "names nothing; give a file or a folder")
    if keyword is not None:
        is_selected = selection_of(keyword)
        files = [file for file in files if is_selected(file.path.as_posix().lower())]
        unchecked = {fault for fault in unchecked if is_selected(fault.file.lower())}
        # What is unreadable stays: who knows what lies in such a folder.
    if not files and keyword is not None:
        message = f"{keyword!r} selects none of {len(scenarios)}; write a part of a path"
        raise ArgumentError("keyword", message)
    parameters = dict(parameters or {})
    loaded = [LoadedFile(*file, _scenario_or_error(file.path, parameters)) for file in files]
    return ScenarioFiles(loaded, parameters, sorted(unreadable), sorted(unchecked))


def _scenario_or_error(path: Path, parameters: Mapping[str, Any]) -> Scenario | ScenarioError:
    try:
        return load_scenario(path, **parameters)
    except ScenarioError as error:
        return error


def _what_to_name(unchecked: Sequence[Fault]) -> str:
    if not unchecked:
        return "name a folder with *.yaml files"
    return "; ".join(f"{fault.file} {fault.message}" for fault in unchecked[:_MOST_NAMED])


class _Folder:
    """The scenario files in a folder, in the order of their paths, and whatever else may have been meant."""

    def __init__(self, folder: Path) -> None:
        self.scenarios: list[FilePath] = []
        self.unreadable: list[Fault] = []
        self.unchecked: list[Fault] = []
        for place, folders, names in os.walk(folder, onerror=self._cannot_read):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for file in (Path(place, name) for name in names if not name.startswith(".")):
                is_yaml = file.suffix.lower() in (".yaml", ".yml")
                why = _why_unchecked(file) if is_yaml else _why_orphaned(file)
                if why:
                    self.unchecked.append(Fault(str(file), 1, 1, "", why))
                elif is_yaml:
                    self.scenarios.append(FilePath(file, file.relative_to(folder)))
        self.scenarios.sort()

    def _cannot_read(self, error: OSError) -> None:
        message = f"cannot be read ({error.strerror}); make it readable, or name other folders"
        self.unreadable.append(Fault(str(error.filename), 1, 1, "", message))


def _why_unchecked(file: Path) -> str:
    """Return why a YAML file is no scenario, nothing where it says that it is one, or where checking it will say what
    is wrong.
    """
    try:
        if not S_ISREG(file.stat().st_mode):
            return ""
        with file.open("rb") as opened:
            text = getincrementaldecoder("utf-8-sig")().decode(opened.read(LARGEST_FILE))  # may end within a sign
    except (OSError, UnicodeDecodeError):
        return ""
    if _HAS_KEY.search(text):  # which nearly all scenarios have; reading YAML takes far longer
        return ""
    try:
        keys = list(read_yaml(text, str(file), []).value)
    except ScenarioError:
        keys = []
    if any(key in keys for key in _KEYS):
        return ""
    why = f"has no key {' or '.join(map(repr, _KEYS))}"
    close = [key for key in keys[:_MOST_KEYS] if get_close_matches(key.lower(), _KEYS, cutoff=0.8)]
    return f"{why}; did you mean {close[0]!r}?" if close else why


def _why_orphaned(file: Path) -> str:
    """Return what is missing of a golden log, nothing of a whole one and of other files."""
    scenario = scenario_of_golden(file)
    if scenario is None:
        return ""
    if not os.path.lexists(scenario):
        return f"is a golden log, but {scenario} is gone; remove the log, or restore the scenario"
    fingerprint = file.with_name(f"{scenario.name}.json")
    if not os.path.lexists(fingerprint):
        return f"is a golden log, but {fingerprint} is gone; sim check --update-golden stores it again"
    return ""
