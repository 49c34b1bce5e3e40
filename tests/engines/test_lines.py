"""The line of PENDING orders of the compiled engine, beside a sorted list."""

from bisect import insort

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from sim.engines.compiled.lines import insert

plain_insert = getattr(insert, "py_func", insert)


@given(some.lists(some.sampled_from(["join", "leave", "return", "return to the back", "return to the front"])))
def test_orders_stand_in_order_of_their_places_wherever_they_return_to(steps):
    orders = steps.count("join")
    keys, items = np.empty((2, orders), np.int64)
    first = last = joined = 0
    line, away = [], []
    for turn, step in enumerate(steps, 1):
        if step == "join":
            keys[last], items[last] = joined * 1_000, joined
            line.append((joined * 1_000, joined))
            joined, last = joined + 1, last + 1
        elif step == "leave":
            if line:
                away.append(int(items[first]))
                assert line.pop(0)[1] == away[-1]
                first += 1
        elif away:
            order = away.pop(turn % len(away))
            place = {"return": order * 1_000, "return to the front": -turn}.get(step, (joined - 1) * 1_000 + turn)
            first, last = plain_insert(keys, items, first, last, place, order)
            insort(line, (place, order))
        if first == last:
            first = last = 0
        assert list(zip(keys[first:last], items[first:last], strict=True)) == line
