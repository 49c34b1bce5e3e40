"""The stored runs as DataFrames, for notebooks and scripts."""

import os
from datetime import datetime
from typing import TYPE_CHECKING

from sim.errors import StorageError
from sim.experiment import Run
from sim.model import unit_text
from sim.storage.addresses import Address, find_address
from sim.storage.connection import Connection
from sim.storage.details import compare_runs
from sim.storage.listing import all_metrics, find_run, list_runs
from sim.storage.migrations import migrate
from sim.storage.reading import StoredRun
from sim.storage.runs import Reproduced, load_run, reproduce

if TYPE_CHECKING:
    import pandas as pd


class Database(Connection):
    """A database of runs. A run is named by its id, or by how its id starts."""

    def run(self, run: str) -> Run:
        """Return a stored run with all that a fresh one has: tables, metrics, charts.

        Raises:
            StorageError: there is no such run, or it cannot be read back.

        """
        return load_run(self, find_run(self, run))

    def runs(
        self, scenario: str | None = None, since: datetime | None = None, tag: str | None = None
    ) -> "pd.DataFrame":
        """Return a row for each run, the newest first, with the fields of `StoredRun`; instants are of UTC.

        Only those of a scenario's name, begun at `since` (of UTC, if it names no zone) or later, or with a tag.

        Raises:
            StorageError: the database cannot be read.

        """
        import pandas as pd

        frame = pd.DataFrame(list_runs(self, scenario, since, tag), columns=StoredRun._fields)
        for column in ("started_at", "finished_at", "pushed_at"):
            frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
        return frame

    def reproduce(self, run: str) -> Reproduced:
        """Return a stored run, run again.

        Raises:
            StorageError: there is no such run, or its scenario or its rows cannot be read.

        """
        return reproduce(self, find_run(self, run))

    def orders(self, run: str) -> "pd.DataFrame":
        """Return the orders of a run, as `Run.orders` has them.

        Raises:
            StorageError: there is no such run, or it cannot be read back.

        """
        return self.run(run).orders

    def events(self, run: str) -> "pd.DataFrame":
        """Return the events of a run, as `Run.events` has them.

        Raises:
            StorageError: there is no such run, or it cannot be read back.

        """
        return self.run(run).events

    def metrics(self) -> "pd.DataFrame":
        """Return a row for each metric of each run: run, scenario, seed, replication, metric, value, unit.

        Units are those of `Run.metrics`; the value is NA where nothing was observed.

        Raises:
            StorageError: the database cannot be read.

        """
        import pandas as pd

        rows = [
            (run.id, run.scenario, run.seed, run.replication, name, value)
            for run, metrics in all_metrics(self)
            for name, value in sorted(metrics.items())
        ]
        frame = pd.DataFrame(rows, columns=["run", "scenario", "seed", "replication", "metric", "value"])
        frame["value"] = frame["value"].astype("Float64")
        return frame.assign(unit=frame["metric"].map(unit_text))

    def compare(self, first: str, second: str) -> "pd.DataFrame":
        """Return two runs side by side: metric, first, second, difference, unit; NA where nothing was observed.

        Raises:
            StorageError: there is no such run.

        """
        import pandas as pd

        rows = [(name, *values) for name, values in compare_runs(self, first, second).metrics.items()]
        frame = pd.DataFrame(rows, columns=["metric", "first", "second"])
        frame = frame.astype({"first": "Float64", "second": "Float64"})
        return frame.assign(difference=frame["second"] - frame["first"], unit=frame["metric"].map(unit_text))


def open_database(url: str | Address | None = None) -> Database:
    """Open the database at `url` (default: as `find_address`) and bring its schema up to date.

    Raises:
        StorageError: it cannot be opened or reached, or is newer than this program.

    """
    database = Database(url if isinstance(url, Address) else find_address(url))
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def open_existing_database(url: str | None = None, option: str = "--db") -> Database:
    """Open the database to read from, which `option` names (default: as `find_address`); a file must be there already.

    Raises:
        StorageError: there is none, it cannot be opened or reached, or is newer than this program.

    """
    address = find_address(url, option)
    if not address.is_remote and not os.path.exists(address.target):  # noqa: PTH110  # False also where Path.exists raises
        raise StorageError(
            f"database {address.url}: there is none yet; sim run FILE makes it, or name another with {option}"
        )
    return open_database(address)
