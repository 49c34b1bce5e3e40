"""Selections: the candidate that keeps all promises, or is the best by a metric."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import replicate
from sim.experiment import select
from sim.experiment.selecting import steps_to
from sim.output.reports import select_report
from sim.statistics import bounds
from tests.helpers.experiments import said
from tests.helpers.studies import ALL_CREWS, DRAINED, KITCHEN, SIX, SOMETIMES


def chosen(load, keys: str, **options):
    return select(load(keys), **options)


def standings(found) -> list[str]:
    return [one.standing for one in found.candidates]


@pytest.mark.parametrize(
    ("thresholds", "crew"),
    [
        ("{wait.max: '<= 20s'}", 2),
        ("{wait.max: '< 20s'}", 3),
        ("{wait.max: 'between 5s and 15s'}", 3),
        ("{wait.max: '== 0s'}", 6),
        ("{wait.max: '!= 50s'}", 2),
        ("{wait.max: ['< 30s', '< 15s'], orders.completed: '== 6'}", 3),
        ("{wait.max: {check: '< 1us', severity: warn}, orders.completed: '>= 6'}", 1),
        ("{wait.max: {check: '< 1us', severity: warn}, flow.max: '<= 20s'}", 3),
    ],
)
def test_the_smallest_crew_that_keeps_all_promises_is_selected(load, thresholds, crew):
    found = chosen(load, SIX + ALL_CREWS + f"select: {{minimise: crew}}\nthresholds: {thresholds}\n")
    assert found.outcome == found.selected.label == f"crew={crew}"
    assert found.selected.replications.scenario.parameters["crew"] == crew


def test_the_order_of_candidates_is_that_of_their_values_not_of_the_list(load):
    keys = SIX + "sweep: {crew: [6, 1, 4, 2, 3]}\nselect: {minimise: crew}\nthresholds: {wait.max: '<= 20s'}\n"
    found = chosen(load, keys)
    assert found.outcome == "crew=2"
    assert standings(found) == ["not needed", "infeasible", "not needed", "feasible", "feasible"]


@pytest.mark.parametrize(("goal", "cook"), [("minimise", "0.1m"), ("maximise", "10s")])
def test_durations_are_small_or_large_by_their_length(load, goal, cook):
    sweeps = "sweep: {cook: [9s, 10s, 0.1m, 11s, 0.5m]}\n"
    keys = SIX + sweeps + f"select: {{{goal}: cook}}\nthresholds: {{wait.max: '<= 50s'}}\n"
    assert chosen(load, keys).outcome == f"cook={cook}"


def test_none_is_selected_when_no_candidate_keeps_all_promises(load):
    for objective in ("crew", "wait.max"):
        keys = SIX + ALL_CREWS + f"select: {{minimise: {objective}}}\nthresholds: {{wait.max: '> 1h'}}\n"
        found = chosen(load, keys)
        assert (found.outcome, found.selected) == ("none", None)
        assert {(one.standing, one.reason) for one in found.candidates} == {
            ("infeasible", "wait.max > 1h does not hold")
        }


def test_a_promise_about_what_is_never_observed_is_not_kept(load):
    keys = SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait.VIP.max: '< 1h'}\n"
    assert chosen(load, keys).outcome == "none"


def test_of_points_with_the_same_value_the_first_that_keeps_all_promises_is_selected(load):
    keys = SIX + "sweep: {crew: [3, 4], cook: [30s, 20s, 10s]}\nselect: {minimise: crew}\n"
    found = chosen(load, keys + "thresholds: {wait.max: '<= 20s'}\n")
    assert found.outcome == "crew=3, cook=20s"


@pytest.mark.parametrize(
    ("goal", "limit", "crew", "expected"),
    [
        ("minimise: wait.max", 6, 6, ["not needed"] * 4 + ["feasible"]),
        ("minimise: wait.max", 4, 3, ["not needed", "not needed", "feasible", "not needed", "infeasible"]),
        ("maximise: wait.max", 6, 1, ["feasible"] + ["not needed"] * 4),
        ("maximise: wait", 0, None, ["infeasible"] * 5),
    ],
)
def test_the_best_by_a_metric_is_selected_and_of_two_that_tie_without_chance_the_smaller_crew(
    load, goal, limit, crew, expected
):
    keys = SIX + ALL_CREWS + f"select: {{{goal}}}\nthresholds: {{bots.max: '<= {limit}'}}\n"
    found = chosen(load, keys)
    assert found.outcome == (f"crew={crew}" if crew else "none")
    assert standings(found) == expected


def test_by_a_metric_no_thresholds_are_needed(load):
    found = chosen(load, SIX + ALL_CREWS + "select: {minimise: wait.max}\n")
    assert found.outcome == "crew=6"


def test_where_nothing_is_random_no_candidate_runs_twice(load):
    found = chosen(load, SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait.max: '<= 20s'}\n")
    assert (found.replication_count, found.budget) == (3, 1)
    assert repr(found) == "<Selection story, seed 0: crew=2>"


def test_the_table_of_a_selection_has_a_row_for_each_candidate(load):
    keys = "sweep: {crew: [1, 2], cook: [10s, 5s]}\nselect: {maximise: cook}\nthresholds: {wait.max: '< 20s'}\n"
    table = chosen(load, SIX + keys).to_frame()
    assert list(table) == ["crew", "cook", "standing", "reason", "replications"]
    assert table.to_numpy().tolist() == [
        [1, "10s", "infeasible", "wait.max < 20s does not hold", 1],
        [1, "5s", "infeasible", "wait.max < 20s does not hold", 1],
        [2, "10s", "infeasible", "wait.max < 20s does not hold", 1],
        [2, "5s", "feasible", "", 1],
    ]


def test_it_looks_whenever_replications_have_about_doubled_and_at_the_end():
    assert steps_to(1000) == [32, 63, 125, 250, 500, 1000]
    assert steps_to(60) == [30, 60]
    assert [steps_to(budget) for budget in (1, 30, 59)] == [[1], [30], [59]]


@given(st.integers(1, 10**6))
def test_the_first_look_has_thirty_replications_if_there_are_as_many_and_each_at_most_twice_those_before(budget):
    found = steps_to(budget)
    assert found[-1] == budget
    assert min(30, budget) <= found[0] < 60
    assert all(before < after <= 2 * before for before, after in pairwise(found))


CLEAR = DRAINED + "sweep: {crew: [1, 3, 4]}\nselect: {minimise: crew}\n"


def test_a_clear_case_is_settled_at_the_first_look_and_says_how_many_replications_it_took(load):
    found = chosen(load, CLEAR + "thresholds: {wait.mean: '< 30s'}\n")
    assert (found.outcome, found.budget, found.replication_count) == ("crew=3", 1000, 64)
    assert standings(found) == ["infeasible", "feasible", "not needed"]
    assert found.to_frame()["replications"].tolist() == [32, 32, 0]
    for point, candidate in list(zip(found.scenario.points(), found.candidates, strict=True))[:2]:
        assert said(candidate.replications) == said(replicate(point, times=32))


def test_the_selection_is_the_same_however_the_work_is_shared_and_other_seeds_are_other_customers(load):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    alone = chosen(load, keys, budget=60)
    with ThreadPoolExecutor(3) as threads:
        shared = chosen(load, keys, budget=60, executor=threads)
    assert [said(one.replications) for one in shared.candidates] == [said(one.replications) for one in alone.candidates]
    assert shared.to_frame().equals(alone.to_frame())
    other = chosen(load, keys, budget=60, seed=8)
    assert (other.seed, other.outcome) == (8, "crew=3")
    assert said(other.candidates[0].replications) != said(alone.candidates[0].replications)


@pytest.fixture(scope="module")
def middle(load):
    """The mean utilisation of the smallest and the largest crew after 60 replications, as a share."""
    points = load(DRAINED + "sweep: {crew: [1, 3, 4]}\n").points()
    small, _, large = (replicate(point, times=60).estimate("utilisation").estimate for point in points)
    return {"small": f"{small:.12%}", "large": f"{large:.12%}"}


def test_a_candidate_on_its_limit_stays_open_until_the_budget_is_spent(load, middle):
    found = chosen(load, CLEAR + f"thresholds: {{utilisation: '<= {middle['small']}'}}\n", budget=60)
    assert (found.outcome, found.selected) == ("INCONCLUSIVE", None)
    assert standings(found)[0] == "undecided"
    assert found.to_frame()["replications"].tolist() == [60, 30, 0], "what is larger than a feasible one stops"


def test_a_candidate_that_cannot_win_any_more_is_not_needed(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: 'between {middle['large']} and 80%'}}\n"
    found = chosen(load, keys, budget=60)
    assert found.outcome == "crew=3"
    assert standings(found) == ["infeasible", "feasible", "not needed"]
    assert found.to_frame()["replications"].tolist() == [30, 30, 0]


def test_what_is_open_beside_a_larger_one_that_is_feasible_runs_on_alone(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: 'between {middle['large']} and {middle['small']}'}}\n"
    told = []
    found = chosen(
        load,
        keys,
        budget=60,
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
    )
    assert found.outcome == "INCONCLUSIVE"
    assert standings(found) == ["undecided", "feasible", "not needed"]
    assert told == [*product([1, 3], range(1, 31)), *product([1], range(31, 61))], "each replication is run once"


TWO = DRAINED + "sweep: {crew: [3, 4]}\n"
ERROR = 0.025  # half of 5%


@pytest.fixture(scope="module")
def busy(load):
    """The utilisation of a crew of 3 in 30 replications."""
    return replicate(load(TWO).points()[0], times=30).columns.of_metric("utilisation")


@pytest.mark.parametrize(
    ("confidence", "budget", "level"),
    [("95%", 30, ERROR), ("80%", 30, ERROR * 4), ("95%", 60, ERROR * 30 / (30 + 60))],
)
@pytest.mark.parametrize("beyond", [True, False])
def test_a_promise_is_kept_when_its_bound_at_the_candidates_share_of_the_error_is(
    load, busy, confidence, budget, level, beyond
):
    limit = bounds(busy, level).high + (1e-6 if beyond else -1e-6)
    keys = f"select: {{minimise: crew, confidence: {confidence}}}\nthresholds: {{utilisation: '< {limit:.12%}'}}\n"
    found = chosen(load, TWO + keys, budget=budget)
    assert (found.outcome == "crew=3" and len(found.candidates[0].replications.results) == 30) is beyond


@pytest.mark.parametrize(
    ("condition", "level"),
    [
        ("'< {}'", ERROR),
        ("'between 1% and {}'", ERROR / 2),
        ("['> 1%', '< {}']", ERROR / 2),
        ("['between 1% and 99%', '< {}']", ERROR / 3),
    ],
)
@pytest.mark.parametrize("beyond", [True, False])
def test_a_promise_is_broken_when_its_bound_at_the_limits_share_of_the_error_is(load, busy, condition, level, beyond):
    limit = bounds(busy, level).low - (1e-6 if beyond else -1e-6)
    keys = f"select: {{minimise: crew}}\nthresholds: {{utilisation: {condition.format(f'{limit:.12%}')}}}\n"
    found = chosen(load, TWO + keys, budget=30)
    assert standings(found)[0] == ("infeasible" if beyond else "undecided")
    assert found.outcome == ("crew=4" if beyond else "INCONCLUSIVE")


def test_replications_that_are_stored_are_not_run_again(load):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    told, asked = [], []
    stored = {point.sha256: replicate(point, times=32).results for point in load(keys).points()[:1]}
    found = chosen(
        load,
        keys,
        earlier=lambda one: asked.append(one.sha256) or stored.get(one.sha256, ()),
        finished=lambda one, block: told.extend((one.parameters["crew"], number) for number in block.numbers),
    )
    assert found.outcome == "crew=3"
    assert told == [*product([3], range(1, 33))]
    assert len(asked) == len(set(asked)) == 2


def test_stored_replications_count_once_however_many_looks_there_are(load, middle):
    keys = CLEAR + f"thresholds: {{utilisation: '<= {middle['small']}'}}\n"
    alone = chosen(load, keys, budget=60)
    found = chosen(load, keys, budget=60, earlier=lambda one: replicate(one, times=40).results)
    assert found.to_frame().equals(alone.to_frame())
    assert [said(one.replications) for one in found.candidates] == [said(one.replications) for one in alone.candidates]


@pytest.mark.parametrize(
    ("plan", "budget", "expected"), [("", None, 1000), (", max: 70", None, 70), (", max: 70", 40, 40)]
)
def test_the_budget_is_that_of_the_call_or_of_the_file_or_a_thousand(load, plan, budget, expected):
    keys = CLEAR + "thresholds: {wait.mean: '< 30s'}\n"
    if plan:
        keys += f"replications: {{min: 20{plan}, until: {{metric: wait, half_width: 10%}}}}\n"
    assert chosen(load, keys, budget=budget).budget == expected


@pytest.mark.parametrize("budget", [0, -3])
def test_a_budget_of_nothing_is_refused(load, budget):
    with pytest.raises(ValueError, match="out of range"):
        chosen(load, CLEAR + "thresholds: {wait.mean: '< 30s'}\n", budget=budget)


def test_a_budget_of_nothing_is_refused_also_where_nothing_is_random(load):
    with pytest.raises(ValueError, match="out of range"):
        chosen(load, SIX + ALL_CREWS + "select: {minimise: crew}\nthresholds: {wait: '< 30s'}\n", budget=-3)


@pytest.mark.parametrize(
    ("goal", "crew", "expected"),
    [
        ("minimise: wait", 4, ["infeasible", "worse", "feasible"]),
        ("maximise: utilisation", 3, ["infeasible", "feasible", "worse"]),
    ],
)
def test_by_a_metric_the_one_whose_differences_are_clear_is_selected(load, goal, crew, expected):
    keys = CLEAR.replace("minimise: crew", goal) + "thresholds: {wait.mean: '< 30s'}\n"
    found = chosen(load, keys)
    assert found.outcome == f"crew={crew}"
    assert standings(found) == expected
    assert found.candidates[expected.index("worse")].reason == f"than crew={crew}"


def test_of_two_that_are_the_same_under_chance_none_is_worse(load):
    keys = DRAINED + "sweep: {note: [a, b]}\nselect: {minimise: wait}\n"
    found = chosen(load, keys, budget=60)
    assert found.outcome == "INCONCLUSIVE"
    assert standings(found) == ["feasible", "feasible"]
    assert found.replication_count == 120


def test_a_candidate_that_broke_a_promise_in_one_of_its_replications_is_not_feasible(load):
    short = KITCHEN.replace("5m", "2m")
    created = replicate(load(short), times=60).values("orders.created")
    late = next(int(number) for number in created[30:] if number not in created[:30])
    keys = short + "sweep: {note: [a, b]}\nselect: {minimise: wait}\n"
    found = chosen(load, keys + f"thresholds: {{orders.created: '!= {late}'}}\n", budget=60)
    assert standings(found) == ["infeasible", "infeasible"]


def test_what_was_not_observed_yet_may_be_observed_later(load):
    rare = KITCHEN.replace("VIP: 20%", "VIP: 0.01%").replace("NORMAL: 80%", "NORMAL: 99.99%")
    keys = rare + "sweep: {crew: [2, 3]}\nselect: {minimise: crew}\nthresholds: {wait.VIP: '< 1h'}\n"
    found = chosen(load, keys, budget=60)
    assert not any(one.replications.values("wait.VIP.mean") for one in found.candidates)
    assert found.outcome == "INCONCLUSIVE"


def test_a_selection_among_points_with_and_without_chance(load):
    found = chosen(load, SOMETIMES + "select: {minimise: vip}\nthresholds: {wait: '< 1h'}\n", budget=60)
    assert found.outcome == "vip=0%, normal=100%"


def test_equal_values_alone_keep_no_promise_that_a_rare_one_would_break(load):
    """Seldom does anybody lose patience, yet more often than was promised."""
    rare = """
clock: {until: 1h}
params: {crew: 3}
bots: {initial: $crew}
service: {exponential: {mean: 3m}}
patience: {NORMAL: 15m}
arrivals: [{class: NORMAL, poisson: {rate: 30/h}}]
sweep: {crew: [3]}
select: {minimise: crew}
"""
    strict = load(rare + "thresholds: {orders.abandoned.rate: '< 0.05%'}\n")
    found = select(strict, 60)
    assert set(found.candidates[0].replications.values("orders.abandoned.rate")) == {0}
    assert found.outcome == "INCONCLUSIVE"
    assert select(load(rare + "thresholds: {orders.abandoned.rate: '< 20%'}\n"), 60).outcome == "crew=3"


OVERRUN = """
params: {crew: 1}
clock: {until: 30m}
service: {exponential: {mean: 3m}}
bots: {initial: $crew}
arrivals: [{name: door, class: NORMAL, poisson: {rate: 60/h}}]
windows: {slots: {every: 15m}}
sweep: {crew: [1, 2]}
"""
MORE, END = "to settle it, run more: ", "more replications settle nothing about unfinished orders; let arrivals end"


@pytest.mark.parametrize(
    ("keys", "standing", "reason"),
    [
        ("thresholds: {wait.mean: '< 14m'}", "undecided", "orders unfinished at the end could push it over the limit"),
        ("thresholds: {wait.mean@slots: '< 20m'}", "undecided", "orders unfinished at the end could push it over"),
        ("", "feasible", "orders unfinished at the end could change which one is best"),
    ],
)
def test_where_unfinished_orders_leave_it_open_the_reason_says_so_and_nobody_is_told_to_run_more(
    load, keys, standing, reason
):
    found = chosen(load, f"{OVERRUN}select: {{minimise: {'crew' if keys else 'wait.mean'}}}\n{keys}\n", budget=30)
    assert found.outcome == "INCONCLUSIVE"
    candidate = found.unsettled[-1]
    assert (candidate.label, candidate.standing) == ("crew=2", standing)
    assert candidate.reason.startswith(reason)
    said_of_it = " ".join(select_report(found).lines(1000))
    assert candidate.reason in said_of_it
    assert END in said_of_it
    assert MORE not in said_of_it


def test_where_more_replications_would_tell_the_report_says_so(load):
    keys = DRAINED + "sweep: {note: [a, b]}\nselect: {minimise: wait}\n"
    said_of_it = " ".join(select_report(chosen(load, keys, budget=30)).lines(1000))
    assert MORE in said_of_it
    assert END not in said_of_it


def test_a_metric_is_asked_for_also_where_a_parameter_that_is_not_swept_has_its_name(load):
    keys = SIX.replace("params: {", "params: {utilisation: 3, ") + "sweep: {crew: [4, 1]}\n"
    assert select(load(keys + "select: {maximise: utilisation}\n")).outcome == "crew=1"
