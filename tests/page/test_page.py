"""Pages in a real browser: what they show, what is pressed, and what they must not do."""

import json
import random
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sim import Run, Scenario, load_scenario, run
from sim.output.page import comparison_page, kitchen_page, run_page
from tests.helpers import ROOT
from tests.helpers.browser import Tab, axe_faults
from tests.helpers.clicking import AREAS, saved, text
from tests.helpers.javascript import PAGE
from tests.helpers.states import state_of

pytestmark = pytest.mark.slow

SECOND = 1_000_000
HOSTILE = "</script><img src=x onerror=alert(1)><b>&amp;"
FAILING = """
scenario: 1
name: failing
clock: {start: "12:00:00"}
timeline: [{at: 0s, add_bots: 1}, {at: 5s, order: NORMAL}, {at: 6s, order: VIP}, {at: 7s, order: NORMAL}]
expect:
  - {order: 1002, picked_up: "12:00:15"}
  - {order: 1003, completed: "12:00:20"}
thresholds: {wait.NORMAL.within(5s): ">= 90%", wait.VIP.max: "< 10s"}
"""


@cache
def lunch() -> Run:
    return run(load_scenario(ROOT / "scenarios" / "lunch_rush.yaml"))


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page from a file; at the end it must have asked for nothing and complained of nothing."""
    tabs: list[Tab] = []

    def open_page(html: str, fragment: str = "", **look) -> Tab:
        path = tmp_path / f"{len(tabs)}.html"
        path.write_text(html, encoding="utf-8")
        tabs.append(browser.open(path.as_uri() + fragment, **look))
        return tabs[-1]

    yield open_page
    for tab in tabs:
        assert tab.problems == [], "\n".join(tab.problems)
        tab.__exit__()


# Replay


def test_a_page_says_that_it_is_the_run_that_python_made(opened):
    tab = opened(run_page(lunch()))
    assert text(tab, "#badge") == f"✓ same run as in Python: {lunch().fingerprint}"
    assert text(tab, "h1") == "lunch-rush"


def test_a_page_of_other_customers_says_so(opened):
    page = run_page(lunch()).replace(f'"fingerprint":"{lunch().fingerprint}"', '"fingerprint":"0123456789abcdef"')
    assert text(opened(page), "#badge").startswith("✗ differs from the run in Python")


def test_its_areas_are_the_state_of_the_run_wherever_the_timeline_is_put(opened):
    tab, chance = opened(run_page(lunch())), random.Random(1)
    instants = [chance.randrange(lunch().log.end) for _ in range(15)] + chance.sample(lunch().log.time.tolist(), 15)
    for instant in instants:
        tab.evaluate(f"page.slider.value = {instant}; page.slider.dispatchEvent(new Event('input'))")
        areas, state = tab.evaluate(AREAS), state_of(lunch(), instant)
        assert sorted(areas["pending"]) == sorted(state["pending"])
        assert dict(areas["processing"]) == state["processing"]
        assert areas["complete"] == state["over"][0]


def test_keys_on_the_timeline_step_play_and_change_the_crew(opened):
    tab = opened(run_page(lunch()), "#t=12:00:00")
    tab.evaluate("page.slider.focus()")
    rows = tab.evaluate("page.sessions[0].kitchen.log.time.length")
    tab.press("ArrowRight")
    assert tab.evaluate("page.sessions[0].kitchen.log.time.length") > rows
    assert text(tab, "#spoken").startswith("[12:00:")
    tab.press("ArrowLeft")
    assert tab.evaluate("page.sessions[0].kitchen.log.time.length") == rows
    tab.press("+", "+")
    assert "+ Bot" in text(tab, "#changes")
    tab.press(" ", " ")
    assert text(tab, "#play") == "Pause"
    tab.until("page.now > 7_300_000_000")
    tab.press(" ", " ")
    assert text(tab, "#play") == "Play"


def test_addresses_lead_to_an_instant_and_to_an_order(opened):
    tab = opened(run_page(lunch()), "#t=12:31:07.25")
    assert tab.evaluate("page.now") == 9_067_250_000
    tab.evaluate("location.hash = '#order=1163'; new Promise((resolve) => setTimeout(resolve, 20))")
    assert tab.evaluate("page.now") == lunch().measures.orders.created[162]
    assert "1163" in text(tab, ".areas .chosen")


def test_what_does_not_hold_leads_to_its_instant(opened):
    tab = opened(run_page(run(Scenario.parse(FAILING))))
    assert text(tab, "#asked summary") == "Expectations and thresholds that hold in this run: 2 of 4"
    wrong, late, *held = text(tab, "#asked ul").splitlines()
    assert wrong == "✗ text:8 order 1003: completed 12:00:20: got completed 12:00:35"
    assert late == "✗ wait.NORMAL.within(5s) >= 90%: got 50.0%"
    assert [line[0] for line in held] == ["✓", "✓"]
    tab.click("#asked li:nth-child(1) a")
    assert tab.evaluate("page.now") == 20 * SECOND
    tab.click("#asked li:nth-child(2) a")
    assert tab.evaluate("page.now") == 7 * SECOND
    assert "1003" in text(tab, ".areas .chosen")


# What if


def test_one_more_bot_at_the_instant_shown_and_back(opened, tmp_path):
    tab = opened(run_page(lunch()), "#t=12:10:00")
    tab.click("#add")
    assert text(tab, "#badge").endswith(", changed by hand")
    sentence = "+ Bot at 12:10:00, the same customers. 95% of orders wait at most: NORMAL "
    assert text(tab, "#difference").startswith(sentence)
    assert "(was 19m24s)" in text(tab, ".normal-row")
    again = saved(tab, tmp_path)
    assert again.scenario.name == "lunch-rush-what-if"
    assert again.log.first_difference(lunch().log) is not None
    tab.click("#changes button")
    assert text(tab, "#badge") == f"✓ same run as in Python: {lunch().fingerprint}"


def test_another_replication_is_saved_with_the_option_that_runs_it(opened):
    third = run(lunch().scenario, replication=3)
    tab = opened(run_page(third))
    tab.click("#save")
    assert text(tab, "#command") == "sim run lunch-rush-what-if.yaml --replication 3"
    assert text(tab, "#promised") == third.fingerprint


def test_changes_at_instants_of_events_are_saved_too(opened, tmp_path):
    tab, chance = opened(run_page(lunch())), random.Random(3)
    for instant in chance.sample(lunch().log.time.tolist(), 4):
        tab.evaluate(f"page.show({instant})")
        tab.click(chance.choice(("#add", "#remove")))
    saved(tab, tmp_path)


# Live


def test_a_live_kitchen_does_what_the_four_buttons_say_and_is_saved_with_what_happened(opened, tmp_path):
    tab = opened(kitchen_page())
    for button in ("#normal", "#vip", "#add", "#normal", "#add", "#vip", "#remove"):
        tab.click(button)
    tab.evaluate("document.querySelector('#speed').value = '60';document.querySelector('#speed').onchange()")
    tab.until("page.now > 25_000_000")
    tab.click("#play")
    assert int(text(tab, ".complete .count")) >= 2
    tab.evaluate("document.querySelector('#expect').checked = true")
    again = saved(tab, tmp_path)
    assert len(again.verdicts) == 4
    assert all(verdict.held for verdict in again.verdicts)


@pytest.mark.parametrize("width", [390, 1400])
def test_buttons_of_a_live_kitchen_stay_where_they_are_while_orders_come(opened, width):
    tab = opened(kitchen_page(), width=width)
    place = "document.querySelector('#vip').getBoundingClientRect().y"
    before = tab.evaluate(place)
    for button in ("#add", "#add", "#normal", "#vip", "#normal", "#vip"):
        tab.evaluate(f"document.querySelector('{button}').click()")
        assert tab.evaluate(place) == before


def test_keys_of_a_live_kitchen(opened):
    tab = opened(kitchen_page(lunch().scenario))
    tab.evaluate("page.slider.focus(); page.player.pause()")
    orders = tab.evaluate("page.sessions[0].changes.length")
    for key in "nv+-":
        tab.press(key, key)
    assert tab.evaluate("page.sessions[0].changes.length") == orders + 4


# Two runs, notebooks


def test_two_runs_side_by_side_go_by_one_clock(opened):
    seven = run(lunch().scenario.set(peak_bots=7))
    tab = opened(comparison_page(lunch(), seven), "#t=13:00:00")
    assert text(tab, "#badge") == f"✓ same run as in Python: {lunch().fingerprint}, {seven.fingerprint}"
    assert tab.evaluate("page.sessions.map((session) => session.now)") == [10_800 * SECOND] * 2
    tab.click("#step")
    assert tab.evaluate("new Set(page.sessions.map((session) => session.now)).size") == 1


def test_a_notebook_shows_a_page_that_plays(opened):
    tab = opened(f'<!doctype html><meta charset="utf-8"><title>a notebook</title>{lunch().page()._repr_html_()}')
    inside = "document.querySelector('iframe').contentWindow"
    tab.until(f"{inside}.page")
    tab.evaluate(f"{inside}.document.querySelector('#play').click()")
    now = tab.evaluate(f"{inside}.page.now")
    tab.until(f"{inside}.page.now > {now}")
    tab.evaluate(f"{inside}.document.querySelector('#play').click()")
    tab.evaluate(f"{inside}.document.querySelector('.log li').click()")
    assert tab.evaluate("document.title") == "a notebook"


# Safe, and for everybody


def test_texts_of_a_scenario_are_text(opened):
    keys = {"description": HOSTILE, "params": {"crew": HOSTILE}, "timeline": [{"at": "1s", "order": "VIP"}]}
    scenario = Scenario.parse(json.dumps({"scenario": 1, "name": "hostile", **keys}))
    tab = opened(run_page(run(scenario)))
    assert text(tab, "#description") == HOSTILE
    assert HOSTILE in text(tab, "#facts")
    assert tab.evaluate("document.images.length") == 0


class Quiet(SimpleHTTPRequestHandler):
    """A plain web server that says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def test_the_page_opens_unbundled_from_a_plain_web_server(browser):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=PAGE)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with browser.open(f"http://127.0.0.1:{server.server_port}/page.html") as tab:
            tab.until("globalThis.page")
            tab.click("#vip")
            assert text(tab, ".pending .vip-orders .count") == "1"
        server.shutdown()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1400, "light")])
def test_axe_has_nothing_to_say(opened, width, theme):
    for html in (run_page(run(Scenario.parse(FAILING))), kitchen_page()):
        tab = opened(html, width=width, theme=theme)
        tab.evaluate("page.player.pause()")
        assert axe_faults(tab) == []


def test_nothing_is_wider_than_the_screen(opened):
    impatient = FAILING + "patience: {NORMAL: 30s}\n"  # which has the most columns of numbers
    pages = (run_page(lunch()), run_page(run(Scenario.parse(impatient))), kitchen_page())
    for html in (*pages, comparison_page(lunch(), lunch())):
        tab = opened(html)
        for width in (390, 768, 1024, 1600):
            tab.resize(width, 900)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
