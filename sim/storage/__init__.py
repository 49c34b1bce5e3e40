"""Persistence: every run is kept in a libSQL database, in an embedded file or on a server."""

from sim.storage.addresses import LOCAL, Address, find_address
from sim.storage.check import check
from sim.storage.database import Database, open_database, open_existing_database
from sim.storage.details import ComparedRuns, ExperimentDetails, RunDetails, compare_runs, find_details
from sim.storage.experiments import (
    Experiment,
    earlier_replications,
    fellow_replications,
    new_experiment,
    save_replications,
)
from sim.storage.keeping import Keeper, keep
from sim.storage.listing import (
    find_entry,
    find_id,
    find_run,
    list_entries,
    list_runs,
    parse_instant,
    run_metrics,
    runs_of,
)
from sim.storage.pushing import Pushed, PushError, push
from sim.storage.reading import Damaged, DamagedRunError, Entry, StoredRun
from sim.storage.removing import delete_before, delete_run, purge, restore_run, shrink
from sim.storage.rows import new_run_id
from sim.storage.runs import Reproduced, load_run, reproduce
from sim.storage.saving import push_all, push_run, save_run
from sim.storage.sizes import TableSize, file_size, table_sizes

__all__ = [
    "LOCAL",
    "Address",
    "ComparedRuns",
    "Damaged",
    "DamagedRunError",
    "Database",
    "Entry",
    "Experiment",
    "ExperimentDetails",
    "Keeper",
    "PushError",
    "Pushed",
    "Reproduced",
    "RunDetails",
    "StoredRun",
    "TableSize",
    "check",
    "compare_runs",
    "delete_before",
    "delete_run",
    "earlier_replications",
    "fellow_replications",
    "file_size",
    "find_address",
    "find_details",
    "find_entry",
    "find_id",
    "find_run",
    "keep",
    "list_entries",
    "list_runs",
    "load_run",
    "new_experiment",
    "new_run_id",
    "open_database",
    "open_existing_database",
    "parse_instant",
    "purge",
    "push",
    "push_all",
    "push_run",
    "reproduce",
    "restore_run",
    "run_metrics",
    "runs_of",
    "save_replications",
    "save_run",
    "shrink",
    "table_sizes",
]
