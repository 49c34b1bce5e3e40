"""What notebooks show of results: the reports of the commands as HTML, and charts."""

from collections.abc import Iterable, Sequence
from html import escape

from sim.experiment import (
    CheckedFile,
    Comparison,
    Replications,
    Run,
    Selection,
    Staffing,
    Sweep,
    Theory,
)
from sim.experiment.presenting import (
    ComparisonPlots,
    Page,
    Presenter,
    ReplicationsPlots,
    RunPlots,
    SelectionPlots,
    StaffingPlots,
    SweepPlots,
)
from sim.output.ci.lines import counts_text
from sim.output.estimates import replications_reports
from sim.output.layout import Report, Row, html_lines, html_table
from sim.output.reports import compare_report, select_report, sweep_report
from sim.output.staffing import staffing_report
from sim.output.text import summary
from sim.output.wording import shown, verdict_text
from sim.verdicts import Judgement


def run_html(run: Run) -> str:
    """Return the summary of a run."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in summary(run)
    )
    return f"<table>{rows}</table>"


def replications_html(replications: Replications) -> str:
    """Return what replications say of the metrics that matter, slot by slot where they have slots, and thresholds."""
    html = "".join(report.html() for report in replications_reports(replications))
    if replications.verdicts:
        verdicts = [
            (str(verdict.judgement), str(verdict.threshold), verdict_text(verdict), verdict.note)
            for verdict in replications.verdicts
        ]
        html += html_table([("verdict", "threshold", "got", "note"), *verdicts])
    return html


def theory_html(theory: Theory) -> str:
    """Return which closed forms hold and what they say, or which assumption fails."""
    if theory.failing:
        return html_lines([f"no theory, since {theory.failing}"])
    rows = [(metric, shown(metric, value)) for metric, value in theory.values.items()]
    return html_lines([f"{theory.model} ({theory.source})"]) + html_table([("metric", "theory"), *rows])


def checks_html(files: Sequence[CheckedFile], total: str, remarks: Iterable[str], differences: Report | None) -> str:
    """Return what became of each file, all that did not hold, and the differences to what files are compared with."""
    summary: list[Row] = [("outcome", "scenario", "held")]
    details: list[Row] = [("verdict", "place", "asked", "got")]
    for checked in files:
        summary.append((str(checked.outcome), checked.file, "" if checked.faults else counts_text(checked)))
        details += [("WRONG", f"{fault.file}:{fault.line}", fault.path, fault.message) for fault in checked.faults]
        for finding in checked.findings:
            if finding.judgement is not Judgement.PASS:
                place = f"{finding.place.file}:{finding.place.line}"
                details.append((finding.verdict, place, finding.requirement, finding.got_and_note))
    html = html_lines([total]) + html_table(summary)
    if len(details) > 1:
        html += html_table(details)
    if differences is not None:
        html += differences.html()
    return html + html_lines(remarks)


class _Notebooks:
    """Draws and shows results; charts load matplotlib, which text does without."""

    def run_plots(self, run: Run) -> RunPlots:
        from sim.output.charts.runs import run_plots

        return run_plots(run)

    def replications_plots(self, replications: Replications) -> ReplicationsPlots:
        from sim.output.charts.replications import replications_plots

        return replications_plots(replications)

    def sweep_plots(self, sweep: Sweep) -> SweepPlots:
        from sim.output.charts.studies import SweepCurves

        return SweepCurves(sweep)

    def comparison_plots(self, comparison: Comparison) -> ComparisonPlots:
        from sim.output.charts.differences import comparison_plots

        return comparison_plots(comparison)

    def selection_plots(self, selection: Selection) -> SelectionPlots:
        from sim.output.charts.studies import selection_plots

        return selection_plots(selection)

    def staffing_plots(self, staffing: Staffing) -> StaffingPlots:
        from sim.output.charts.staffing import staffing_plots

        return staffing_plots(staffing)

    def page(self, run: Run) -> Page:
        from sim.output.page import run_page, title_of

        return Page(run_page(run), title_of(run), run_html(run))

    def html(self, result: Run | Replications | Sweep | Comparison | Selection | Staffing | Theory) -> str:
        """Return what notebooks show of a result."""
        match result:
            case Run():
                return run_html(result)
            case Replications():
                return replications_html(result)
            case Sweep():
                return sweep_report(result).html()
            case Comparison():
                return compare_report(result).html()
            case Selection():
                return select_report(result).html()
            case Staffing():
                return staffing_report(result).html()
            case Theory():
                return theory_html(result)


PRESENTER: Presenter = _Notebooks()  # mypy holds it, and all charts, against what experiments ask of them
