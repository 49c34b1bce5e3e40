"""Pages are whole in themselves, and no text of a scenario becomes markup in them."""

import json
import re
from base64 import b64encode
from hashlib import sha256

from sim import Scenario, run
from sim.output.page import html_page, kitchen_page, run_page
from sim.output.page.asked import asked_of

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028&lt;"


def data_of(page: str) -> dict:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_a_page_says_of_a_promise_in_slots_which_of_them_break_it():
    slots = """
scenario: 1
name: slots
clock: {until: 30s}
windows: {slots: {every: 10s}}
service: 8s
bots: {initial: 1}
timeline: [{at: 0s, order: VIP}, {at: 1s, order: VIP}, {at: 21s, order: VIP}]
thresholds: {wait.max@slots: "< 9s", wait.mean@slots: "< 2s", queue.VIP.max@slots: "<= 1"}
"""
    asked = list(asked_of(run(Scenario.parse(slots))))
    assert [(line["asked"], line["held"], line["at"]) for line in asked] == [
        ("wait.max@00:00:10 < 9s", False, None),
        ("wait.mean@00:00 < 2s", False, 1_000_000),
        ("wait.mean@00:00:10 < 2s", False, None),
        ("queue.VIP.max@slots <= 1", True, None),
    ]


def test_the_policy_of_a_page_allows_its_own_style_and_script_alone():
    page = html_page("A title", "<p>text</p>", "p { color: red; }", "'use strict';", {})
    [policy] = re.findall('Content-Security-Policy" content="([^"]*)"', page)
    [style] = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    assert style.endswith("p { color: red; }")
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, "'use strict';")]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{hashes[0]}'",
        f"script-src 'sha256-{hashes[1]}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_a_page_without_a_script_allows_none():
    assert "script-src 'none'" in html_page("A title", "", "")


def test_texts_of_a_scenario_end_no_element_and_begin_none():
    scenario = Scenario.parse(json.dumps({"scenario": 1, "name": "hostile", "description": HOSTILE, "bots": {}}))
    page = run_page(run(scenario))
    assert "<img" not in page
    assert page.count("<script") == 2
    assert data_of(page)["sources"][0]["description"].startswith("</script><script>")
    assert html_page(HOSTILE, "", "").count("<script") == 0


def test_an_empty_kitchen_is_what_a_scenario_without_anything_is():
    """page.html has it, so that it opens from a plain web server too."""
    [empty] = data_of(kitchen_page())["sources"]
    [parsed] = data_of(kitchen_page(Scenario.parse("scenario: 1\nname: kitchen\n")))["sources"]
    own = {"clock": None, "facts": ["an empty kitchen", "orders take 10s"], "yaml": empty["yaml"]}
    assert empty == parsed | own
