"""Which crew, slot by slot: the schedule that costs the fewest bot-hours and keeps each promise in each slot.

It is searched on days that are drawn once, polished on more of them, and certified on fresh ones.

**The statement** for an error of at most A: with confidence 1 - A the schedule keeps each promise in each slot, and in
each slot that is named it breaks one with one bot less. Each half has A/2. Three schedules at most are certified, each
at a third of its half, by an intersection-union test over slots and promises; the second half is Holm's over slots.
Where even the most bots break a promise, no schedule was certified, and that statement has A alone.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

from sim.engines import Engine
from sim.engines.contract import Progress
from sim.errors import ArgumentError, ScenarioError
from sim.experiment.staffing import certifying, covering
from sim.experiment.staffing.certifying import Certificate, Supply, certify, needed, refute
from sim.experiment.staffing.days import Kitchen
from sim.experiment.staffing.formula import erlang_schedule
from sim.experiment.staffing.result import CHANCE, Cell, Rival, Staffing
from sim.experiment.staffing.searching import cheapest, down, smallest_constant, with_one_less
from sim.experiment.staffing.trials import Trials
from sim.experiment.workers import Workers
from sim.scenario import Scenario
from sim.scenario.schedules import Schedule, shifts_of
from sim.statistics import Interval, days_to_show
from sim.units import SECOND
from sim.verdicts import Judgement

ORDERS = 3_200_000
"""How many orders a crew is tested on at most, where nobody says."""

_SEARCH, _POLISH, _NEEDED = 1 / 40, 1 / 8, 1 / 4
"""The parts of these orders that the search has, its polish, and the test of one bot less in each slot."""
_FIRST_DAYS = 8  # that say how many orders a day has
_FEWEST_DAYS = 10
_CANDIDATES = 3
_CLEARLY = 2  # standard errors by which another crew breaks a promise


def staff(
    scenario: Scenario,
    seed: int | None = None,
    jobs: int = 1,
    engine: Engine = "auto",
    prove: bool = False,
    orders: int | None = None,
    progress: Progress | None = None,
    interim: Callable[[Staffing], object] = lambda _: None,
) -> Staffing:
    """Return the schedule of the fewest bot-hours, or the cheapest shifts, with which each slot keeps the promises of
    the scenario's `staff`, and what fresh days prove of it.

    `jobs` workers share the fresh days; the answer is the same however many there are, and in each engine. With
    `prove` the least cost on the days of the search is proved. Each crew is tested on days with about so many `orders`
    at most, and all else has its part of them. `progress` is told how many of these days were run, and `interim` the
    answer as it is before it is certified.

    Raises:
        ArgumentError: the least cost is to be proved where nothing is random.
        ScenarioError: the file has no staff.
        SimulationError: a replication is too large, or no shifts will do.
        ValueError: seed, jobs, engine or orders is out of range.

    """
    if scenario.file.staff is None:
        missing = "missing key 'staff'; write one such as staff: {every: 30m, promise: {…}, bots: 1..20}"
        raise ScenarioError([scenario.root.place.fault("", missing)])
    orders = ORDERS if orders is None else orders
    if orders < 1:
        raise ValueError(f"orders {orders} is out of range; give 1 or more")
    if prove and not scenario.is_random:
        problem = "needs days that differ by chance: on a single one, more bots may be worse"
        raise ArgumentError("prove", problem)
    kitchen = Kitchen(scenario, scenario.seed if seed is None else seed, engine)
    with closing(Workers(jobs)) as workers:
        return _Study(kitchen, workers, prove, orders, progress, interim).answer()


class _Study:
    """One search with its certification."""

    def __init__(
        self,
        kitchen: Kitchen,
        workers: Workers,
        prove: bool,
        orders: int,
        progress: Progress | None,
        interim: Callable[[Staffing], object],
    ) -> None:
        self.kitchen, self.plan, self.is_random = kitchen, kitchen.plan, kitchen.scenario.is_random
        self.prove, self.orders, self.progress, self.interim = prove, orders, progress, interim
        first = kitchen.draw(1, _FIRST_DAYS if self.is_random else 1)
        self.supply = Supply(kitchen, workers, len(first.service) / first.size, self._told)
        self.error = 1 - self.plan.confidence
        self.steps = self._steps()
        self.ran = 0
        self.search = self._trials(_SEARCH)
        self.polish = self._trials(_POLISH) if self.is_random else self.search
        self.days_before = self.supply.given
        self.offered = kitchen.offered(self.polish.days)
        self.fills: tuple[int, ...] = ()
        self.least: float | None = None

    def _told(self, days: int) -> None:
        self.ran += days
        if self.progress:
            most = self.steps[-1] + self.supply.days_of(_NEEDED * self.orders)
            self.progress(min(self.ran, most), most)

    def _trials(self, part: float) -> Trials:
        days = max(_FEWEST_DAYS, self.supply.days_of(part * self.orders)) if self.is_random else 1
        return Trials(self.kitchen, self.kitchen.draw(self.supply.take(days), days))

    def _steps(self) -> list[int]:
        """Return how many days there are at each look at a candidate: so many that the strictest share can be shown."""
        level = self.error / 2 / _CANDIDATES / 2  # about that of the last look
        strictest = max(promise.share for promise in self.plan.promise)
        most = max(self.supply.days_of(self.orders), 2 * days_to_show(strictest, level)) if self.is_random else 1
        return certifying.looks(self.supply.days_of(certifying.FIRST_LOOK * self.orders), most)

    def answer(self) -> Staffing:
        """Search, certify, and say what came of it."""
        schedule = self._searched()
        if schedule is None:
            return self._refused()
        certificate = None
        for attempt in range(_CANDIDATES):
            schedule = self._candidate(schedule, attempt + 1, certificate)
            self.interim(self._before(schedule))
            certificate = certify(self.supply, schedule, self.steps, self.error / 2 / _CANDIDATES)
            if certificate.holds:
                break
        assert certificate is not None
        answer = self._certified(certificate)
        if not certificate.holds:
            return answer
        self.interim(answer)
        return replace(answer, needed=self._needed(schedule))

    def _searched(self) -> Schedule | None:
        """Return the cheapest schedule on the days of the search, None where even the most bots break a promise."""
        kitchen, days = self.kitchen, self.search.days
        full = (self.plan.bots.most,) * len(kitchen.slots)
        if self.search.of(full).broken_slots(-1).any():
            return None
        rates, _ = kitchen.arrivals(days)
        start = erlang_schedule(kitchen, rates, self._service, kitchen.offered(days))
        schedule = cheapest(self.search, start)
        if schedule is None:  # the slots up to the first broken one have the most, and others would have to help
            schedule = down(self.search, full, 0) if self.search.of(full).holds(0) else full
        return self._proved(schedule) if self.prove else schedule

    @property
    def _service(self) -> float:
        """The mean service time in seconds."""
        service = self.search.days.service
        return float(service.mean()) / SECOND if len(service) else 0.0

    def _proved(self, schedule: Schedule) -> Schedule:
        """Prove the least cost, and return the schedule that has it where that keeps all promises."""
        proof = covering.prove(self.search)
        self.least = proof.cost
        if proof.cover is not None and self.search.of(proof.cover.schedule).holds(0):
            return proof.cover.schedule
        return schedule

    def _candidate(self, schedule: Schedule, margin: int, failed: Certificate | None) -> Schedule:
        """Return a schedule that keeps all promises on the days of the polish by so many standard errors, and has more
        bots than one that failed where that one did.
        """
        polished = schedule
        if self.is_random:
            polished = cheapest(self.polish, schedule, margin) or schedule
        if failed is not None:
            weak = {slot for slot, _ in failed.open}
            polished = tuple(
                min(max(bots, failed_bots + 1), self.plan.bots.most) if slot in weak else max(bots, failed_bots)
                for slot, (bots, failed_bots) in enumerate(zip(polished, failed.schedule, strict=True))
            )
        if not self.plan.shifts:
            return polished
        cover = covering.covered(self.kitchen, polished)
        self.fills = cover.fills
        return cover.schedule

    def _needed(self, schedule: Schedule) -> dict[str, Interval]:
        """Return the slots that need each of their bots, by name; the days of the polish choose what is tested."""
        lowered = {}
        for slot, candidate in with_one_less(schedule, self.plan.bots.least):
            trial = self.polish.of(candidate)
            if not trial.holds(0):
                lowered[slot] = candidate, trial.weakest()
        most = self.supply.days_of(_NEEDED * self.orders)
        steps = certifying.looks(max(1, most // 16), most) if self.is_random else [1]
        shown = needed(self.supply, lowered, steps, self.error / 2)
        return {self.kitchen.slots[slot].name: shown[slot] for slot in sorted(shown)}

    def _refused(self) -> Staffing:
        """Test whether the most bots in all slots break a promise, as they seem to."""
        full = (self.plan.bots.most,) * len(self.kitchen.slots)
        certificate = refute(self.supply, full, self.steps, self.error)
        return self._certified(certificate)

    def _before(self, schedule: Schedule) -> Staffing:
        """Return a schedule that is not certified, with what the days say on which it was chosen."""
        sample = self.kitchen.run(self.polish.days, schedule)
        cells = tuple(self._cells(Certificate(schedule, sample, open=set(certifying.cells(self.kitchen)))))
        return self._staffing(schedule, Judgement.INCONCLUSIVE, "not certified: interrupted before it was", cells, 0)

    def _certified(self, certificate: Certificate) -> Staffing:
        verdict, note = Judgement.INCONCLUSIVE, "fresh days do not show it"
        if certificate.holds:
            verdict, note = Judgement.PASS, ""
        elif certificate.broken and min(certificate.schedule) == self.plan.bots.most:
            verdict, note = Judgement.FAIL, "even the most bots in all slots do not keep each promise"
        cells = tuple(self._cells(certificate))
        return self._staffing(certificate.schedule, verdict, note, cells, len(certificate.sample.orders))

    def _cells(self, certificate: Certificate) -> Iterator[Cell]:
        for place in certifying.cells(self.kitchen):
            slot, promise = self.kitchen.slots[place[0]], self.plan.promise[place[1]]
            share = certifying.interval(self.kitchen, certificate.sample, place, (1 - CHANCE) / 2)
            if place in certificate.broken:
                yield Cell(slot, promise, share, Judgement.FAIL)
            elif place in certificate.open:
                note = certificate.to_settle(place, promise.share) if self.is_random and share is not None else ""
                yield Cell(slot, promise, share, Judgement.INCONCLUSIVE, note)
            else:
                yield Cell(slot, promise, share, Judgement.PASS)

    def _staffing(
        self, schedule: Schedule, verdict: Judgement, note: str, cells: tuple[Cell, ...], days: int
    ) -> Staffing:
        kitchen = self.kitchen
        rates, work = kitchen.arrivals(self.polish.days)
        constant = smallest_constant(self.polish)
        shifts = shifts_of(self.plan, len(kitchen.slots))
        return Staffing(
            kitchen.scenario,
            kitchen.seed,
            verdict,
            note,
            schedule,
            cells,
            {},
            self.offered.tolist(),
            self._rival(erlang_schedule(kitchen, rates, self._service, work)),
            None if constant is None else self._rival(constant),
            days,
            self.days_before,
            self.search.days.size,
            [(shift, bots) for shift, bots in zip(shifts, self.fills, strict=False) if bots],
            self.least,
        )

    def _rival(self, schedule: Schedule) -> Rival:
        """Return another crew with the slots in which it breaks a promise by two standard errors."""
        is_broken = self.polish.of(schedule).broken_slots(-_CLEARLY)
        return Rival(
            schedule, tuple(slot.name for slot, broken in zip(self.kitchen.slots, is_broken, strict=True) if broken)
        )
