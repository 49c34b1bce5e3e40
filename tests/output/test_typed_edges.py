"""Charts and what notebooks show: there however a result was made, with types that mypy and editors see.

`./scripts/test.sh` has this file checked by mypy, which is the test of `types_of_plots`.
"""

import subprocess
import sys
from pathlib import Path
from typing import assert_type

from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from sim import Comparison, Replications, Run, Selection, Sweep, compare, replicate, run, select, sweep, theory
from sim.experiment.presenting import Page
from sim.scenario import Scenario

KITCHEN = """
scenario: 1
name: kitchen
params: {crew: 2}
clock: {until: 10m}
service: {exponential: {mean: 10s}}
bots: {initial: $crew}
arrivals: [{class: NORMAL, poisson: {rate: 10/m}}]
sweep: {crew: [2, 3]}
select: {minimise: crew}
thresholds: {wait.mean: "< 10m"}
"""
FRESH = f"""
import sys
from sim.experiment import run
from sim.scenario import Scenario

today = run(Scenario.parse({KITCHEN!r}))
assert today._repr_html_().startswith("<table>")
assert "matplotlib" not in sys.modules, "text does without"
print(today.plot.bots().axes[0].get_title(loc="left"))
"""


def types_of_plots(
    run: Run, month: Replications, crews: Sweep, comparison: Comparison, choice: Selection, axes: Axes, figure: Figure
) -> None:
    assert_type(run.page(), Page)
    assert_type(run.page().save("page.html"), Path)
    assert_type(run.plot.bots(), Figure)
    assert_type(run.plot.queues(figsize=(9, 4)), Figure)
    assert_type(run.plot.waits(ax=axes), Axes)
    assert_type(month.plot.intervals(), Figure | None)
    assert_type(month.plot.queue(figure=figure), FigureBase | None)
    assert_type(month.plot.warmup(ax=axes), Axes | None)
    assert_type(month.plot.theory(), Figure | None)
    assert_type(crews.plot.curves("utilisation"), Figure)
    assert_type(comparison.plot.differences(), Figure)
    assert_type(choice.plot.candidates(figure=figure), FigureBase)
    run.plot.bots(figure=figure)  # type: ignore[call-overload]  # strict mypy tells where this is no error any more
    run.plot.waits(ax=axes, figsize=(9, 4))  # type: ignore[call-overload]


def test_a_run_has_its_charts_however_it_was_made() -> None:
    program = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert (program.returncode, program.stderr) == (0, "")
    assert program.stdout.startswith("Bots and the orders they worked on\nkitchen, crew=2, seed 0, replication 1")


def test_all_results_show_themselves_in_notebooks() -> None:
    kitchen = Scenario.parse(KITCHEN)
    month = replicate(kitchen, 2)
    assert "<table>" in month._repr_html_()
    assert "<table>" in sweep(kitchen, 2)._repr_html_()
    assert "<table>" in compare(kitchen, times=2)._repr_html_()
    assert "<table>" in select(kitchen, 2)._repr_html_()
    page = run(kitchen).page()._repr_html_()
    assert page.startswith("<iframe ")
    assert page.endswith("</table>"), "of which a sanitised notebook keeps the summary"
    assert "<table" in month.verdicts._repr_html_(), "as the data frame of pandas"
    assert theory(kitchen)._repr_html_().startswith("<div>no theory, since ")


def test_a_chart_says_in_a_notebook_what_it_shows() -> None:
    plots = replicate(Scenario.parse(KITCHEN), 2).plot
    assert (plots.intervals.__doc__ or "").startswith("Draw means over replications with their 95% intervals")
    assert (plots.warmup.__doc__ or "").startswith("Draw Welch's plot")
