"""The live kitchen: a clock that runs, orders and bots by hand, and a scenario that does all of it again."""

from sim.live.playing import play
from sim.live.session import Session

__all__ = ["Session", "play"]
