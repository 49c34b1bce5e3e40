"""What becomes of results that are not to be kept: nothing, and no room of databases is loaded for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from sim.errors import ArgumentError

if TYPE_CHECKING:
    from sim.experiment.replicating import Options
    from sim.experiment.single import Run
    from sim.experiment.staffing.result import Staffing


class Unkept:
    """Keeps nothing, and can be asked all that commands ask a `sim.storage.Keeper`, which keeps results in a database.

    `tags` would be words to find them by, and `problems` are what could not be kept, a line each.
    """

    def __init__(self, tags: Iterable[str] = ()) -> None:
        self.tags = list(tags)
        if not all(tag.strip() and tag.isprintable() for tag in self.tags):
            raise ArgumentError("tags", "is empty or cannot be printed; write a word such as monday")
        self.problems: list[str] = []
        self.run_id: str | None = None  # of the run, once it is stored

    def __enter__(self) -> Self:
        """Return the keeper itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what is not kept yet, also when something went wrong."""
        self.close()

    @property
    def kept_text(self) -> str:
        """How much is stored of an experiment that was interrupted, '' where that is nothing."""
        return ""

    @property
    def place(self) -> str:
        """In which database the run is."""
        return "nowhere"

    @property
    def options(self) -> "Options":
        """What `replicate` and its like are given: nothing is hashed that nobody stores."""
        return {"fingerprints": False}

    def keep_run(self, run: "Run") -> None:
        """Store a run."""

    def keep_staffing(self, staffing: "Staffing") -> None:
        """Store a staffing, with the first day of its crew as its run."""

    def close(self) -> None:
        """Store what is not stored yet."""
