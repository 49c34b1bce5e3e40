"""Charts over replications: readable from one replication to hundreds, and true to the numbers behind them."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim import replicate
from sim.output import CHART_NAMES
from sim.output.charts.files import charts
from sim.output.notebooks import replications_html
from tests.helpers.campaigns import some
from tests.helpers.charts import texts

KITCHEN = """
    clock: {start: "08:00:00", until: 2h}
    service: {exponential: {mean: 3m}}
    bots: {initial: 4}
    arrivals: [{class: {NORMAL: 75%, VIP: 25%}, poisson: {rate: 68/h}}]
    """
BUSY = KITCHEN + "warmup: 30m"
# Soon in a state that theory knows, and with metrics of slots.
SLOTS = """
    windows: {slots: {every: 30m}}
    thresholds: {"wait.within(5m)@slots": ">= 50%"}"""
QUIET = BUSY.replace("68/h", "20/h") + SLOTS
DRAINED = KITCHEN.replace(", until: 2h", "").replace("}}]", "}, limit: 60}]")
ONE_BOT = """
    clock: {until: 100s}
    bots: {initial: 1}
    timeline: [{at: 0s, order: VIP, count: 2}, {at: 0s, order: NORMAL, count: 3}]
    """
SIZES = {
    "no orders": ("clock: {until: 1h}", 2),
    "nothing random": (ONE_BOT, 1),
    "a quiet kitchen": (QUIET, 3),
    "one replication": (BUSY, 1),
    "two replications": (BUSY, 2),
    "many replications": (KITCHEN.replace("2h", "10m"), 25),
    "one class": (KITCHEN.replace("{NORMAL: 75%, VIP: 25%}", "NORMAL"), 10),
    "a class that is rarely there": (KITCHEN.replace("VIP: 25%", "VIP: 1%").replace("75%", "99%"), 10),
    "20 seconds": (KITCHEN.replace("2h", "20s").replace("68/h", "30/m"), 25),
    "until all is done": (DRAINED, 10),
    "two weeks": (BUSY.replace("2h", "14d").replace("30m", "1d"), 2),
}


@pytest.fixture
def repeated(scenario):
    """Run replications of a scenario from the text of its keys."""
    return lambda keys, times: replicate(scenario(keys), times)


@pytest.mark.parametrize("size", some([*SIZES], 3))
def test_no_label_overlaps_another_or_is_cut_off(repeated, size):
    done = repeated(*SIZES[size])
    if size == "many replications":
        done = replace(done, results=list(done.results) * 20)
    for draw in charts(done).values():
        if (figure := draw()) is None:
            continue
        boxed = texts(figure)
        for (one, box), (other, other_box) in combinations(boxed, 2):
            assert not box.overlaps(other_box), f"{one!r} and {other!r} overlap"
        for text, box in boxed:
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
            assert inside, f"{text!r} is cut off"


def test_a_long_name_is_not_cut_off(repeated):
    done = repeated(QUIET, 2)
    file = done.scenario.file.model_copy(update={"name": "a-long-name_" * 8})
    named = replace(done, scenario=replace(done.scenario, file=file))
    for draw in charts(named).values():
        figure = draw()
        assert all(box.x1 <= figure.bbox.x1 + 1 for _, box in texts(figure))


@pytest.mark.parametrize("name", CHART_NAMES["replicate"])
def test_axes_say_what_they_show_and_the_heading_says_of_how_many_replications(repeated, name):
    figure = charts(repeated(QUIET, 3))[name]()
    for axes in figure.axes:
        assert axes.get_ylabel()
    assert axes.get_xlabel()
    what, of = figure.axes[0].get_title(loc="left").split("\n")
    assert what
    assert of == "story, seed 0, 3 replications"


@pytest.mark.parametrize(
    ("keys", "drawn"),
    [
        (BUSY, {"intervals", "queue", "warmup"}),
        (QUIET, set(CHART_NAMES["replicate"])),
        (KITCHEN, {"intervals", "queue"}),
        (DRAINED, {"intervals"}),
        ("clock: {until: 1h}", set()),
        ("", set()),
    ],
)
def test_what_has_nothing_to_show_is_not_drawn(repeated, keys, drawn):
    done = repeated(keys, 2)
    assert {name for name, draw in charts(done).items() if draw()} == drawn


def test_replications_from_a_database_have_means_only(repeated):
    done = repeated(QUIET, 2)
    stored = [replace(one, series=None) for one in done.results]
    means = {name for name, draw in charts(replace(done, results=stored)).items() if draw()}
    assert means == {"intervals", "theory", "day"}
    mixed = replace(done, results=[stored[0], done.results[1]])
    assert "mean over the 1 of 2 replications that are not from a database" in legend(mixed.plot.queue())


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def drawn(axes, marker):
    return [line for line in axes.get_lines() if line.get_marker() == marker]


def test_the_intervals_are_those_of_the_summary_with_a_dot_for_each_replication(repeated):
    done = repeated(BUSY, 5)
    found = done.to_frame().set_index("metric").loc[["wait.VIP.mean", "wait.NORMAL.mean"]]
    axes = done.plot.intervals().axes[0]
    for box, line, (_, row) in zip(axes.patches, drawn(axes, "|"), found.iterrows(), strict=True):
        assert [box.get_x(), box.get_x() + box.get_width()] == pytest.approx([row.low, row.high])
        assert line.get_xdata() == pytest.approx([row["mean"]])
    for line, (metric, _) in zip(drawn(axes, "o"), found.iterrows(), strict=True):
        assert sorted(line.get_xdata()) == pytest.approx(sorted(done.values(metric)))


def test_the_shortest_interval_is_still_seen_beside_its_mean(repeated):
    """What marks a mean must not be wider than an interval of some pixels, as a diamond would be."""
    axes = repeated(QUIET, 3).plot.intervals().axes[0]
    assert {line.get_marker() for line in axes.get_lines()} == {"o", "|"}
    assert all(box.get_facecolor()[3] == 0 for box in axes.patches)


def test_one_replication_has_no_interval_and_the_chart_says_so(repeated):
    figure = repeated(BUSY, 1).plot.intervals()
    assert list(figure.axes[0].patches) == []
    assert drawn(figure.axes[0], "|") == []
    assert legend(figure) == ["one replication, no interval: run more replications"]
    assert legend(repeated(ONE_BOT, 1).plot.intervals()) == ["one replication, nothing is random"]


def test_a_class_without_data_and_a_lower_bound_are_marked(repeated):
    words = [
        text.get_text()
        for text in repeated(ONE_BOT.replace("VIP", "NORMAL").replace("100s", "15s"), 1).plot.intervals().axes[0].texts
    ]
    assert words == ["no data", "≥ 18s"]


def test_the_queue_is_the_mean_at_each_instant(repeated):
    above, below = repeated(ONE_BOT, 2).plot.queue().axes
    [vip], [normal] = above.get_lines(), below.get_lines()
    assert [vip.get_ydata()[at] for at in (0, 19, 20, 200)] == [1, 1, 0, 0]  # an instant each half second
    assert [normal.get_ydata()[at] for at in (0, 39, 40, 60, 80, 200)] == [3, 3, 2, 1, 0, 0]


def test_the_band_holds_all_of_few_replications_and_most_of_many(repeated):
    assert legend(repeated(BUSY, 19).plot.queue())[1] == "from the lowest to the highest"
    done = repeated(KITCHEN.replace("2h", "5m"), 40)
    figure = done.plot.queue()
    assert legend(figure) == ["mean over 40 replications", "5% to 95% of the replications"]
    levels = np.sort([one.series.queue[1] for one in done.results], axis=0)
    [band] = figure.axes[1].collections
    assert band.get_paths()[0].vertices[:, 1].max() == levels[37].max() < levels[39].max()


def test_welchs_average_is_flat_where_waits_are_and_has_a_shorter_window_at_the_beginning(repeated):
    raw, moving = repeated(ONE_BOT, 2).plot.warmup().axes[0].get_lines()
    assert list(raw.get_ydata()) == [0, 10, 20, 30, 40]
    assert list(moving.get_ydata()) == [0, 10, 20, 30]
    assert moving.get_label() == "moving average over 3 orders"


def test_the_moving_average_is_that_of_the_orders_around(repeated):
    figure = repeated(BUSY, 2).plot.warmup()
    raw, moving = (line.get_ydata() for line in figure.axes[0].get_lines()[:2])
    assert legend(figure)[1] == "moving average over 7 orders"
    assert moving[:5] == pytest.approx([raw[0], raw[:3].mean(), raw[:5].mean(), raw[:7].mean(), raw[1:8].mean()])
    assert moving[-1] == pytest.approx(raw[-7:].mean())


def test_the_warm_up_is_marked_behind_the_orders_that_it_leaves_out(repeated):
    keys = "clock: {until: 60s}\nbots: {initial: 1}\narrivals: [{class: VIP, every: 5s}]\nwarmup: 20s"
    figure = repeated(keys, 1).plot.warmup()
    [mark] = [line for line in figure.axes[0].get_lines() if line.get_linestyle() == "--"]
    assert list(mark.get_xdata()) == [4.5, 4.5]  # orders of 0, 5, 10 and 15 s
    assert legend(figure)[-1] == "warm-up of 20s: 4 orders"
    assert legend(repeated(keys.replace("warmup: 20s", ""), 1).plot.warmup())[-1] == "the scenario has no warm-up"


def test_the_warm_up_of_a_run_with_more_orders_than_are_kept_is_marked_where_it_is(repeated):
    keys = (
        "clock: {until: 12000s}\nservice: 1ms\nbots: {initial: 1}\narrivals: [{class: VIP, every: 1s}]\nwarmup: 3000s"
    )
    figure = repeated(keys, 1).plot.warmup()
    assert legend(figure)[-1] == "warm-up of 50m: 3,000 orders"


def test_waits_without_abandoned_orders_say_so(repeated):
    impatient = BUSY + "\n    patience: {NORMAL: {exponential: {mean: 2m}}}"
    done = repeated(impatient, 4)
    share = done.estimate("orders.abandoned.rate").estimate
    for figure in (done.plot.intervals(), done.plot.warmup()):
        _, of = figure.axes[0].get_title(loc="left").split("\n", 1)
        assert of.replace("\n", " ").endswith(f"; {share:.1%} of the orders were ABANDONED and are not in waits")


def test_charts_go_onto_axes_and_figures_of_a_caller(repeated):
    done = repeated(QUIET, 3)
    axes = Figure().subplots()
    assert done.plot.warmup(ax=axes) is axes
    assert done.plot.theory(ax=Figure().subplots()).get_legend() is not None
    page = Figure(figsize=(12, 5))
    left, right = page.subfigures(1, 2)
    assert done.plot.intervals(figure=left) is left
    assert done.plot.queue(figure=right) is right
    assert [len(half.axes) for half in (left, right)] == [3, 2]
    assert list(done.plot.theory(figsize=(5, 4)).get_size_inches()) == [5, 4]
    assert repeated("", 2).plot.intervals(figure=Figure()) is None


def test_a_notebook_shows_the_metrics_that_matter_and_the_thresholds(repeated):
    done = repeated(BUSY + '\n    thresholds: {utilisation: "< 100%"}', 30)
    html = done._repr_html_()
    assert html == replications_html(done)
    assert html.count("<tr>") == 1 + 17 + 2  # the metrics that matter, one threshold
    assert "story, seed 0, 30 replications" in html
    assert ">PASS</td>" in html
    assert "utilisation &lt; 100%" in html
    found = done.estimate("utilisation")
    assert f"{found.estimate:.1%} ({found.low:.1%} to {found.high:.1%})" in html
