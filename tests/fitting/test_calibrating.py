"""A scenario against days that it was not fitted to: the right one passes, and wrong ones are found."""

import numpy as np
import pytest

import sim
from sim import FileError
from sim.verdicts import Judgement
from tests.helpers.tills import days_of, poisson, served, with_instants

BOTS = 4
RATES = (20.0, 20.0, 60.0, 60.0, 60.0, 30.0, 30.0, 30.0)


def calibrate(scenario, path, **options):
    return sim.calibrate(scenario, path, engine="compiled", **options)


def till(seed, times=lambda generator, _: poisson(generator, RATES), count=24, bots=BOTS) -> str:
    """Return an export of a kitchen that serves all orders in turn."""
    days = days_of(seed, times, count, vip=0)
    return with_instants(days, lambda day: {"started": served(day, bots), "done": served(day, bots) + day.services})


@pytest.fixture
def held_out(fitted, tmp_path):
    """Fit a scenario to the first twelve days of an export, and return it with the path of the export."""

    def fit_early(text):
        scenario = fitted(text, until="2026-03-14").scenario
        return scenario, tmp_path / "lunch.csv"

    return fit_early


def verdicts(calibration) -> dict[str, str]:
    return {check.name: str(check.judgement) for check in calibration.checks}


def test_the_right_scenario_replays_each_wait_and_nothing_fails(held_out):
    calibration = calibrate(*held_out(till(60)))
    assert verdicts(calibration) | {"service level": ""} == {
        "replay": "PASS",
        "orders by day": "PASS",
        "mean wait by day": "PASS",
        "service level": "",
    }
    assert "100.0% of" in calibration.checks[0].finding
    assert calibration.worst == ""
    assert calibration.to_frame().verdict.tolist()[:3] == ["PASS"] * 3
    assert calibration.notes == ["12 days left out, to which the scenario was fitted"]


def test_a_bot_less_than_there_were_is_found_and_the_half_hour_named(held_out):
    scenario, path = held_out(till(61))
    calibration = calibrate(scenario.with_keys(bots={"initial": BOTS - 1}), path)
    assert calibration.verdict is Judgement.FAIL
    assert verdicts(calibration)["replay"] == "FAIL"
    assert calibration.worst.startswith("most different at 1")
    assert " shorter than replayed ones" in calibration.worst


def test_a_missing_day_factor_is_found_by_counts(held_out):
    scenario, path = held_out(till(62, lambda generator, _: poisson(generator, RATES, generator.gamma(16, 1 / 16))))
    assert scenario.file.busyness is not None
    assert verdicts(calibrate(scenario, path))["orders by day"] == "PASS"
    assert verdicts(calibrate(scenario.with_keys(busyness=None), path))["orders by day"] == "FAIL"


def test_the_crew_comes_from_a_file(held_out, tmp_path):
    scenario, path = held_out(till(63))
    crew = tmp_path / "crew.csv"
    crew.write_text(f"at,count\n10:00,{BOTS}\n")
    alone = scenario.with_keys(bots={"initial": 1})
    assert calibrate(alone, path, crew=crew).checks[0].finding.startswith("100.0%")
    crew.write_text(f"at,count\n10:00,{BOTS}\n2026-03-14T12:30,2\n")
    assert not calibrate(alone, path, crew=crew).checks[0].finding.startswith("100.0%")  # on that date alone


def test_a_margin_decides_what_is_the_same(held_out):
    scenario, path = held_out(till(64))
    assert verdicts(calibrate(scenario, path, margin=0.2))["service level"] == "PASS"
    assert verdicts(calibrate(scenario, path, margin=0.001))["service level"] in ("INCONCLUSIVE", "FAIL")


def test_without_the_start_of_orders_waits_are_not_judged(fitted, tmp_path):
    days = days_of(65, count=24)
    text = with_instants(days, lambda day: {"done": served(day, BOTS) + day.services})
    scenario = fitted(text, until="2026-03-14").scenario
    calibration = calibrate(scenario, tmp_path / "lunch.csv")
    assert list(verdicts(calibration)) == ["orders by day", "service level"]
    assert calibration.verdict is Judgement.INCONCLUSIVE
    assert "the file does not say when service began: waits are not judged" in calibration.checks[1].finding


def test_days_that_were_fitted_are_refused(fitted, tmp_path):
    scenario = fitted(till(66, count=8)).scenario
    message = "has only days to which the scenario was fitted; fit with --until, or give later days"
    with pytest.raises(FileError, match=message):
        calibrate(scenario, tmp_path / "lunch.csv")
    (tmp_path / "lunch.csv").write_text(till(66, count=10))
    with pytest.raises(FileError, match="has 2 days to which the scenario was not fitted; at least 3 are needed"):
        calibrate(scenario, tmp_path / "lunch.csv")


def test_a_scenario_for_some_weekdays_meets_those_alone(fitted, tmp_path):
    scenario = fitted(till(68, count=21), until="2026-03-16", days="mon-fri").scenario
    calibration = calibrate(scenario, tmp_path / "lunch.csv")
    assert {day.weekday() for day in calibration.days.dates} == {0, 1, 2, 3, 4}
    assert calibration.notes == [
        "6 days left out, of other weekdays than it was fitted to",
        "10 days left out, to which the scenario was fitted",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,bots\n10:00,3\n", "the header is 'time,bots'; write at,count"),
        ("at,count\n10:00,three\n", "'three' is not a number of bots; write 0 to 10,000"),
        ("at,count\n25:00,3\n", "'25:00' is not a clock time"),
    ],
)
def test_a_wrong_crew_is_a_fault(held_out, tmp_path, text, message):
    scenario, path = held_out(till(67, lambda generator, _: poisson(generator, np.full(8, 10.0)), count=16))
    (tmp_path / "crew.csv").write_text(text)
    with pytest.raises(FileError, match=message):
        calibrate(scenario, path, crew=tmp_path / "crew.csv")
