"""A scenario: what a valid file says, and how it is loaded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from sim.errors import Fault, ScenarioError
from sim.model import MetricSet, Window, Workload, Workloads
from sim.scenario.expectations import Expectation
from sim.scenario.generators import replication_in_range, seed_in_range
from sim.scenario.loading import all_valid, check_tree
from sim.scenario.metric_names import metric_of
from sim.scenario.resolving import node_of, with_base
from sim.scenario.schema import ScenarioFile
from sim.scenario.source import read_yaml
from sim.scenario.sources import Kernel
from sim.scenario.study import BLOCKS, sweep_to_write
from sim.scenario.text import resolved_text
from sim.scenario.thresholds import Threshold
from sim.scenario.tree import Node, Steps
from sim.scenario.windows import by_name, shown_by_slots
from sim.scenario.workload import Demand
from sim.units import Clock

# What decides no number of a replication.
_ASIDE = ("description", "seed", "expect", "metrics", "replications", "thresholds")


@dataclass(frozen=True, repr=False)
class Scenario:
    """A valid scenario: what its file says, ready to draw workloads from.

    `plain` is the file as resolved, with `extends` and parameters applied, and `in_force` are the values of its
    parameters. `files` are the contents of the data files that it names, `notes` are lines on what is right and easily
    overlooked, such as rows of a trace that are left out. `root` is the tree that parameters were applied to; files
    that it may name with others lie in `folder`. `more_metrics` are wanted beside those that the file names.
    With `draws_inputs`, each pair of replications has parameters as other days would have given them.
    """

    file: ScenarioFile
    plain: dict[str, Any]
    in_force: dict[str, Any]
    files: dict[str, bytes]
    notes: tuple[str, ...]
    root: Node
    folder: Path
    more_metrics: tuple[str, ...] = ()
    draws_inputs: bool = False

    def __repr__(self) -> str:
        """Return which scenario this is, in one line."""
        return f"<Scenario {self.name}, parameters {self.parameters}>"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters in force, in a dict of the caller's own: `set` gives a scenario with other values."""
        return dict(self.in_force)

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

    @cached_property
    def text(self) -> str:
        """The file as resolved, but for what it says of other versions of itself, in YAML."""
        return resolved_text(self.plain, self.files, BLOCKS)

    @property
    def study(self) -> dict[str, Any]:
        """What the file as resolved says of other versions of itself."""
        return {key: value for key, value in self.plain.items() if key in BLOCKS}

    @property
    def sha256(self) -> str:
        """The SHA-256 of the resolved text, as 64 hex digits."""
        return sha256(self.text.encode()).hexdigest()

    @cached_property
    def model_sha256(self) -> str:
        """The SHA-256 of the part that decides a replication's numbers beside the seed, as 64 hex digits."""
        return sha256(resolved_text(self.plain, self.files, (*_ASIDE, *BLOCKS)).encode()).hexdigest()

    @property
    def sources(self) -> list[Path]:
        """The files that it was read from: its own, those that this one extends, and data files."""
        return [Path(self.root.place.file), *self.root.bases, *(self.folder / name for name in self.files)]

    @property
    def is_random(self) -> bool:
        """Whether two replications can differ."""
        return self.file.is_random

    @property
    def warmup(self) -> int | Literal["mser5"]:
        """How many microseconds at the beginning are left out of the metrics, or how that is found."""
        return self.file.warmup or 0

    @property
    def end(self) -> int | None:
        """The horizon in microseconds, None of a run that is drained."""
        return self.file.clock.until

    @property
    def is_followed(self) -> bool:
        """Whether orders that are not over at the horizon are followed behind it."""
        return self.end is not None and not self.file.clock.closes

    @property
    def expectations(self) -> list[Expectation]:
        """The entries of `expect`, each with its `place`."""
        return list(self.file.expect)

    @property
    def thresholds(self) -> list[Threshold]:
        """The conditions of `thresholds`, each with its `place`."""
        return list(self.file.thresholds)

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows of the file in its order, each slot of a regular one by itself."""
        return self.file.windows

    @cached_property
    def metric_set(self) -> MetricSet:
        """The standard metrics, all that the file names, and those that are wanted or shown beside them."""
        names = [*self.file.metric_names, *self.more_metrics]
        return MetricSet.of([*names, *shown_by_slots(names, self.windows)], self.windows)

    def metric_name(self, text: str) -> str:
        """Return the full name of a metric of the whole run or of one of the windows.

        Raises:
            ValueError: there is no such metric.

        """
        return metric_of(text, by_name(self.windows))

    def with_metrics(self, metric_names: Iterable[str]) -> "Scenario":
        """Return this scenario, of which replications keep these metrics too; `set` and `with_keys` forget them.

        Raises:
            ValueError: there is no such metric.

        """
        return replace(self, more_metrics=(*self.more_metrics, *map(self.metric_name, metric_names)))

    def redrawn(self) -> "Scenario":
        """Return this scenario with parameters that are drawn anew for each pair of replications, by the days to which
        it was fitted.
        """
        return replace(self, draws_inputs=True)

    @classmethod
    def parse(cls, text: str, /, **parameters: Any) -> "Scenario":
        """Return the scenario of YAML text, with `parameters` in place of its own.

        Files that it names are found from the working folder.

        Raises:
            ScenarioError: with every fault, each with its place.

        """
        faults: list[Fault] = []
        root = with_base(read_yaml(text, "text", faults), Path("text"), faults)
        return checked(root, Path(), parameters, faults, {})

    def set(self, /, **parameters: Any) -> "Scenario":
        """Return this scenario with other values for some of its parameters.

        Raises:
            ScenarioError: there is no such parameter, or the scenario is wrong with that value.

        """
        return checked(self.root, self.folder, self.parameters | parameters, [], self.files)

    def with_keys(self, /, **keys: Any) -> "Scenario":
        """Return this scenario with other values for top-level keys of its file, such as `sweep` or `thresholds`; None
        leaves a key out.

        Raises:
            ScenarioError: there is no such key, or the scenario is wrong with that value.

        """
        given = {name: node_of(value, self.root.place) for name, value in keys.items() if value is not None}
        unchanged = {name: node for name, node in self.root.value.items() if name not in keys}
        places = self.root.keys | dict.fromkeys(given, self.root.place)
        root = replace(self.root, value=unchanged | given, keys=places)
        return checked(root, self.folder, self.parameters, [], self.files)

    def points(self) -> list["Scenario"]:
        """Return the scenarios of the sweep, in the order of its values, the last parameter changing fastest.

        Raises:
            ScenarioError: the file has no sweep, or is wrong with some of its values.

        """
        plan = self.file.sweep
        if plan is None:
            raise ScenarioError([self.root.place.fault("", f"missing key 'sweep'; {sweep_to_write(self.in_force)}")])
        return all_valid(partial(self._with_values, plan.parameters(point), plan.steps(point)) for point in plan.points)

    def baseline(self) -> "Scenario":
        """Return the scenario that `compare` compares others with.

        Raises:
            ScenarioError: the file is wrong with its values.

        """
        values = self.file.compare.baseline if self.file.compare is not None else {}
        return self._with_values(values, {name: ("compare", "baseline", name) for name in values})

    def check_study(self) -> None:
        """Check all points of the sweep, and the baseline.

        Raises:
            ScenarioError: the file is wrong with some of their values.

        """
        versions: list[Callable[[], object]] = [self.baseline]
        all_valid(versions if self.file.sweep is None else [*versions, self.points])

    def _with_values(self, values: Mapping[str, Any], steps: Mapping[str, Steps]) -> "Scenario":
        """Return this scenario with values for parameters that stand in its file, without study and `expect`, but with
        the metrics that the study is about.
        """
        nodes = {name: node_of(value, self.root.place_of(steps[name])) for name, value in values.items()}
        keys = {key: node for key, node in self.root.value.items() if key not in (*BLOCKS, "expect")}
        point = checked(replace(self.root, value=keys), self.folder, self.parameters | nodes, [], self.files)
        try:
            return point.with_metrics([*self.file.metrics_of_study, *self.more_metrics])
        except ValueError as error:  # windows depend on parameters
            raise ScenarioError([self.root.fault(next(iter(steps.values())), str(error))]) from None

    @cached_property
    def learned(self) -> dict[str, int]:
        """For who runs it, to be found once: how far orders must be followed, and where the warm-up ends."""
        return {}

    @cached_property
    def _demand(self) -> Demand:
        return Demand(self.file)

    def workload(
        self, seed: int | None = None, replication: int = 1, beyond: int = 0, kernel: Kernel | None = None
    ) -> Workload:
        """Return all that happens from outside in `replication` (from 1), drawn under `seed` (default: the file's).

        Arrivals go on for `beyond` microseconds behind the horizon, if there is one. The `kernel` of an engine draws
        the same numbers quicker: see `sim.engines.kernel_of`.

        Raises:
            SimulationError: chance made too many orders, or the simulated time could overflow.
            TypeError: the seed or the replication is no whole number.
            ValueError: the seed or the replication is out of range.

        """
        return self.workloads(seed, [replication], beyond, kernel).columns

    def workloads(
        self, seed: int | None, replications: Sequence[int], beyond: int = 0, kernel: Kernel | None = None
    ) -> Workloads:
        """Return what `workload` returns of each of some replications; to draw many small ones at once is faster.

        Raises:
            SimulationError: as in `workload`.
            TypeError: likewise.
            ValueError: likewise.

        """
        seed = seed_in_range(self.seed if seed is None else seed)
        numbers = [replication_in_range(replication) for replication in replications]
        if not self.draws_inputs:
            return self._demand.workloads(seed, numbers, beyond, kernel)
        from sim.scenario.redrawing import redrawn

        demands = ((number, Demand(redrawn(self.file, seed, number))) for number in numbers)
        return Workloads.join([demand.workloads(seed, [number], beyond, kernel).columns for number, demand in demands])


def checked(
    root: Node, folder: Path, parameters: dict[str, Any], faults: list[Fault], known: Mapping[str, bytes]
) -> Scenario:
    """Return the scenario of a tree; `faults` are those known before."""
    loaded = check_tree(root, folder, parameters, faults, known)
    return Scenario(*loaded, root, folder)
