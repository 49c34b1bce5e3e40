"""Staffing: the crew of each slot, and what is said of it."""

from itertools import product

import numpy as np
import pytest

from sim import ArgumentError, ScenarioError, load_scenario, replicate, run, staff
from sim.engines.compiled import schedules
from sim.experiment.staffing.certifying import Supply, certify, looks, needed
from sim.experiment.staffing.covering import cheapest_cover, covered, prove
from sim.experiment.staffing.days import Kitchen, Sample
from sim.experiment.staffing.formula import erlang_schedule
from sim.experiment.staffing.searching import cheapest
from sim.experiment.staffing.trials import Trials
from sim.experiment.workers import Workers
from sim.scenario.schedules import bots_block, with_schedule
from tests.helpers.staffed import BUSY, CERTAIN, STAFF, STORMY, UNSURE, some_schedules

ENOUGH = 60_000  # orders, for kitchens of a hundred orders a day


def in_slots(kitchen, schedule, days):
    """Return the hits that the metrics of a scenario with this crew have in windows, (days, slots, promises)."""
    scenario, slots = kitchen.scenario, kitchen.slots
    bots = scenario.plain["bots"] | bots_block(with_schedule(scenario.file, slots, schedule).bots, scenario.clock)
    plan = scenario.plain["staff"]
    window = {key: plan[key] for key in ("every", "from", "until") if key in plan}
    names = [promise.metric for promise in kitchen.plan.promise]
    staffed = scenario.with_keys(
        bots=bots, staff=None, windows={"slots": window}, metrics=[f"{n}@slots" for n in names]
    )
    columns = replicate(staffed, days).columns
    hits = np.zeros((days, len(slots), len(names)))
    for place, slot in enumerate(slots):
        for column, promise in enumerate(kitchen.plan.promise):
            created = promise.metric.replace("wait", "orders").replace(promise.metric.split(".")[-1], "created")
            orders = columns.of_metric(f"{created}@{slot.name}")
            hits[:, place, column] = np.nan_to_num(columns.of_metric(f"{promise.metric}@{slot.name}") * orders)
    return np.rint(hits)


@pytest.mark.parametrize("keys", [BUSY + STAFF, STORMY, STORMY.replace("1h}", "1h, closes: true}")])
@pytest.mark.parametrize("on_remove", ["restart", "resume", "finish"])
def test_the_hits_of_a_schedule_are_those_of_a_file_with_that_crew_in_both_engines(load, keys, on_remove):
    scenario = load(keys.replace("on_remove: finish", "dispatch: oldest"))
    scenario = scenario.with_keys(bots=scenario.plain["bots"] | {"on_remove": on_remove})
    compiled, reference = (Kitchen(scenario, scenario.seed, engine) for engine in ("compiled", "reference"))
    days = compiled.draw(1, 4)
    for schedule in some_schedules(compiled, 2):
        sample = compiled.run(days, schedule)
        assert (sample.hits == in_slots(compiled, schedule, 4)).all()
        assert (sample.hits == reference.run(days, schedule).hits).all()


def test_the_loop_over_days_is_the_same_as_plain_python(load, monkeypatch):
    kitchen = Kitchen(load(STORMY), 3, "compiled")
    days, schedule = kitchen.draw(1, 2), some_schedules(kitchen, 1)[0]
    hits = kitchen.run(days, schedule).hits
    for name in ("put_in", "count_late"):
        monkeypatch.setattr(schedules, name, getattr(schedules, name).py_func)
    assert (kitchen.run(days, schedule).hits == hits).all()


def test_days_are_drawn_the_same_whatever_comes_with_them_and_a_beginning_of_them_is_the_same(load):
    kitchen = Kitchen(load(STORMY), 3)
    days, schedule = kitchen.draw(1, 6), some_schedules(kitchen, 1)[0]
    whole = kitchen.run(days, schedule).hits
    assert (kitchen.run(days.beginning(4), schedule).hits == whole[:4]).all()
    assert (kitchen.run(kitchen.draw(5, 2), schedule).hits == whole[4:]).all()


def test_the_offered_load_is_the_number_of_bots_that_endless_bots_keep_busy(load):
    keys = "clock: {until: 1h}\nservice: 3m\ntimeline: [{at: 10m, order: VIP}, {at: 29m, order: NORMAL, count: 2}]\n"
    kitchen = Kitchen(load(f"{keys}staff: {{every: 30m, promise: {{wait.within(1m): 90%}}, bots: 1..5}}\n"), 0)
    days = kitchen.draw(1, 1)
    assert kitchen.offered(days) == pytest.approx([(3 + 2 * 1) / 30, 2 * 2 / 30])
    rates, work = kitchen.arrivals(days)
    assert rates * 30 * 60_000_000 == pytest.approx(np.array([[1, 2], [0, 0]]))
    assert work == pytest.approx([9 / 30, 0])


def brute_force(trials):
    """Return the fewest bots of all schedules that keep all promises."""
    least, most = trials.kitchen.plan.bots
    schedules = product(range(least, most + 1), repeat=len(trials.kitchen.slots))
    return min(sum(schedule) for schedule in schedules if trials.of(schedule).holds(0))


def test_the_cheapest_schedule_is_that_of_trying_all_and_no_proof_says_otherwise(load):
    kitchen = Kitchen(load(UNSURE), 1)
    trials = Trials(kitchen, kitchen.draw(1, 25))
    best = brute_force(trials)
    for start in [(1, 1, 1, 1), (4, 4, 4, 4), (4, 1, 4, 1)]:
        assert sum(cheapest(trials, start)) == best
    proof = prove(trials)
    assert proof.cost <= best * kitchen.slots[0].hours + 1e-9
    assert not trials.of(proof.cover.schedule).broken_slots(-1).any()


def test_where_nothing_is_random_one_day_says_it_all(load):
    answer = staff(load(CERTAIN))
    assert str(answer.verdict) == "PASS"
    kitchen = Kitchen(load(CERTAIN), 0)
    assert Trials(kitchen, kitchen.draw(1, 1)).of(answer.schedule).holds(0)
    assert (answer.days, answer.takes_average_days) == (1, False)
    assert answer.cells[0].share.low == answer.cells[0].share.estimate
    with pytest.raises(ArgumentError, match="needs days that differ by chance"):
        staff(load(CERTAIN), prove=True)


@pytest.fixture(scope="module")
def answer(load):
    return staff(load(BUSY + STAFF), orders=ENOUGH)


def test_a_certified_schedule_keeps_its_promises_on_other_days_and_with_one_bot_less_it_does_not(load, answer):
    assert str(answer.verdict) == "PASS"
    kitchen = Kitchen(load(BUSY + STAFF), 99)
    days = kitchen.draw(1, 2_000)
    trials = Trials(kitchen, days)
    assert trials.of(answer.schedule).holds(-3)
    assert answer.needed
    for slot, name in enumerate(slot.name for slot in answer.slots):
        if name in answer.needed:
            lowered = tuple(bots - (place == slot) for place, bots in enumerate(answer.schedule))
            assert not trials.of(lowered).holds(3)


@pytest.mark.slow
def test_the_answer_is_the_same_whatever_the_engine_and_the_number_of_processes(load):
    short = load(BUSY.replace("until: 40m", "until: 20m") + STAFF)
    small = staff(short, orders=400)
    for options in ({"jobs": 2}, {"engine": "reference"}):
        again = staff(short, orders=400, **options)
        assert again.to_frame().equals(small.to_frame())
        assert (again.schedule, again.verdict, again.needed) == (small.schedule, small.verdict, small.needed)
    assert not staff(short, seed=8, orders=400).to_frame().equals(small.to_frame())


def test_an_answer_is_a_crew_for_its_scenario_and_a_table(answer):
    frame = answer.to_frame()
    assert list(frame["slot"]) == [name for name in ("11:30", "11:40", "11:50", "12:00") for _ in range(2)]
    assert list(frame["class"][:2]) == ["NORMAL", "VIP"]
    assert frame["promise"][0] == "within(3m) >= 85%"
    assert ((frame["low"] <= frame["share"]) & (frame["share"] <= frame["high"])).all()
    assert answer.bot_hours == pytest.approx(sum(answer.schedule) / 6)
    staffed = answer.staffed
    assert staffed.file.bots.on_remove == "finish"
    day = run(staffed, answer.seed)
    assert day.fingerprint == answer.first_day.fingerprint
    crews = [staffed.workload().action[staffed.workload().action_time == slot.start] for slot in answer.slots]
    assert int((crews[0] == 1).sum()) == answer.schedule[0]


def test_a_crew_that_cannot_keep_a_promise_is_refused_with_its_slots(load):
    answer = staff(load(BUSY + STAFF.replace("1..12", "1..3")), orders=ENOUGH)
    assert str(answer.verdict) == "FAIL"
    assert answer.schedule == (3, 3, 3, 3)
    broken = {cell.slot.name for cell in answer.cells if str(cell.judgement) == "FAIL"}
    assert broken <= {"11:40", "11:50", "12:00"}
    assert broken


def test_too_few_days_leave_it_open_and_say_what_would_settle_it(load):
    answer = staff(load(BUSY + STAFF), orders=50)
    if str(answer.verdict) == "PASS":  # the days that the strictest share needs may be enough
        pytest.fail("fifty orders should not be enough")
    notes = [cell.note for cell in answer.cells if cell.note]
    assert notes
    assert all("days would likely settle it" in note or "no number of days" in note for note in notes)


def test_the_answer_so_far_is_told_before_it_is_certified_and_when_it_is(load):
    answers = []
    final = staff(load(BUSY + STAFF), orders=ENOUGH, interim=answers.append)
    assert [str(answer.verdict) for answer in answers] == ["INCONCLUSIVE", "PASS"]
    assert (answers[0].days, answers[0].needed, answers[-1].needed) == (0, {}, {})
    assert answers[-1].schedule == final.schedule


def test_progress_counts_days_up_to_their_number(load):
    told = []
    staff(load(BUSY + STAFF), orders=ENOUGH, progress=lambda done, most: told.append((done, most)))
    assert all(done <= most for done, most in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_slots_without_orders_promise_nothing_and_have_the_fewest_bots(load):
    keys = BUSY.replace("{for: 10m, rate: 60/h}]}", "{for: 10m, rate: 0/h}]}").replace("until: 40m", "until: 50m")
    answer = staff(load(keys + STAFF), orders=ENOUGH)
    assert str(answer.verdict) == "PASS"
    assert answer.schedule[-1] == 1
    assert [cell.share for cell in answer.cells if cell.slot.name == "12:10"] == [None, None]


def test_shifts_cover_each_slot_at_the_least_cost(load):
    kitchen = Kitchen(
        load(
            BUSY
            + STAFF.replace(
                "1..12", "1..12, shifts: [{length: 20m, start_every: 10m}, {length: 40m, start_every: 10m, cost: 0.5}]"
            )
        ),
        7,
    )
    for schedule in [(2, 5, 5, 2), (1, 6, 2, 6), (3, 3, 3, 3)]:
        cover = covered(kitchen, schedule)
        assert all(have >= asked for have, asked in zip(cover.schedule, schedule, strict=True))
        fills = product(range(7), repeat=4)  # 11:30, 11:40, 11:50 for 20 minutes, and 11:30 for all
        costs = [
            sum(fill[:3]) / 3 + fill[3] / 2
            for fill in fills
            if all(
                have >= asked
                for have, asked in zip(
                    (fill[0] + fill[3], fill[0] + fill[1] + fill[3], fill[1] + fill[2] + fill[3], fill[2] + fill[3]),
                    schedule,
                    strict=True,
                )
            )
        ]
        assert cover.cost == pytest.approx(min(costs))
    answer = staff(kitchen.scenario, orders=ENOUGH, prove=True)
    assert str(answer.verdict) == "PASS"
    on_duty = [sum(bots for shift, bots in answer.fills if shift.first <= slot < shift.last) for slot in range(4)]
    assert tuple(on_duty) == answer.schedule
    assert answer.least <= answer.cost + 1e-9


def test_a_cut_asks_for_more_bots_in_one_of_its_slots(load):
    kitchen = Kitchen(load(BUSY + STAFF), 7)
    assert cheapest_cover(kitchen, []).schedule == (1, 1, 1, 1)
    assert sum(cheapest_cover(kitchen, [{0: 3, 2: 5}, {1: 2, 2: 4}, {3: 1}]).schedule) == 7
    assert cheapest_cover(kitchen, [{0: 3}, {0: 5}, {1: 2}]).schedule == (5, 2, 1, 1)


class Pool(Supply):
    """Days drawn from a given sample."""

    def __init__(self, kitchen, sample, seed):
        super().__init__(kitchen, Workers(1), 100)
        self.sample, self.chance = sample, np.random.default_rng(seed)

    def run(self, _, days, schedules):
        rows = self.chance.integers(0, len(self.sample.orders), days)
        return [Sample(self.sample.orders[rows], self.sample.hits[rows]) for _ in schedules]


def test_a_schedule_at_its_very_promise_is_hardly_ever_certified_nor_needed(load):
    chance = np.random.default_rng(5)
    orders = chance.poisson(20, (4_000, 1, 1))
    late = np.minimum(orders, chance.poisson(chance.gamma(0.5, 4, (4_000, 1, 1))))  # bad days have most of what is late
    truth = 1 - late.sum() / orders.sum()
    plan = f"staff: {{every: 40m, promise: {{wait.within(1m): {100 * truth:.9f}%}}, bots: 1..2}}\n"
    kitchen = Kitchen(load(BUSY + plan), 7)
    sample = Sample(orders, orders - late)
    pools = [Pool(kitchen, sample, seed) for seed in range(150)]
    assert sum(certify(pool, (1,), looks(50, 400), 0.05).holds for pool in pools) <= 15  # 7.5 expected at most
    assert sum(bool(needed(pool, {0: ((1,), (0, 0))}, looks(50, 400), 0.05)) for pool in pools) <= 15


def test_erlang_c_of_one_class_is_that_of_the_tables(load):
    keys = (
        "clock: {until: 1h}\nservice: {exponential: {mean: 3m}}\narrivals: [{class: NORMAL, poisson: {rate: 100/h}}]\n"
    )
    kitchen = Kitchen(load(f"{keys}staff: {{every: 1h, promise: {{wait.within(20s): 80%}}, bots: 1..20}}\n"), 1)
    rates = np.array([[0.0, 100 / 3.6e9]])
    # 100 calls an hour of 3 minutes, 80% within 20 seconds: 8 agents
    assert erlang_schedule(kitchen, rates, 180.0, np.array([5.0])) == (8,)


def test_a_file_without_staff_says_what_to_write(load):
    with pytest.raises(ScenarioError, match="missing key 'staff'; write one such as staff: "):
        staff(load(BUSY))
    with pytest.raises(ValueError, match="orders 0 is out of range"):
        staff(load(BUSY + STAFF), orders=0)


def test_the_chart_and_what_notebooks_show_tell_of_each_slot(answer):
    figure = answer.plot.slots()
    assert len(figure.axes) == 3
    html = answer._repr_html_()
    assert all(slot.name in html for slot in answer.slots)
    assert "PASS" in html
    assert load_scenario(answer.staffed.plain).file.bots == answer.staffed.file.bots
