"""Conditions on parameters, such as `cook == 3m or peak_bots <= 7`: parsed by a grammar, never evaluated as code."""

import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sim.errors import ScenarioError
from sim.scenario.hints import did_you_mean
from sim.scenario.source import parse_value
from sim.units import DAY, Clock, parse_duration, parse_rate, parse_share, shown

Test = Callable[[Mapping[str, Any]], bool]
"""Whether parameters fulfil a condition; it raises ValueError where that compares what cannot be compared."""

_LONGEST = 1_000  # characters, which bounds the nesting too
_GRAMMAR = r"""
    ?either: both | both ("or" both)+ -> disjunction
    ?both: single | single ("and" single)+ -> conjunction
    ?single: "not" single -> negation | "(" either ")" | VALUE COMPARISON VALUE -> comparison
    COMPARISON: "<=" | ">=" | "==" | "!=" | "<" | ">"
    VALUE: /"[^"]*"|'[^']*'|[^\s()<>=!"']+/
    %ignore /\s+/
"""
_EXAMPLE = "write comparisons such as cook == 3m, joined by and, or, not and ( )"
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_READINGS: dict[str, Callable[[object], Any]] = {
    "a duration": parse_duration,
    "a rate": parse_rate,
    "a share": parse_share,
    "a clock time": Clock.parse,
}


class Quantity(NamedTuple):
    """A parameter's value as something to compare with others of its kind; `order` is None where there is no order."""

    kind: str
    value: Any
    order: float | None


def quantity(value: object) -> Quantity:
    """Return what a parameter's value stands for: `3m` and `180s` are the same duration."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Quantity("a number", value, value)
    for kind, read in _READINGS.items():
        try:
            parsed = read(value)
        except ValueError:
            continue
        return Quantity(kind, parsed, _instant(parsed) if isinstance(parsed, Clock) else float(parsed))
    return Quantity("a word", value, None)


def _instant(clock: Clock) -> float:
    """Return a number by which clock times are in order, those without a date before all others."""
    return (0 if clock.day is None else clock.day.toordinal()) * DAY + clock.start


def parse_where(text: object) -> Test:
    """Return the test that a text stands for.

    Raises:
        ValueError: it is no condition.

    """
    if not isinstance(text, str):
        raise ValueError(f"{shown(text)} is not a condition; {_EXAMPLE}")
    if len(text) > _LONGEST:
        raise ValueError(f"has {len(text)} characters; write at most {_LONGEST}")
    from lark import UnexpectedCharacters, UnexpectedInput

    try:
        test: Test = _parser().parse(text)
    except UnexpectedInput as error:
        token = getattr(error, "token", None)
        ends = not isinstance(error, UnexpectedCharacters) and (token is None or token.type == "$END")
        not_understood = "" if ends else text[error.pos_in_stream or 0 :]
        problem = "ends too early" if ends else f"is not understood from {shown(not_understood)} on"
        raise ValueError(f"{shown(text)} {problem}; {_EXAMPLE}") from None
    return test


@cache
def _parser() -> Any:
    from lark import Lark, Transformer  # late, since few files have a condition

    class Tests(Transformer[Any, Test]):
        """Makes a test of each rule; all parts of a condition are looked at, so that none hides what is wrong."""

        def comparison(self, parts: list[Any]) -> Test:
            first, sign, second = map(str, parts)
            return lambda values: _compare(first, sign, second, values)

        def negation(self, parts: list[Test]) -> Test:
            return lambda values: not parts[0](values)

        def conjunction(self, parts: list[Test]) -> Test:
            return lambda values: min(part(values) for part in parts)

        def disjunction(self, parts: list[Test]) -> Test:
            return lambda values: max(part(values) for part in parts)

    return Lark(_GRAMMAR, start="either", parser="lalr", transformer=Tests())


def _compare(first: str, sign: str, second: str, values: Mapping[str, Any]) -> bool:
    if first not in values and second not in values:
        words = [text for text in (first, second) if _value(text, values).order is None] or [f"{first} {sign} {second}"]
        raise ValueError(f"{words[0]!r} names no parameter{did_you_mean(words[0], values)}")
    a, b = (_value(text, values) for text in (first, second))
    if a.kind != b.kind:
        raise ValueError(f"{first} is {a.kind} and {second} is {b.kind}; compare what is alike")
    if sign in ("==", "!="):
        return _COMPARISONS[sign](a.value, b.value)
    if a.order is None or b.order is None:
        raise ValueError(f"{first} is a word, which has no order; compare it with == or !=")
    return _COMPARISONS[sign](a.order, b.order)


def _value(text: str, values: Mapping[str, Any]) -> Quantity:
    """Return a parameter's value, or that of a text as it would be read in a file."""
    try:
        return quantity(values[text] if text in values else parse_value(text))
    except ScenarioError:
        return quantity(text)
