"""What the values of a scenario file may be, and what they mean."""

import numpy as np
import pytest

from sim import ScenarioError, load_scenario
from sim.model import NONE, OrderClass
from sim.scenario import parse_value
from tests.helpers.workloads import HOUR, MINUTE, SECOND, order_times

# Values


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        *[("250ms", 250_000), ("10s", 10**7), ("1.5m", 90 * SECOND), ("2h", 2 * HOUR), ("1h30m", 90 * MINUTE)],
        *[("2d", 48 * HOUR), ("0s", 0), ("7us", 7), ("1m0.5s", 60_500_000), ("0.0000004s", 0), ("0.0000006s", 1)],
        *[("1d1h1m1s1ms1us", 90_061_001_001), ("36525d", 36525 * 24 * HOUR)],
    ],
)
def test_a_duration_is_a_whole_number_of_microseconds(scenario, text, microseconds):
    loaded = scenario(f"timeline: [{{at: 0s, order: VIP, service: {text}}}]\n")
    assert loaded.workload().service.tolist() == [microseconds]


@pytest.mark.parametrize(
    ("start", "instant", "seconds"),
    [
        ("'11:00:00'", "'11:30:00'", 1800),
        ("'11:00:00'", "11:30:00", 1800),
        ("11:00", "11:30", 1800),
        ("'11:00:00'", "11:00:00", 0),
        ("'22:00:00'", "06:00:00", 8 * 3600),  # before the start: the next day
        ("'11:00:00'", "23:00:00", 12 * 3600),
        ("'12:00:01'", "00:00:01", 12 * 3600),
        ("'11:00:00'", "11:00:00.25", 0.25),
        ("'11:00:00'", "1m30s", 90),
        ("2026-03-01T11:00:00", "2026-03-01T11:30:00", 1800),
        ("'2026-03-01T11:00:00'", "'2026-03-02T11:00:00'", 86400),
        ("2026-02-28T23:00:00", "2026-03-01 00:00:00", 3600),
        ("2026-03-01T21:00:00", "10:00:00", 13 * 3600),
    ],
)
def test_an_instant_is_a_duration_or_a_clock_time(scenario, start, instant, seconds):
    until = ", until: 24h" if seconds > 12 * 3600 else ""  # a horizon allows later times of the next day
    loaded = scenario(f"clock: {{start: {start}{until}}}\ntimeline: [{{at: {instant}, order: VIP}}]\n")
    assert order_times(loaded.workload()) == [seconds]
    assert loaded.notes == ()


@pytest.mark.parametrize(
    ("rate", "per_second"), [("12/h", 12 / 3600), ("3/m", 0.05), ("0.5/s", 0.5), ("48/d", 1 / 1800)]
)
def test_a_rate_has_a_unit(scenario, rate, per_second):
    loaded = scenario(f"arrivals: [{{class: VIP, poisson: {{rate: {rate}}}, limit: 1}}]\n")
    assert loaded.file.arrivals[0].poisson.rate == per_second


def test_shares_are_exact(scenario):
    tenths = scenario("service: {choice: {1s: 33.3%, 2s: 33.3%, 3s: 33.4%}}\n")
    assert sum(tenths.file.service.VIP.choice.values()) == 1
    only_vip = scenario("arrivals: [{class: {VIP: 100%, NORMAL: 0%}, every: 1s, limit: 50}]\n")
    assert set(only_vip.workload().order_class.tolist()) == {OrderClass.VIP}


def test_scalars_are_read_by_yaml_1_2(scenario):
    assert scenario("description: yes\n").file.description == "yes"
    assert scenario("seed: 0o17\n").seed == 15
    assert scenario("seed: 0x1F\n").seed == 31
    assert scenario("seed: 017\n").seed == 17
    assert scenario("description: >-\n  two\n  lines\n").file.description == "two lines"
    assert [parse_value(text) for text in ("3", "1.5", "true", "~", "3m", "'3'", "12:30:00", "no", "")] == [
        *(3, 1.5, True, None, "3m", "3", "12:30:00", "no", None)
    ]


def test_a_byte_order_mark_a_directive_and_windows_lines_are_no_faults(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf%YAML 1.2\r\n---\r\nscenario: 1\r\nname: s\r\n...\r\n")
    assert load_scenario(path).name == "s"


def test_defaults(scenario):
    loaded = scenario("")
    assert (loaded.seed, loaded.clock.start, loaded.file.clock.until) == (0, 0, None)
    workload = loaded.workload()
    assert (workload.first_number, workload.horizon, len(workload.action)) == (1001, None, 0)
    assert (workload.rules.on_remove, workload.rules.dispatch, workload.rules.returned_to) == (
        *("restart", "oldest", "place"),
    )
    assert workload.rules.promote_after is None
    assert (loaded.file.replications, loaded.file.warmup, loaded.thresholds, loaded.is_random) == (
        None,
        None,
        [],
        False,
    )
    one = scenario("timeline: [{at: 0s, order: VIP}]\n").workload()
    assert (one.service.tolist(), one.patience.tolist()) == ([10 * SECOND], [NONE])


# Service times


def test_measured_durations_come_from_a_csv_file(scenario, tmp_path):
    (tmp_path / "times.csv").write_text("8s\n 12.5s\n", encoding="utf-8")
    loaded = scenario("service: {empirical: times.csv}\ntimeline: [{at: 0s, order: VIP, count: 1000}]\n")
    drawn, counts = np.unique(loaded.workload().service, return_counts=True)
    assert drawn.tolist() == [8 * SECOND, 12_500_000]
    assert min(counts) > 400


def test_each_class_may_have_its_service_time(scenario):
    loaded = scenario("service: {VIP: 8s, NORMAL: {uniform: {low: 20s, high: 20s}}}\n"
                      "timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}]\n")  # fmt: skip
    assert loaded.workload().service.tolist() == [8 * SECOND, 20 * SECOND]


# Patience and the queue


def test_only_classes_that_are_named_have_patience(scenario):
    both = "timeline: [{at: 0s, order: VIP}, {at: 0s, order: NORMAL}]\n"
    assert scenario(f"patience: {{NORMAL: 5m}}\n{both}").workload().patience.tolist() == [NONE, 5 * MINUTE]
    assert scenario(f"patience: {{VIP: 0s, NORMAL: 1s}}\n{both}").workload().patience.tolist() == [0, SECOND]
    assert scenario(f"patience: {{}}\n{both}").workload().patience.tolist() == [NONE, NONE]
    drawn = scenario(f"patience: {{VIP: {{exponential: {{mean: 5m}}}}}}\n{both}").workload().patience.tolist()
    assert drawn[0] > 0
    assert drawn[1] == NONE


def test_the_age_of_promotion_is_a_duration(scenario):
    assert scenario("queue: {promote_after: 20m}\n").workload().rules.promote_after == 20 * MINUTE
    assert scenario("queue: {promote_after: 0s, returned_to: back}\n").workload().rules.promote_after == 0


def test_never_undoes_the_promotion_of_a_base(scenario, tmp_path):
    (tmp_path / "base.yaml").write_text("scenario: 1\nname: base\nqueue: {promote_after: 20m, returned_to: back}\n")
    rules = scenario("extends: base.yaml\nqueue: {promote_after: never}\n").workload().rules
    assert (rules.promote_after, rules.returned_to) == (None, "back")


# Limits


@pytest.mark.parametrize(
    "keys",
    [
        "bots: {initial: 10000}\n",
        "bots: {initial: 9999}\ntimeline: [{at: 0s, add_bots: 1}]\n",
        "timeline: [{at: 0s, order: VIP, count: 10000000}]\n",
        "clock: {until: 9999999s}\narrivals: [{class: VIP, every: 1s}]\n",
        "arrivals: [{class: VIP, every: 1s, limit: 9999999}]\ntimeline: [{at: 0s, order: VIP}]\n",
        "seed: 9223372036854775807\n",
        "orders: {first_number: 2000000000}\n",
        "orders: {first_number: 2000000000}\ntimeline: [{at: 0s, order: VIP, count: 9}]\n"
        "expect: [{order: 2000000008, attempts: 0}]\n",
        *[
            f"service: {{{law}}}\ntimeline: [{{at: 0s, order: VIP}}]\nexpect: [{{order: 1001, attempts: 0}}]\n"
            for limit in (0.001, 1000000)
            for law in (
                f"gamma: {{mean: 1s, cv: {limit}}}",
                f"lognormal: {{mean: 1s, cv: {limit}}}",
                f"weibull: {{scale: 1s, shape: {limit}}}",
            )
        ],
        "clock: {until: 9999s}\narrivals: [{class: VIP, mmpp: {states: [{rate: 1/h, stay: 1ms}]}}]\n",
        "clock: {until: 9999s}\narrivals: [{class: VIP, poisson: {phases: [{for: 9999s, rate: 1000/s}]}}]\n",
        "arrivals: [{class: VIP, renewal: 1us, limit: 10000000}]\n",
        "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 0/h}]}}]\n",
        "replications: 1000000\n",
        f"params: {{deep: {'[' * 62}{']' * 62}}}\n",
    ],
)
def test_what_is_just_within_the_limits_is_accepted(scenario, keys):
    assert scenario(keys).name == "story"


def test_names_and_files_up_to_their_limit(tmp_path):
    path = tmp_path / "s.yaml"
    text = f"scenario: 1\nname: {'x' * 100}\n#"
    path.write_text(text + "." * (2**20 - len(text)), encoding="utf-8")
    assert load_scenario(path).name == "x" * 100


def test_an_expectation_may_name_the_last_order_bot_and_instant(scenario):
    keys = "clock: {until: 5s}\ntimeline: [{at: 5s, order: VIP, count: 2}, {at: 1s, add_bots: 2}]\n"
    loaded = scenario(keys + "expect:\n  - {order: 1002, at: 5s, bot: 2}\n  - {bot: 2, status: PROCESSING}\n")
    assert [expectation.place.line for expectation in loaded.expectations] == [6, 7]
    with pytest.raises(ScenarioError, match="order 1003 is never created"):
        scenario(keys + "expect: [{order: 1003, attempts: 1}]\n")
