"""Input uncertainty: a scenario that was fitted to few days knows its rates and service times only so well."""

import numpy as np
import pytest

from sim import ScenarioError, input_uncertainty
from sim.scenario.redrawing import redrawn
from sim.statistics import mean_interval
from tests.helpers.commands import sim

COUNTS = [(31, 52), (28, 61), (44, 40), (35, 55), (25, 47), (39, 66), (30, 50), (33, 58)]
FITTED = """
clock: {until: 2h}
service: {NORMAL: {gamma: {mean: 2m, cv: 0.5}}, VIP: {choice: {1m: 50%, 3m: 50%}}}
bots: {initial: 4}
arrivals:
  - name: orders
    class: {NORMAL: 80%, VIP: 20%}
    poisson: {phases: [{for: 1h, rate: 33.125/h}, {for: 1h, rate: 53.625/h}]}
uncertainty: lunch.days.csv
"""


def days_file(counts=COUNTS) -> str:
    header = "date,arrivals.orders.1,arrivals.orders.2,service.NORMAL.orders,service.NORMAL.seconds\n"
    return header + "".join(
        f"2026-03-{number:02d},{first},{second},{first + second},{(first + second) * (100 + 5 * number)}\n"
        for number, (first, second) in enumerate(counts, 1)
    )


@pytest.fixture
def lunch(scenario, tmp_path):
    (tmp_path / "lunch.days.csv").write_text(days_file())
    return scenario(FITTED)


def test_the_interval_of_orders_is_that_of_the_days_to_which_it_was_fitted(lunch):
    result = input_uncertainty(lunch, 400, engine="compiled")
    uncertain = result.of_metric("orders.created")
    student = mean_interval([sum(day) for day in COUNTS])
    width = uncertain.high_with_data - uncertain.low_with_data
    assert width == pytest.approx(student.high - student.low, rel=0.25)
    assert uncertain.low_with_data < uncertain.low < uncertain.high < uncertain.high_with_data
    assert uncertain.data_share > 0.8
    frame = result.to_frame().set_index("metric")
    assert frame.loc["orders.created", "high_with_data"] == uncertain.high_with_data
    assert frame.loc["wait.NORMAL.mean", "unit"] == "s"


def test_rates_and_service_times_are_those_that_other_days_would_have_given(lunch):
    totals = np.array(COUNTS)
    rates, means = [], []
    for replication in range(1, 401, 2):
        file = redrawn(lunch.file, 7, replication)
        rates.append([phase.rate * 3600 for phase in file.arrivals[0].poisson.phases])
        means.append(file.service.NORMAL.mean / 1e6)
        assert file.service.VIP == lunch.file.service.VIP  # of whom the file of days says nothing
    assert np.mean(rates, 0) == pytest.approx(totals.mean(0), rel=0.02)
    assert np.std(rates, 0) == pytest.approx(totals.std(0) / len(COUNTS) ** 0.5, rel=0.2)
    assert np.mean(means) == pytest.approx(120, rel=0.02)
    assert np.std(means) > 1


def test_two_replications_share_their_parameters_and_nothing_else(lunch):
    drawn = lunch.redrawn()
    rates = [redrawn(lunch.file, 7, number).arrivals[0].poisson.phases[0].rate for number in (1, 2, 3)]
    assert rates[0] == rates[1] != rates[2]
    first, second = (drawn.workload(7, number).action_time for number in (1, 2))
    assert not np.array_equal(first[:20], second[:20])
    assert np.array_equal(drawn.workload(7, 2).action_time, drawn.workloads(7, [1, 2]).day(1).action_time)


def test_a_scenario_without_the_draws_has_the_numbers_that_it_had(lunch):
    before = lunch.workload(7, 3).action_time
    lunch.redrawn().workload(7, 3)
    assert np.array_equal(lunch.workload(7, 3).action_time, before)


def test_a_day_factor_is_drawn_anew(scenario, tmp_path):
    (tmp_path / "lunch.days.csv").write_text(days_file([(20, 30), (60, 90), (30, 50), (44, 70), (25, 33), (50, 80)]))
    busy = scenario(FITTED + "busyness: {gamma: {mean: 1, cv: 40%}}\n")
    factors = {redrawn(busy.file, 7, number).busyness.gamma.cv for number in range(1, 41, 2)}
    assert len(factors) > 10
    assert min(factors) < 0.4 < max(factors)


def test_a_scenario_that_was_not_fitted_is_refused(scenario):
    with pytest.raises(ScenarioError, match="does not say to which days it was fitted; write uncertainty: "):
        input_uncertainty(scenario(FITTED.replace("uncertainty: lunch.days.csv", "")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,orders\n2026-03-01,3\n", "the header is 'day,orders'; leave this file as sim fit wrote it"),
        ("date,arrivals.orders.1\n1.3.2026,3\n", "is not a date with numbers; leave this file as sim fit wrote it"),
        (
            "date,arrivals.orders.1\n2026-03-01,many\n",
            "is not a date with numbers; leave this file as sim fit wrote it",
        ),
        ("date,arrivals.orders.1\n", "'lunch.days.csv' has no days; fit the scenario again"),
    ],
)
def test_a_wrong_file_of_days_is_a_fault(scenario, tmp_path, text, message):
    (tmp_path / "lunch.days.csv").write_text(text)
    with pytest.raises(ScenarioError, match=message):
        scenario(FITTED)


@pytest.mark.usefixtures("lunch")
@pytest.mark.slow
def test_the_command_shows_both_intervals(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ("-n", "20", "--no-save", "--no-files", "--engine", "compiled", "--input-uncertainty")
    out = sim("replicate", "story.yaml", *options).stdout
    assert "Input uncertainty: rates and service times are known from 8 days alone" in out
    assert max(map(len, out.splitlines())) <= 80
    assert '"low_with_data": ' in sim("replicate", "story.yaml", *options, "--json").stdout
