"""Days that differ: one factor for each replication on the rates of random arrivals."""

import numpy as np
import pytest

from sim import ScenarioError, load_scenario
from sim.model import Action
from tests.helpers.campaigns import some

DAYS = 400


def counts(scenario, days=DAYS):
    """Return how many orders each stream makes, in a row for each replication."""
    streams = [workload.stream for workload in scenario.workloads(None, range(1, days + 1))]
    return np.array([np.bincount(stream, minlength=1 + len(scenario.file.arrivals))[1:] for stream in streams])


def check_cv(orders, cv):
    """Check the cv of a day's orders: of their mean, and of what is random in them for a given mean."""
    mean, observed = orders.mean(), orders.var(ddof=1)
    expected = mean + (cv * mean) ** 2
    assert abs(observed / expected - 1) < 4 * (2 / len(orders)) ** 0.5


@pytest.mark.parametrize(
    ("busyness", "cv"),
    [
        ("{gamma: {mean: 1, cv: 15%}}", 0.15),
        ("{gamma: {mean: 1, cv: 0.4}}", 0.4),
        ("{lognormal: {mean: 1, cv: 15%}}", 0.15),
        ("{choice: {0.8: 50%, 1.2: 50%}}", 0.2),
        ("{choice: {50%: 40%, 100%: 20%, 150%: 40%}}", 0.2**0.5),
    ],
)
@pytest.mark.parametrize(
    "process",
    some(
        [
            "poisson: {phases: [{for: 2h, rate: 100/h, ramp_to: 900/h}]}",
            "poisson: {rate: 500/h}",
            "mmpp: {states: [{rate: 400/h, stay: 2s}, {rate: 600/h, stay: 2s}]}",
        ],
        1,
    ),
)
def test_days_have_the_mean_and_the_cv_that_were_asked_for(scenario, busyness, cv, process):
    orders = counts(
        scenario(f"seed: 19\nclock: {{until: 2h}}\nbusyness: {busyness}\narrivals: [{{class: VIP, {process}}}]\n")
    )[:, 0]
    assert abs(orders.mean() / 1000 - 1) < 4 * np.hypot(cv, 1000**-0.5) / DAYS**0.5
    check_cv(orders, cv)


STREAMS = """
    seed: 20
    clock: {until: 2h}
    arrivals:
      - {name: walk-in, class: {NORMAL: 50%, VIP: 50%}, poisson: {rate: 500/h}}
      - {name: app, class: VIP, poisson: {rate: 500/h}OWN}
      - {name: bus, class: NORMAL, every: 1m}
      - {name: post, class: NORMAL, renewal: {exponential: {mean: 1m}}}
"""
DAY = "    busyness: {gamma: {mean: 1, cv: 20%}}\n"


def test_one_factor_is_that_of_all_streams_with_rates_times_their_own(scenario):
    walk_in, app, bus, post = counts(scenario(STREAMS.replace("OWN", "") + DAY)).T
    assert np.corrcoef(walk_in, app)[0, 1] > 0.9
    assert abs(np.corrcoef(walk_in, post)[0, 1]) < 0.2
    assert set(bus) == {121}
    own = ", busyness: {lognormal: {mean: 1, cv: 30%}}"
    walk_in_too, app, _, post_too = counts(scenario(STREAMS.replace("OWN", own) + DAY)).T
    assert np.array_equal(walk_in, walk_in_too)
    assert np.array_equal(post, post_too)
    check_cv(app, np.sqrt(0.2**2 + 0.3**2 + (0.2 * 0.3) ** 2))


def test_a_stream_may_have_a_factor_of_its_own(scenario):
    own = ", busyness: {gamma: {mean: 1, cv: 30%}}"
    (usual, _, *_), (walk_in, app, *_) = (counts(scenario(STREAMS.replace("OWN", text))).T for text in ("", own))
    assert np.array_equal(usual, walk_in)
    check_cv(app, 0.3)


def test_a_busier_day_has_the_same_customers_and_more(scenario):
    def walk_in(busyness):
        workload = scenario(STREAMS.replace("OWN", "") + busyness).workload()
        rows = workload.stream == 1
        times = workload.action_time[workload.action == Action.CREATE_ORDER]
        return times[rows], workload.order_class[rows]

    (times, classes), (same_times, _) = walk_in(""), walk_in("    busyness: {choice: {1: 100%}}\n")
    assert np.array_equal(times, same_times)
    busier, busier_classes = walk_in("    busyness: {choice: {0.8: 0%, 1.25: 80%, 0: 20%}}\n")
    assert busier[: len(times)] == pytest.approx(times / 1.25, abs=len(times))
    assert np.array_equal(busier_classes[: len(classes)], classes)


def test_states_last_as_long_on_a_busy_day(scenario):
    states = "[{rate: 0/h, stay: 1h}, {rate: 400/h, stay: 1h}]"
    keys = f"clock: {{until: 50h}}\narrivals: [{{class: VIP, mmpp: {{states: {states}}}}}]\n"
    quiet, busy = (
        scenario(f"{keys}busyness: {{choice: {{{factor}: 50%, {2 - factor}: 50%}}}}\n") for factor in (0.5, 0.9)
    )
    hours = [np.unique(loaded.workload().action_time[1:] // 3_600_000_000) for loaded in (quiet, busy)]
    assert len(np.setxor1d(*hours)) <= 2


def test_there_are_days_on_which_nobody_comes(scenario):
    loaded = scenario(
        "seed: 3\nclock: {until: 2h}\nbusyness: {choice: {0: 50%, 2: 50%}}\n"
        "arrivals: [{class: VIP, poisson: {rate: 60/h}}, {class: VIP, mmpp: {states: [{rate: 60/h, stay: 1h}]}}]\n"
    )
    orders = counts(loaded, 40).sum(axis=1)
    assert 10 < (orders == 0).sum() < 30
    assert orders[orders > 0].min() > 150


def test_the_busyness_of_a_file_takes_the_place_of_that_of_its_base(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "scenario: 1\nname: base\nservice: 1m\nclock: {until: 1h}\nbusyness: {gamma: {mean: 1, cv: 20%}}\n"
        "arrivals: [{class: VIP, poisson: {rate: 60/h}}]\n",
        encoding="utf-8",
    )
    (tmp_path / "own.yaml").write_text(
        "scenario: 1\nname: own\nextends: base.yaml\nbusyness: {lognormal: {mean: 1, cv: 10%}}\n", encoding="utf-8"
    )
    assert load_scenario(tmp_path / "own.yaml").file.busyness.lognormal.cv == 0.1


POISSON = "[{class: VIP, poisson: {rate: 9/h}}]"
REGULAR = "[{class: VIP, every: 9m, busyness: {gamma: {mean: 1, cv: 15%}}}]"
FAULTS = [
    ("{gamma: {mean: 1.2, cv: 15%}}", "has a mean of 1.2; write mean: 1, and change the rates instead"),
    ("{choice: {0.8: 50%, 1.3: 50%}}", "has a mean of 1.05; choose factors around 1 whose mean is 1"),
    ("{gamma: {cv: 15%}}", "missing key 'mean'; write 'mean: 1' here"),
    ("{gamma: {mean: 1, cv: 15}}", "15 is too large; write 1 or less"),
    ("15%", "'15%' is not a mapping; write busyness: {gamma: {mean: 1, cv: 15%}}"),
    ("{choice: {busy: 50%, 1: 50%}}", "'busy' is not a factor; write a number such as 0.8 or 120%"),
    ("{choice: {1: 50%, 100%: 50%}}", "two keys mean the same; keep one of them"),
    ("{weibull: {scale: 1, shape: 2}}", "unknown key 'weibull'"),
]


def fault(scenario, keys):
    with pytest.raises(ScenarioError) as raised:
        scenario(f"clock: {{until: 1h}}\n{keys}\n")
    (only,) = raised.value.faults
    return only.message


@pytest.mark.parametrize(("busyness", "message"), FAULTS)
def test_a_wrong_busyness_gets_a_fault_with_its_cure(scenario, busyness, message):
    assert message in fault(scenario, f"busyness: {busyness}\narrivals: {POISSON}")


def test_a_busyness_that_changes_nothing_is_a_fault(scenario):
    message = "changes rates, and no stream has any; write poisson, mmpp or rates in arrivals, or leave it out"
    assert message in fault(scenario, "busyness: {gamma: {mean: 1, cv: 15%}}")
    message = "changes rates, and this stream has none; write poisson, mmpp or rates, or leave it out"
    assert message in fault(scenario, f"arrivals: {REGULAR}")


def test_day_is_no_name_of_a_stream(scenario):
    message = "name 'day' is reserved for how busy the day is; write another name"
    assert message in fault(scenario, "arrivals: [{name: day, class: VIP, every: 9m}]")


@pytest.mark.parametrize("cv", ["0.5", "50%", "'50%'"])
def test_a_cv_is_a_percentage_or_a_number(scenario, cv):
    assert scenario(f"service: {{gamma: {{mean: 3m, cv: {cv}}}}}\n").file.service.VIP.gamma.cv == 0.5
    assert scenario("service: {lognormal: {mean: 3m, cv: 150%}}\n").file.service.VIP.lognormal.cv == 1.5
