"""Real days run again: real orders with their real service times, under the real crew."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines import Engine
from sim.experiment import run
from sim.fitting.crew import Crew
from sim.fitting.days import SLOT, Days
from sim.model import NONE, OrderClass
from sim.scenario import Scenario
from sim.units import DAY, SECOND

_NOT_REPLAYED = (
    "busyness",
    "expect",
    "thresholds",
    "sweep",
    "compare",
    "select",
    "warmup",
    "metrics",
    "uncertainty",
    "windows",
)
_TRACE = "day.csv"

Ints = NDArray[np.int64]


class Replay(NamedTuple):
    """The waits of orders that were replayed, in microseconds: real ones and those of the simulation; `slot` is the
    half-hour of each. `tolerance` is what rounding in the file can make of a wait.
    """

    real: Ints
    simulated: Ints
    slot: Ints
    tolerance: int

    @property
    def is_equal(self) -> NDArray[np.bool_]:
        """Whether each wait is the same but for rounding."""
        return np.asarray(np.abs(self.real - self.simulated) <= self.tolerance)

    @property
    def worst_slot(self) -> tuple[int, float]:
        """The half-hour whose waits differ most on average, and by how many seconds real ones are longer."""
        slots = np.unique(self.slot)
        gaps = [float((self.real - self.simulated)[self.slot == slot].mean()) for slot in slots]
        worst = int(np.argmax(np.abs(gaps)))
        return int(slots[worst]), gaps[worst] / SECOND


def replay(
    scenario: Scenario, days: Days, measured: Ints, crew: Crew | None, grain: int, engine: Engine
) -> Replay | None:
    """Return the waits of all days, of orders whose start and service time are known; None where there are none."""
    records = days.records
    known = (records.started != NONE) & (measured != NONE)
    if not known.any():
        return None
    real, simulated, slot = [], [], []
    offset = (days.opens - scenario.clock.start) % DAY
    for number, day in enumerate(days.dates):
        rows = np.flatnonzero(known & (days.day == number))
        time = days.time[rows] + offset
        lines = [
            f"{instant / SECOND:.6f}s,{OrderClass(order_class).name},{service / SECOND:.6f}s\n"
            for instant, order_class, service in zip(
                time.tolist(), records.order_class[rows].tolist(), measured[rows].tolist(), strict=True
            )
        ]
        data = "".join(["time,class,service\n", *lines]).encode()
        keys = dict.fromkeys(_NOT_REPLAYED)
        bots = {} if crew is None else {"bots": dict(crew.bots(day, scenario.clock.start, scenario.end))}
        with_trace = replace(scenario, files={**scenario.files, _TRACE: data})
        trace = {"file": _TRACE, "outside": "drop"}
        replayed = run(
            with_trace.with_keys(arrivals=[{"name": "replay", "trace": trace}], **keys, **bots), engine=engine
        )
        inside = time <= (scenario.end if scenario.end is not None else time.max())
        simulated.append(replayed.final.wait)
        real.append((records.started - records.time)[rows][inside])
        slot.append((time - offset)[inside] // SLOT)
    return Replay(np.concatenate(real), np.concatenate(simulated), np.concatenate(slot), 3 * grain)
