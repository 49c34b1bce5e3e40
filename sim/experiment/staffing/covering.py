"""Schedules of the least cost under cuts: shifts that cover a schedule, and a proof that none is cheaper.

A cut says that in one of some slots there must be so many bots at least. It comes from a schedule that clearly breaks a
promise, raised wherever that does not mend it: with as many bots or fewer, more bots helping in the mean, it is broken
as well. The cheapest schedule under all cuts is found by integer programming (HiGHS, by `scipy.optimize.milp`); where
it breaks a promise, there is another cut, else none that is cheaper keeps all (Atlason, Epelman and Henderson 2008,
Optimizing call center staffing using simulation and analytic center cutting-plane methods, Management Science 54).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sim.errors import SimulationError
from sim.experiment.staffing.days import Kitchen
from sim.experiment.staffing.trials import Trials
from sim.scenario.schedules import Schedule, Shift, shifts_of

_MOST_TRIALS = 2_000  # schedules that are run for a proof
_SLOTS_BEFORE, _SLOTS_BEHIND = (
    2,
    1,
)  # slots before and behind a broken one that are raised one by one; others seldom matter

Cut = dict[int, int]
"""By slot the bots of which there must be as many at least, in one of the slots."""


class Cover(NamedTuple):
    """A schedule of the least cost, and how many bots come for each shift; none where there are no shifts."""

    cost: float
    schedule: Schedule
    fills: tuple[int, ...]


def covered(kitchen: Kitchen, schedule: Schedule) -> Cover:
    """Return the cheapest shifts that have as many bots in each slot as a schedule, or more.

    Raises:
        SimulationError: no shifts within the range of bots do.

    """
    return cheapest_cover(kitchen, [{slot: bots} for slot, bots in enumerate(schedule)])


def cheapest_cover(kitchen: Kitchen, cuts: Sequence[Cut]) -> Cover:
    """Return the cheapest schedule that no cut forbids, by shifts where the plan has some.

    Raises:
        SimulationError: there is none within the range of bots.

    """
    import scipy.optimize

    solver: Any = scipy.optimize
    (least, most), slots = kitchen.plan.bots, kitchen.slots
    shifts = shifts_of(kitchen.plan, len(slots))
    steps = _steps(cuts, least)
    # Columns: the bots of each slot, those of each shift, and whether a slot reaches each of its steps.
    sizes = [len(slots), len(shifts), len(steps)]
    rows = _rows(sizes, shifts, steps, cuts, least)
    hours = [0.0 if shifts else slot.hours for slot in slots]
    cost = np.array([*hours, *(shift.cost for shift in shifts), *(0.0 for _ in steps)])
    result = solver.milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=solver.Bounds(np.repeat([least, 0, 0], sizes), np.repeat([most, most, 1], sizes)),
        constraints=solver.LinearConstraint(
            _matrix(rows, len(cost)), [row.low for row in rows], [row.high for row in rows]
        ),
        options={"mip_rel_gap": 0.0},  # by default it stops near the least cost, which is then not proved
    )
    if result.x is None:
        raise SimulationError(
            "no choice of shifts gives each slot enough bots within the range; write other shifts or bots"
        )
    counts = [round(float(value)) for value in result.x]
    return Cover(float(result.fun), tuple(counts[: sizes[0]]), tuple(counts[sizes[0] : sizes[0] + sizes[1]]))


class _Row(NamedTuple):
    """A constraint: a sum, with a coefficient for each column, between two bounds."""

    terms: dict[int, float]
    low: float
    high: float = np.inf


def _rows(
    sizes: Sequence[int], shifts: Sequence[Shift], steps: Sequence[tuple[int, int]], cuts: Sequence[Cut], least: int
) -> list[_Row]:
    of_shift, of_step = sizes[0], sizes[0] + sizes[1]
    column_of = {step: of_step + place for place, step in enumerate(steps)}
    rows = []
    for slot in range(sizes[0]):
        of_slot = [bots for place, bots in steps if place == slot]
        # A slot that reaches its steps has the bots of these: the least, and what each adds to the one below.
        added = {column_of[slot, bots]: float(below - bots) for below, bots in pairwise([least, *of_slot])}
        rows.append(_Row({slot: 1.0, **added}, least))
        rows += [_Row({column_of[slot, low]: 1.0, column_of[slot, high]: -1.0}, 0) for low, high in pairwise(of_slot)]
        if shifts:
            on_duty = {of_shift + place: 1.0 for place, shift in enumerate(shifts) if shift.first <= slot < shift.last}
            rows.append(_Row({slot: -1.0, **on_duty}, 0, 0))
    rows += [_Row({column_of[step]: 1.0 for step in cut.items()}, 1) for cut in cuts if min(cut.values()) > least]
    return rows


def _matrix(rows: Sequence[_Row], columns: int) -> Any:
    """Return the coefficients of constraints as a sparse matrix."""
    import scipy.sparse

    sparse: Any = scipy.sparse
    places = [(row, column) for row, constraint in enumerate(rows) for column in constraint.terms]
    values = [value for constraint in rows for value in constraint.terms.values()]
    return sparse.csr_array((values, tuple(zip(*places, strict=True))), shape=(len(rows), columns))


def _steps(cuts: Sequence[Cut], least: int) -> list[tuple[int, int]]:
    """Return each number of bots above the least that a cut names of a slot."""
    return sorted({step for cut in cuts for step in cut.items() if step[1] > least})


class Proof(NamedTuple):
    """That no schedule costs less than `cost` and keeps all promises on some days; `cover` is the cheapest one that
    does not clearly break any, None where too many were run before it was known: the least cost may be higher then.
    """

    cost: float
    cover: Cover | None


def prove(trials: Trials) -> Proof:
    """Return what the cheapest schedule costs that does not break a promise by more than a standard error."""
    kitchen = trials.kitchen
    cuts = [cut for slot in range(len(kitchen.slots)) if (cut := _alone(trials, slot))]
    most = trials.count + _MOST_TRIALS
    while trials.count < most:
        cover = cheapest_cover(kitchen, cuts)
        broken = np.flatnonzero(trials.of(cover.schedule).broken_slots(-1)).tolist()
        if not broken:
            return Proof(cover.cost, cover)
        cuts += [_lifted(trials, cover.schedule, slot) for slot in broken]
    return Proof(cheapest_cover(kitchen, cuts).cost, None)


def _alone(trials: Trials, slot: int) -> Cut:
    """Return how many bots a slot must have though all others have the most; nothing where the least will do."""
    least, most = trials.kitchen.plan.bots
    full = [most] * len(trials.kitchen.slots)
    fewest = _largest_broken(trials, full, slot, least, None) + 1
    return {slot: fewest} if fewest > least else {}


def _lifted(trials: Trials, schedule: Schedule, broken: int) -> Cut:
    """Return the cut of a schedule that clearly breaks a promise in a slot, raised as far as it still does."""
    most = trials.kitchen.plan.bots.most
    far = [slot for slot in range(len(schedule)) if not -_SLOTS_BEFORE <= slot - broken <= _SLOTS_BEHIND]
    near = sorted((slot for slot in range(len(schedule)) if slot not in far), key=lambda slot: -abs(slot - broken))
    raised = [most if slot in far else bots for slot, bots in enumerate(schedule)]
    if not _is_broken(trials, raised, broken):
        raised, near = list(schedule), [*far, *near]
    for slot in near:
        raised[slot] = _largest_broken(trials, raised, slot, raised[slot], broken)
    return {slot: bots + 1 for slot, bots in enumerate(raised) if bots < most}


def _largest_broken(trials: Trials, schedule: list[int], slot: int, low: int, broken: int | None) -> int:
    """Return the most bots of a slot with which a promise is clearly broken, `low` - 1 where none is with `low`; in the
    slot `broken`, or in any.
    """
    below, above = low - 1, trials.kitchen.plan.bots.most + 1  # broken up to here, kept from there on
    while above - below > 1:
        # the most at first: it decides for slots that do not matter
        middle = above - 1 if above > trials.kitchen.plan.bots.most else (below + above) // 2
        if _is_broken(trials, [*schedule[:slot], middle, *schedule[slot + 1 :]], broken):
            below = middle
        else:
            above = middle
    return below


def _is_broken(trials: Trials, schedule: Sequence[int], broken: int | None) -> bool:
    is_broken = trials.of(tuple(schedule)).broken_slots(-1)
    return bool(is_broken.any() if broken is None else is_broken[broken])
