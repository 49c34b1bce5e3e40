"""Random numbers of a scenario: the only place that opens generators.

Numbers come from Philox (Salmon et al. 2011), a counter-based generator: the key is the seed, the upper words of the
counter are the replication and the stream, so that any of them can be opened directly and none overlaps another.
"""

from functools import cache
from hashlib import blake2b
from threading import local
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator


class _Generators(local):
    """Two generators for each thread; moving one to the beginning of a stream takes a tenth of making one."""

    def __init__(self) -> None:
        generators = [np.random.Philox(key=0) for _ in range(2)]
        self.parts = [(np.random.Generator(philox), philox, philox.state) for philox in generators]


@cache
def _generators() -> _Generators:
    return _Generators()  # late, since the module that makes generators takes long to import


@cache
def _word(stream: str, purpose: str) -> int:
    return int.from_bytes(blake2b(f"{stream}/{purpose}".encode()).digest()[:8], "little")


class Replication(NamedTuple):
    """A replication under a seed, as a source of random numbers."""

    seed: int
    number: int

    def generator(self, stream: str, purpose: str, part: int = 0) -> "Generator":
        """Return the generator of one stream and purpose, at its beginning.

        `part` (0 or 1) tells apart the classes of a stream where they differ, and arrivals from what modulates them.
        The next call with the same part moves the same generator.
        """
        opened, philox, state = _generators().parts[part]
        position: Any = state["state"]
        position["key"][0] = self.seed
        counter = position["counter"]
        counter[1], counter[2], counter[3] = part, self.number, _word(stream, purpose)
        philox.state = state
        return opened
