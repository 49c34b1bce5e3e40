"""Theory beside simulation: where closed forms hold, what they say, and whether both agree."""

import pytest

from sim import replicate
from sim.experiment import theory
from sim.model import STANDARD
from sim.output.reports import theory_report
from sim.statistics.queueing import erlang_a, late_share, priority_waits, served_share
from tests.helpers.studies import NUMBERS, SIX

UNITS = {metric.name: metric.unit for metric in STANDARD}

DOOR = "arrivals: [{name: door, class: NORMAL, poisson: {rate: 6/m}}]\n"
BOTH = "{VIP: 30%, NORMAL: 70%}"
STEADY = """
clock: {until: 10h}
warmup: 1h
service: {exponential: {mean: 10s}}
bots: {initial: 2}
"""
REPLACED = {"service": "{exponential: {mean: 10s}}", "bots": "initial: 2", "kind": "class: NORMAL"}


def steady(keys: str = "", **changes: str) -> str:
    """The steady scenario with some parts changed, and with other keys in place of its own."""
    lines = [line for line in (STEADY + DOOR).splitlines() if line.split(":")[0] != keys.split(":", 1)[0]]
    text = "\n".join([*lines, keys, ""])
    for name, new in changes.items():
        text = text.replace(REPLACED[name], new)
    return text


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("M/M/2", {}),
        ("M/M/3", {"bots": "initial: 1, schedule: [{at: 0s, count: 3}]"}),
        ("M/M/3", {"bots": "initial: 2}\ntimeline: [{at: 0s, add_bots: 1}]\nqueue: {returned_to: back"}),
        ("M/M/2", {"kind": "class: {VIP: 100%, NORMAL: 0%}"}),
        ("M/M/2 with non-preemptive priority", {"kind": f"class: {BOTH}"}),
        ("M/D/1", {"bots": "initial: 1", "service": "7s"}),
        ("M/G/1", {"bots": "initial: 1", "service": "{uniform: {low: 3s, high: 9s}}"}),
        ("M/D/1 with non-preemptive priority", {"bots": "initial: 1", "service": "7s", "kind": f"class: {BOTH}"}),
        (
            "M/G/1 with non-preemptive priority",
            {"bots": "initial: 1", "service": "{VIP: 6s, NORMAL: 7s}", "kind": f"class: {BOTH}"},
        ),
        ("M/G/1", {"bots": "initial: 1", "service": "{VIP: 6s, NORMAL: {erlang: {mean: 7s, shape: 2}}}"}),
        ("M/M/2+M (Erlang A)", {"bots": "initial: 2}\npatience: {NORMAL: {exponential: {mean: 1m}}"}),
    ],
)
def test_a_scenario_has_the_model_of_its_assumptions(load, model, changes):
    found = theory(load(steady(**changes)))
    assert (found.model, found.failing) == (model, "")
    assert found.source
    assert set(found.values) <= set(UNITS)


ALONE = {"bots": "initial: 1"}
BOTH_COME = {"kind": f"class: {BOTH}"}
LEVELS = ["wait.VIP.within(8s)", "wait.NORMAL.within(8s)", "wait.within(8s)", "wait.p90", "wait.NORMAL.p90"]


@pytest.mark.parametrize(
    ("keys", "changes", "failing"),
    [
        ("timeline: [{at: 0s, order: VIP}]", {}, "orders of the timeline are not Poisson arrivals"),
        ("arrivals: [{class: VIP, every: 10s}]", {}, "arrivals of stream-1 are not Poisson with one rate"),
        (
            "arrivals: [{class: VIP, poisson: {phases: [{for: 1h, rate: 1/m}]}}]",
            {},
            "arrivals of stream-1 are not Poisson with one rate",
        ),
        ("arrivals: [{class: VIP, poisson: {rate: 1/m}, batch: 2}]", {}, "orders of stream-1 come in batches"),
        *(
            (
                f"arrivals: [{{class: VIP, poisson: {{rate: 1/m}}, {key}}}]",
                {},
                "arrivals of stream-1 do not last from the start to the end of the run",
            )
            for key in ("from: 1s", "until: 9h", "limit: 9")
        ),
        ("arrivals: []", {}, "there are no arrivals"),
        ("", {"bots": "initial: 2, schedule: [{at: 1h, count: 3}]"}, "the crew changes with time"),
        ("timeline: [{at: 1s, add_bots: 1}]", {}, "the crew changes with time"),
        ("", {"bots": "initial: 0"}, "there are no bots"),
        ("queue: {promote_after: 20m}", {}, "NORMAL orders are promoted"),
        ("warmup: 0s", {}, "the kitchen starts empty and nothing is left out; write warmup: 1h or more"),
        (
            "patience: {VIP: {exponential: {mean: 1m}}}",
            {"kind": f"class: {BOTH}"},
            "patience is not exponential and the same for all orders",
        ),
        ("patience: {NORMAL: 1m}", {}, "patience is not exponential and the same for all orders"),
        (
            "patience: {NORMAL: {exponential: {mean: 1m}}}",
            ALONE | {"service": "9s"},
            "customers lose patience, and service is not exponential and the same for all orders",
        ),
        (
            "",
            {"service": "9s"},
            "service is not exponential and the same for all orders, and there is more than one bot",
        ),
        (
            "",
            {"service": "{VIP: 8s, NORMAL: {exponential: {mean: 8s}}}", "kind": f"class: {BOTH}"},
            "service is not exponential and the same for all orders, and there is more than one bot",
        ),
        (
            "",
            ALONE | {"service": "{weibull: {scale: 1us, shape: 0.01}}"},
            "the variance of service times has no bound",
        ),
        ("", ALONE, "orders keep 1 bots busy and there are 1, so the queue grows without end"),
        (
            "service: {exponential: {mean: 25s}}",
            {},
            "orders keep 2.5 bots busy and there are 2, so the queue grows without end",
        ),
    ],
)
def test_each_assumption_that_fails_is_told(load, keys, changes, failing):
    found = theory(load(steady(keys, **changes)))
    assert found.failing == failing
    assert (found.model, found.values) == ("", {})


def test_patience_of_a_class_that_never_comes_does_not_matter(load):
    assert theory(load(steady("patience: {VIP: 1m}"))).model == "M/M/2"


def test_the_values_of_one_class_are_those_of_erlang(load):
    [wait] = priority_waits([0.1], [10], [200], 2)
    assert theory(load(steady())).values == pytest.approx(
        {
            "wait.mean": wait,
            "flow.mean": wait + 10,
            "queue.mean": wait * 0.1,
            "utilisation": 0.5,
            "throughput": 360,
        }
    )


def test_the_values_of_two_classes_are_those_of_cobham(load):
    vip, normal = priority_waits([0.03, 0.07], [10, 10], [200, 200], 2)
    both = 0.3 * vip + 0.7 * normal
    assert theory(load(steady(kind=f"class: {BOTH}"))).values == pytest.approx(
        {
            "wait.VIP.mean": vip,
            "wait.NORMAL.mean": normal,
            "wait.mean": both,
            "flow.VIP.mean": vip + 10,
            "flow.NORMAL.mean": normal + 10,
            "flow.mean": both + 10,
            "queue.VIP.mean": vip * 0.03,
            "queue.NORMAL.mean": normal * 0.07,
            "queue.mean": both * 0.1,
            "utilisation": 0.5,
            "throughput": 360,
        }
    )


def test_one_bot_takes_any_service_times_of_several_streams(load):
    streams = "  - {class: VIP, poisson: {rate: 2/m}}\n  - {class: NORMAL, poisson: {rate: 1/m}}\n" * 2
    services = "service: {VIP: 5s, NORMAL: {uniform: {low: 0s, high: 12s}}}\n"
    found = theory(load(f"clock: {{until: 9h}}\nwarmup: 1h\n{services}bots: {{initial: 1}}\narrivals:\n{streams}"))
    vip, normal = priority_waits([4 / 60, 2 / 60], [5, 6], [25, 48], 1)
    assert found.values["wait.VIP.mean"] == pytest.approx(vip)
    assert found.values["wait.NORMAL.mean"] == pytest.approx(normal)
    assert found.values["flow.NORMAL.mean"] == pytest.approx(normal + 6)
    assert found.values["flow.mean"] == pytest.approx((2 * (vip + 5) + normal + 6) / 3)
    assert found.values["utilisation"] == pytest.approx(20 / 60 + 12 / 60)


def test_the_values_with_patience_are_those_of_erlang_a(load):
    expected = erlang_a(0.1, 10, 2, 60)
    values = theory(load(steady("patience: {NORMAL: {exponential: {mean: 1m}}}"))).values
    common = {
        "orders.abandoned.rate": expected.abandoned,
        "queue.mean": expected.queue,
        "utilisation": expected.utilisation,
        "throughput": 360 * (1 - expected.abandoned),
    }
    assert values == pytest.approx({**common, "wait.mean": expected.wait, "flow.mean": expected.wait + 10})
    both = "patience: {NORMAL: {exponential: {mean: 1m}}, VIP: {exponential: {mean: 60s}}}"
    assert theory(load(steady(both, kind=f"class: {BOTH}"))).values == pytest.approx(common)
    over = theory(load(steady("patience: {NORMAL: {exponential: {mean: 1m}}}", service="{exponential: {mean: 30s}}")))
    assert over.values["utilisation"] > 0.9, "impatience makes any load bearable"


def test_service_levels_and_percentiles_that_the_file_names_have_their_formulas(load):
    promises = "thresholds: {wait.within(5s): '> 80%', wait.NORMAL.p95: '< 1m', wait.p30: '< 1m', wait.VIP.p50: '< 1m'}"
    values = theory(load(steady(promises))).values
    assert values["wait.within(5s)"] == pytest.approx(1 - late_share([0.1], 10, 2, 0, 5))
    assert late_share([0.1], 10, 2, 0, values["wait.NORMAL.p95"]) == pytest.approx(0.05)
    assert values["wait.p30"] == 0, "two thirds wait for nobody"
    assert "wait.VIP.p50" not in values, "no VIP ever comes"


def test_those_of_two_classes_are_each_of_its_own_and_together_of_both(load):
    found = theory(load(steady(f"metrics: [{', '.join(LEVELS)}]", kind=f"class: {BOTH}")))
    vip, normal = (1 - late_share([0.03, 0.07], 10, 2, place, 8) for place in (0, 1))
    assert [found.values[name] for name in LEVELS[:3]] == pytest.approx([vip, normal, 0.3 * vip + 0.7 * normal])
    vip, normal = (late_share([0.03, 0.07], 10, 2, place, found.values["wait.p90"]) for place in (0, 1))
    assert 0.3 * vip + 0.7 * normal == pytest.approx(0.1)
    assert (found.source, found.without_formula) == ("Cobham 1954, Davis 1966", ())


def test_with_patience_they_are_those_of_the_orders_that_come_and_of_those_that_stay(load):
    keys = "patience: {NORMAL: {exponential: {mean: 20s}}}\nmetrics: [wait.within(8s), wait.p90]"
    values = theory(load(steady(keys))).values
    assert values["wait.within(8s)"] == pytest.approx(served_share(0.1, 10, 2, 20, 8))
    served = 1 - values["orders.abandoned.rate"]
    assert served_share(0.1, 10, 2, 20, values["wait.p90"]) == pytest.approx(0.9 * served)


@pytest.mark.parametrize(
    ("keys", "changes", "lacking"),
    [
        ("metrics: [flow.p90, wait.within(1m), wait.max]", {}, ["flow.p90"]),
        ("windows: {slots: {every: 5h}}\nmetrics: [wait.p90@slots]", {}, ["wait.p90@slots"]),
        ("metrics: [wait.p90]", {"bots": "initial: 1", "service": "7s"}, ["wait.p90"]),
        ("metrics: [wait.p90]\npatience: {NORMAL: &p {exponential: {mean: 1m}}, VIP: *p}", BOTH_COME, ["wait.p90"]),
    ],
)
def test_those_without_a_formula_are_told(load, keys, changes, lacking):
    kitchen = load(steady(keys, **changes))
    found = theory(kitchen)
    assert not {*lacking} & {*found.values}
    assert list(found.without_formula) == lacking
    [*_, last] = theory_report(found, replicate(kitchen, 1)).lines(200)
    assert last == f"no formula here for {', '.join(lacking)}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        BOTH_COME | {"bots": f"initial: 2}}\nmetrics: [{', '.join(LEVELS)}]\nqueue: {{returned_to: place"},
        {"bots": "initial: 1", "service": "{uniform: {low: 3s, high: 9s}}", "kind": f"class: {BOTH}"},
        {"bots": f"initial: 2}}\nmetrics: [{LEVELS[2]}, wait.p90]\npatience: {{NORMAL: {{exponential: {{mean: 20s}}}}"},
    ],
)
def test_theory_and_simulation_agree_and_another_rate_is_noticed(load, changes):
    text = steady(**changes)
    kitchen = load(text)
    done = replicate(kitchen, times=10, fingerprints=False)
    rows = theory(kitchen).beside(done)
    assert [row.metric for row in rows] == list(theory(kitchen).values)
    assert all(row.agrees for row in rows), rows
    assert all(row.estimate == done.estimate(row.metric) for row in rows)
    other = theory(load(text.replace("6/m", "6.6/m"))).beside(done)
    assert not {row.metric: row for row in other}["throughput"].agrees
    assert not {row.metric: row for row in other}["queue.mean"].agrees


def test_the_table_of_theory_has_a_row_for_each_metric(load):
    kitchen = load(steady())
    done = replicate(kitchen, times=3, fingerprints=False)
    table = theory(kitchen).to_frame(done)
    rows = theory(kitchen).beside(done)
    assert list(table) == ["metric", "theory", *NUMBERS, "n", "agrees"]
    assert table["agrees"].tolist() == [row.agrees for row in rows]
    assert table["theory"].tolist() == [row.theory for row in rows]
    assert [str(table[name].dtype) for name in (*NUMBERS, "n")] == ["Float64"] * 3 + ["Int64"]
    assert theory(load(SIX)).to_frame(done).empty


def test_what_was_not_observed_does_not_agree(load):
    empty = replicate(load("clock: {until: 1m}\nbots: {initial: 2}\n"))
    rows = {row.metric: row for row in theory(load(steady())).beside(empty)}
    assert (rows["wait.mean"].estimate, rows["wait.mean"].agrees) == (None, None)


@pytest.mark.parametrize(
    ("lengths", "failing"),
    [
        ("warmup: 3m", "this queue forgets its empty start in 4m; write a warmup as long"),
        ("warmup: 9h55m", "the run is too short for this queue; write an end 20m after the warmup"),
        ("warmup: mser5", ""),
    ],
)
def test_a_run_must_be_long_for_the_long_run(load, lengths, failing):
    assert theory(load(steady(lengths))).failing == failing


def test_customers_who_wait_for_years_have_no_closed_form(load):
    patient = {"bots": "initial: 1}\npatience: {NORMAL: {exponential: {mean: 36525d}}"}
    assert theory(load(steady(**patient))).failing == "customers are so patient that millions of them would wait"


@pytest.mark.slow
def test_a_percentile_of_few_days_neither_agrees_nor_differs(load):
    kitchen = load(steady("metrics: [wait.p99.9]"))
    few, many = (theory(kitchen).beside(replicate(kitchen, times, fingerprints=False)) for times in (2, 30))
    assert [rows[1].metric for rows in (few, many)] == ["wait.p99.9"] * 2
    assert [rows[1].agrees for rows in (few, many)] == [None, True]
    assert few[0].agrees is not None, "of the mean, two days tell a little"


def test_one_replication_neither_agrees_nor_differs(load):
    kitchen = load(steady())
    assert {one.agrees for one in theory(kitchen).beside(replicate(kitchen, 1))} == {None}
