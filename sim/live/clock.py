"""The clock of a live kitchen on a terminal."""

from time import monotonic

from sim.units import SECOND

_GRAIN = SECOND // 10  # a person acts no more exactly, and such instants read well in a file
_SLOWEST, _FASTEST = 0.1, 10_000


class RunningClock:
    """Runs as clocks do, or some times as fast, and can be paused."""

    def __init__(self) -> None:
        self.speed = 1.0
        self.is_paused = False
        self._read = monotonic()
        self._uncounted = 0.0

    def set_speed(self, speed: float) -> None:
        """Run so many times as fast.

        Raises:
            ValueError: that is out of range.

        """
        if not _SLOWEST <= speed <= _FASTEST:
            raise ValueError(f"{speed} is out of range")
        self.speed = speed

    def passed(self) -> int:
        """Return how much time has passed since this was asked last: microseconds, in whole tenths of a second."""
        now = monotonic()
        if not self.is_paused:
            self._uncounted += (now - self._read) * self.speed * SECOND
        self._read = now
        tenths = int(self._uncounted // _GRAIN) * _GRAIN
        self._uncounted -= tenths
        return tenths
