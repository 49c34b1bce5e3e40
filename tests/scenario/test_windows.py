"""Windows of a file, the names of their slots, and the metrics in them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import ScenarioError
from sim.model import OF_SLOTS, Window, parse_metric
from sim.scenario import Scenario, metric_of
from tests.helpers.workloads import HOUR, MINUTE, SECOND

DAY = 24 * HOUR
LUNCH = "clock: {start: '11:00', until: 3h}\n"


def windows(keys: str) -> tuple[Window, ...]:
    return Scenario.parse(f"scenario: 1\nname: s\n{keys}").windows


def test_a_window_lasts_from_its_from_to_its_until():
    loaded = windows(LUNCH + "windows: {lunch: {from: '12:00', until: '13:00'}, late: {from: 2h}, all: {until: 3h}}\n")
    assert loaded == (
        Window("lunch", ((1 * HOUR, 2 * HOUR),)),
        Window("late", ((2 * HOUR, None),)),
        Window("all", ((0, 3 * HOUR),)),
    )
    assert windows("windows: {late: {from: 2h}}\n") == (Window("late", ((2 * HOUR, None),)),)
    assert windows("") == ()


def test_a_daily_window_has_a_span_for_each_day_up_to_the_horizon():
    loaded = windows(
        "clock: {start: '11:00', until: 50h30m}\nwindows: {lunch: {from: '12:00', until: 14h, daily: true}}\n"
    )
    assert loaded == (Window("lunch", ((HOUR, 14 * HOUR), (DAY + HOUR, DAY + 14 * HOUR), (2 * DAY + HOUR, None))),)


def test_a_daily_window_may_go_on_after_midnight():
    loaded = windows("clock: {until: 48h}\nwindows: {night: {from: '22:00', until: '03:00', daily: true}}\n")
    assert loaded == (Window("night", ((22 * HOUR, 27 * HOUR), (46 * HOUR, None))),)


def test_slots_are_named_by_their_start_and_the_last_may_be_shorter():
    loaded = windows(LUNCH + "windows: {slots: {from: 30m, every: 1h}}\n")
    assert loaded == (
        Window("11:30", ((30 * MINUTE, 90 * MINUTE),), "slots"),
        Window("12:30", ((90 * MINUTE, 150 * MINUTE),), "slots"),
        Window("13:30", ((150 * MINUTE, None),), "slots"),
    )
    assert windows(LUNCH + "windows: {slots: {until: 20s, every: 15s}}\n") == (
        Window("11:00", ((0, 15 * SECOND),), "slots"),
        Window("11:00:15", ((15 * SECOND, 20 * SECOND),), "slots"),
    )


def test_slots_of_later_days_count_the_days_since_the_clock_first_read_so():
    loaded = windows("clock: {start: '22:00', until: 2d}\nwindows: {slots: {every: 12h}}\n")
    assert [window.name for window in loaded] == ["22:00", "10:00", "22:00+1d", "10:00+1d"]


def test_daily_slots_pool_the_days_at_each_time_of_day():
    loaded = windows("clock: {start: '18:00', until: 30h}\nwindows: {slots: {every: 8h, daily: true}}\n")
    assert loaded == (
        Window("18:00", ((0, 8 * HOUR), (DAY, None)), "slots"),
        Window("02:00", ((8 * HOUR, 16 * HOUR),), "slots"),
        Window("10:00", ((16 * HOUR, DAY),), "slots"),
    )


@st.composite
def regular_windows(draw):
    """Seconds: what the clock reads at the start, the horizon, `from`, `until` (None: none), `every`, and `daily`."""
    is_daily = draw(st.booleans())
    horizon = draw(st.integers(1, 3 * 86_400))
    first = draw(st.integers(0, min(horizon, 86_400 if is_daily else horizon) - 1))
    longest = min(horizon, first + 86_400) if is_daily else horizon
    wrapped = st.integers(0, first - 1) if is_daily and first else st.none()  # from the evening into the night
    last = draw(st.none() | st.integers(first + 1, longest) | wrapped)
    every = draw(st.integers(max(1, horizon // 200), 100_000))
    return draw(st.integers(0, 86_399)), horizon, first, last, every, is_daily


@given(regular_windows())
def test_slots_tile_their_window_on_each_day_and_have_names_of_their_own(regular):
    start, horizon, first, last, every, is_daily = regular
    clock = f"{start // 3600:02d}:{start // 60 % 60:02d}:{start % 60:02d}"
    until = "" if last is None else f"until: {last}s, "
    slots = windows(
        f"clock: {{start: '{clock}', until: {horizon}s}}\n"
        f"windows: {{slots: {{from: {first}s, {until}every: {every}s, daily: {str(is_daily).lower()}}}}}\n"
    )
    assert len({slot.name for slot in slots}) == len(slots)
    assert all(parse_metric(f"wait.mean@{slot.name}").name == f"wait.mean@{slot.name}" for slot in slots)
    names = {slot.name: (slot.name,) for slot in slots}
    assert all(metric_of(f"wait@{slot.name}", names) == f"wait.mean@{slot.name}" for slot in slots)

    # An instant belongs to one slot where the window is open, and to none elsewhere.
    spans = sorted(span for slot in slots for span in slot.spans)
    end = first + 86_400 if last is None and is_daily else last
    end = end + 86_400 if end is not None and end < first else end
    for day in range(0, 3 * 86_400 if is_daily else 1, 86_400):
        if first + day >= horizon:
            break
        of_day = [
            span for span in spans if day + first <= span[0] / SECOND < day + first + (86_400 if is_daily else horizon)
        ]
        assert of_day[0][0] == (first + day) * SECOND
        assert all(left[1] == right[0] for left, right in pairwise(of_day))
        is_to_the_end = last is None and (end is None or end + day >= horizon)
        is_cut = end is not None and end + day > horizon
        assert of_day[-1][1] == (None if is_to_the_end or is_cut else (end + day) * SECOND)


# Metrics in windows

KITCHEN = LUNCH + "windows: {lunch: {from: '12:00', until: '13:00'}, slots: {every: 1h}}\n"


def test_a_threshold_in_a_regular_window_is_about_each_slot():
    thresholds = Scenario.parse(
        "scenario: 1\nname: s\n" + KITCHEN + "thresholds:\n"
        "  wait.NORMAL.within(300s)@slots: ['>= 90%', '< 99%']\n  wait.p80@12:00:00: '< 5m'\n  queue@lunch: '< 5'\n"
    ).thresholds
    assert [str(threshold) for threshold in thresholds] == [
        *("wait.NORMAL.within(5m)@slots >= 90%", "wait.NORMAL.within(5m)@slots < 99%"),
        *("wait.p80@12:00 < 5m", "queue.mean@lunch < 5"),
    ]
    assert thresholds[0].metrics == tuple(f"wait.NORMAL.within(5m)@{hour}:00" for hour in (11, 12, 13))
    assert [threshold.metrics for threshold in thresholds[2:]] == [("wait.p80@12:00",), ("queue.mean@lunch",)]


def test_the_metrics_of_a_scenario_are_the_standard_ones_and_those_that_its_file_names():
    loaded = Scenario.parse(
        "scenario: 1\nname: s\nparams: {crew: 1}\n" + KITCHEN + "metrics: [wait.p98@slots, flow.p1]\n"
        "thresholds: {wait.p80@13:00: '< 5m', orders.created: '== 0'}\n"
        "replications: {max: 20, until: {metric: queue.max@lunch, half_width: 10%}}\n"
        "compare: {metrics: [service.within(1m), flow.p2.daily]}\n"
        "sweep: {crew: [1, 2]}\nselect: {minimise: wait.VIP@12:00:00}\n"
    )
    assert loaded.metric_set.named == {
        *("wait.p98@11:00", "wait.p98@12:00", "wait.p98@13:00", "flow.p1", "wait.p80@13:00", "orders.created"),
        *("queue.max@lunch", "service.within(1m)", "service.n", "flow.p2.daily", "wait.VIP.mean@12:00"),
        # what a chart over the time of day shows of each slot, where any metric is one of a slot
        *(f"{name}@{slot}" for name in OF_SLOTS for slot in ("11:00", "12:00", "13:00")),
    }
    assert loaded.metric_set.windows == loaded.windows
    assert Scenario.parse("scenario: 1\nname: s\n" + KITCHEN).metric_set.windows == ()


def test_metrics_decide_no_number_of_a_replication_and_windows_do():
    kitchen = Scenario.parse("scenario: 1\nname: s\n" + KITCHEN)
    assert kitchen.with_keys(metrics=["wait.p98"]).model_sha256 == kitchen.model_sha256
    assert kitchen.with_keys(windows={"lunch": {"from": "12:00"}}).model_sha256 != kitchen.model_sha256


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wait@12:30", "wait.mean@12:30"),
        ("wait.VIP.p95.0@12:30:00", "wait.VIP.p95@12:30"),
        ("orders.abandoned.rate@12:30:15+02d", "orders.abandoned.rate@12:30:15+2d"),
        ("flow.within(90s)@12:30+0d", "flow.within(1m30s)@12:30"),
    ],
)
def test_a_metric_in_a_slot_has_one_full_name(text, name):
    slot = name.partition("@")[2]
    assert metric_of(text, {slot: (slot,)}) == name


def test_a_metric_in_a_window_needs_that_window():
    with pytest.raises(ValueError, match=r"unknown window 'lunch'; write windows: \{lunch: \{from: …, until: …\}\}"):
        metric_of("wait@lunch")
    with pytest.raises(ScenarioError, match="did you mean 'lunch'"):
        Scenario.parse("scenario: 1\nname: s\n" + KITCHEN + "thresholds: {wait@lunhc: '< 2m'}\n")


STUDY = (
    "scenario: 1\nname: s\nparams: {slot: 1h}\n" + LUNCH + "windows: {slots: {every: $slot}}\n"
    "compare: {metrics: [wait.p80@12:00]}\nsweep: {slot: [1h, 30m, 45m]}\n"
)


def test_points_of_a_study_keep_the_metrics_that_it_is_about():
    study = Scenario.parse(STUDY.replace(", 45m", ""))
    assert all("wait.p80@12:00" in point.metric_set.named for point in (study.baseline(), *study.points()))
    assert "wait.p80@12:00" not in study.with_keys(compare=None).metric_set.named


def test_a_value_that_moves_the_window_of_a_study_away_is_a_fault():
    study = Scenario.parse(STUDY)
    with pytest.raises(ScenarioError) as caught:
        study.check_study()
    assert caught.value.lines == [
        "text:7:25: sweep.slot[2]: no slot starts at 12:00; write 11:45, the nearest of 11:00 to 13:15"
    ]


def test_replications_keep_more_metrics_for_who_asks():
    kitchen = Scenario.parse("scenario: 1\nname: s\n" + KITCHEN)
    more = kitchen.with_metrics(["wait.p80", "queue@lunch"]).with_metrics(["wait.p81"])
    assert more.metric_set.named == {"wait.p80", "queue.mean@lunch", "wait.p81"}
    assert (more.text, kitchen.metric_set.named) == (kitchen.text, set())
    with pytest.raises(ValueError, match="stands for each slot"):
        kitchen.with_metrics(["wait.p80@slots"])
