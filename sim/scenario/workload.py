"""From a scenario to the workload of one replication: the only place where chance enters.

Numbers come from Philox (Salmon et al. 2011), a counter-based generator: the key is the seed, the upper
words of the counter are the replication and the stream, so that any of them can be opened directly and
none overlaps another.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import SimulationError
from sim.model import NONE, Action, OrderClass, Rules, Workload
from sim.scenario.arrivals import Stream
from sim.scenario.parts import MOST_ORDERS
from sim.scenario.schema import ByClass, ScenarioFile

if TYPE_CHECKING:
    from numpy.random import Generator

_LATEST = 2**62


def generator(seed: int, replication: int, stream: str, purpose: str, part: int = 0) -> "Generator":
    """Return the generator of one stream and purpose in one replication, at its beginning.

    `part` (0 or 1) tells apart the classes of a stream where they differ, and arrivals from what modulates them.
    """
    word = int.from_bytes(blake2b(f"{stream}/{purpose}".encode()).digest()[:8], "little")
    return np.random.Generator(np.random.Philox(key=seed, counter=np.array([0, part, replication, word], np.uint64)))


class _Block(NamedTuple):
    """Actions from one source, sorted by time; the order columns have a row for each CREATE_ORDER."""

    time: NDArray[np.int64]
    action: NDArray[np.uint8]
    order_class: NDArray[np.uint8]
    service: NDArray[np.int64]
    patience: NDArray[np.int64]
    stream: int


def draw_workload(file: ScenarioFile, seed: int, replication: int) -> Workload:
    """Return the workload of `replication` (from 1) under `seed`.

    Raises:
        SimulationError: chance made too many orders, or the simulated time could overflow.

    """
    names = ("timeline", *stream_names(file))
    blocks = [_crew(np.zeros(1, np.int64), [file.bots.initial])]
    blocks.append(_timeline(file, seed, replication))
    blocks.append(_schedule(file))
    for number, (name, stream) in enumerate(zip(names[1:], file.arrivals, strict=True), 1):
        blocks.append(_arrivals(stream, name, number, file, seed, replication))
    time = np.concatenate([block.time for block in blocks])
    action = np.concatenate([block.action for block in blocks])
    tie_order = np.argsort(time, kind="stable")
    if file.clock.until is not None:
        tie_order = tie_order[: int(np.searchsorted(time[tie_order], file.clock.until, side="right"))]
    creates = np.concatenate([np.flatnonzero(block.action == Action.CREATE_ORDER) for block in blocks])
    row = np.empty(len(time), np.int64)
    row[action == Action.CREATE_ORDER] = np.arange(len(creates))
    time, action = time[tie_order], action[tie_order]
    rows = row[tie_order][action == Action.CREATE_ORDER]
    service = np.concatenate([block.service for block in blocks])[rows]
    _check_size(file, time, service)
    return Workload(
        action_time=time,
        action=action,
        order_class=np.concatenate([block.order_class for block in blocks])[rows],
        service=service,
        patience=np.concatenate([block.patience for block in blocks])[rows],
        stream=np.repeat(
            np.array([block.stream for block in blocks], np.int32), [len(block.service) for block in blocks]
        )[rows],
        stream_names=names,
        first_number=file.orders.first_number,
        horizon=file.clock.until,
        rules=Rules(file.bots.on_remove, file.bots.dispatch, file.queue.returned_to, file.queue.promote_after),
    )


def stream_names(file: ScenarioFile) -> list[str]:
    """Return the name of each arrival stream; one without a name is called by its place, from 1."""
    return [stream.name or f"stream-{number}" for number, stream in enumerate(file.arrivals, 1)]


def crew_sizes(file: ScenarioFile) -> list[tuple[int, int]]:
    """Return how the crew without leaving bots changes, as (change, size after it), in order of time.

    The size depends on actions alone, never on orders. Ignored removals count as changes.
    """
    return [(change, size) for _, change, size, _ in _crew_changes(file)]


def _crew_changes(file: ScenarioFile) -> list[tuple[int, int, int, bool]]:
    """Return (time, change, size after it, whether the schedule asked for it)."""
    asked = [(0, 0, file.bots.initial, False)]
    asked += [
        (entry.at, 1, entry.count * ((entry.add_bots or 0) - (entry.remove_bots or 0)), False)
        for entry in file.timeline
        if entry.order is None
    ]
    asked += [(step.at, 2, step.count, True) for step in file.bots.schedule]
    changes, size = [], 0
    for time, _, number, scheduled in sorted(asked, key=lambda change: change[:2]):
        change = number - size if scheduled else number
        size = max(0, size + change)
        changes.append((time, change, size, scheduled))
    return changes


def _crew(times: NDArray[np.int64], changes: list[int]) -> _Block:
    """Return bots added (positive changes) and removed (negative), one action each."""
    counts = np.abs(np.array(changes, np.int64))
    kinds = np.where(np.array(changes) > 0, Action.ADD_BOT, Action.REMOVE_BOT).astype(np.uint8)
    nothing = np.empty(0, np.int64)
    return _Block(np.repeat(times, counts), np.repeat(kinds, counts), nothing.astype(np.uint8), nothing, nothing, 0)


def _schedule(file: ScenarioFile) -> _Block:
    steps = [(time, change) for time, change, _, scheduled in _crew_changes(file) if scheduled]
    return _crew(np.array([time for time, _ in steps], np.int64), [change for _, change in steps])


def _timeline(file: ScenarioFile, seed: int, replication: int) -> _Block:
    entries = sorted(file.timeline, key=lambda entry: entry.at)
    kinds = [
        Action.CREATE_ORDER if entry.order is not None else Action.ADD_BOT if entry.add_bots else Action.REMOVE_BOT
        for entry in entries
    ]
    counts = [
        entry.count * (1 if entry.order is not None else entry.add_bots or entry.remove_bots or 0) for entry in entries
    ]
    orders = [entry for entry in entries if entry.order is not None]
    repeats = [entry.count for entry in orders]
    order_class = np.repeat(np.array([entry.order for entry in orders], np.uint8), repeats)
    service = _by_class(file.service, order_class, "timeline", "service", seed, replication)
    fixed = np.repeat(np.array([-1 if entry.service is None else entry.service for entry in orders], np.int64), repeats)
    return _Block(
        time=np.repeat(np.array([entry.at for entry in entries], np.int64), counts),
        action=np.repeat(np.array(kinds, np.uint8), counts),
        order_class=order_class,
        service=np.where(fixed >= 0, fixed, service),
        patience=_by_class(file.patience, order_class, "timeline", "patience", seed, replication),
        stream=0,
    )


def _arrivals(stream: Stream, name: str, number: int, file: ScenarioFile, seed: int, replication: int) -> _Block:
    times = stream.times(lambda part: generator(seed, replication, name, "arrivals", part), file.clock.until)
    chosen = stream.chosen(times, file.clock.until)
    times = times[chosen]
    sizes = np.ones(len(times), np.int64)
    if stream.batch is not None:
        shares = [float(share) for share in stream.batch.values()]
        rng = generator(seed, replication, name, "batch")
        sizes = rng.choice(np.array(list(stream.batch), np.int64), len(times), p=shares)
    if stream.limit is not None:
        arrivals = int(np.searchsorted(np.cumsum(sizes), stream.limit)) + 1
        times, sizes = times[:arrivals], sizes[:arrivals]
    if min(int(sizes.sum()), stream.limit or MOST_ORDERS + 1) > MOST_ORDERS:
        raise SimulationError(f"stream {name} made more than {MOST_ORDERS} orders; lower its rate or set its limit")
    source = np.repeat(np.arange(len(times)), sizes)[: stream.limit]
    if stream.trace is not None:
        order_class = stream.trace.order_class[chosen][source]
    else:
        vip = float((stream.order_class or {}).get(OrderClass.VIP, 0))
        drawn = (
            generator(seed, replication, name, "class").random(len(source)) if 0 < vip < 1 else np.zeros(len(source))
        )
        order_class = np.where(drawn < vip, OrderClass.VIP, OrderClass.NORMAL).astype(np.uint8)
    service = _by_class(file.service, order_class, name, "service", seed, replication)
    patience = _by_class(file.patience, order_class, name, "patience", seed, replication)
    if stream.trace is not None:
        measured = stream.trace.service[chosen][source]
        service = np.where(measured >= 0, measured, service)
    action = np.full(len(source), Action.CREATE_ORDER, np.uint8)
    return _Block(times[source], action, order_class, service, patience, number)


def _by_class(
    asked: ByClass, order_class: NDArray[np.uint8], stream: str, purpose: str, seed: int, replication: int
) -> NDArray[np.int64]:
    """Return a duration for each order, NONE where its class has none; the n-th depends on the seed, the stream, the
    purpose, n and its class alone.
    """
    count = len(order_class)

    def sample(one: OrderClass, part: int) -> NDArray[np.int64]:
        distribution = asked.of(one)
        if distribution is None:
            return np.full(count, NONE, np.int64)
        return distribution.sample(lambda: generator(seed, replication, stream, purpose, part), count)

    if asked.VIP == asked.NORMAL:
        return sample(OrderClass.VIP, 0)
    return np.where(order_class == OrderClass.VIP, *(sample(one, one) for one in OrderClass))


def _check_size(file: ScenarioFile, time: NDArray[np.int64], service: NDArray[np.int64]) -> None:
    """Refuse what could overflow: after the last action the kitchen needs at most the sum of all service times."""
    if len(service) > MOST_ORDERS:
        raise SimulationError(f"{file.name} made more than {MOST_ORDERS} orders; lower a rate or set a limit")
    latest = (int(time[-1]) if len(time) else 0) + float(service.sum(dtype=np.float64))
    if file.clock.until is None and latest > _LATEST:
        raise SimulationError(f"{file.name} could last longer than 100,000 years; shorten the service times")
