"""The charts: whatever the size of the run, nothing overlaps, nothing is cut off, and grey is enough to read them."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from sim.output.charts import CHARTS, COLOURS

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
    "two weeks and 120 bots": """
        clock: {start: "08:00:00", until: 14d}
        service: {exponential: {mean: 1h}}
        bots: {initial: 120}
        arrivals: [{class: {NORMAL: 70%, VIP: 30%}, poisson: {rate: 115/h}}]
    """,
}


def texts(figure: Figure) -> list:
    """Return all texts that are drawn, with their boxes in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    found = [legend_text for legend in figure.legends for legend_text in legend.get_texts()]
    for axes in figure.axes:
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]
        found += [
            tick.label1
            for axis in (axes.xaxis, axes.yaxis)
            for tick in axis.get_major_ticks()
            if tick.label1.get_visible()
            and axis.get_view_interval().min() <= tick.get_loc() <= axis.get_view_interval().max()
        ]
    boxed = [(text.get_text(), text.get_window_extent(renderer)) for text in found if text.get_text().strip()]
    assert boxed
    return boxed


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("size", SIZES)
def test_no_label_overlaps_another_or_is_cut_off(story, size, name):
    figure = CHARTS[name](story(SIZES[size]))
    boxed = texts(figure)
    for (one, box), (other, other_box) in combinations(boxed, 2):
        assert not box.overlaps(other_box), f"{one!r} and {other!r} overlap"
    for text, box in boxed:
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
        assert inside, f"{text!r} is cut off"


@pytest.mark.parametrize("name", CHARTS)
def test_axes_say_their_units(story, name):
    for axes in CHARTS[name](story(SIZES["3 orders"])).axes:
        assert axes.get_ylabel()
    assert "(" in axes.get_xlabel()


def test_classes_differ_in_grey():
    luminance = [
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), to_rgb(colour), strict=True)) for colour in COLOURS.values()
    ]
    assert abs(luminance[0] - luminance[1]) > 0.4


def test_returned_work_is_hatched_and_orders_are_numbered(story):
    axes = CHARTS["bots"](story(SIZES["a removal"])).axes[0]
    assert any(collection.get_hatch() for collection in axes.collections)
    assert {text.get_text() for text in axes.texts} == {"1001"}


def test_the_mark_stands_at_the_95th_percentile(story):
    run = story("bots: {initial: 1}\ntimeline: [{at: 0s, order: NORMAL, count: 20}]")
    axes = run.plot.waits().axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() == "s"]
    assert marks[0].get_xdata()[0] == run.measures.metrics["wait.NORMAL.p95"]
