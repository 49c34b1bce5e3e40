"""A page's modules replay a run as Python made it, measure it in the same way, and write down what was changed."""

import random
from functools import cache
from pathlib import Path

import pytest

from sim import Run, Scenario, load_scenario, run
from sim.model import Action, OrderClass
from sim.output.page.sources import live_source, run_source
from sim.output.text import result_lines
from sim.units import SECOND
from tests.helpers import ROOT
from tests.helpers.javascript import replays
from tests.helpers.states import state_of

pytestmark = pytest.mark.slow

MINUTE = 60 * SECOND
SCENARIOS = sorted([*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "scenarios" / "rules").glob("*.yaml")])
FOLLOWED = """
scenario: 1
name: followed
clock: {start: "23:30:00", until: 90m}
service: {exponential: {mean: 4m}}
patience: {NORMAL: {exponential: {mean: 20m}}}
queue: {promote_after: 12m}
bots: {initial: 2, schedule: [{at: 30m, count: 4}, {at: 60m, count: 1}], on_remove: finish}
timeline: [{at: 5m, order: VIP, count: 3}, {at: 30m, remove_bots: 1}, {at: 31m, add_bots: 1}]
arrivals: [{class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 60/h}}]
thresholds: {wait.VIP.within(2m): ">= 80%", wait.NORMAL.within(10m): ">= 80%"}
"""


@cache
def runs() -> list[Run]:
    followed = Scenario.parse(FOLLOWED)
    warm = followed.with_keys(bots={"initial": 2}, timeline=None, warmup="10m")
    return [run(scenario) for scenario in (*map(load_scenario, SCENARIOS), followed, warm)]


@pytest.fixture(scope="module")
def unchanged() -> list[dict]:
    """What the modules make of all runs, at a few instants of events and between them."""
    chance = random.Random(19)
    questions = []
    for each in runs():
        instants = chance.sample(each.log.time.tolist(), min(4, len(each.log)))
        instants += [chance.randrange(each.log.end + 1) for _ in range(4)]
        questions.append({"source": run_source(each), "changes": [], "instants": sorted(instants, reverse=True)})
    return list(zip(runs(), questions, replays(questions), strict=True))


def test_the_page_makes_the_same_run(unchanged):
    for each, _, page in unchanged:
        assert page["fingerprint"] == each.fingerprint, each


def test_its_lines_are_those_of_the_result(unchanged):
    for each, _, page in unchanged:
        lines = list(result_lines(each))
        assert page["lines"] == lines[: lines.index("")], each


def test_its_numbers_of_the_whole_run_are_the_metrics(unchanged):
    for each, question, page in unchanged:
        measures, limits = each.measures, question["source"]["limits"]
        for order_class in OrderClass:
            name, figures = order_class.name, page["figures"][order_class]
            shares = {f"wait.{name}.within(2m)": 2 * MINUTE, f"wait.{name}.within(10m)": 10 * MINUTE}
            names = {f"wait.{name}.mean": ("mean", SECOND), f"wait.{name}.p95": ("p95", SECOND)}
            names |= {
                share: ("within", 1)
                for share, limit in shares.items()
                if limit == limits[order_class] and share in measures.values
            }
            for metric, (key, unit) in names.items():
                value = measures.values[metric]
                assert figures[key] == (None if value is None else pytest.approx(value * unit, rel=1e-12)), each
                assert figures[key] is None or figures[f"{key}IsBound"] == (metric in measures.bounds), (each, metric)
            for fate in ("created", "pending", "completed", "abandoned"):
                assert figures[fate] == measures.values[f"orders.{name}.{fate}"], (each, fate)
        assert page["utilisation"] == pytest.approx(measures.values["utilisation"], rel=1e-12), each


def test_the_areas_at_an_instant_are_the_state_of_the_run(unchanged):
    for each, question, page in unchanged:
        for instant, areas in zip(question["instants"], page["areas"], strict=True):
            state = state_of(each, instant)
            assert dict(zip(areas["pending"], areas["waits"], strict=True)) == state["pending"], (each, instant)
            assert {bot: order for bot, order, _ in areas["processing"]} == state["processing"], (each, instant)
            assert areas["over"] == state["over"], (each, instant)


def test_pending_orders_stand_in_the_order_in_which_bots_take_them(unchanged):
    for each, _, page in unchanged:
        if each.workload.rules.promote_after is not None or each.workload.rules.returned_to != "place":
            continue
        classes = dict(zip(each.measures.orders.number.tolist(), each.workload.order_class.tolist(), strict=False))
        for areas in page["areas"]:
            assert areas["pending"] == sorted(areas["pending"], key=lambda number: (classes[number], number)), each


def test_steps_back_undo_steps(unchanged):
    assert [page["differing"] for *_, page in unchanged] == [0] * len(unchanged)


# What is changed


def changed_sessions() -> list[tuple[Scenario, dict]]:
    """Return pages with one to three changes of the crew, half of them at the instant of an event."""
    chance = random.Random(23)
    questions = []
    for each in runs():
        times = each.log.time.tolist()
        instants = [chance.choice(times), chance.randrange(times[-1] + 1), chance.choice(times)]
        changes = [[instant, int(chance.choice((Action.ADD_BOT, Action.REMOVE_BOT))), None] for instant in instants]
        questions.append((each, {"source": run_source(each), "changes": changes, "instants": []}))
    return questions


def saved(text: str, scenario: Scenario, folder: Path) -> Run:
    """Return the run of a saved scenario, in a folder with the data that it names."""
    for name, data in scenario.files.items():
        (folder / name).write_bytes(data)
    (folder / "saved.yaml").write_text(text, encoding="utf-8")
    return run(load_scenario(folder / "saved.yaml"))


def test_a_run_that_was_changed_is_saved_as_a_scenario_with_its_fingerprint(tmp_path):
    sessions = changed_sessions()
    pages = replays(question for _, question in sessions)
    assert sum(page["fingerprint"] != each.fingerprint for (each, _), page in zip(sessions, pages, strict=True)) > 20
    for (each, _), page in zip(sessions, pages, strict=True):
        assert saved(page["yaml"], each.scenario, tmp_path).fingerprint == page["fingerprint"], page["yaml"]


def test_a_live_kitchen_is_saved_with_its_orders_and_expects_what_happened(tmp_path):
    chance = random.Random(29)
    followed = Scenario.parse(FOLLOWED).with_keys(patience={"VIP": "9m"}, thresholds=None)
    empty = Scenario.parse("scenario: 1\nname: kitchen\nclock: {start: '14:32:00'}\n")
    scenarios = [followed, empty, load_scenario(ROOT / "scenarios" / "lunch_rush.yaml")]
    questions = []
    for scenario in scenarios:
        source, changes = live_source(scenario), []
        for turn in range(25):
            row = chance.randrange(2)
            hand = source["by_hand"][row]
            order = {"order_class": row, "service": hand["service"][turn % len(hand["service"])]}
            order["patience"] = hand["patience"]
            action = chance.choice((Action.CREATE_ORDER, Action.CREATE_ORDER, Action.ADD_BOT, Action.REMOVE_BOT))
            instant = chance.randrange(5_000 * SECOND)
            changes.append([instant, int(action), order if action == Action.CREATE_ORDER else None])
        questions.append({"source": source, "changes": changes, "instants": [5_100 * SECOND]})
    for scenario, page in zip(scenarios, replays(questions), strict=True):
        again = saved(page["expecting"], scenario, tmp_path)
        assert again.fingerprint == page["fingerprint"]
        assert again.verdicts
        assert all(verdict.held for verdict in again.verdicts)
