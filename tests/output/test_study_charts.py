"""Charts of sweeps, comparisons and selections: readable from one point to many, and true to the numbers."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim import Comparison, Scenario, Selection, Sweep, compare, select, sweep
from sim.experiment import Replication
from sim.output.charts.files import charts
from tests.helpers.campaigns import some
from tests.helpers.charts import texts

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
    "three parameters": PROMISES
    + "sweep: {crew: [2, 3, 4], cook: [5s, 12s], rule: [restart, finish]}\n    select: {minimise: crew}",
    "words": PROMISES + "sweep: {rule: [restart, finish]}\n    select: {maximise: utilisation}",
    "many points": PROMISES + f"sweep: {{crew: {list(range(2, 16))}}}\n    select: {{minimise: crew}}",
    "nothing random": "\n    params: {crew: 1}\n    bots: {initial: $crew}\n    "
    "timeline: [{at: 0s, order: VIP, count: 4}]\n    "
    "thresholds: {wait.max: '< 15s'}\n    sweep: {crew: [1, 2]}\n    select: {minimise: crew}",
    "nobody": "\n    params: {crew: 1}\n    bots: {initial: $crew}\n    thresholds: {wait.max: '< 15s'}\n    "
    "sweep: {crew: [1, 2]}\n    select: {minimise: crew}",
    "a long name": PROMISES.replace("crew", "how_many_bots_there_are_in_the_whole_kitchen_at_lunch")
    + CREWS.replace("crew", "how_many_bots_there_are_in_the_whole_kitchen_at_lunch"),
}


def studies(scenario: Scenario) -> list[Sweep | Comparison | Selection]:
    """Return a study of each kind, of the same runs; without a comparison where there is nothing to compare with."""
    swept = sweep(scenario, 2)
    results = {point.scenario.text: point.results for point in swept.points}

    def earlier(point: Scenario) -> list[Replication]:
        return results.get(point.text, [])

    compared = [compare(scenario, times=2, earlier=earlier)] if len(swept.points) > 1 else []
    return [swept, *compared, select(scenario, 4, earlier=earlier)]


@pytest.mark.parametrize("size", some([*SIZES], 2))
def test_nothing_is_cut_off_nor_upon_something_else(scenario, size):
    for study in studies(scenario(SIZES[size])):
        [draw] = charts(study).values()
        figure = draw()
        shown = [(text, box) for text, box in texts(figure) if text.strip()]
        for text, box in shown:
            assert box.x0 >= -1, f"{text!r} is cut off"
            assert box.x1 <= figure.bbox.x1 + 1, f"{text!r} is cut off"
        if size != "many points":  # whose ticks stand close
            for (one, first), (other, second) in combinations(shown, 2):
                assert not first.overlaps(second), f"{one!r} and {other!r} overlap"


def test_a_curve_is_the_means_and_its_band_their_intervals(scenario):
    done = sweep(scenario(SIZES["crews"]), 40)
    axes = done.plot.curves("wait.VIP.p95").axes[0]
    means = [point.estimate("wait.VIP.p95") for point in done.points]
    x, y = axes.get_lines()[0].get_data()
    assert list(x) == [2, 3, 4, 5]
    assert list(y) == pytest.approx([one.estimate for one in means])
    band = axes.collections[0].get_paths()[0].vertices
    for crew, one in zip(x, means, strict=True):
        ends = band[band[:, 0] == crew][:, 1]
        assert (min(ends), max(ends)) == pytest.approx((one.low, one.high))
    limits = [line.get_ydata()[0] for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert limits == [10]


def test_limits_stand_beside_their_lines_as_the_file_has_them(scenario):
    done = sweep(scenario(SIZES["crews"]), 2)
    waits, utilisation = done.plot.curves().axes
    assert {text.get_text(): text.get_position()[1] for text in waits.texts} == {"< 10s": 10}
    assert {text.get_text(): text.get_position()[1] for text in utilisation.texts} == {"> 40%": 0.4, "< 90%": 0.9}
    between = SIZES["crews"].replace("['> 40%', '< 90%']", "'between 40% and 90%'")
    texts_beside = sweep(scenario(between), 2).plot.curves("utilisation").axes[0].texts
    assert [text.get_text() for text in texts_beside] == ["≥ 40.0%", "≤ 90.0%"]


def test_limits_close_to_each_other_share_their_words(scenario):
    close = SIZES["crews"].replace("['> 40%', '< 90%']", "['> 40%', '< 41%']")
    texts_beside = sweep(scenario(close), 2).plot.curves("utilisation").axes[0].texts
    assert [text.get_text() for text in texts_beside] == ["< 41%\n> 40%"]


def test_axes_are_linear_and_in_seconds_however_far_values_lie_apart(scenario):
    axes = sweep(scenario(SIZES["crews"].replace("[2, 3, 4, 5]", "[1, 9]")), 2).plot.curves("wait.NORMAL.p95").axes[0]
    values = [line.get_ydata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert max(values) > 100 * (min(values) + 0.1)
    assert axes.get_yscale() == "linear"


def test_three_parameters_are_panels_beside_each_other_and_no_two_curves_look_alike(scenario):
    keys = PROMISES + "sweep: {crew: [2, 3, 4, 5], cook: [5s, 10s, 12s], rule: [restart, finish]}\n"
    done = sweep(scenario(keys), 2)
    figure = done.plot.curves("utilisation")
    assert [axes.get_title() for axes in figure.axes] == ["rule=restart", "rule=finish"]
    for axes, rule in zip(figure.axes, ("restart", "finish"), strict=True):
        curves = [line for line in axes.get_lines() if len(line.get_xdata()) == 4]
        assert len({line.get_color() for line in curves}) == 3
        for curve, cook in zip(curves, ("5s", "10s", "12s"), strict=True):
            points = [point for point in done.points if point.scenario.parameters["cook"] == cook]
            points = [point for point in points if point.scenario.parameters["rule"] == rule]
            assert list(curve.get_ydata()) == pytest.approx(
                [point.estimate("utilisation").estimate for point in points]
            )


def test_many_curves_all_differ_and_their_names_fit(scenario):
    keys = PROMISES + f"sweep: {{crew: {list(range(2, 11))}, cook: [{', '.join(f'{n}s' for n in range(5, 13))}]}}\n"
    axes = sweep(scenario(keys), 1).plot.curves("utilisation").axes[0]
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) == 9]
    assert len({line.get_color() for line in curves}) == len(curves) == 8
    names = [box for text, box in texts(axes.figure) if text.startswith("cook=")]
    assert len(names) == 8
    assert all(box.y0 >= 0 and box.x1 <= axes.figure.bbox.x1 for box in names)


def test_words_have_no_curve_between_them(scenario):
    axes = sweep(scenario(SIZES["words"]), 3).plot.curves("utilisation").axes[0]
    assert all(len(line.get_xdata()) == 1 for line in axes.get_lines() if line.get_linestyle() != "--")


def test_each_standing_of_a_candidate_has_its_own_mark_and_the_selected_one_a_ring(scenario):
    choice = select(scenario(SIZES["crews"]), 60)
    names = ["feasible", "worse", "infeasible", "undecided", "not needed"]
    candidates = [
        choice.candidates[at % 4]._replace(standing=standing, label=str(at)) for at, standing in enumerate(names)
    ]
    drawn = replace(choice, candidates=candidates, selected=candidates[0])
    figure = drawn.plot.candidates()
    for axes in figure.axes:
        marks = [line for line in axes.get_lines() if len(line.get_xdata()) == 1 and line.get_markersize() < 10]
        looks = {(line.get_marker(), line.get_fillstyle(), line.get_markerfacecolor()) for line in marks}
        assert len(marks) == len(looks) == 5
        [ring] = [line for line in axes.get_lines() if line.get_markersize() == 15]
        assert ring.get_xdata()[0] == candidates[0].parameters["crew"]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[-6:] == [*names, "selected"]
    heading = figure._suptitle.get_text()
    assert heading == "Selected: 0\nstory, seed 7, 5 points of " + heading.split(" points of ")[1]


def test_headings_say_what_is_shown_with_seed_and_replications(scenario):
    lunch = scenario(SIZES["crews"])
    figures = [sweep(lunch, 4).plot.curves(), compare(lunch, times=4).plot.differences()]
    headings = [figure._suptitle.get_text() for figure in figures]
    assert headings == [
        "Sweep: estimates by parameter\nstory, seed 7, 4 points of 4 replications",
        "Differences from the baseline crew=3\nstory, seed 7, 4 points of 4 replications",
    ]


def test_studies_go_onto_figures_of_a_caller(scenario):
    lunch = scenario(SIZES["crews"])
    for study in (
        sweep(lunch, 2).plot.curves,
        compare(lunch, times=2).plot.differences,
        select(lunch, 4).plot.candidates,
    ):
        page = Figure(figsize=(7, 7))
        assert study(figure=page) is page
        assert len(page.axes) == 2
        assert list(study(figsize=(5, 4)).get_size_inches()) == [5, 4]


def test_a_comparison_of_very_many_says_that_it_draws_the_first(scenario):
    few = compare(scenario(SIZES["crews"]), times=2)
    done = replace(few, alternatives=list(few.alternatives) * 80)
    figure = done.plot.differences()
    assert figure._suptitle.get_text().startswith("Differences from the baseline crew=3, of the first 100 of 240 alt")
    assert all(len(axes.get_yticks()) == 100 for axes in figure.axes)


def test_hollow_marks_are_what_does_not_pass(scenario):
    swept = sweep(scenario(SIZES["crews"]), 20)

    def filled(axes):
        marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
        return [line.get_markerfacecolor() != "white" for line in marks]

    wanted = [
        all(one.judgement == "PASS" for one in point.verdicts if one.threshold.metric == "utilisation")
        for point in swept.points
    ]
    assert filled(swept.plot.curves("utilisation").axes[0]) == wanted
    assert True in wanted
    assert False in wanted


def test_differences_are_drawn_with_their_intervals_and_filled_where_significant(scenario):
    done = compare(scenario(SIZES["crews"]), times=20)
    for axes, metric in zip(done.plot.differences().axes, done.metric_names, strict=True):
        pairs = [pair for pair in done.pairs if pair.metric == metric]
        marks = [line for line in axes.get_lines() if line.get_marker() == "|"]
        assert [line.get_xdata()[0] for line in marks] == pytest.approx(
            [pair.difference.interval.estimate for pair in pairs]
        )
        assert [box.get_facecolor()[3] == 1 for box in axes.patches] == [pair.is_significant for pair in pairs]
        ends = [(box.get_x(), box.get_x() + box.get_width()) for box in axes.patches]
        assert np.array(ends) == pytest.approx(np.array([pair.difference.interval[1:3] for pair in pairs]))


def test_a_notebook_shows_the_table(scenario):
    for study in studies(scenario(SIZES["crews"])):
        html = study._repr_html_()
        assert html.count("<tr>") >= 4
        assert "crew" in html
