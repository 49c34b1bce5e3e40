"""The charts: whatever the size of the run, nothing overlaps, nothing is cut off, and grey is enough to read them."""

import json
import warnings
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from sim import run
from sim.output import CHART_NAMES
from sim.output.charts.canvas import COLOURS, PRESENT
from sim.output.charts.files import charts
from sim.output.folder import write_run
from sim.units import printable
from tests.helpers.campaigns import some
from tests.helpers.charts import texts

SIZES = {
    "nothing": "timeline: []",
    "3 orders": "timeline: [{at: 0s, add_bots: 1}, {at: 1s, order: NORMAL, count: 2}, {at: 2s, order: VIP}]",
    "a removal": """
        timeline: [{at: 0s, order: VIP}, {at: 3s, add_bots: 2}, {at: 5s, remove_bots: 2}, {at: 6s, add_bots: 1}]
    """,
    "3,000 orders": """
        clock: {start: "08:00:00", until: 6h}
        service: {exponential: {mean: 1m}}
        bots: {initial: 8, schedule: [{at: 3h, count: 11}, {at: 4h, count: 6}]}
        arrivals: [{class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 500/h}}]
    """,
    "60 bots that come and go": """
        clock: {start: "08:00:00", until: 6h}
        service: {exponential: {mean: 4m}}
        patience: {NORMAL: {exponential: {mean: 10m}}}
        bots: {initial: 10, schedule: [{at: 1h, count: 60}, {at: 2h, count: 20}, {at: 3h, count: 60},
                                       {at: 4h, count: 15}, {at: 5h, count: 60}]}
        arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 600/h}}]
    """,
    "two weeks and 120 bots": """
        clock: {start: "08:00:00", until: 14d}
        service: {exponential: {mean: 1h}}
        bots: {initial: 120}
        arrivals: [{class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 115/h}}]
    """,
}


@pytest.mark.parametrize("size", some([*SIZES], 2))
def test_no_label_overlaps_another_or_is_cut_off(story, size):
    for draw in charts(story(SIZES[size])).values():
        figure = draw()
        boxed = texts(figure)
        for (one, box), (other, other_box) in combinations(boxed, 2):
            assert not box.overlaps(other_box), f"{one!r} and {other!r} overlap"
        for text, box in boxed:
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
            assert inside, f"{text!r} is cut off"


@pytest.mark.parametrize("name", CHART_NAMES["run"])
def test_axes_say_what_they_show_and_the_heading_says_of_which_run(story, name):
    figure = charts(story(SIZES["3 orders"], seed=5, replication=2))[name]()
    for axes in figure.axes:
        assert axes.get_ylabel()
    assert "(" in axes.get_xlabel()
    what, of = figure.axes[0].get_title(loc="left").split("\n")
    assert what
    assert of == "story, seed 5, replication 2"


def test_the_heading_names_the_parameters_in_force(scenario):
    kitchen = scenario("params: {crew: 1, cook: 3m}\nbots: {initial: $crew}\nservice: $cook")
    _, of = run(kitchen.set(crew=2)).plot.queues().axes[0].get_title(loc="left").split("\n")
    assert of == "story, crew=2, cook=3m, seed 0, replication 1"


def test_classes_differ_in_grey():
    luminance = [
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), to_rgb(colour), strict=True)) for colour in COLOURS.values()
    ]
    assert abs(luminance[0] - luminance[1]) > 0.4


def test_returned_work_is_hatched_and_orders_are_numbered(story):
    axes = charts(story(SIZES["a removal"]))["bots"]().axes[0]
    assert any(collection.get_hatch() for collection in axes.collections)
    assert {text.get_text() for text in axes.texts} == {"1001"}


def test_the_mark_stands_at_the_95th_percentile(story):
    run = story("bots: {initial: 1}\ntimeline: [{at: 0s, order: NORMAL, count: 20}]")
    axes = run.plot.waits().axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() == "s"]
    assert marks[0].get_xdata()[0] == run.measures.values["wait.NORMAL.p95"]


COME_AND_GO = """
    bots: {initial: 1}
    timeline: [{at: 1s, add_bots: 2}, {at: 5s, remove_bots: 1}, {at: 8s, add_bots: 1}, {at: 9s, add_bots: 1},
               {at: 9s, order: VIP, count: 4}]
    """


def rectangles(axes, colour):
    """Return left, right and row of the bars of a colour."""
    paths = [
        path.vertices
        for collection in axes.collections
        if np.allclose(collection.get_facecolor()[:, :3], to_rgb(colour))
        for path in collection.get_paths()
    ]
    return sorted((path[:, 0].min(), path[:, 0].max(), round(path[:4, 1].mean(), 6)) for path in paths)


def test_a_bot_takes_the_row_of_one_that_has_left(story):
    run = story(COME_AND_GO)
    axes = run.plot.bots().axes[0]
    second, end = 1_000_000, run.log.end
    assert rectangles(axes, PRESENT) == [
        (0, end, 1),
        (1 * second, 5 * second, 3),
        (1 * second, end, 2),
        (8 * second, end, 3),
        (9 * second, end, 4),
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2", "3, 4", "5"]
    rows = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert rows == {"1001": 1, "1002": 2, "1003": 3, "1004": 4}


def test_a_bot_that_comes_at_the_very_end_takes_nobodys_row(story):
    axes = story("clock: {until: 9s}\ntimeline: [{at: 0s, add_bots: 1}, {at: 9s, add_bots: 1}]").plot.bots().axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "2"]


def test_there_are_as_many_rows_as_bots_were_ever_present_at_once(story):
    run = story(SIZES["60 bots that come and go"])
    assert run.measures.values["bots.max"] == 60
    axes = run.plot.bots().axes[0]
    rows = {row for _, _, row in rectangles(axes, PRESENT)}
    assert rows == set(range(1, 61))
    for row in rows:
        lifetimes = [bar for bar in rectangles(axes, PRESENT) if bar[2] == row]
        assert all(before[1] <= after[0] for before, after in pairwise(lifetimes))
    assert axes.get_ylabel() == "bots present at once (rows)"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("timeline: []", {"bots": ["there were no bots"], "queues": ["no VIP orders", "no NORMAL orders"]}),
        ("clock: {until: 1h}", {"waits": ["no order has a wait"]}),
        (
            "bots: {initial: 1}\ntimeline: [{at: 1s, order: VIP}]",
            {"queues": ["no VIP order had to wait", "no NORMAL orders"], "waits": []},
        ),
    ],
)
def test_an_empty_panel_says_why(story, keys, said):
    for name, words in said.items():
        assert [text.get_text() for axes in charts(story(keys))[name]().axes for text in axes.texts] == words


def test_waits_are_in_seconds_however_long_and_their_ticks_have_units(story):
    keys = "bots: {{initial: 1}}\nservice: {}\ntimeline: [{{at: 0s, order: VIP, count: 3}}]"
    for service, label in {"1ms": "0.002s", "10s": "20s", "10m": "20m", "36h": "72h"}.items():
        run = story(keys.format(service))
        figure = run.plot.waits()
        figure.canvas.draw()
        axes = figure.axes[0]
        assert max(axes.get_lines()[0].get_xdata()) == run.measures.values["wait.max"]
        assert label in [tick.get_text() for tick in axes.get_xticklabels()]


def test_who_was_abandoned_or_came_in_the_warm_up_is_left_out_and_named(story):
    run = story("""
        clock: {until: 100s}
        warmup: 20s
        patience: {NORMAL: 15s}
        bots: {initial: 1}
        timeline: [{at: 0s, order: VIP, count: 2}, {at: 30s, order: NORMAL, count: 4}]
        """)
    axes = run.plot.waits().axes[0]
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == [
        "VIP: no orders",
        "NORMAL: 2 orders, p95 10s; 2 ABANDONED, left out",
    ]
    assert axes.get_title(loc="left").endswith("without a warm-up of 20s")
    [line] = [line for line in axes.get_lines() if str(line.get_label()).startswith("NORMAL")]
    assert sorted(set(line.get_xdata())) == [0, 10]


def test_charts_go_onto_axes_and_figures_of_a_caller(story):
    run = story(SIZES["3 orders"])
    page = Figure(figsize=(9, 6), layout="constrained")
    above, below = page.subplots(2, 1)
    assert run.plot.waits(ax=above) is above
    assert run.plot.bots(ax=below) is below
    assert above.get_legend() is not None
    page.draw_without_rendering()
    first_row = below.transData.transform((0, 0.5))[1]
    assert below.get_legend().get_window_extent().y0 > first_row, "the legend covers bars"
    assert not page.legends
    left, right = Figure(figsize=(12, 5)).subfigures(1, 2)
    assert run.plot.queues(figure=left) is left
    assert len(left.axes) == 2
    assert not right.axes
    assert list(run.plot.queues(figsize=(4, 3)).get_size_inches()) == [4, 3]
    with pytest.raises(ValueError, match=r"^figsize is the size of a new figure; leave it out where ax or figure is"):
        run.plot.waits(ax=above, figsize=(4, 3))


def test_two_runs_on_the_same_or_on_shared_axes_are_comparable(story):
    axes = Figure().subplots()
    short, long = (
        story(f"bots: {{initial: {bots}}}\ntimeline: [{{at: 0s, order: VIP, count: 40}}]") for bots in (4, 1)
    )
    long.plot.waits(ax=axes)
    short.plot.waits(ax=axes)
    longest = [max(line.get_xdata()) for line in axes.get_lines() if str(line.get_label()).startswith("VIP")]
    assert longest == [390, 90]
    assert axes.get_xlim()[1] > 390
    above, below = Figure().subplots(2, 1, sharex=True)
    long.plot.waits(ax=above)
    short.plot.waits(ax=below)
    assert above.get_xlim()[1] > 390


def test_the_same_scenario_and_seed_give_the_same_picture(story):
    first, second = (story(SIZES["a removal"]).plot.bots()._repr_png_() for _ in range(2))
    assert first == second


def test_settings_of_matplotlib_that_lie_in_the_current_folder_change_no_file(story, tmp_path):
    before = story(SIZES["3 orders"])
    write_run(before, tmp_path / "plain")
    with mpl.rc_context({"text.usetex": True, "savefig.facecolor": "red", "lines.linewidth": 9}):  # a matplotlibrc
        write_run(story(SIZES["3 orders"]), tmp_path / "styled")
        assert mpl.rcParams["savefig.facecolor"] == "red"  # which stays the caller's
    for picture in (tmp_path / "plain/charts").iterdir():
        assert picture.read_bytes() == (tmp_path / "styled/charts" / picture.name).read_bytes()


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("values", [["a$b^$", r"$\frac{$", "厨房", "\x1b[31m"], ["long " * 4_000]])
def test_parameters_may_hold_any_text(scenario, tmp_path, values):
    params = {f"note{number}": value for number, value in enumerate(values)}
    noted = run(scenario(f"params: {json.dumps(params)}\ndescription: $note0\ntimeline: [{{at: 0s, order: VIP}}]"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_run(noted, tmp_path)
    picture = noted.plot.waits()
    FigureCanvasAgg(picture).draw()
    heading = picture.axes[0].get_title(loc="left")
    for value in values:
        assert printable(value)[:60].rstrip() in heading.replace("\n", " ")
    assert len(heading.splitlines()) <= 8
