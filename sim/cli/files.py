"""Which scenario files are meant: files, those in folders, and those that `-k` selects."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer

from sim.units import printable

_KEY = rb"""["']?(scenario|extends)["']?\s*:"""
_IS_SCENARIO = re.compile(rb"^" + _KEY + rb"|\A(\xef\xbb\xbf)?(---\s+)?(\{[^#]*?)?" + _KEY, re.MULTILINE)
_MOST_BYTES = 2**20  # of a scenario file
_LONGEST = 1_000  # characters of an expression, which bounds its nesting too
_GRAMMAR = r"""
    ?either: both | both ("or" both)+ -> disjunction
    ?both: single | single ("and" single)+ -> conjunction
    ?single: "not" single -> negation | "(" either ")" | WORD -> word
    WORD: /[^\s()]+/
    %ignore /\s+/
"""


def scenario_files(paths: Sequence[Path], keyword: str | None) -> list[tuple[Path, Path]]:
    """Return the scenario files among files and in folders, each once, with their paths below what was named.

    In a folder they are those `*.yaml` and `*.yml` that have the key `scenario` or `extends`, without hidden folders.
    """
    found: dict[Path, Path] = {}
    seen: set[Path] = set()
    for path in paths:
        files = sorted(_below(path)) if path.is_dir() else [path]
        if not files:
            raise typer.BadParameter(
                f"{printable(str(path))} holds no scenario; name a folder with *.yaml files", param_hint="PATH"
            )
        for file in files:
            known = file.resolve()
            if known not in seen:
                seen.add(known)
                found[file] = file.relative_to(path) if path.is_dir() else Path(path.name)
    if keyword is None:
        return list(found.items())
    chosen = _chosen(keyword)
    selected = [(file, below) for file, below in found.items() if chosen(file.as_posix().lower())]
    if not selected:
        raise typer.BadParameter(f"{keyword!r} selects none of {len(found)}; write a part of a path", param_hint="-k")
    return selected


def _below(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.suffix in (".yaml", ".yml") and not is_hidden and file.is_file() and _is_scenario(file):
            yield file


def _is_scenario(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return _IS_SCENARIO.search(opened.read(_MOST_BYTES)) is not None
    except OSError:
        return True  # checking it will say what is wrong


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
