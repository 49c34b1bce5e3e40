"""A calendar and ids that are the same whenever a page is followed, so that it can show them."""

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from typing import Self
from uuid import UUID

import pytest

_MODULES = [
    "sim.experiment.observing",
    "sim.experiment.single",
    "sim.storage.listing",
    "sim.storage.migrations",
]
"""The modules that ask what time it is."""


class Calendar:
    """Stands still, until `turn` lets minutes go by."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.present = datetime(2026, 11, 23, 14, 40, tzinfo=UTC)
        self._numbers = count(1)

        class Present(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(self.present.timestamp(), tz)

        for module in _MODULES:
            patch.setattr(f"{module}.datetime", Present)
        patch.setattr("uuid6.uuid7", self._id)

    def turn(self, minutes: int = 1) -> None:
        """Let minutes go by."""
        self.present += timedelta(minutes=minutes)

    def _id(self) -> UUID:
        """Return a UUIDv7 of the present, with a number of its own."""
        milliseconds = int(self.present.timestamp() * 1000)
        number = next(self._numbers)
        return UUID(int=milliseconds << 80 | 7 << 76 | number << 64 | 2 << 62 | number * 0x9E3779B97F4A7C15 % (1 << 62))
