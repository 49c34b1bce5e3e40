"""Pages in a real Chromium, pressed as a person does: python -m benchmarks.clicks [SEEKS] [SESSIONS]

The timeline is put at random instants, half of them those of events, and the three areas are held against Python's
state there. Then sessions are clicked, four in five of them "what if" and the others live; each is saved as a scenario,
which Python must run to the fingerprint that the page promises. Nothing may be asked for or complained of.
"""

import random
import sys
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from sim import Run, load_scenario, run
from sim.output.page import kitchen_page, run_page
from tests.helpers import ROOT
from tests.helpers.browser import Browser, Tab
from tests.helpers.clicking import AREAS, saved
from tests.helpers.states import state_of

RANDOM = ("lunch_rush", "impatient_lunch", "shift_change", "burst", "vip_starvation", "assignment")
BUTTONS = ("#normal", "#vip", "#add", "#remove")


def instants(result: Run, count: int, chance: random.Random) -> list[int]:
    """Return random instants of a run, every second one that of an event."""
    events = result.log.time.tolist()
    return [chance.choice(events) if number % 2 else chance.randrange(result.log.end) for number in range(count)]


def seek(tab: Tab, result: Run, count: int, chance: random.Random) -> None:
    for instant in instants(result, count, chance):
        tab.evaluate(f"page.slider.value = {instant}; page.slider.dispatchEvent(new Event('input'))")
        areas, state = tab.evaluate(AREAS), state_of(result, instant)
        assert sorted(areas["pending"]) == sorted(state["pending"]), instant
        assert dict(areas["processing"]) == state["processing"], instant
        assert areas["complete"] == state["over"][0], instant


def what_if(tab: Tab, result: Run, chance: random.Random) -> None:
    for instant in instants(result, chance.randint(1, 4), chance):
        tab.evaluate(f"page.show({instant})")
        tab.click(chance.choice(("#add", "#remove")))


def live(tab: Tab, chance: random.Random) -> None:
    tab.click("#play")
    for _ in range(chance.randint(5, 20)):
        tab.evaluate(f"page.show(page.now + {chance.choice((0, 1, 10_000_000, chance.randrange(20_000_000)))})")
        tab.click(chance.choice(BUTTONS))


def main() -> None:
    seeks, sessions = map(int, (sys.argv[1:] + ["1000", "30"][len(sys.argv) - 1 :])[:2])
    chance = random.Random(1)
    with Browser() as browser, TemporaryDirectory() as temporary:
        folder = Path(temporary) / "scenarios"
        copytree(ROOT / "scenarios", folder)
        page = folder / "page.html"
        lunch = run(load_scenario(folder / "lunch_rush.yaml"))
        page.write_text(run_page(lunch), encoding="utf-8")
        with browser.open(page.as_uri()) as tab:
            seek(tab, lunch, seeks, chance)
            assert tab.problems == []
        print(f"{seeks:,} instants: the three areas are Python's state")
        for number in range(sessions):
            is_live = number % 5 == 4
            result = run(load_scenario(folder / f"{RANDOM[number % len(RANDOM)]}.yaml"))
            page.write_text(kitchen_page() if is_live else run_page(result), encoding="utf-8")
            with browser.open(page.as_uri()) as tab:
                if is_live:
                    live(tab, chance)
                else:
                    what_if(tab, result, chance)
                saved(tab, folder)
                assert tab.problems == []
        print(f"{sessions} sessions: Python runs what was saved to the same fingerprint")


if __name__ == "__main__":
    main()
