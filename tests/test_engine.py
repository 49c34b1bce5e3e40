"""What must always hold: random workloads full of ties, held against the rules and against the oracle.

`python -m tests.test_engine 100000` runs as many as you like.
"""

import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engines.reference import simulate
from sim.model import NONE, Action, OrderClass, Rules, Workload
from tests.oracle import check_rules, log_rows, oracle_rows

EXAMPLES = 2_500

rules = st.builds(
    Rules,
    on_remove=st.sampled_from(["restart", "resume", "finish"]),
    dispatch=st.sampled_from(["oldest", "longest-idle"]),
    returned_to=st.sampled_from(["place", "front", "back"]),
    promote_after=st.sampled_from([None, None, 0, 1, 3, 8]),
)
# Gaps and service times of a few microseconds make most instants a tie.
action = st.tuples(st.sampled_from([0, 0, 0, 1, 2, 7]), st.sampled_from(Action), st.sampled_from(OrderClass))
bot_first = st.tuples(st.just(0), st.just(Action.ADD_BOT), st.sampled_from(OrderClass))


@st.composite
def workloads(draw) -> Workload:
    crew = draw(st.lists(bot_first, max_size=3))
    actions = crew + draw(st.lists(action, max_size=40))
    orders = [order_class for _, kind, order_class in actions if kind is Action.CREATE_ORDER]
    service = draw(st.lists(st.sampled_from([0, 1, 2, 3, 5, 9]), min_size=len(orders), max_size=len(orders)))
    patience = draw(st.lists(st.sampled_from([NONE, NONE, 0, 1, 4, 8]), min_size=len(orders), max_size=len(orders)))
    return Workload(
        action_time=np.cumsum([gap for gap, _, _ in actions], dtype=np.int64),
        action=np.array([kind for _, kind, _ in actions], np.uint8),
        order_class=np.array(orders, np.uint8),
        service=np.array(service, np.int64),
        patience=np.array(patience, np.int64),
        stream=np.zeros(len(orders), np.int32),
        stream_names=("timeline",),
        first_number=draw(st.sampled_from([0, 1, 1001])),
        horizon=draw(st.one_of(st.none(), st.integers(0, 60))),
        rules=draw(rules),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(workloads())
def test_the_engine_obeys_the_rules_and_says_what_the_oracle_says(workload):
    rows = log_rows(simulate(workload))
    check_rules(workload, rows)
    assert rows == oracle_rows(workload)


def random_workload(rng: np.random.Generator) -> Workload:
    """Return a workload of up to 60 actions, most of them ties."""
    count = int(rng.integers(0, 60))
    kinds = rng.choice([0, 0, 0, 1, 2], count)
    kinds[: int(rng.integers(0, 4))] = Action.ADD_BOT
    orders = int((kinds == Action.CREATE_ORDER).sum())
    return Workload(
        action_time=np.cumsum(rng.choice([0, 0, 0, 1, 2, 7], count)).astype(np.int64),
        action=kinds.astype(np.uint8),
        order_class=rng.integers(0, 2, orders).astype(np.uint8),
        service=rng.choice([0, 1, 2, 3, 5, 9, 30], orders).astype(np.int64),
        patience=rng.choice([NONE, NONE, 0, 1, 4, 8, 30], orders).astype(np.int64),
        stream=np.zeros(orders, np.int32),
        stream_names=("timeline",),
        first_number=1001,
        horizon=None if rng.random() < 0.5 else int(rng.integers(0, 60)),
        rules=Rules(
            rng.choice(["restart", "resume", "finish"]),
            rng.choice(["oldest", "longest-idle"]),
            rng.choice(["place", "front", "back"]),
            [None, None, 0, 1, 3, 8, 20][int(rng.integers(7))],
        ),
    )


if __name__ == "__main__":
    generator = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    events = 0
    for number in range(int(sys.argv[1])):
        one = random_workload(generator)
        found = log_rows(simulate(one))
        events += len(found)
        check_rules(one, found)
        assert found == oracle_rows(one), f"workload {number}: {one}"
    print(f"{sys.argv[1]} workloads, {events} events: the engine obeys the rules and agrees with the oracle")  # noqa: T201
