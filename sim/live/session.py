"""A session: a scenario in which things are done by hand while its clock runs."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.engines import Engine, run_engine
from sim.errors import ArgumentError, SimulationError
from sim.events import EventKind
from sim.experiment import Run, run
from sim.model import Action, Workload
from sim.output.files import write_text
from sim.output.text import event_lines
from sim.scenario import Lines, Scenario, lines_of, load_scenario, playable, with_entry, written_instant
from sim.scenario.files import LARGEST_FILE
from sim.units import LONGEST, parse_duration, printable
from sim.verdicts import facts

MOST_ORDERS = 50_000
"""As many as a page replays. All orders are simulated again whenever something is done."""

_MARK = "# A session of sim kitchen; sim run does it again."


class Session:
    """A kitchen in which things are done by hand, at the instant `now` (microseconds from the start).

    The engine is the replay: there is no second state of the kitchen that could go astray. What is done is an entry of
    the timeline, and the run is simulated from its start whenever there is one more. What has happened is the beginning
    of that run. At the instant `now` itself the scenario's schedule and arrivals are still to come, since entries of
    the timeline act before them.
    """

    def __init__(self, scenario: Scenario | None = None, seed: int | None = None, engine: Engine = "auto") -> None:
        """Open the kitchen of a scenario, by default an empty one.

        Raises:
            SimulationError: it has more than 50,000 orders.

        """
        self.scenario = playable(load_scenario({"scenario": 1, "name": "kitchen"}) if scenario is None else scenario)
        if seed is not None:
            self.scenario = self.scenario.with_keys(seed=seed)
        self.engine = engine
        self.now = 0
        self.actions = 0
        self.events_told = 0  # events that `news` has told
        self._run: Run | None = None
        self._lines: list[tuple[int, str]] = []
        orders = len(self.scenario.workload().service)
        if orders > MOST_ORDERS:
            problem = f"has {orders:,} orders; a live kitchen has at most {MOST_ORDERS:,}, so shorten it"
            raise SimulationError(f"{self.scenario.name}: {problem}")

    @property
    def run(self) -> Run:
        """The whole run, until its end, as it becomes if nothing more is done."""
        if self._run is None:
            self._run = run(self.scenario, engine=self.engine)
            self._lines = list(event_lines(self._run))
        return self._run

    @property
    def events(self) -> int:
        """How many events of the run's log have happened."""
        times = self.run.log.time
        first, last = (int(np.searchsorted(times, self.now, side)) for side in ("left", "right"))
        if first == last:
            return first
        return len(run_engine(_until(self.run.scenario, self.run.workload, self.now), self.engine))

    @property
    def levels(self) -> tuple[int, int, int]:
        """How many orders are PENDING, how many are PROCESSING, and how many bots there are, as far as it was told."""
        happened = np.bincount(self.run.log.kind[: self.events_told], minlength=len(EventKind)).tolist()
        number = dict(zip(EventKind, happened, strict=True))
        started, returned = number[EventKind.ORDER_PICKED_UP], number[EventKind.ORDER_RETURNED]
        pending = number[EventKind.ORDER_CREATED] + returned - started - number[EventKind.ORDER_ABANDONED]
        processing = started - returned - number[EventKind.ORDER_COMPLETED]
        return pending, processing, number[EventKind.BOT_ADDED] - number[EventKind.BOT_REMOVED]

    def do(self, **action: Any) -> None:
        """Do something now, in the words of `timeline`: `order="VIP"`, `add_bots=1` or `remove_bots=1`, perhaps with a
        `count`, and for orders a `service`.

        Raises:
            ScenarioError: there is no such action.

        """
        self.scenario = with_entry(self.scenario, {"at": self._written(self.now), **action})
        self.actions += 1
        self._run = None

    def wait(self, duration: str | int) -> None:
        """Let time go on by so much, such as `30s`, or a number of microseconds; to the end of the run at most.

        Raises:
            ValueError: it is no duration, or the clock would go too far.

        """
        instant = self.now + (duration if isinstance(duration, int) else parse_duration(duration))
        if instant > LONGEST:
            raise ValueError("the clock would pass 36525d, the longest time; wait less")
        self.now = instant if self.scenario.end is None else min(instant, self.scenario.end)

    def news(self) -> list[str]:
        """Return the lines of result.txt on what has happened since this was asked last."""
        events = self.events
        lines = [line for event, line in self._lines if self.events_told <= event < events]
        self.events_told = events
        return lines

    def finish(self) -> list[str]:
        """Let the run go on to its end, and return the lines of what happens."""
        self.now = max(self.now, self.run.log.end)
        lines = [line for event, line in self._lines if event >= self.events_told]
        self.events_told = len(self.run.log)
        return lines

    def lines(self, name: str, expect: bool = False) -> Lines:
        """Return a scenario of this name that does the same, which may expect what has happened up to now."""
        entries = facts(self.run.log, self.now, self._written) if expect else []
        return lines_of(self.run.scenario.plain, name, entries)

    def save(self, path: str | Path, expect: bool = False) -> None:
        """Write a scenario that does the same, named by its file; `expect` adds what has happened as facts.

        Raises:
            ArgumentError: another file is there that no session wrote; or the scenario names data files, which it must
                lie beside; or it would be too large for a scenario.
            OSError: the file cannot be written.

        """
        path = Path(path)
        name = re.sub("[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:100] or self.scenario.name
        text = f"{_MARK}\n{self.lines(name, expect).text}"
        self._refuse(path, len(text.encode()))
        write_text(path, text)

    def _refuse(self, path: Path, size: int) -> None:
        shown, folder = printable(str(path)), self.scenario.folder
        if path.is_file() and not path.read_bytes().startswith(_MARK.encode()):
            raise ArgumentError("path", f"{shown} exists already and is not a session; name another file")
        if self.scenario.files and path.parent.resolve() != folder.resolve():
            named = printable(next(iter(self.scenario.files)))
            raise ArgumentError("path", f"{shown} does not lie beside {named}, which it names; save it into {folder}/")
        if size > LARGEST_FILE:
            raise ArgumentError("path", f"{shown} would be larger than 1 MiB; save it without expect")

    def _written(self, instant: int) -> str:
        return written_instant(instant, self.scenario.clock, self.scenario.end)


def _until(scenario: Scenario, workload: Workload, instant: int) -> Workload:
    """Return what a run brings up to an instant, at which only initial bots and the timeline have acted so far."""
    file = scenario.file
    rows = int(np.searchsorted(workload.action_time, instant, "left")) + (file.bots.initial if instant == 0 else 0)
    rows += sum(
        entry.count if entry.order is not None else abs(entry.bots) for entry in file.timeline if entry.at == instant
    )
    orders = int(np.count_nonzero(workload.action[:rows] == Action.CREATE_ORDER))
    return replace(
        workload,
        action_time=workload.action_time[:rows],
        action=workload.action[:rows],
        order_class=workload.order_class[:orders],
        service=workload.service[:orders],
        patience=workload.patience[:orders],
        stream=workload.stream[:orders],
        horizon=instant,
    )
