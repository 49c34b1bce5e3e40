"""Expressions of `-k`, which select scenario files by parts of their paths."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sim.errors import ArgumentError

_LONGEST = 1_000  # characters of an expression, which bounds its nesting too
_GRAMMAR = r"""
    ?either: both | both ("or" both)+ -> disjunction
    ?both: single | single ("and" single)+ -> conjunction
    ?single: "not" single -> negation | "(" either ")" | WORD -> word
    WORD: /[^\s()]+/
    %ignore /\s+/
"""


def selection_of(keyword: str) -> Callable[[str], bool]:
    """Return what tells whether a path, in lower case, is selected by an expression of its parts, as in pytest.

    Raises:
        ArgumentError: it is no expression.

    """
    from lark import UnexpectedInput

    if len(keyword) > _LONGEST:
        raise ArgumentError("keyword", f"has {len(keyword)} characters; write at most {_LONGEST}")
    try:
        is_selected: Callable[[str], bool] = _parser().parse(keyword.lower())
    except UnexpectedInput:
        example = 'write parts of paths, joined by and, or, not and ( ), such as "lunch and not staffing"'
        raise ArgumentError("keyword", f"{keyword!r} is not understood; {example}") from None
    return is_selected


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
