"""How much of a campaign is tried: some of it every day, all of it in CI."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

EVERYDAY, THOROUGH = 10, 100
"""Examples of a property test."""
Case = TypeVar("Case")


def is_whole() -> bool:
    """Whether all is tried: in CI, and with `--update-golden`."""
    return settings.default.max_examples == THOROUGH


def some(cases: Sequence[Case], everyday: int) -> Sequence[Case]:
    """Return some of the cases, as many and evenly spread, or all of them in CI and with `--update-golden`."""
    if is_whole() or len(cases) <= everyday:
        return cases
    return [cases[place * len(cases) // everyday] for place in range(everyday)]
