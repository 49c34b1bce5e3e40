"""Points of a study: scenarios that are versions of each other, what they have in common and in what they differ."""

from collections.abc import Iterable, Sequence

from sim.experiment.replications import Replications
from sim.scenario import Scenario, Threshold, quantity


def swept(scenario: Scenario) -> list[str]:
    """Return the names of the parameters that the scenario's sweep goes through."""
    return [] if scenario.file.sweep is None else list(scenario.file.sweep.values)


def shared_thresholds(points: Iterable[Replications], metric: str) -> list[Threshold]:
    """Return the thresholds on a metric, none where they do not ask the same at all points."""
    first, *later = (
        [threshold for threshold in point.scenario.thresholds if threshold.metric == metric] for point in points
    )
    conditions = [threshold.asked for threshold in first]
    return first if all([threshold.asked for threshold in thresholds] == conditions for thresholds in later) else []


def differing(scenarios: Sequence[Scenario]) -> list[str]:
    """Return the names of the parameters that all scenarios have and in which they differ, as the first has them."""
    first, *later = ({name: quantity(value) for name, value in scenario.parameters.items()} for scenario in scenarios)
    return [
        name
        for name, value in first.items()
        if all(name in parameters for parameters in later) and any(parameters[name] != value for parameters in later)
    ]


def headings(parameters: Iterable[str], columns: Sequence[str]) -> list[str]:
    """Return what columns of parameters are called in a table with other `columns`."""
    return [f"params.{name}" if name in columns else name for name in parameters]


def label(scenario: Scenario, names: Iterable[str]) -> str:
    """Return the values of some parameters as text, or the scenario's name where there are none."""
    return ", ".join(f"{name}={scenario.parameters[name]}" for name in names) or scenario.name
