"""How orders come, from exports whose truth is known; and the traps, each with the line that it must get."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim import FileError
from tests.helpers.tills import HALF_HOUR, RATES, Day, Till, days_of, export, poisson

TIMES = Till(header=("time",))
CLASSES = Till(header=("time", "class"))


def problems(fit) -> str:
    return "\n".join(fit.problems)


def test_rates_are_found_with_their_change_points_and_intervals(fitted):
    frame = fitted(export(days_of(1), TIMES)).to_frame()
    assert frame["from"].tolist() == ["11:00", "12:00", "13:30"]
    assert frame["until"].tolist() == ["12:00", "13:30", "15:00"]
    assert frame["stream"].tolist() == ["orders"] * 3
    assert ((frame.low < [40, 120, 60]) & (frame.high > [40, 120, 60])).all()


def test_days_that_differ_have_a_factor_and_wider_intervals(fitted):
    def busy(generator, _):
        return poisson(generator, factor=generator.gamma(1 / 0.0625, 0.0625))  # a cv of 25%

    plain, differing = fitted(export(days_of(2), TIMES)), fitted(export(days_of(2, busy), TIMES))
    assert "# busyness: days differ no more than by chance" in plain.files["lunch.yaml"].decode()
    assert "busyness: {gamma: {mean: 1, cv: 0." in differing.files["lunch.yaml"].decode()
    assert differing.factor.low < 0.25 < differing.factor.high
    assert (
        differing.problems
        == plain.problems
        == ["the file has no service times: name --service, or --started and --done"]
    )
    widths = [(frame.high - frame.low).sum() for frame in (plain.to_frame(), differing.to_frame())]
    assert widths[1] > 1.5 * widths[0]


def test_weekdays_that_differ_have_a_scenario_each(fitted):
    def by_weekday(generator, day):
        return poisson(generator, factor=1.6 if day % 7 in (4, 5) else 1.0)

    fit = fitted(export(days_of(3, by_weekday, count=28), TIMES))
    assert [group.name for group in fit.groups] == ["mon-thu_sun", "fri-sat"]
    assert list(fit.files) == [
        "lunch.yaml",
        "lunch.days.csv",
        "lunch-mon-thu_sun.yaml",
        "lunch-mon-thu_sun.days.csv",
        "lunch-fri-sat.yaml",
        "lunch-fri-sat.days.csv",
    ]
    text = fit.files["lunch-fri-sat.yaml"].decode()
    assert "extends: lunch.yaml" in text
    assert "Weekdays differ (p " in fit.files["lunch.yaml"].decode()
    (rates,) = [group.rate_per_h.iloc[1] for name, group in fit.to_frame().groupby("group") if name == "fri-sat"]
    assert rates == pytest.approx(192, rel=0.1)


def test_alike_weekdays_are_one_scenario_and_too_few_days_are_told(fitted):
    assert fitted(export(days_of(4), TIMES)).weekdays.startswith("weekdays do not differ more than by chance")
    few = fitted(export(days_of(4, count=5), TIMES))
    assert few.weekdays == "too few days to tell weekdays apart: two of each are needed"
    assert few.problems[0] == "5 days say little about how days differ; 14 are better"


def test_orders_that_come_together_are_batches(fitted):
    def in_batches(generator, _):
        times = poisson(generator)
        return np.repeat(times, generator.choice([1, 2, 3], len(times), p=[0.6, 0.3, 0.1]))

    fit = fitted(export(days_of(5, in_batches), TIMES))
    shares = fit.overall.arrivals.batches.shares
    assert [shares[size] for size in (1, 2, 3)] == pytest.approx([0.6, 0.3, 0.1], abs=0.04)
    assert "batch: {1: " in fit.files["lunch.yaml"].decode()
    assert fit.to_frame().rate_per_h.tolist() == pytest.approx([40, 120, 60], rel=0.15)
    assert fitted(export(days_of(5), TIMES)).overall.arrivals.batches is None  # ties by rounding are none


def test_times_of_whole_minutes_cannot_tell_batches(fitted):
    crowded = [rate * 4 for rate in RATES]
    fit = fitted(export(days_of(6, lambda generator, _: poisson(generator, crowded)), Till(header=("time",), grain=60)))
    assert "times are rounded to 60 s, so that " in problems(fit)
    assert "by chance: nobody can tell which came together" in problems(fit)


def test_items_that_are_no_orders_are_asked_about(fitted):
    rows = export(days_of(7), TIMES).splitlines()
    items = [f"{number},{row}" for number, row in enumerate(rows[1:]) for _ in range(1 + number % 3)]
    fit = fitted("\n".join(["Bon,time", *items]))
    assert "rows with one 'Bon' have one time; are they items of one order? --id 'Bon'" in fit.notes
    assert fit.overall.arrivals.batches is not None
    orders = fitted("\n".join(["Bon,time", *items]), columns={"id": "Bon"})
    assert orders.overall.arrivals.batches is None
    assert len(orders.records) == len(rows) - 1


def test_rushes_are_told(fitted):
    def rushes(generator, _):
        states = generator.random(8 * 6) < 0.3  # of five minutes each
        counts = generator.poisson(np.where(states, 15, 1.5))
        starts = np.repeat(np.arange(len(counts)) * 300.0, counts)
        return np.sort(starts + generator.random(counts.sum()) * 300)

    text = problems(fitted(export(days_of(8, rushes), TIMES)))
    assert "arrivals come in rushes (dispersion " in text
    assert "if that matters, replay the file with trace:" in text


def test_regular_gaps_are_told(fitted):
    def regular(generator, _):
        return np.sort(np.arange(0, 8 * HALF_HOUR, 45) + generator.random(320) * 20)

    assert "arrivals come at regular gaps (dispersion " in problems(fitted(export(days_of(9, regular), TIMES)))


def test_poisson_arrivals_raise_no_alarm(fitted):
    for seed in range(10, 16):
        assert "trace:" not in problems(fitted(export(days_of(seed), TIMES)))


def test_utc_over_a_clock_change_is_told(fitted):
    rome = ZoneInfo("Europe/Rome")
    text = export(days_of(17, count=20), TIMES, first="2026-03-20")
    rows = text.splitlines()[1:]
    instants = [datetime.fromisoformat(row).replace(tzinfo=rome).astimezone(UTC) for row in rows]
    in_utc = [instant.strftime("%Y-%m-%d %H:%M:%S") for instant in instants]
    fit = fitted("\n".join(["time", *in_utc]))
    assert "from 2026-03-29 on the day is an hour earlier, as times in UTC are when clocks change" in problems(fit)
    assert "say --zone, such as Europe/Rome" in problems(fit)
    assert problems(fitted("\n".join(["time", *in_utc]), zone="Europe/Rome")).startswith("the file has no service")


def test_shares_of_classes_that_change_in_the_day_make_two_streams(fitted):
    alike = fitted(export(days_of(18), CLASSES))
    assert [stream.name for stream in alike.overall.arrivals.streams] == ["orders"]
    assert alike.overall.arrivals.streams[0].vip_share.low < 0.15 < alike.overall.arrivals.streams[0].vip_share.high
    changing = days_of(18)
    for day in changing:
        day.vips = np.where(day.times > 2 * 3600, np.random.default_rng(1).random(len(day.times)) < 0.5, day.vips)
    fit = fitted(export(changing, CLASSES))
    assert [stream.name for stream in fit.overall.arrivals.streams] == ["normal", "vip"]


def test_a_night_shift_is_cut_in_its_quiet_hours(fitted):
    fit = fitted(export(days_of(19), TIMES, opens=22.0))
    assert fit.to_frame()["from"].tolist() == ["22:00", "23:00", "00:30"]
    assert len(fit.overall.days.dates) == 14


def test_orders_out_of_hours_are_listed_and_not_counted(fitted):
    text = export(days_of(20), TIMES) + "2026-03-05 03:12:00\n"
    fit = fitted(text)
    line = len(text.splitlines())
    assert f"1 order out of hours (11:00 to 15:00) not counted: line {line}" in fit.notes
    assert fit.to_frame()["from"].iloc[0] == "11:00"


def test_a_day_in_part_and_closed_days_are_told(fitted):
    days = days_of(21)
    days[-1] = Day(days[-1].times[:30], days[-1].vips[:30], days[-1].services[:30])
    days[3] = Day(np.empty(0))
    fit = fitted(export(days, TIMES))
    assert "2026-03-15 is incomplete, with 30 orders, and left out" in fit.notes
    assert "no order on 2026-03-05: taken as closed" in fit.notes
    assert len(fit.overall.days.dates) == 12


def test_only_the_days_that_count_are_fitted(fitted):
    text = export(days_of(22, count=21), TIMES)
    assert {day.weekday() for day in fitted(text, days="mon-fri").overall.days.dates} == {0, 1, 2, 3, 4}
    assert str(fitted(text, until="2026-03-16").overall.days.dates[-1]) == "2026-03-15"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time\n12:00\n12:01\n", "has times without dates; name the column of dates too, such as --time 'Date + Time'"),
        ("time\n2026-03-02 12:00\n", "has 1 order; at least 50 are needed"),
    ],
)
def test_a_file_that_says_too_little_is_refused(fitted, text, message):
    with pytest.raises(FileError, match=message.replace("+", r"\+")):
        fitted(text)


def test_rows_that_cannot_be_read_are_ten_lines_and_a_count(fitted):
    rows = export(days_of(23), TIMES)
    total = len(rows.splitlines())
    fit = fitted(rows + "Total\n")
    place = fit.notes[0].split(":")[0]
    assert fit.notes[:2] == [
        f"{place}:{total + 1}:1: time: 'Total' is not a date or time; write one such as 2026-03-01 18:05:00",
        f"1 row of {total:,} that cannot be read left out",
    ]
    with pytest.raises(FileError) as caught:
        fitted(rows + "noon\n" * 5000)
    assert len(caught.value.lines) == 11
    assert "4,990 more like the 10 above" in caught.value.lines[-1]


def test_the_same_file_gives_the_same_bytes(fitted):
    text = export(days_of(24))
    assert fitted(text, unit="s").files == fitted(text, unit="s").files
