"""Rates by time of day from a file: they come again each day, and begin where the clock of the scenario begins."""

import numpy as np
import pytest

from sim import ScenarioError
from sim.scenario.arrivals import Stream
from tests.helpers.workloads import SECOND, order_times

WEEK = "from,rate_per_h\n10:00,60\n12:00,600\n12:30,0\n"


def loaded(scenario, tmp_path, clock, table=WEEK):
    (tmp_path / "week.csv").write_text(table)
    return scenario(f"clock: {clock}\nservice: 1s\narrivals: [{{class: VIP, rates: week.csv}}]\n")


def counts(workload, *edges) -> list[int]:
    hours = np.array(order_times(workload)) / 3600
    return np.histogram(hours, bins=edges)[0].tolist()


def test_orders_come_at_the_rates_of_the_time_of_day(scenario, tmp_path):
    day = loaded(scenario, tmp_path, "{start: '11:00', until: 48h}")
    totals = np.sum(
        [counts(day.workload(replication=number), 0, 1, 1.5, 23, 25, 25.5, 47) for number in range(1, 41)], 0
    )
    expected = 40 * np.array([60, 300, 0, 120, 300, 0])
    assert np.all(np.abs(totals - expected) <= 4 * np.sqrt(expected))


def test_as_many_orders_are_expected_as_the_rates_say(scenario, tmp_path):
    (stream,) = loaded(scenario, tmp_path, "{start: '11:00', until: 48h}").file.arrivals
    assert isinstance(stream, Stream)
    assert stream.expected_orders(48 * 3600 * SECOND) == pytest.approx(2 * (120 + 300))
    assert stream.expected_orders(3600 * SECOND) == pytest.approx(60)
    assert stream.process.mean_rate * 86_400 == pytest.approx(420)


def test_a_stream_that_begins_later_has_the_rates_of_its_clock_time(scenario, tmp_path):
    (tmp_path / "week.csv").write_text(WEEK)
    text = "clock: {start: '11:00', until: 3h}\nservice: 1s\narrivals: [{class: VIP, rates: week.csv, from: 12:15}]\n"
    totals = np.sum(
        [counts(scenario(text).workload(replication=number), 0, 1.25, 1.5, 3) for number in range(1, 21)], 0
    )
    assert totals[0] == totals[2] == 0
    assert abs(totals[1] - 20 * 150) <= 4 * np.sqrt(20 * 150)


def test_busy_days_have_higher_rates(scenario, tmp_path):
    plain = loaded(scenario, tmp_path, "{start: '10:00', until: 4h}")
    busy = plain.with_keys(busyness={"choice": {"0.5": "50%", "1.5": "50%"}})
    totals = [len(order_times(busy.workload(replication=number))) for number in range(1, 41)]
    assert {total < 420 for total in totals} == {True, False}
    assert np.std(totals) > 150


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("time,rate\n10:00,6\n", "the header is 'time,rate'; write from,rate_per_h"),
        ("from,rate_per_h\n10:00,sixty\n", "'sixty' is not a rate; write a number of orders in an hour, such as 42"),
        ("from,rate_per_h\n10:00,-6\n", "'-6' is not a rate; write a number from 0 to 1,000,000,000"),
        ("from,rate_per_h\n10:00,6\n10:00,7\n", "'10:00' stands twice; keep one of the two"),
        ("from,rate_per_h\n2026-03-01T10:00,6\n", "has a date; write a time of day, which comes again each day"),
        ("from,rate_per_h\n9 am,6\n", "'9 am' is not a clock time; write 09:00, as a clock of 24 hours reads"),
        ("from,rate_per_h\n10:00\n", "holds 1 instead of 2 values; write a clock time and a rate"),
        ("from,rate_per_h\n10:00,0\n", "'week.csv' has no rate above 0; write lines such as 11:30,42"),
    ],
)
def test_a_wrong_table_is_a_fault(scenario, tmp_path, table, message):
    with pytest.raises(ScenarioError) as caught:
        loaded(scenario, tmp_path, "{until: 4h}", table)
    assert message in str(caught.value)
