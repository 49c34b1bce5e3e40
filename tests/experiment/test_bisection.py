"""Selections among crews: what more bots tell of fewer, which of equal candidates is taken, and what needs no test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import replicate, select
from sim.experiment.chains import Chains, chains
from sim.experiment.contests import Bisection, Candidate
from sim.experiment.replications import Replications
from sim.scenario import Scenario
from tests.helpers.studies import DRAINED, SIX

CREWS = DRAINED + "sweep: {crew: [1, 2, 3, 4, 5, 6, 7, 8]}\nselect: {minimise: crew}\nthresholds: {wait.mean: '< 4s'}\n"
SHIFTS = """
seed: 7
params: {lunch: 3, off: 1}
clock: {until: 1h}
service: {exponential: {mean: 1m}}
bots: {initial: $off, schedule: [{at: 20m, count: $lunch}, {at: 30m, count: $off}]}
arrivals: [{name: door, class: NORMAL, poisson: {rate: 1/m}, until: 50m}]
sweep: {lunch: [1, 2, 3, 4, 5], off: [1, 2, 3, 4]}
"""
PROMISE = "thresholds: {wait.mean: '< 10s'}\n"


def counts(choice) -> list[int]:
    """Return how many replications each candidate took."""
    return [len(candidate.replications.results) for candidate in choice.candidates]


def standings(choice) -> list[str]:
    return [candidate.standing for candidate in choice.candidates]


# What more bots tell of fewer


def test_of_eight_crews_few_are_tested_and_what_the_others_are_follows(load):
    choice = select(load(CREWS))
    assert choice.outcome == "crew=3"
    assert standings(choice) == ["infeasible"] * 2 + ["feasible"] * 2 + ["not needed"] * 4
    assert counts(choice) == [0, 63, 63, 32, 0, 0, 0, 0]
    assert choice.candidates[0].reason == "as crew=2, which has more bots"
    assert choice.bisected == "crew"


def test_where_a_crew_sets_more_than_bots_each_candidate_is_tested(load):
    choice = select(load(CREWS.replace("seed: 7", "seed: 7\norders: {first_number: $crew}")))
    assert (choice.outcome, choice.bisected) == ("crew=3", "")
    assert counts(choice) == [32, 63, 125, 32, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("thresholds", "along"),
    [
        ("wait.mean: '< 10s'", "crew"),
        ("wait.VIP.p95: ['< 10s', '<= 20s'], queue.max: '< 5', orders.completed: '>= 3'", "crew"),
        ("wait.mean: '< 10s', utilisation: {check: '> 40%', severity: warn}", "crew"),
        ("wait.within(1m): '>= 90%'", "crew"),
        ("wait.mean: {check: '< 10s', days: '>= 90%'}", "crew"),
        ("wait.within(1m): '<= 90%'", ""),
        ("wait.mean: {check: '< 10s', days: 'between 80% and 90%'}", ""),
        ("wait.mean: '> 10s'", ""),
        ("wait.mean: 'between 1s and 10s'", ""),
        ("wait.mean: '== 10s'", ""),
        ("wait.sd: '< 10s'", ""),
        ("wait.mean: '< 10s', utilisation: '> 40%'", ""),
        ("wasted: '< 10s'", ""),
    ],
)
def test_more_bots_help_only_with_limits_on_how_long_and_how_many_wait(load, thresholds, along):
    points = load(DRAINED + f"sweep: {{crew: [1, 2, 3]}}\nthresholds: {{{thresholds}}}\n").points()
    assert chains(points, ["crew"], [0, 1, 2]).parameter == along


@pytest.mark.parametrize(
    ("metric", "along"),
    [("wait: '< 10s'", ""), ("wait.within(10s): '> 90%'", "crew"), ("orders.abandoned.rate: '< 5%'", "crew")],
)
def test_who_stays_may_wait_longer_where_fewer_leave_so_that_waits_tell_nothing(load, metric, along):
    keys = DRAINED + f"patience: {{NORMAL: 1m}}\nsweep: {{crew: [1, 2, 3]}}\nthresholds: {{{metric}}}\n"
    assert chains(load(keys).points(), ["crew"], [0, 1, 2]).parameter == along


@pytest.mark.parametrize(("goal", "along"), [("minimise", "crew"), ("maximise", "")])
def test_a_chain_begins_with_the_smallest_crew_and_that_must_be_the_best(load, goal, along):
    assert select(load(CREWS.replace("minimise", goal)), budget=30).bisected == along


def test_a_crew_on_its_limit_leaves_the_smaller_ones_open_and_the_next_larger_is_still_found(load):
    keys = CREWS.replace("[1, 2, 3, 4, 5, 6, 7, 8]", "[1, 2, 3]")
    mean = replicate(load(keys).set(crew=2), times=60).estimate("wait.mean")[0]
    choice = select(load(keys.replace("< 4s", f"< {mean:.6f}s")), budget=60)
    assert (choice.outcome, choice.selected) == ("INCONCLUSIVE", None)
    assert standings(choice) == ["undecided", "undecided", "feasible"]
    assert counts(choice) == [0, 60, 30]
    reasons = [candidate.reason for candidate in choice.candidates]
    assert reasons[0] == "not tested, since crew=2 stayed undecided"
    assert reasons[1].endswith("s: too early to say")
    assert choice.unsettled == [choice.candidates[1]]


CERTAIN = Scenario.parse("scenario: 1\nname: certain\n")


class Known(Bisection):
    """A bisection whose tests are always right."""

    def __init__(self, feasible: list[bool], ordered: Chains, ranks: list[int]) -> None:
        candidates = [Candidate(str(index), Replications(CERTAIN, 0, [])) for index in range(len(feasible))]
        super().__init__(candidates, [1], 0.05, ordered, ranks)
        self.feasible = feasible
        self.tested: list[int] = []

    def _judged(self, candidate, _):
        self.tested.append(int(candidate.label))
        return candidate._replace(standing="feasible" if self.feasible[self.tested[-1]] else "infeasible")

    def settle(self) -> None:
        while ready := self.ready():
            self.test({index: self.candidates[index].replications for index in ready})


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=5), st.randoms())
def test_the_best_feasible_candidate_is_found_with_few_tests_of_each_chain(lengths, random):
    chains, feasible = [], []
    for length, infeasible in lengths:
        chains.append(range(len(feasible), len(feasible) + length))
        feasible += [place >= infeasible for place in range(length)]
    ranks = [0] * len(feasible)
    rests = [list(chain) for chain in chains]
    for rank in range(len(feasible)):
        ranks[random.choice([rest for rest in rests if rest]).pop(0)] = rank
        rests = [rest for rest in rests if rest]
    contest = Known(feasible, Chains("crew", chains), ranks)
    contest.settle()
    best = min((index for index in range(len(feasible)) if feasible[index]), key=ranks.__getitem__, default=None)
    assert contest.selected() == best
    for chain in chains:
        assert len(set(contest.tested) & set(chain)) <= len(chain).bit_length()
    for candidate, is_feasible in zip(contest.results(), feasible, strict=True):
        assert candidate.standing in ("not needed", "feasible" if is_feasible else "infeasible")


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_errors_that_matter_add_up_to_that_of_the_statement(number, length):
    chains = [range(start, start + length) for start in range(0, number * length, length)]
    contest = Known([True] * number * length, Chains("", chains), list(range(number * length)))
    of_others = (number - 1) * length.bit_length() * contest.level_feasible
    of_the_right_one = length.bit_length() * max(contest.level_infeasible, contest.level_feasible)
    assert of_others + of_the_right_one == pytest.approx(0.05)


# Objectives


def test_a_sum_of_parameters_is_the_objective_and_each_chain_is_halved(load):
    choice = select(load(SHIFTS + PROMISE + "select: {minimise: lunch + off}\n"), budget=250)
    assert (choice.outcome, choice.bisected) == ("lunch=2, off=3", "lunch")
    assert sum(count > 0 for count in counts(choice)) <= 12, "of 20, three at most in each of four chains"
    standing = {tuple(candidate.parameters.values()): candidate.standing for candidate in choice.candidates}
    better = [(lunch, off) for lunch, off in standing if lunch + off < 5]
    assert {standing[crew] for crew in better} == {"infeasible"}


def test_bot_hours_are_those_of_the_crew_as_planned_and_the_cheapest_is_not_that_of_the_smallest_sum(load):
    keys = SHIFTS.replace("[1, 2, 3, 4, 5]", "[1, 7]").replace("[1, 2, 3, 4]", "[1, 3]")
    keys += "thresholds: {orders.created: '> 0'}\nselect: {"
    smallest = [
        select(load(f"{keys}{goal}}}\n").with_keys(arrivals=[{"class": "NORMAL", "every": "5m"}], service="1m"))
        for goal in ("minimise: bot_hours", "maximise: bot_hours", "maximise: lunch + off")
    ]
    assert [choice.outcome for choice in smallest] == ["lunch=1, off=1", "lunch=7, off=3", "lunch=7, off=3"]
    only = load(keys + "minimise: bot_hours}\n").with_keys(
        sweep={"lunch": [1, 7], "off": [1, 3], "where": "lunch == 1 and off == 3 or lunch == 7 and off == 1"}
    )
    assert select(only).outcome == "lunch=7, off=1", "2 bot-hours; the other has 2 2/3"


@pytest.mark.parametrize("order", ["[a, b]", "[b, a]"])
def test_of_two_with_the_same_objective_the_one_with_fewer_bot_hours_is_selected(load, order):
    """Both peaks are 3 bots; one of them lasts longer."""
    keys = SIX.replace("crew: 1,", "crew: 3, at: 5s, note: a,").replace("bots: {initial: $crew}", "")
    keys += "bots: {initial: $crew, schedule: [{at: $at, count: 1}]}\nclock: {until: 1h}\n"
    choice = select(
        load(keys + "sweep: {crew: [3], at: [40s, 50s, 30s]}\nselect: {minimise: crew}\nthresholds: {wait: '< 1h'}\n")
    )
    assert choice.outcome == "crew=3, at=30s"
    words = SIX.replace("crew: 1,", "crew: 1, note: a,")
    words += f"sweep: {{crew: [2], note: {order}}}\nselect: {{minimise: crew}}\nthresholds: {{wait: '< 1h'}}\n"
    assert select(load(words)).outcome == f"crew=2, note={order[1]}", "and then the first in the sweep"


# What needs no test


def test_a_metric_that_the_file_fixes_is_compared_exactly(load):
    few = SHIFTS.replace("[1, 2, 3, 4, 5]", "[2, 3]").replace("[1, 2, 3, 4]", "[1, 3]") + PROMISE
    choice = select(load(few + "select: {minimise: bots.mean}\n"), budget=120)
    by_hours = select(load(few + "select: {minimise: bot_hours}\n"), budget=120)
    assert choice.outcome == by_hours.outcome != "INCONCLUSIVE"
    assert choice.bisected == "lunch"
    assert [max(1, count) for count in counts(by_hours)] == counts(choice), "one replication tells the metric"


@pytest.mark.parametrize(
    ("keys", "metric", "is_exact"),
    [
        ("clock: {until: 1h}\nbots: {initial: 3}\n", "bots.mean", True),
        ("clock: {until: 1h}\nbots: {initial: 3, schedule: [{at: 5m, count: 1}]}\n", "bots.mean", True),
        ("clock: {until: 1h}\nbots: {initial: 3, schedule: [{at: 5m, count: 1}], on_remove: finish}\n", "bots", False),
        ("bots: {initial: 3}\n", "bots.end", True),
        ("bots: {initial: 3, schedule: [{at: 5m, count: 1}]}\n", "bots.mean", False),
        ("clock: {until: 1h}\nbots: {initial: 3}\n", "utilisation", False),
        ("clock: {until: 1h}\nbots: {initial: 3}\n", "orders.created", False),
        ("clock: {until: 1h}\nbots: {initial: 3}\n", "orders.abandoned.rate", True),
        ("clock: {until: 1h}\nbots: {initial: 3}\npatience: {VIP: 1m}\n", "orders.abandoned.rate", False),
        ("clock: {until: 1h}\nbots: {initial: 3}\npatience: {VIP: 1m}\n", "orders.NORMAL.abandoned", True),
        ("clock: {until: 1h}\narrivals: [{class: VIP, every: 2m}]\n", "orders.VIP.created", True),
    ],
)
def test_a_metric_is_exact_where_no_chance_can_change_it(load, keys, metric, is_exact):
    demand = "" if "arrivals" in keys else "arrivals: [{class: NORMAL, poisson: {rate: 60/h}, limit: 30}]\n"
    scenario = load("params: {note: a}\nservice: {exponential: {mean: 1m}}\nsweep: {note: [a, b]}\n" + keys + demand)
    choice = select(scenario.with_keys(select={"minimise": metric}), budget=30)
    if is_exact:
        assert (choice.outcome, counts(choice)[1]) == ("note=a", 1)
    else:
        assert counts(choice) == [30, 30]
    values = {tuple(set(candidate.replications.values(metric))) for candidate in choice.candidates}
    assert len(values) == 1 or not is_exact


# Indifference

ALIKE = DRAINED + "sweep: {note: [a, b, c]}\n"


def test_candidates_within_the_indifference_zone_of_the_best_may_be_selected(load):
    keys = DRAINED.replace("name: door", "name: $note") + "sweep: {note: [a, b]}\n"
    without = select(load(keys + "select: {minimise: wait}\n"), budget=250)
    assert (without.outcome, standings(without)) == ("INCONCLUSIVE", ["feasible", "feasible"])
    within = select(load(keys + "select: {minimise: wait, indifference: 10s}\n"), budget=250)
    assert within.selected is not None
    assert counts(within)[0] < 250


def test_what_is_the_same_in_all_replications_is_within_the_zone_only_after_some_number_of_them(load):
    keys = ALIKE + "select: {minimise: wait, indifference: 10s}\n"
    assert select(load(keys), budget=30).outcome == "INCONCLUSIVE"
    assert select(load(keys), budget=250).outcome == "note=a"


@pytest.mark.parametrize(("goal", "crew"), [("minimise", 4), ("maximise", 2)])
def test_a_zone_never_hides_a_candidate_that_is_better_by_more(load, goal, crew):
    keys = DRAINED + f"sweep: {{crew: [2, 4]}}\nselect: {{{goal}: wait, indifference: 2s}}\n"
    assert select(load(keys), budget=250).outcome == f"crew={crew}", "they are 8s apart"
