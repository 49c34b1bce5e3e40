"""Workloads and scenarios full of ties, and the question whether both engines say the same of them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from sim.engines import compiled, reference
from sim.engines.outcomes import Outcome, Outcomes
from sim.events import EventLog
from sim.metrics import (
    attempts_of,
    breaks_of,
    definition,
    final_of,
    measure,
    new_pools,
    orders_of,
    outcome_of,
    volume,
)
from sim.model import FAMILIES, NONE, STANDARD, Action, Metric, MetricSet, OrderClass, Rules, Window, Workload

rules = st.builds(
    Rules,
    on_remove=st.sampled_from(["restart", "resume", "finish"]),
    dispatch=st.sampled_from(["oldest", "longest-idle"]),
    returned_to=st.sampled_from(["place", "front", "back"]),
    promote_after=st.sampled_from([None, None, 0, 1, 3, 8]),
)
# Gaps and service times of a few microseconds make most instants a tie.
kind = st.sampled_from([Action.CREATE_ORDER, Action.CREATE_ORDER, Action.CREATE_ORDER, *Action])
action = st.tuples(st.sampled_from([0, 0, 0, 1, 2, 7]), kind, st.sampled_from(OrderClass))
bot_first = st.tuples(st.just(0), st.just(Action.ADD_BOT), st.sampled_from(OrderClass))


@st.composite
def workloads(draw) -> Workload:
    crew = draw(st.lists(bot_first, max_size=3))
    count = draw(st.integers(0, 40))  # a list without a least size is mostly short
    actions = crew + draw(st.lists(action, min_size=count, max_size=count))
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


WINDOWS = (
    Window("early", ((0, 3),)),
    Window("middle", ((3, 9),)),
    Window("late", ((9, None),)),
    Window("daily", ((2, 5), (12, 15), (30, 41))),
)
NAMED = ("p99.9", "within(0.000003s)", "within(0s)")
METRICS = MetricSet.of(
    [metric._replace(window=window.name).name for metric in STANDARD for window in WINDOWS]
    + [
        Metric(family, order_class, statistic, window).name
        for family in FAMILIES.values()
        if family.is_of_durations
        for order_class in family.classes
        for statistic in NAMED
        for window in ("", "middle", "daily")
    ],
    WINDOWS,
)


class Said(NamedTuple):
    """What an engine says of a workload: metrics, which of them are bounds, and durations by their distribution, of the
    run and of each window.
    """

    values: np.ndarray
    bounds: np.ndarray
    durations: np.ndarray
    counts: np.ndarray


def said(outcome: Outcome, metric_set: MetricSet, is_followed: bool, kernel) -> Said:
    pools = new_pools()
    values, bounds, counts, _ = measure(metric_set, Outcomes.of(outcome), is_followed, kernel, pools)
    columns = counts.places, counts.counts, counts.edges
    return Said(values[0], bounds[0], np.flatnonzero(pools), np.concatenate(columns))


def outcome_by_log(workload: Workload, end: int | None, breaks: np.ndarray) -> tuple[EventLog, Outcome]:
    """Return what the reference engine says, by way of its log."""
    followed = reference.simulate(workload)
    log = followed if end is None else followed.until(end)
    attempts = attempts_of(workload, log)
    final = final_of(workload, followed, end)
    return log, outcome_of(workload, log, orders_of(workload, log, attempts), attempts, final, breaks)


def both_say_the_same(workload: Workload, end: int | None, warmup: int = 0) -> bool:
    """Whether both engines make the same log until `end`, and the same of each metric in each window, with a log and
    without; orders are followed from the end to the horizon, where the crew stays what it is.
    """
    if end is not None:
        stays = (workload.action == Action.CREATE_ORDER) | (workload.action_time <= end)
        workload = replace(workload, action=workload.action[stays], action_time=workload.action_time[stays])
    metric_set, is_followed = METRICS.after(warmup), end is not None and end < workload.horizon
    breaks = breaks_of(metric_set, np.arange(0, 41, 3), end)
    log, by_log = outcome_by_log(workload, end, breaks)
    again, outcome = compiled.run(workload, True, breaks, end)
    no_log, quietly = compiled.run(workload, False, breaks, end)
    first = said(by_log, metric_set, is_followed, definition)
    others = [said(one, metric_set, is_followed, volume) for one in (outcome, quietly)]
    return (
        same_log(reference.simulate(workload), compiled.simulate(workload))
        and same_log(log, again)
        and len(no_log) == 0
        and all(same(first, other) for other in others)
        and same(by_log._replace(reach=0.0), outcome._replace(reach=0.0))
    )


def same_log(one, other) -> bool:
    return one.first_difference(other) is None and (one.end, one.fingerprint) == (other.end, other.fingerprint)


def same(one, other) -> bool:
    return all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in zip(one, other, strict=True))


warmups = st.sampled_from([0, 0, 1, 5, 20, 1000])


@st.composite
def ends(draw, workload: Workload) -> int | None:
    """Draw when a run ends whose orders are followed to the horizon of the workload."""
    return None if workload.horizon is None else draw(st.integers(0, workload.horizon))


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


micro = st.integers(0, 40).map("{}us".format)
brief = st.sampled_from(["0s", "1us", "2us", "3us", "5us", "9us"])
class_name = st.sampled_from([one.name for one in OrderClass])
times_of_service = st.one_of(
    brief, st.just({"choice": {"1us": "50%", "4us": "50%"}}), st.just({"exponential": {"mean": "4us"}})
)
actions = st.one_of(
    st.fixed_dictionaries({"at": micro, "order": class_name}, optional={"service": brief, "count": st.integers(1, 3)}),
    st.fixed_dictionaries({"at": micro, "add_bots": st.integers(1, 2)}),
    st.fixed_dictionaries({"at": micro, "remove_bots": st.integers(1, 3)}),
)
processes = st.one_of(
    st.fixed_dictionaries({"every": st.sampled_from(["1us", "3us", "4us"])}),
    st.just({"poisson": {"rate": "300000/s"}}),
    st.just({"renewal": {"choice": {"0s": "50%", "6us": "50%"}}}),
)
streams = st.builds(
    lambda process, rest: process | rest,
    processes,
    st.fixed_dictionaries(
        {"class": st.one_of(class_name, st.just({"VIP": "40%", "NORMAL": "60%"})), "limit": st.integers(1, 12)},
        optional={"from": micro, "batch": st.just({1: "50%", 3: "50%"})},
    ),
)


def within_the_run(entries: dict) -> dict:
    """Return the keys of a scenario without what would lie behind its horizon, which is a fault."""
    until = entries["clock"]["until"]
    instants = (
        (entries["timeline"], "at"),
        (entries["bots"].get("schedule", []), "at"),
        (entries.get("arrivals", []), "from"),
    )
    for items, key in instants:
        items[:] = [item for item in items if until == "drained" or int(item.get(key, "0us")[:-2]) <= int(until[:-2])]
    return entries


scenarios = st.fixed_dictionaries(
    {
        "scenario": st.just(1),
        "name": st.just("difference"),
        "seed": st.integers(0, 99),
        "clock": st.fixed_dictionaries({"until": st.one_of(st.just("drained"), micro)}),
        "service": st.one_of(times_of_service, st.fixed_dictionaries(dict.fromkeys(OrderClass.__members__, brief))),
        "bots": st.fixed_dictionaries(
            {"initial": st.integers(0, 3)},
            optional={
                "schedule": st.lists(
                    st.fixed_dictionaries({"at": micro, "count": st.integers(0, 4)}),
                    max_size=3,
                    unique_by=lambda step: step["at"],
                ).map(lambda steps: sorted(steps, key=lambda step: int(step["at"][:-2]))),
                "on_remove": st.sampled_from(["restart", "resume", "finish"]),
                "dispatch": st.sampled_from(["oldest", "longest-idle"]),
            },
        ),
        "timeline": st.lists(actions, max_size=20),
    },
    optional={
        "queue": st.fixed_dictionaries(
            {}, optional={"returned_to": st.sampled_from(["place", "front", "back"]), "promote_after": brief}
        ),
        "patience": st.fixed_dictionaries({}, optional=dict.fromkeys(OrderClass.__members__, times_of_service)),
        "arrivals": st.lists(streams, max_size=2),
        "orders": st.fixed_dictionaries({"first_number": st.sampled_from([0, 1, 1001])}),
    },
).map(within_the_run)
