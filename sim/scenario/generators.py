"""Random numbers: words of Philox (Salmon et al. 2011), a generator that is based on a counter.

The key is the seed. The upper words of the counter are stream and purpose, the replication and a part, the lowest one
counts. So any stream of any replication can be opened at once, none overlaps another, and the n-th number of a stream
is the same however many are drawn.
"""

import operator
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from threading import local
from typing import Any, NamedTuple

import numpy as np

from sim.scenario.inverses import Numbers

DRAWS = "2"
"""The version of the draws: a new one whenever a scenario and its seed give other numbers than before. Stored
replications that have another one are shown, but never extended.
"""
Draw = Callable[[int], Numbers]
"""Draws the next so many numbers of a stream."""


def seed_in_range(seed: int) -> int:
    """Return a seed as a plain number.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is out of range.

    """
    seed = operator.index(seed)
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed {seed} is out of range; give a whole number from 0 to {2**63 - 1}")
    return seed


def replication_in_range(replication: int) -> int:
    """Return the number of a replication as a plain number.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is out of range.

    """
    replication = operator.index(replication)
    if not 1 <= replication < 2**63:
        raise ValueError(f"replication {replication} is out of range; replications are numbered from 1")
    return replication


class _Generators(local):
    """Two generators for each thread; moving one to the beginning of a stream takes a tenth of making one."""

    def __init__(self) -> None:
        generators = [np.random.Philox(key=0) for _ in range(2)]
        self.states = [(philox, philox.state) for philox in generators]


@cache
def _generators() -> _Generators:
    return _Generators()  # late, since the module that makes generators takes long to import


@cache
def word_of(stream: str, purpose: str) -> int:
    """Return the highest word of the counter."""
    return int.from_bytes(blake2b(f"{stream}/{purpose}".encode()).digest()[:8], "little")


class Chance(NamedTuple):
    """All random numbers of one replication under a seed."""

    seed: int
    replication: int

    def opened(self, stream: str, purpose: str, part: int = 0) -> Draw:
        """Return what draws the next so many numbers of a stream for a purpose, from the first on.

        `part` tells apart what one purpose needs several of: the instants of the timeline, and arrivals (0) from what
        modulates them (1). Two parts of which one is 0 can be drawn in turn; the next call moves the generator.
        """
        philox, state = _generators().states[part > 0]
        position: Any = state["state"]
        position["key"][0] = self.seed
        counter = position["counter"]
        counter[1], counter[2], counter[3] = part, self.replication, word_of(stream, purpose)
        philox.state = state
        return philox.random_raw

    def numbers(self, stream: str, purpose: str, count: int, part: int = 0) -> Numbers:
        """Return the first numbers of a stream for a purpose."""
        return self.opened(stream, purpose, part)(count)
