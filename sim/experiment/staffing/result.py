"""The answer of `staff`: a crew for each slot, what it promises, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.experiment.frames import interval_cells
from sim.experiment.presenting import StaffingPlots, presenter
from sim.experiment.single import Run, run
from sim.scenario import Scenario
from sim.scenario.schedules import Schedule, Shift, Slot, bots_block, plan_of, slots_of, with_schedule
from sim.scenario.staffing import Promise, StaffPlan
from sim.statistics import Interval
from sim.verdicts import Judgement

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["slot", "class", "promise", "bots", "offered", "share", "low", "high", "needed", "erlang_bots"]
CHANCE = 0.95
"""The confidence of the intervals that are shown, each alone."""


class Rival(NamedTuple):
    """Another crew beside the answer: how many bots each slot has, and in which slots it breaks a promise."""

    schedule: Schedule
    broken: tuple[str, ...]


class Cell(NamedTuple):
    """What is known of a promise in a slot: the share of orders that were not late, None where nobody came; whether it
    is shown to be kept or broken, or else what would settle it.
    """

    slot: Slot
    promise: Promise
    share: Interval | None
    judgement: Judgement
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Staffing:
    """How many bots each slot has, and what fresh days prove of that.

    `verdict` is PASS where the schedule keeps each promise in each slot, FAIL where even the most bots in all slots
    break one, INCONCLUSIVE else; `note` says why then. The whole statement has the confidence of the plan: also that
    with one bot less a slot that is `needed` breaks a promise, by its name and with the share that is left.
    """

    scenario: Scenario
    seed: int
    verdict: Judgement
    note: str
    schedule: Schedule
    cells: Sequence[Cell]  # slot by slot, each promise
    needed: Mapping[str, Interval]
    offered: Sequence[float]  # how many bots each slot would keep busy
    erlang: Rival
    constant: Rival | None  # None where no crew that is the same in all slots will do
    days: int  # that certified it
    days_before: int  # on which it was searched and polished
    days_of_search: int
    fills: Sequence[tuple[Shift, int]] = ()
    least: float | None = None  # the proved least cost

    def __repr__(self) -> str:
        """Return what is answered, in one line."""
        return f"<Staffing {self.scenario.name}, seed {self.seed}: {self.verdict}, {self.bot_hours:g} bot-hours>"

    @property
    def plan(self) -> StaffPlan:
        """What the file asks."""
        return plan_of(self.scenario.file)

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, in order of time."""
        return slots_of(self.scenario.file)

    @property
    def bot_hours(self) -> float:
        """The hours that all bots are there together in the slots."""
        return self.hours_of(self.schedule)

    @property
    def cost(self) -> float:
        """What is as small as can be: the bot-hours, or what shifts cost."""
        return sum(shift.cost * bots for shift, bots in self.fills) if self.plan.shifts else self.bot_hours

    def hours_of(self, schedule: Schedule) -> float:
        """Return the bot-hours of another schedule of these slots."""
        return sum(bots * slot.hours for bots, slot in zip(schedule, self.slots, strict=True))

    @cached_property
    def bots(self) -> dict[str, Any]:
        """What the file says under `bots` with this crew in place of its own, such as for `scenario.with_keys(bots=…)`.

        Outside of the slots the crew is that of the file.
        """
        said = dict(self.scenario.plain.get("bots", {}))
        crew = with_schedule(self.scenario.file, self.slots, self.schedule).bots
        return said | bots_block(crew, self.scenario.clock)

    @cached_property
    def staffed(self) -> Scenario:
        """The scenario with this crew, in which nothing is asked of others."""
        return self.scenario.with_keys(bots=self.bots, staff=None, sweep=None, compare=None, select=None)

    @cached_property
    def first_day(self) -> Run:
        """The first replication with this crew."""
        return run(self.staffed, self.seed)

    @property
    def takes_average_days(self) -> bool:
        """Whether days differ by chance alone, since no file says how busy each is."""
        file = self.scenario.file
        busyness = [file.busyness, *(stream.busyness for stream in file.arrivals)]
        return self.scenario.is_random and not any(busyness)

    @property
    def plot(self) -> StaffingPlots:
        """The chart, as `answer.plot.slots()`."""
        return presenter().staffing_plots(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each slot and promise: slot, class, promise, bots, offered, share, low, high, needed,
        erlang_bots.

        `promise` is what it asks, such as `within(5m) >= 90%`; `share` and its 95% interval are NA where nobody came;
        `needed` is whether one bot less is shown to break a promise there.
        """
        import pandas as pd

        rows = [self._row(index // len(self.plan.promise), cell) for index, cell in enumerate(self.cells)]
        return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(("share", "low", "high"), "Float64"))

    def _row(self, place: int, cell: Cell) -> tuple[object, ...]:
        order_class = cell.promise.order_class
        return (
            cell.slot.name,
            "" if order_class is None else order_class.name,
            cell.promise.asked,
            self.schedule[place],
            self.offered[place],
            *interval_cells(cell.share)[:3],
            cell.slot.name in self.needed,
            self.erlang.schedule[place],
        )
