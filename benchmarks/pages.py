"""How large pages are, and how quick in a real Chromium: python -m benchmarks.pages [ORDERS...]

Opening is all that comes before a page can be used: it is parsed, simulates, makes the fingerprint and draws. A seek
goes to a random instant and draws, with what the browser lays out for it. Frames are counted while it plays for two
seconds. At 1,000 instants of each run the state is compared with that of Python.
"""

import random
import sys
from bisect import bisect_right
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import pandas as pd

from sim import Run, Scenario, run
from sim.events import EventKind
from sim.output.page import run_page
from sim.units import MICROSECONDS
from tests.helpers.browser import Browser

SCENARIO = """
scenario: 1
name: days
clock: {start: "08:00:00", until: HOURSh}
service: {VIP: {gamma: {mean: 2m30s, cv: 0.5}}, NORMAL: {lognormal: {mean: 3m, cv: 0.5}}}
bots: {initial: 5, on_remove: finish}
arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 85/h}}]
"""
SEEK = """((instant) => {
  const began = performance.now();
  page.show(instant);
  document.body.offsetHeight;
  return performance.now() - began;
})"""
FRAMES = """new Promise((resolve) => {
  page.show(0);
  page.player.play();
  const began = performance.now();
  let frames = 0;
  const count = () => {
    frames += 1;
    const passed = performance.now() - began;
    if (passed < 2000) requestAnimationFrame(count);
    else { page.player.pause(); resolve((frames / passed) * 1000); }
  };
  requestAnimationFrame(count);
})"""
CHANGES = {
    EventKind.ORDER_CREATED: (1, 0),
    EventKind.ORDER_RETURNED: (1, 0),
    EventKind.ORDER_PICKED_UP: (-1, 0),
    EventKind.ORDER_ABANDONED: (-1, 0),
    EventKind.ORDER_COMPLETED: (0, 1),
}


def levels(result):
    """Return the instants of events, and how many orders are PENDING and COMPLETE from each of them on."""
    pending = complete = 0
    states = []
    for event in result.log:
        change = CHANGES.get(event.kind, (0, 0))
        pending, complete = pending + change[0], complete + change[1]
        states.append((pending, complete))
    return result.log.time.tolist(), states


def measure(browser: Browser, folder: Path, orders: int) -> None:
    result = run(Scenario.parse(SCENARIO.replace("HOURS", str(max(1, round(orders / 85))))))
    run_page(result)  # what is read once is read
    began = perf_counter()
    page = run_page(result)
    written = perf_counter() - began
    path = folder / f"{orders}.html"
    path.write_text(page, encoding="utf-8")
    opening = []
    for _ in range(3):
        with browser.open(path.as_uri()) as tab:
            opening.append(tab.evaluate("performance.now()"))
    with browser.open(path.as_uri()) as tab:
        assert tab.evaluate("page.sessions[0].whole.fingerprint") == result.fingerprint
        chance, (times, states) = random.Random(1), levels(result)
        seeks = []
        for _ in range(1_000):
            instant = chance.randrange(result.log.end)
            seeks.append(tab.evaluate(f"{SEEK}({instant})"))
            state = tab.evaluate("[page.sessions[0].kitchen.pending.length, page.sessions[0].tally.over.completed]")
            place = bisect_right(times, instant)
            assert tuple(state) == (states[place - 1] if place else (0, 0))
        frames = tab.evaluate(FRAMES)
    facts = {
        "orders": f"{len(result.workload.service):,}",
        "kB": f"{len(page.encode()) / 1000:,.0f}",
        "written, ms": f"{written * 1000:.0f}",
        "opened, ms": f"{median(opening):.0f}",
        "seek, ms": f"{median(seeks):.1f}",
        "seek p95, ms": f"{sorted(seeks)[949]:.1f}",
        "frames/s": f"{frames:.0f}",
    }
    print("  ".join(f"{name} {value:>7}" for name, value in facts.items()), flush=True)


def animation(result: Run) -> str:
    """Return vidigi's page of a run, a frame each minute, as its documentation writes it."""
    from vidigi.animation import animate_activity_log
    from vidigi.utils import EventPosition, create_event_position_df

    orders = result.orders
    stages = [
        orders.assign(event="arrival", event_type="arrival_departure", time=orders.created_us, resource_id=None),
        orders.assign(event="pending", event_type="queue", time=orders.created_us, resource_id=None),
        orders.assign(event="cooked", event_type="resource_use", time=orders.picked_up_us, resource_id=orders.bot),
        orders.assign(
            event="cooked_ends", event_type="resource_use_end", time=orders.completed_us, resource_id=orders.bot
        ),
        orders.assign(event="depart", event_type="arrival_departure", time=orders.completed_us, resource_id=None),
    ]
    log = pd.concat(stages).dropna(subset="time").rename(columns={"order": "entity_id"}).assign(pathway="kitchen")
    log["time"] = log.time.astype(float) / MICROSECONDS["m"]
    places = [
        EventPosition(event="arrival", x=50, y=300, label="in"),
        EventPosition(event="pending", x=200, y=250, label="PENDING"),
        EventPosition(event="cooked", x=200, y=150, label="bots", resource="bots"),
        EventPosition(event="depart", x=270, y=70, label="out"),
    ]
    figure = animate_activity_log(
        log.sort_values("time")[["entity_id", "pathway", "event_type", "event", "time", "resource_id"]],
        create_event_position_df(places),
        scenario={"bots": int(orders.bot.max())},
        every_x_time_units=1,
        simulation_time_unit="minutes",
        limit_duration=int(log.time.max()) + 1,
    )
    return figure.to_html(include_plotlyjs=True)


def measure_beside(orders: int) -> None:
    """Print processor time and bytes of our page and of vidigi's of the same run."""
    result = run(Scenario.parse(SCENARIO.replace("HOURS", str(max(1, round(orders / 85))))))
    print(f"{len(result.workload.service):,} orders")
    for name, page_of in (("kitchensim", run_page), (f"vidigi {version('vidigi')}", animation)):
        page_of(result)  # what is read or loaded once is there
        began = process_time()
        page = page_of(result)
        seconds = process_time() - began
        print(f"  {name:<14}{1000 * seconds:>9,.0f} ms{len(page.encode()) / 1000:>9,.0f} kB", flush=True)


def main() -> None:
    with Browser() as browser, TemporaryDirectory() as folder:
        for orders in map(int, sys.argv[1:] or ("340", "1500", "10000", "45000")):
            measure(browser, Path(folder), orders)
    if find_spec("vidigi") is None:
        print("vidigi is left out, since it is not installed: pip install '.[benchmarks]'")
        return
    for orders in (340, 1_500):
        measure_beside(orders)


if __name__ == "__main__":
    main()
