"""What is wrong with a file beyond its schema: limits, endless or clashing streams, a warm-up that makes no sense,
expectations of nothing.
"""

from collections.abc import Collection, Iterator

from sim.errors import Fault, SimulationError
from sim.model import UNITS, Action, full_metric_name
from sim.scenario.arrivals import Stream
from sim.scenario.hints import did_you_mean
from sim.scenario.parts import MOST_BOTS, MOST_ORDERS
from sim.scenario.schema import ScenarioFile
from sim.scenario.tree import Node
from sim.scenario.where import quantity
from sim.scenario.workload import Demand, crew_sizes, stream_names
from sim.units import SECOND, format_duration, shown

_MOST_BOT_CHANGES = 1_000_000
_MOST_STATES = 10_000_000
_LATEST = 2**61  # microseconds
_DRAWN_FROM = {"clock", "orders", "timeline", "arrivals", "bots", "seed", "extends"}

Steps = tuple[int | str, ...]
Finding = tuple[Steps, str]


def inconsistencies(
    file: ScenarioFile, root: Node, places: dict[str, list[int]] | None = None, touched: Collection[str] = ()
) -> list[Fault]:
    """Return a fault at its place in the tree `root` for all that is wrong beyond the schema.

    `places` has the place in its list of each item that is left, `touched` the keys with something wrong in them.
    """
    findings = [*_stream_findings(file), *_crew_findings(file)]
    drawn = not findings and _DRAWN_FROM.isdisjoint(touched)
    findings += [] if "clock" in touched else _warmup_findings(file)
    findings += [finding for finding in _study_findings(file, touched) if finding[0][0] not in touched]
    findings += _expectation_findings(file, drawn)
    faults = []
    for steps, message in findings:
        key, *items = steps or ("",)
        if places and key in places and items:
            items[0] = places[str(key)][int(items[0])]
        node, path = root.find((key, *items))
        faults.append(node.place.fault(path, message))
    return faults


def _stream_findings(file: ScenarioFile) -> Iterator[Finding]:
    horizon, names, taken = file.clock.until, stream_names(file), set[str]()
    demand, states = float(sum(entry.count for entry in file.timeline if entry.order is not None)), 0.0
    if demand > MOST_ORDERS:
        message = f"makes {demand:,.0f} orders; one run holds at most {MOST_ORDERS:,}; use a smaller count"
        yield ("timeline",), message
    for index, (name, stream) in enumerate(zip(names, file.arrivals, strict=True)):
        steps: Steps = ("arrivals", index)
        if name in taken:
            message = f"name {name!r} is taken by an earlier stream; write another name"
            yield (*steps, "name"), message
        taken.add(name)
        if name == "timeline":
            message = "name 'timeline' is reserved for the timeline; write another name"
            yield (*steps, "name"), message
        if stream.is_endless(horizon):
            message = "never ends, and the run is until drained; write clock.until, until or limit"
            yield steps, message
        elif stream.expected_end(horizon) > _LATEST:
            message = "lasts longer than 70,000 years; write a higher rate or a lower limit"
            yield steps, message
        else:
            demand += (orders := stream.expected_orders(horizon))
            if demand > MOST_ORDERS >= demand - orders:
                message = (
                    f"brings the run to {_count(demand)} orders; one run holds at most {MOST_ORDERS:,}; set a limit"
                )
                yield steps, message
            states += (changes := _expected_states(stream, horizon))
            if states > _MOST_STATES >= states - changes:
                message = (
                    f"brings the run to {_count(states)} changes of state; one run holds at most "
                    f"{_MOST_STATES:,}; write longer stays"
                )
                yield (*steps, "mmpp"), message


def _count(number: float) -> str:
    """Return a number that may be beyond all sense."""
    return f"about {number:,.0f}" if number < 10**15 else "more than 10^15"


def _expected_states(stream: Stream, horizon: int | None) -> float:
    """Return how many states a modulated stream goes through on average."""
    if stream.mmpp is None:
        return 0
    end = stream.end(horizon)
    spans: list[float] = [] if end is None else [max(0, end - stream.from_)]
    spans += [] if stream.limit is None else [stream.limit / stream.mmpp.mean_rate * SECOND]
    return min(spans) / stream.mmpp.mean_stay


def _crew_findings(file: ScenarioFile) -> Iterator[Finding]:
    changes = crew_sizes(file)
    if max(size for _, size in changes) > MOST_BOTS:
        yield ("timeline",), f"more than {MOST_BOTS:,} bots at once; add fewer"
    if sum(abs(change) for change, _ in changes) > _MOST_BOT_CHANGES:
        steps: Steps = ("timeline",) if file.timeline else ("bots", "schedule")
        yield steps, f"more than {_MOST_BOT_CHANGES:,} bots added and removed; write fewer changes"


def _warmup_findings(file: ScenarioFile) -> Iterator[Finding]:
    horizon = file.clock.until
    if file.warmup == "mser5":
        if _changes_with_time(file):
            message = "mser5 makes no sense where demand or crew change with time; write 30m, or leave it out"
            yield ("warmup",), message
    elif file.warmup and horizon is not None and file.warmup >= horizon:
        message = f"is not over before the horizon at {format_duration(horizon, 6)}; write a shorter one"
        yield ("warmup",), message


def _study_findings(file: ScenarioFile, touched: Collection[str]) -> Iterator[Finding]:
    if not {"sweep", "extends"}.isdisjoint(touched):
        return
    if file.compare is not None and file.compare.baseline and file.sweep is None:
        yield ("compare", "baseline"), "has nothing to be compared with; write sweep: {…} with other values"
    if file.select is None:
        return
    if file.sweep is None:
        yield ("select",), "has no candidates; write sweep: {…} with the values to select from"
        return
    goal = "minimise" if file.select.minimise is not None else "maximise"
    objective, steps = file.select.objective, ("select", goal)
    if objective in file.sweep.values:
        quantities = [quantity(value) for value in file.sweep.values[objective]]
        if len({value.kind for value in quantities}) > 1 or any(value.order is None for value in quantities):
            yield steps, f"the values of {objective} have no order; sweep numbers or durations, or name a metric"
        if "thresholds" not in touched and not any(value.severity == "fail" for value in file.thresholds):
            yield ("select",), "has no thresholds that a candidate must hold; write thresholds: {…}"
    elif full_metric_name(objective) is None:
        yield (
            steps,
            f"{shown(objective)} is neither a parameter of sweep nor a metric{_hint(objective, file.sweep.values)}",
        )


def _hint(objective: str, parameters: Collection[str]) -> str:
    close = did_you_mean(objective, [*parameters, *UNITS])
    return close if close.startswith("; did") else f"; write {next(iter(parameters))} or a metric such as wait.VIP.p95"


def _changes_with_time(file: ScenarioFile) -> bool:
    """Whether anything but chance and limits makes one part of the run differ from another."""
    horizon = file.clock.until
    instants = [entry.at for entry in file.timeline] + [step.at for step in file.bots.schedule]
    for stream in file.arrivals:
        if stream.trace is not None or (stream.poisson is not None and stream.poisson.phases is not None):
            return True
        instants += [stream.from_] if stream.until is None else [stream.from_, stream.until]
    return any(instant > 0 and (horizon is None or instant < horizon) for instant in instants)


def _expectation_findings(file: ScenarioFile, drawn: bool) -> Iterator[Finding]:
    """Yield each expectation on an order or a bot that replication 1 does not have.

    What replication 1 has is known only when it can be drawn.
    """
    first = file.orders.first_number
    last = bots = 2**31
    if drawn and file.expect:
        try:
            workload = Demand(file).workload(file.seed, 1)
        except SimulationError as error:
            yield (), str(error)
            return
        last, bots = first + len(workload.service) - 1, int((workload.action == Action.ADD_BOT.value).sum())
    for index, entry in enumerate(file.expect):
        steps: Steps = ("expect", index)
        if entry.order is not None and not first <= entry.order <= last:
            there_are = f"its orders are {first} to {last}" if last >= first else "it creates none, leave this out"
            advice = there_are if drawn else f"orders are numbered from {first}"
            yield (*steps, "order"), f"order {entry.order} is never created by this scenario; {advice}"
        if entry.bot is not None and entry.bot > bots:
            advice = f"name one of bots 1 to {bots}" if bots else "it adds none, leave this out"
            yield (*steps, "bot"), f"bot {entry.bot} is never added by this scenario; {advice}"
