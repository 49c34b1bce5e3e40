"""Small pictures for reports, as SVG: an interval against its limit, and a queue over time."""

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import NamedTuple

from sim.model import Unit, unit_of
from sim.output.wording import in_unit, verdict_text
from sim.scenario import Condition
from sim.verdicts import ThresholdVerdict

_WIDTH, _HEIGHT, _MARGIN = 240, 34, 8
_MIDDLE = 11


class _Scale(NamedTuple):
    """An axis from one value to another."""

    low: float
    high: float

    def x(self, value: float) -> float:
        """Return where a value stands; what lies outside stands at an end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(_MARGIN + share * (_WIDTH - 2 * _MARGIN), 1)


def interval_svg(verdict: ThresholdVerdict) -> str:
    """Return the estimate of a threshold with its interval, where it may lie, and its limit; '' where nothing was
    observed.
    """
    estimate = verdict.estimate
    if estimate is None:
        return ""
    days = verdict.threshold.days
    condition, unit = (verdict.threshold.condition, unit_of(verdict.metric)) if days is None else (days, "share")
    low = estimate.estimate if estimate.low is None else estimate.low
    high = estimate.estimate if estimate.high is None else estimate.high
    limits = sorted({value for value in (condition.low, condition.high) if isfinite(value)})
    scale = _scale([value for value in (low, high, estimate.estimate, *limits) if isfinite(value)])
    parts = [*_allowed(condition, scale), *(_limit(value, unit, scale) for value in limits)]
    if high > low:
        parts.append(f'<path class="i" d="M{scale.x(low)} {_MIDDLE}H{scale.x(high)}"/>')
    parts.append(f'<circle class="e" cx="{scale.x(estimate.estimate)}" cy="{_MIDDLE}" r="4"/>')
    text = f"{verdict_text(verdict)}; asked {verdict.threshold.asked}"
    return _svg(text, "interval", "".join(parts))


def queue_svg(queue: Sequence[int]) -> str:
    """Return how many orders were PENDING over time."""
    most = max(queue)
    step = _WIDTH / max(len(queue) - 1, 1)
    top = _HEIGHT - 2
    points = (f"{index * step:.1f} {_HEIGHT - 1 - level * top / max(most, 1):.1f}" for index, level in enumerate(queue))
    path = f'<path class="q" d="M0 {_HEIGHT - 1}L{"L".join(points)}L{_WIDTH} {_HEIGHT - 1}"/>'
    return _svg(f"orders PENDING in replication 1, up to {most}", "queue", path)


def _scale(values: Sequence[float]) -> _Scale:
    """Return a scale on which all values have room, and which is more than a point."""
    low, high = min(values), max(values)
    room = (high - low or abs(high)) * 0.15 or 0.15
    return _Scale(max(low - room, 0.0) if low >= 0 else low - room, high + room)


def _allowed(condition: Condition, scale: _Scale) -> list[str]:
    """Return where the estimate should lie: a strip below the interval."""
    low, high = {
        "<": (scale.low, condition.high),
        "<=": (scale.low, condition.high),
        ">": (condition.low, scale.high),
        ">=": (condition.low, scale.high),
    }.get(condition.operator, (condition.low, condition.high))
    if condition.operator == "!=":
        return []
    start, end = scale.x(low), scale.x(high)
    return [f'<rect class="a" x="{start}" y="2" width="{max(end - start, 2):.1f}" height="18"/>']


def _limit(value: float, unit: Unit, scale: _Scale) -> str:
    x = scale.x(value)
    anchor = "start" if x < _WIDTH / 4 else "end" if x > _WIDTH * 3 / 4 else "middle"
    label = escape(in_unit(unit, value))
    return f'<path class="l" d="M{x} 0V22"/><text x="{x}" y="32" text-anchor="{anchor}">{label}</text>'


def _svg(text: str, kind: str, content: str) -> str:
    title = escape(text, quote=True)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    return f'<svg class="{kind}" role="img" aria-label="{title}" {size}>{content}</svg>'
