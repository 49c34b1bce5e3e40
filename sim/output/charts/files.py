"""The charts that are files, of each kind of result."""

from collections.abc import Callable

from sim.experiment import Comparison, Replications, Run, Selection, Sweep
from sim.output.charts.differences import ComparisonPlots
from sim.output.charts.drawing import Chart
from sim.output.charts.replications import ReplicationsPlots
from sim.output.charts.runs import RunPlots
from sim.output.charts.studies import SelectionPlots, SweepPlots

Result = Run | Replications | Sweep | Comparison | Selection


def charts(result: Result) -> dict[str, Callable[[], Chart | None]]:
    """Return what draws the charts of a result, by the names of their files without `.png`."""
    match result:
        case Run():
            run = RunPlots(result)
            return {"bots": run.bots, "queues": run.queues, "waits": run.waits}
        case Replications():
            plots = ReplicationsPlots(result)
            drawings: dict[str, Callable[[], Chart | None]] = {"intervals": plots.intervals, "queue": plots.queue}
            if result.scenario.warmup != 0:  # others need not look at one
                drawings["warmup"] = plots.warmup
            return {**drawings, "theory": plots.theory}
        case Sweep():
            return {"sweep": SweepPlots(result).curves}
        case Comparison():
            return {"compare": ComparisonPlots(result).differences}
        case Selection():
            return {"select": SelectionPlots(result).candidates}
