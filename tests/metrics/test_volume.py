"""The loops that stand in for numpy where metrics are compiled say the same to the last bit."""

import numpy as np
import pytest

from sim.metrics import definition, durations, volume
from sim.statistics import PLACES

TIMES = {
    "none": lambda _: np.empty(0, np.int64),
    "one": lambda _: np.array([7]),
    "all alike": lambda _: np.full(500, 10**9),
    "few": lambda chance: chance.integers(0, 100, 20),
    "spread": lambda chance: chance.integers(0, 10**10, 3_000),
    "mostly none": lambda chance: chance.integers(0, 10**8, 2_000) * (chance.random(2_000) < 0.3),
    "one far away": lambda chance: np.append(chance.integers(0, 10**6, 2_000), 10**15),
    "in two heaps": lambda chance: chance.integers(0, 50, 1_000) + 10**12 * chance.integers(0, 2, 1_000),
    "beyond 64 bits together": lambda chance: chance.integers(2**61, 2**62, 300),
}


def as_plain_python(monkeypatch):
    """Take the loops of this module as they are written, not compiled."""
    for name, function in vars(volume).copy().items():
        if hasattr(function, "py_func"):
            monkeypatch.setattr(volume, name, function.py_func)
    monkeypatch.setattr(volume, "natural", int)


@pytest.mark.parametrize("is_compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize("kind", TIMES)
def test_loops_say_what_numpy_says(kind, is_compiled, monkeypatch):
    if not is_compiled:
        as_plain_python(monkeypatch)
    with np.errstate(over="ignore"):  # numpy tells of sums beyond 64 bits, which are then done again with floats
        assert_loops_say_what_numpy_says(kind)


def assert_loops_say_what_numpy_says(kind):
    times = TIMES[kind](np.random.default_rng(7))
    ordered = np.sort(times)
    for rows in ((0, len(times)), (len(times) // 3, len(times) // 2)):  # all, and those of a window
        total, least, most = durations.summary(times, *rows)
        assert volume._summary(times, *rows) == (total, least, most)
        assert (volume._ascending(times, *rows) == durations.ascending(times, *rows)).all()
        for limit in (-1, least, most, *times[:3]):
            assert volume._up_to(times, *rows, limit) == durations.up_to(times, *rows, limit)
            assert volume._equal_to(times, *rows, limit) == durations.equal_to(times, *rows, limit)
        size = rows[1] - rows[0]
        mean = total / size if size else np.nan
        pools, by_loop = np.zeros((2, 3, 2, PLACES), np.int32)
        ranges = np.empty((3, max(durations.RANGES, len(times)) + 1), np.int64)
        for is_pooled in (False, True):
            squares = durations.spread(times, *rows, mean, least, most, pools, 2, 1, is_pooled, ranges)
            assert volume._spread(times, *rows, mean, least, most, by_loop, 2, 1, is_pooled, ranges) == squares
            assert (pools == by_loop).all()
        if size:
            requests = np.array([(0, per_mille) for per_mille in (1, 500, 900, 990, 1000)])
            chosen = durations.order_statistics(requests, 0, 5, times, *rows, least, most, ranges)
            assert (volume._order_statistics(requests, 0, 5, times, *rows, least, most, ranges) == chosen).all()
    for instant in (-1, *times[:3]):
        assert volume._created_before(ordered, instant) == np.searchsorted(ordered, instant)
    codes = (times % 3).astype(np.uint8)
    columns = times, -times, times, times, codes, codes, codes == 2
    chosen, by_loop = definition.of_class(columns, codes, 1), volume._of_class(columns, codes, 1)
    assert all((column == by_loop[place]).all() for place, column in enumerate(chosen))
    pairs, pairs_by_loop = np.zeros((2, 2, 5 + len(times)), np.int64)
    size = durations.distribution(ordered, pairs, 5)
    assert volume._distribution(ordered, pairs_by_loop, 5) == size
    assert (pairs == pairs_by_loop).all()
