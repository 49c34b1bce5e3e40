"""`calibrate`: does a scenario reproduce days that it has not seen?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine
from sim.experiment import Replications, replicate
from sim.fitting.arrivals import grain_of
from sim.fitting.crew import Crew, read_crew
from sim.fitting.days import Days, business_days
from sim.fitting.fits import load_records, refused, weekdays_of
from sim.fitting.replaying import Replay, replay
from sim.fitting.services import measured_services
from sim.model import NONE
from sim.scenario import Scenario
from sim.scenario.records import ClassWords, Columns
from sim.scenario.records.dates import DateOrder
from sim.statistics import holm, rank_test, ratio_interval, t_quantile
from sim.units import SECOND, count, format_duration, parse_duration
from sim.verdicts import Judgement

if TYPE_CHECKING:
    import pandas as pd

_DAYS = 199  # that are simulated
_LEVEL = 0.05  # of all tests of ranks together
_EQUAL = 0.95  # of waits in a replay
_FEWEST_DAYS = 3
_ALL_AT_ONCE = 0.9  # the confidence of an interval by which equivalence is shown at 5%


class Check(NamedTuple):
    """One question to the scenario, and what became of it."""

    name: str
    judgement: Judgement
    finding: str


@dataclass(frozen=True, repr=False)
class Calibration:
    """What became of a scenario that met real days: the checks, and the half-hour that differs most, in words."""

    scenario: Scenario
    days: Days
    checks: list[Check]
    worst: str
    notes: list[str]

    def __repr__(self) -> str:
        """Return the verdict in one line."""
        return f"<Calibration {self.scenario.name}: {self.verdict}>"

    @property
    def verdict(self) -> Judgement:
        """FAIL where any check fails, PASS where all pass."""
        judgements = {check.judgement for check in self.checks}
        if Judgement.FAIL in judgements:
            return Judgement.FAIL
        return Judgement.PASS if judgements == {Judgement.PASS} else Judgement.INCONCLUSIVE

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each check: check, verdict, finding."""
        import pandas as pd

        rows = [(check.name, str(check.judgement), check.finding) for check in self.checks]
        return pd.DataFrame(rows, columns=["check", "verdict", "finding"])


def calibrate(
    scenario: Scenario,
    path: str | Path,
    *,
    crew: str | Path | None = None,
    margin: float = 0.02,
    columns: Mapping[str, str] | None = None,
    vip: Sequence[str] = (),
    unit: str | None = None,
    dates: DateOrder | None = None,
    zone: str | None = None,
    skip: Sequence[tuple[str, str]] = (),
    days: str | None = None,
    seed: int | None = None,
    engine: Engine = "auto",
) -> Calibration:
    """Compare a scenario with real days that it was not fitted to.

    Real orders are replayed under the `crew` of a CSV file (at,count), or that of the scenario; counts and mean waits
    of real days are ranked among those simulated under `seed`; and the service level must agree within `margin`, a
    share. The other arguments say how the file is read, as in `fit`, and which engine runs all.

    Raises:
        FileError: the file or the crew cannot be read, or all of its days were fitted.
        ArgumentError: days cannot be read.

    """
    path = Path(path)
    records = load_records(path, Columns(dict(columns or {}), ClassWords(tuple(vip)), unit, dates, zone, skip))
    try:
        by_day = business_days(records, weekdays_of(days))
    except ValueError as error:
        raise refused(path, str(error)) from None
    notes = [*records.notes, *by_day.notes]
    by_day = _unseen(scenario, path, by_day, notes)
    team = None if crew is None else read_crew(Path(crew))
    measured = measured_services(by_day.records)
    notes += measured.problems
    replayed = replay(scenario, by_day, measured.values, team, grain_of(records.time), engine)
    simulation = _simulated(scenario, by_day, team, seed, engine)
    return Calibration(
        scenario, by_day, _checks(simulation, by_day, margin, replayed), _worst_text(by_day, replayed), notes
    )


def _unseen(scenario: Scenario, path: Path, days: Days, notes: list[str]) -> Days:
    """Return the days to which the scenario was not fitted, of the weekdays that it is for; without any, the file is
    refused.
    """
    table = scenario.file.uncertainty
    fitted = set() if table is None else set(table.dates)
    weekdays = {day.weekday() for day in fitted} or set(range(7))
    of_weekday = [number for number, day in enumerate(days.dates) if day.weekday() in weekdays]
    if len(of_weekday) < len(days.dates):
        notes.append(
            f"{count(len(days.dates) - len(of_weekday), 'day')} left out, of other weekdays than it was fitted to"
        )
        days = days.chosen(of_weekday)
    fresh = [number for number, day in enumerate(days.dates) if day not in fitted]
    if len(fresh) < len(days.dates):
        notes.append(f"{count(len(days.dates) - len(fresh), 'day')} left out, to which the scenario was fitted")
    if not fresh:
        problem = "has only days to which the scenario was fitted; fit with --until, or give later days"
        raise refused(path, problem)
    if len(fresh) < _FEWEST_DAYS:
        problem = (
            f"has {count(len(fresh), 'day')} to which the scenario was not fitted; at least {_FEWEST_DAYS} are needed"
        )
        raise refused(path, problem)
    return days.chosen(fresh)


class _Simulation(NamedTuple):
    """Simulated days, the limit of the service level in microseconds, None without real waits, and its metric."""

    replications: Replications
    limit: int | None
    metric: str


def _simulated(scenario: Scenario, days: Days, crew: Crew | None, seed: int | None, engine: Engine) -> _Simulation:
    """Return simulated days under the crew that worked, where it was the same on each of them."""
    limit = _limit(scenario, days)
    staffed = scenario
    if crew is not None and not crew.has_dates:
        staffed = scenario.with_keys(bots=dict(crew.bots(None, scenario.clock.start, scenario.end)))
    metric = "" if limit is None else f"wait.within({format_duration(limit, 6)})"
    with_level = staffed.with_metrics([metric] if metric else [])
    return _Simulation(replicate(with_level, _DAYS, seed=seed, engine=engine, fingerprints=False), limit, metric)


def _checks(simulation: _Simulation, days: Days, margin: float, replayed: Replay | None) -> list[Check]:
    """Return what became of the replay, of the ranks of days, and of the service level."""
    simulated, limit, metric = simulation
    file = simulated.scenario.file
    fitted_days = None if file.uncertainty is None else len(file.uncertainty.dates)
    real = {"orders by day": (np.bincount(days.day, minlength=len(days.dates)).astype(float), "orders.created")}
    if limit is not None:
        real["mean wait by day"] = (_mean_waits(days), "wait.mean")
    ranks = {
        name: rank_test(values, simulated.values(of_day), simulated.seed, fitted_days, file.busyness is not None)
        for name, (values, of_day) in real.items()
    }
    checks = [] if replayed is None else [_replay_check(replayed)]
    adjusted = holm([min(1.0, 2 * min(of_days.p_level, of_days.p_spread)) for of_days in ranks.values()])
    for (name, of_days), p in zip(ranks.items(), adjusted, strict=True):
        judgement = Judgement.FAIL if p < _LEVEL else Judgement.PASS
        text = f"{of_days.above:.0%} of real days above the simulated median, spread {of_days.spread:.2f} times as far"
        checks.append(Check(name, judgement, f"{text}, p {p:.2g}"))
    if limit is None:
        finding = "the file does not say when service began: waits are not judged"
        return [*checks, Check("service level", Judgement.INCONCLUSIVE, finding)]
    estimate = simulated.estimate(metric)
    assert estimate is not None
    spread = float(np.std(simulated.values(metric), ddof=1))
    return [*checks, _equivalence(days, limit, (estimate.estimate, spread), margin, fitted_days)]


def _waits(days: Days) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return of which orders the wait is known, and all waits in microseconds."""
    records = days.records
    return records.started != NONE, records.started - records.time


def _mean_waits(days: Days) -> NDArray[np.float64]:
    known, waits = _waits(days)
    sums = np.bincount(days.day[known], waits[known] / SECOND, minlength=len(days.dates))
    return np.asarray(sums / np.maximum(1, np.bincount(days.day[known], minlength=len(days.dates))), float)


def _limit(scenario: Scenario, days: Days) -> int | None:
    """Return the limit of the service level: that of a threshold, else 80% of real waits; None without waits."""
    known, waits = _waits(days)
    if not known.any():
        return None
    for threshold in scenario.thresholds:
        if threshold.metric.startswith("wait.") and ".within(" in threshold.metric:
            return parse_duration(threshold.metric.split("within(")[1].split(")")[0])
    return max(SECOND, int(np.quantile(waits[known], 0.8, method="inverted_cdf")) // SECOND * SECOND)


def _replay_check(replayed: Replay) -> Check:
    share = float(replayed.is_equal.mean())
    judgement = Judgement.PASS if share >= _EQUAL else Judgement.FAIL
    tolerance = format_duration(replayed.tolerance)
    finding = f"{share:.1%} of {len(replayed.real):,} waits are equal within {tolerance}, under the same crew"
    return Check("replay", judgement, finding)


def _equivalence(
    days: Days, limit: int, simulated: tuple[float, float], margin: float, fitted_days: int | None
) -> Check:
    """Compare the real service level with that of the model: equivalent where the interval of the difference lies
    within the margin (two one-sided tests, Schuirmann 1987), different where it lies outside. `simulated` are the level
    and its standard deviation over days. A model that was fitted to m days knows its level as m days do, and n real
    days that are quiet by chance differ less from each other than days do.
    """
    known, waits = _waits(days)
    in_time = known & (waits <= limit)
    by_day = len(days.dates)
    real = ratio_interval(
        np.bincount(days.day[in_time], minlength=by_day).astype(float),
        np.bincount(days.day[known], minlength=by_day).astype(float),
        _ALL_AT_ONCE,
    )
    assert real.half_width is not None
    model, spread = simulated
    t = t_quantile(_ALL_AT_ONCE, by_day - 1)
    of_real, of_model = max(real.half_width, t * spread / math.sqrt(by_day)), 0.0
    if fitted_days:
        of_model = t * spread / math.sqrt(fitted_days)
    half = math.hypot(of_real, of_model)
    low, high = real.estimate - half - model, real.estimate + half - model
    judgement = Judgement.INCONCLUSIVE
    if -margin <= low and high <= margin:
        judgement = Judgement.PASS
    elif low > margin or high < -margin:
        judgement = Judgement.FAIL
    levels = f"{real.estimate:.1%} of real waits within {format_duration(limit)}, {model:.1%} simulated"
    finding = f"{levels}; difference {low * 100:+.1f} to {high * 100:+.1f} points, margin {margin * 100:.1f}"
    return Check("service level", judgement, finding)


def _worst_text(days: Days, replayed: Replay | None) -> str:
    if replayed is None:
        return ""
    slot, gap = replayed.worst_slot
    if abs(gap) * SECOND <= replayed.tolerance:
        return ""
    direction = "longer" if gap > 0 else "shorter"
    length = format_duration(round(abs(gap) * SECOND), 0)
    return f"most different at {days.reading(slot)}: real waits are {length} {direction} than replayed ones"
