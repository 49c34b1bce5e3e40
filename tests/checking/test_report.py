"""The report for browsers: the worst first, intervals against their limits, and no text that becomes markup."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim import check
from sim.output import page
from sim.output.ci.intervals import interval_svg
from sim.output.ci.report import check_report
from sim.scenario import Condition, Place, Threshold
from sim.statistics import Interval
from sim.verdicts import Judgement, ThresholdVerdict
from tests.helpers.browser import axe_faults
from tests.helpers.checks import BROKEN, FAILS, HOLDS, ODD, ONE_BOT, OPEN, WARNS, put
from tests.helpers.commands import sim

HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(2)>&lt;'\"<!--"
ELEMENTS = set(
    re.findall(
        r"\w+",
        "html head meta link title style body header main h1 h2 p b em ul li div span small code pre details summary "
        "svg rect path circle text",
    )
)
MANY = """
thresholds:
  wait.VIP.p95: "< 2m"
  wait.NORMAL.p95: "< 20s"
  utilisation: ["> 60%", "between 80% and 90%"]
  wait.NORMAL.within(5s): ">= 90%"
  flow.VIP.p95: {check: "< 10m", days: ">= 90%"}
  orders.completed: ">= 40"
"""


class Markup(HTMLParser):
    """Collects the elements of a document, with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(autouse=True)
def folder(elsewhere) -> Path:
    return elsewhere


def report(*paths: str, **options) -> str:
    checks = check(paths or ".", **options)
    return check_report(checks.files, checks.unchecked, checks.differences, replays=False)


def sections(text: str) -> list[tuple[str, bool]]:
    """Return the files of a report in its order, and whether each is unfolded."""
    found = re.findall(r'<details class="file"( open)?>.*?<h2>(.*?)</h2>', text, re.DOTALL)
    return [(unescape(name), bool(is_open)) for is_open, name in found]


def test_the_worst_come_first_and_what_does_not_pass_is_unfolded():
    put({"a.yaml": HOLDS, "b.yaml": OPEN, "c.yaml": FAILS, "d.yaml": BROKEN, "e.yaml": ONE_BOT, "f.yaml": WARNS})
    text = report()
    assert sections(text) == [
        ("d.yaml", True),
        ("c.yaml", True),
        ("b.yaml", True),
        ("a.yaml", False),
        ("f.yaml", False),
        ("e.yaml", False),
    ]
    told = Markup(text).text
    for words in (
        "6 scenarios: 2 passed, 1 failed, 1 inconclusive, 1 wrong, 1 with nothing to judge",
        "d.yaml:3:10: service: '1 minute' is not a duration; write 1m",
        "order 1001: completed 11sgot completed 10sc.yaml:7",
        "throughput > 1/h",
        "FAIL (warn)",
    ):
        assert words in told


def test_what_lies_beside_and_what_is_compared_is_told():
    put({"now/a.yaml": OPEN, "base/a.yaml": OPEN.replace("bots: 2", "bots: 3"), "now/other.yml": "a: 1\n"})
    told = Markup(report("now", against="base", times=5)).text
    assert "NOT CHECKED   now/other.yml: has no key 'scenario' or 'extends'" in told
    assert "Against base: " in told


def test_a_golden_log_that_differs_is_shown_line_by_line():
    put({"a.yaml": HOLDS})
    check("a.yaml", update_golden=True)
    put({"a.yaml": FAILS.replace("at: 5s", "at: 6s")})
    assert re.search(r">  +\d+ .*6s order_created 1005", Markup(report("a.yaml")).text)


def test_fifty_scenarios_take_at_most_300_kb():
    put({"a.yaml": OPEN.replace("replications: 1\nthresholds:\n", MANY).replace("name: kitchen", f"name: {'k' * 60}")})
    [checked] = check("a.yaml", times=20).files
    assert len(checked.findings) == 8
    text = check_report([replace(checked, file=f"scenarios/{number}.yaml") for number in range(50)], replays=False)
    assert len(text.encode()) < 300_000
    assert text.count('<svg class="interval"') == 400


def test_what_is_too_large_for_a_page_is_reported_without_one(monkeypatch):
    monkeypatch.setattr(page, "MOST_ORDERS", 4)
    put({"a.yaml": FAILS})
    checks = check("a.yaml")
    assert "srcdoc" not in check_report(checks.files)
    assert sections(check_report(checks.files)) == [("a.yaml", True)]


# No text becomes markup


def test_no_name_description_threshold_or_fault_becomes_markup():
    described = f"description: {HOSTILE!r}\n".replace("\\'", "''")
    put(dict.fromkeys(ODD, OPEN + described))
    put({"x.yaml": f"scenario: 1\nname: x\n{HOSTILE!r}: 1\nthresholds: {{{HOSTILE!r}: 1}}\n".replace("\\'", "''")})
    put({f"{HOSTILE.replace('/', '')}.yaml": FAILS})
    markup = Markup(report())
    assert HOSTILE in markup.text
    assert {tag for tag, _ in markup.elements} <= ELEMENTS
    assert not [
        names for _, names in markup.elements if any(name.startswith("on") or name == "style" for name in names)
    ]


def test_a_report_allows_its_style_and_nothing_else():
    put({"a.yaml": FAILS})
    [policy] = [names["content"] for _, names in Markup(report()).elements if "http-equiv" in names]
    first, *others = policy.split("; ")
    assert first == "default-src 'none'"
    assert "script-src 'none'" in others
    assert not re.search(r'(?:src|href)="(?!data:,")', report())


def test_the_same_files_make_the_same_bytes():
    put({"a.yaml": FAILS, "b.yaml": OPEN})
    checks = check(".")
    for name in ("one.html", "two.html"):
        checks.write_report(name)
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


# Intervals

BELOW, ABOVE = ("<", "<="), (">", ">=")
VALUE = st.floats(0, 1e6)


def drawn(condition: Condition, interval: Interval) -> dict[str, tuple[float, float]]:
    """Return from where to where things are drawn: the interval, the limit and where the estimate may lie."""
    threshold = Threshold("wait.VIP.mean", condition, "fail", Place("x"))
    svg = interval_svg(ThresholdVerdict(threshold, "wait.VIP.mean", Judgement.PASS, interval, ""))
    places = {name: (float(x), float(x)) for name, x in re.findall(r'class="(l)" d="M([\d.]+) ', svg)}
    places |= {
        name: (float(x), float(end)) for name, x, end in re.findall(r'class="(i)" d="M([\d.]+) 11H([\d.]+)"', svg)
    }
    for x, width in re.findall(r'class="a" x="([\d.]+)" y="2" width="([\d.]+)"', svg):
        places["a"] = (float(x), float(x) + float(width))
    [middle] = re.findall(r'cx="([\d.]+)"', svg)
    return places | {"e": (float(middle), float(middle))}


@given(st.lists(VALUE, min_size=3, max_size=3).map(sorted), VALUE, st.sampled_from([*BELOW, *ABOVE]))
@example([5e-324] * 3, 5e-324, "<")
def test_an_interval_lies_where_it_should_exactly_if_its_ends_do(values, limit, operator):
    low, estimate, high = values
    ends = (float("-inf"), limit) if operator in BELOW else (limit, float("inf"))
    places = drawn(Condition(operator, *ends, ""), Interval(estimate, low, high, 9))
    allowed, [at, _] = places["a"], places["l"]
    assert all(0 <= place <= 242.1 for pair in places.values() for place in pair)
    for value, place in zip(
        values, (places.get("i", places["e"])[0], places["e"][0], places.get("i", places["e"])[1]), strict=True
    ):
        if value < limit:
            assert place <= at
        if value > limit:
            assert place >= at
    assert (allowed[1] if operator in BELOW else allowed[0]) == pytest.approx(at, abs=2.1)


def test_an_interval_without_an_upper_end_reaches_the_edge_and_one_value_is_a_point():
    below = Condition("<", float("-inf"), 10.0, "< 10s")
    assert drawn(below, Interval(12.0, 8.0, float("inf"), 9))["i"][1] == 232
    assert "i" not in drawn(below, Interval(12.0, None, None, 1))


# The command and the browser


def test_the_command_writes_it_beside_lines_and_refuses_the_place_of_a_scenario():
    put({"a.yaml": FAILS})
    assert sim("check", "a.yaml", "--report", "report.html", status=1).stdout.startswith("FAIL          a.yaml")
    assert "srcdoc" in Path("report.html").read_text()
    told = sim("check", "a.yaml", "--report", "b.yaml", status=2).stderr
    assert "b.yaml looks like a scenario; name another file" in told
    told = sim("check", "a.yaml", "--report", "no/such/report.html", status=1).stderr
    assert told == (
        "sim: no/such/report.html: cannot be written (No such file or directory); name another place with --report\n"
    )


@pytest.mark.slow
def test_a_browser_shows_it_at_any_width_and_replays_what_failed_without_a_request_or_a_word_of_its_console(browser):
    put({"a.yaml": FAILS.replace("certain", "failing"), "b.yaml": OPEN.replace("replications: 1\nthresholds:\n", MANY)})
    sim("check", ".", "-n", "10", "--report", "report.html", status=1)
    for width, theme in ((390, "dark"), (1600, "light")):
        with browser.open(Path("report.html").absolute().as_uri(), width=width, theme=theme) as tab:
            assert tab.evaluate("document.documentElement.scrollWidth") == width
            tab.evaluate("document.querySelector('details.replay').open = true")
            tab.evaluate("document.querySelector('iframe').scrollIntoView()")
            replay = "document.querySelector('iframe').contentDocument.body"
            tab.until(f"{replay}?.innerText.includes('same run')")
            assert tab.problems == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1400, "dark")])
def test_axe_has_nothing_to_say(browser, width, theme):
    put({"a.yaml": FAILS, "b.yaml": OPEN, "c.yaml": BROKEN, "d.yaml": WARNS, "e.yaml": ONE_BOT, "base/a.yaml": HOLDS})
    Path("report.html").write_text(report("a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yaml", against="base"))
    with browser.open(Path("report.html").absolute().as_uri(), width=width, theme=theme) as tab:
        tab.evaluate("for (const part of document.querySelectorAll('details')) part.open = true; 0")
        assert axe_faults(tab) == []
