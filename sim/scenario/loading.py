"""From a file to a Scenario, or to everything that is wrong with the file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from operator import index
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import Fault, ScenarioError, SimulationError
from sim.model import Action, Workload
from sim.scenario.parts import MOST_BOTS, MOST_ORDERS, Context
from sim.scenario.resolving import parameter_nodes, read_scenario, with_moved_files, with_parameters
from sim.scenario.schema import Expectation, ScenarioFile
from sim.scenario.source import Node, Place
from sim.scenario.workload import crew_sizes, draw_workload, stream_names
from sim.units import Clock

_MOST_BOT_CHANGES = 1_000_000
_LATEST = 2**61  # microseconds


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """A valid scenario: what its file says, ready to draw workloads from.

    `text` is the file as resolved, with `extends` and parameters applied, in YAML. `parameters` are those in force.
    `root` is the tree that they were applied to; files that it names lie in `folder`.
    """

    file: ScenarioFile
    text: str
    parameters: dict[str, Any]
    root: Node
    folder: Path

    def __repr__(self) -> str:
        """Return which scenario this is, in one line."""
        return f"<Scenario {self.name}, parameters {self.parameters}>"

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.file.name

    @property
    def seed(self) -> int:
        """The seed that the file gives, 0 if none."""
        return self.file.seed

    @property
    def clock(self) -> Clock:
        """What the clock reads at simulated time 0."""
        return self.file.clock.start

    @property
    def sha256(self) -> str:
        """The SHA-256 of the resolved text, as 64 hex digits."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def expectations(self) -> list[tuple[Place, Expectation]]:
        """The entries of `expect` with their places."""
        entries = [self.root.find(("expect", index))[0] for index in range(len(self.file.expect))]
        return [(node.place, entry) for node, entry in zip(entries, self.file.expect, strict=True)]

    def set(self, /, **parameters: Any) -> "Scenario":
        """Return this scenario with other values for some of its parameters.

        Raises:
            ScenarioError: there is no such parameter, or the scenario is wrong with that value.

        """
        return _resolve(self.root, self.folder, self.parameters | parameters)

    def workload(self, seed: int | None = None, replication: int = 1) -> Workload:
        """Return all that happens from outside in `replication` (from 1), drawn under `seed` (default: the file's).

        Raises:
            SimulationError: chance made too many orders, or the simulated time could overflow.
            TypeError: the seed or the replication is no whole number.
            ValueError: the seed or the replication is out of range.

        """
        seed, replication = index(self.seed if seed is None else seed), index(replication)
        if not 0 <= seed < 2**63:
            raise ValueError(f"seed {seed} is out of range; give a whole number from 0 to {2**63 - 1}")
        if not 1 <= replication < 2**63:
            raise ValueError(f"replication {replication} is out of range; replications are numbered from 1")
        return draw_workload(self.file, seed, replication)


def load_scenario(path: str | Path, /, **parameters: Any) -> Scenario:
    """Return the scenario of a YAML file, with `parameters` in place of the file's values for them.

    Raises:
        ScenarioError: with every fault of the file, each with its place.

    """
    root = read_scenario(Path(path), str(path))
    return _resolve(root, Path(path).parent, parameters)


def _resolve(root: Node, folder: Path, parameters: dict[str, Any]) -> Scenario:
    """Put parameters in, validate, and check what the schema cannot say."""
    faults: list[Fault] = []
    unknown: list[Fault] = []  # what the schema would report once more
    values = parameter_nodes(root, parameters, faults, unknown)
    resolved = with_moved_files(with_parameters(root, values, unknown), Path(root.place.file).parent)
    plain = resolved.plain()
    label = str(Path(root.place.file).parent / "_")[:-1].removeprefix("./")
    context = Context(_clock(plain), folder, label)
    try:
        file = ScenarioFile.model_validate(plain, context=context)
    except ValidationError as error:
        told = {(fault.file, fault.line, fault.column) for fault in unknown}
        found = [_fault(resolved, line) for line in error.errors()]
        faults += [fault for fault in found if (fault.file, fault.line, fault.column) not in told]
    faults += unknown + context.faults
    if faults:
        raise ScenarioError(faults)
    faults = _checked(file, resolved)
    if faults:
        raise ScenarioError(faults)
    in_force = {name: node.plain() for name, node in values.items()}
    return Scenario(file, _text(plain), in_force, root, folder)


def _clock(plain: dict[str, Any]) -> Clock:
    """Return the clock that instants are read with; a wrong one is reported by the schema."""
    clock = plain.get("clock")
    try:
        return Clock.parse(clock["start"]) if isinstance(clock, dict) and "start" in clock else Clock()
    except ValueError:
        return Clock()


def _fault(root: Node, line: Any) -> Fault:
    """Return a pydantic error as a fault at its place: that of the key for an unknown key, else of the value."""
    steps, message = line["loc"], line["msg"]
    if steps and (steps[-1] == "[key]" or message.startswith("unknown key")):
        steps = steps[:-1] if steps[-1] == "[key]" else steps
        parent, path = root.find(steps[:-1])
        return parent.keys.get(str(steps[-1]), parent.place).fault(path, message)
    node, path = root.find(steps)
    return node.place.fault(path, message)


def _checked(file: ScenarioFile, root: Node) -> list[Fault]:
    """Return what is wrong beyond the schema: limits, endless or clashing streams, expectations of nothing."""
    faults = [*_stream_faults(file, root), *_crew_faults(file, root)]
    return faults or _expectation_faults(file, root)


def _fault_at(root: Node, steps: tuple[int | str, ...], message: str) -> Fault:
    node, path = root.find(steps)
    return node.place.fault(path, message)


def _stream_faults(file: ScenarioFile, root: Node) -> Iterator[Fault]:
    horizon, names, taken = file.clock.until, stream_names(file), set[str]()
    demand = float(sum(entry.count for entry in file.timeline if entry.order is not None))
    if demand > MOST_ORDERS:
        message = f"makes {demand:.0f} orders; one run holds at most {MOST_ORDERS}; use a smaller count"
        yield _fault_at(root, ("timeline",), message)
    for index, (name, stream) in enumerate(zip(names, file.arrivals, strict=True)):
        here = ("arrivals", index)
        if name in taken:
            message = f"name {name!r} is taken by an earlier stream; write another name"
            yield _fault_at(root, (*here, "name"), message)
        taken.add(name)
        if name == "timeline":
            message = "name 'timeline' is reserved for the timeline; write another name"
            yield _fault_at(root, (*here, "name"), message)
        if stream.is_endless(horizon):
            message = "never ends, and the run is until drained; write clock.until, until or limit"
            yield _fault_at(root, here, message)
        elif stream.expected_end(horizon) > _LATEST:
            message = "lasts longer than 70,000 years; write a higher rate or a lower limit"
            yield _fault_at(root, here, message)
        else:
            demand += (orders := stream.expected_orders(horizon))
            if demand > MOST_ORDERS >= demand - orders:
                message = (
                    f"brings the run to about {demand:.0f} orders; one run holds at most {MOST_ORDERS}; set a limit"
                )
                yield _fault_at(root, here, message)


def _crew_faults(file: ScenarioFile, root: Node) -> Iterator[Fault]:
    changes = crew_sizes(file)
    if max(size for _, size in changes) > MOST_BOTS:
        yield _fault_at(root, ("timeline",), f"more than {MOST_BOTS} bots at once; add fewer")
    if sum(abs(change) for change, _ in changes) > _MOST_BOT_CHANGES:
        here = ("timeline",) if file.timeline else ("bots", "schedule")
        yield _fault_at(root, here, f"more than {_MOST_BOT_CHANGES} bots added and removed; write fewer changes")


def _expectation_faults(file: ScenarioFile, root: Node) -> list[Fault]:
    """Return a fault for each expectation on an order, a bot or an instant that replication 1 does not have."""
    if not file.expect:
        return []
    try:
        workload = draw_workload(file, file.seed, 1)
    except SimulationError as error:
        return [root.place.fault("", str(error))]
    first, orders = workload.first_number, len(workload.service)
    bots = int((workload.action == Action.ADD_BOT).sum())
    faults = []
    for index, entry in enumerate(file.expect):
        here, last = ("expect", index), first + orders - 1
        if entry.order is not None and not first <= entry.order <= last:
            made = f"orders {first} to {last}" if orders else "no orders"
            message = f"order {entry.order} is never created; this scenario makes {made}"
            faults.append(_fault_at(root, (*here, "order"), message))
        if entry.bot is not None and entry.bot > bots:
            made = f"bots 1 to {bots}" if bots else "no bots"
            message = f"bot {entry.bot} is never added; this scenario adds {made}"
            faults.append(_fault_at(root, (*here, "bot"), message))
        if entry.at is not None and workload.horizon is not None and entry.at > workload.horizon:
            faults.append(_fault_at(root, (*here, "at"), "lies after the horizon; write an earlier instant"))
    return faults


def _text(plain: dict[str, Any]) -> str:
    """Return a scenario as YAML: a line for each key, and for each item of a list, in JSON's form."""
    out = StringIO()
    for key, value in plain.items():
        if isinstance(value, list) and value:
            out.write(f"{key}:\n" + "".join(f"  - {json.dumps(item, ensure_ascii=False)}\n" for item in value))
        else:
            out.write(f"{key}: {json.dumps(value, ensure_ascii=False)}\n")
    return out.getvalue()
