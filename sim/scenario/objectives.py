"""The rules of `select`: the objective is something that candidates have, and can be small or large."""

from collections.abc import Collection, Iterator

from sim.model import unit_of
from sim.scenario.crew import never_varies
from sim.scenario.hints import closest, did_you_mean
from sim.scenario.mapping import Finding
from sim.scenario.metric_names import closest_metric, metric_of
from sim.scenario.schema import ScenarioFile
from sim.scenario.study import BOT_HOURS, SelectPlan, SweepPlan
from sim.scenario.thresholds import limit
from sim.scenario.tree import Steps
from sim.scenario.where import quantity
from sim.scenario.windows import by_name
from sim.units import shown


def misfits_of_select(file: ScenarioFile) -> Iterator[Finding]:
    """Yield what is wrong with `select` beside the rest of its file."""
    if file.select is None:
        return
    if file.sweep is None:
        yield ("select",), "has no candidates; write sweep: {…} with the values to select from"
        return
    plan, swept = file.select, file.sweep.values
    steps = ("select", "minimise" if plan.minimise is not None else "maximise")
    metric = plan.metric(swept)
    if metric is not None:
        try:
            metric_of(metric, by_name(file.windows))
        except ValueError as error:
            yield steps, str(error)
            return
        yield from _misfits_of_zone(plan, metric, file)
        return
    names = plan.summands(swept)
    if names:
        yield from _misfits_of_values(names, file.sweep, steps)
    elif plan.objective != BOT_HOURS:
        yield steps, _unknown(plan, swept)
        return
    elif file.clock.until is None:
        yield steps, "bot_hours have no end in a run until drained; write clock.until, or minimise a parameter"
    if not any(threshold.severity == "fail" for threshold in file.thresholds):
        yield ("select",), "has no thresholds that a candidate must hold; write thresholds: {…}"
    if plan.indifference is not None:
        yield ("select", "indifference"), f"{plan.objective} is known exactly; leave it out, or name a metric"


def _misfits_of_zone(plan: SelectPlan, metric: str, file: ScenarioFile) -> Iterator[Finding]:
    """Yield what is wrong with the indifference zone of a metric."""
    if plan.indifference is None:
        return
    steps = ("select", "indifference")
    try:
        if limit(plan.indifference, unit_of(metric)) == 0:
            yield steps, "is 0; leave it out, or write the largest difference that does not matter"
    except ValueError as error:
        yield steps, str(error)
    if never_varies(metric, file):
        yield steps, f"{plan.objective} is known exactly; leave it out, or name a metric that chance changes"


def _misfits_of_values(names: list[str], sweep: SweepPlan, steps: Steps) -> Iterator[Finding]:
    """Yield which parameters have values without an order, or without a sum where there are several."""
    for name in names:
        quantities = [quantity(value) for value in sweep.values[name]]
        kinds = {value.kind for value in quantities}
        if len(kinds) > 1 or any(value.order is None for value in quantities):
            yield steps, f"the values of {name} have no order; sweep numbers or durations, or name a metric"
        elif len(names) > 1 and kinds != {"a number"}:
            yield (
                steps,
                f"the values of {name} are not numbers; add up parameters that are numbers, such as numbers of bots",
            )


def _unknown(plan: SelectPlan, parameters: Collection[str]) -> str:
    """Return what is wrong with an objective that is nothing a candidate has."""
    wrong = [name for name in plan.terms if name not in parameters]
    if len(plan.terms) > 1:
        if "" in wrong:
            return f"{shown(plan.objective)} is not a sum; write names joined by +, such as lunch + off"
        return f"{shown(wrong[0])} is not a parameter of sweep{did_you_mean(wrong[0], parameters)}"
    close = closest(plan.objective, [*parameters, BOT_HOURS]) or closest_metric(plan.objective)
    cure = f"did you mean {close!r}?" if close else f"write {next(iter(parameters))} or a metric such as wait.VIP.p95"
    return f"{shown(plan.objective)} is neither a parameter of sweep nor a metric; {cure}"
