"""Charts of sweeps, comparisons and selections: readable from one point to many, and true to the numbers."""

from itertools import combinations

import numpy as np
import pytest

from sim import compare, select, sweep
from sim.output.study_charts import study_chart
from tests.test_charts import texts

KITCHEN = """
    params: {crew: 3, cook: 10s, rule: restart}
    seed: 7
    clock: {until: 5m}
    service: {exponential: {mean: $cook}}
    bots: {initial: $crew, on_remove: $rule}
    arrivals: [{class: {NORMAL: 80%, VIP: 20%}, poisson: {rate: 12/m}}]
    """
PROMISES = KITCHEN + "thresholds: {wait.VIP.p95: '< 10s', utilisation: ['> 40%', '< 90%']}\n    "
CREWS = "sweep: {crew: [2, 3, 4, 5]}\n    select: {minimise: crew}"
SIZES = {
    "one point": PROMISES + "sweep: {crew: [2]}\n    select: {minimise: crew}",
    "no thresholds": KITCHEN + "sweep: {crew: [2, 3]}\n    select: {minimise: wait.VIP}",
    "crews": PROMISES + CREWS,
    "two parameters": PROMISES + "sweep: {crew: [2, 3, 4, 5], cook: [5s, 10s, 12s]}\n    select: {minimise: crew}",
    "words": PROMISES + "sweep: {rule: [restart, finish]}\n    select: {maximise: utilisation}",
    "many points": PROMISES + f"sweep: {{crew: {list(range(2, 42))}}}\n    select: {{minimise: crew}}",
    "nothing random": "\n    params: {crew: 1}\n    bots: {initial: $crew}\n    "
    "timeline: [{at: 0s, order: VIP, count: 4}]\n    "
    "thresholds: {wait.max: '< 15s'}\n    sweep: {crew: [1, 2]}\n    select: {minimise: crew}",
    "nobody": "\n    params: {crew: 1}\n    bots: {initial: $crew}\n    thresholds: {wait.max: '< 15s'}\n    "
    "sweep: {crew: [1, 2]}\n    select: {minimise: crew}",
    "a long name": PROMISES.replace("crew", "how_many_bots_there_are_in_the_whole_kitchen_at_lunch")
    + CREWS.replace("crew", "how_many_bots_there_are_in_the_whole_kitchen_at_lunch"),
}
STUDIES = {
    "sweep": lambda one: sweep(one, 4),
    "compare": lambda one: compare(one, times=4),
    "select": lambda one: select(one, 8),
}


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_nor_upon_something_else(scenario, size, study):
    if (size, study) == ("one point", "compare"):
        pytest.skip("there is nothing to compare with")
    figure = study_chart(STUDIES[study](scenario(SIZES[size])))
    figure.canvas.draw()
    shown = [(text, box) for text, box in texts(figure) if text.strip()]
    for text, box in shown:
        assert box.x0 >= -1, f"{text!r} is cut off"
        assert box.x1 <= figure.bbox.x1 + 1, f"{text!r} is cut off"
    if size != "many points":  # whose ticks stand close
        for (one, first), (other, second) in combinations(shown, 2):
            assert not first.overlaps(second), f"{one!r} and {other!r} overlap"


def test_a_curve_is_the_means_and_its_band_their_intervals(scenario):
    done = sweep(scenario(SIZES["crews"]), 5)
    axes = done.plot.curves("wait.VIP.p95").axes[0]
    means = [point.estimate("wait.VIP.p95") for point in done.points]
    x, y = axes.get_lines()[0].get_data()
    assert list(x) == [2, 3, 4, 5]
    assert list(y) == pytest.approx([one.mean for one in means])
    band = axes.collections[0].get_paths()[0].vertices
    for crew, one in zip(x, means, strict=True):
        ends = band[band[:, 0] == crew][:, 1]
        assert (min(ends), max(ends)) == pytest.approx((one.low, one.high))
    limits = [line.get_ydata()[0] for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert limits == [10]


def test_hollow_marks_are_what_does_not_pass_or_is_not_feasible(scenario):
    lunch = scenario(SIZES["crews"])
    swept, selected = sweep(lunch, 20), select(lunch, 60)

    def filled(axes):
        marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
        return [line.get_markerfacecolor() != "white" for line in marks]

    wanted = [
        all(one.judgement == "PASS" for one in point.thresholds if one.threshold.metric == "utilisation")
        for point in swept.points
    ]
    assert filled(swept.plot.curves("utilisation").axes[0]) == wanted
    assert True in wanted
    assert False in wanted
    for axes in selected.plot.candidates().axes:
        assert filled(axes) == [one.standing == "feasible" for one in selected.candidates]


def test_differences_are_drawn_with_their_intervals_and_filled_where_significant(scenario):
    done = compare(scenario(SIZES["crews"]), times=20)
    for axes, metric in zip(done.plot.differences().axes, done.metrics, strict=True):
        pairs = [pair for pair in done.pairs if pair.metric == metric]
        marks = [line for line in axes.get_lines() if line.get_marker() == "D"]
        assert [line.get_xdata()[0] for line in marks] == pytest.approx(
            [pair.difference.interval.mean for pair in pairs]
        )
        assert [line.get_markerfacecolor() != "white" for line in marks] == [pair.is_significant for pair in pairs]
        bars = [line.get_xdata() for line in axes.get_lines() if line.get_marker() == "|"]
        assert np.array(bars) == pytest.approx(np.array([pair.difference.interval[1:3] for pair in pairs]))


@pytest.mark.parametrize("study", STUDIES)
def test_a_notebook_shows_the_table(scenario, study):
    done = STUDIES[study](scenario(SIZES["crews"]))
    html = done._repr_html_()
    assert html.count("<tr>") >= 4
    assert "crew" in html
