"""Persistence: every run is kept in a libSQL database, in an embedded file or on a server."""

from sim.storage.addresses import LOCAL, Address, find_address
from sim.storage.check import check
from sim.storage.database import Database, open_database
from sim.storage.experiments import (
    Experiment,
    earlier_replications,
    fellow_replications,
    new_experiment,
    push_replications,
    save_replications,
)
from sim.storage.reading import Damaged, DamagedRunError, StoredRun
from sim.storage.rows import new_run_id
from sim.storage.runs import (
    delete_run,
    find_run,
    list_runs,
    load_run,
    purge,
    reproduce,
    restore_run,
    run_metrics,
)
from sim.storage.saving import push_all, push_run, save_run

__all__ = [
    "LOCAL",
    "Address",
    "Damaged",
    "DamagedRunError",
    "Database",
    "Experiment",
    "StoredRun",
    "check",
    "delete_run",
    "earlier_replications",
    "fellow_replications",
    "find_address",
    "find_run",
    "list_runs",
    "load_run",
    "new_experiment",
    "new_run_id",
    "open_database",
    "purge",
    "push_all",
    "push_replications",
    "push_run",
    "reproduce",
    "restore_run",
    "run_metrics",
    "save_replications",
    "save_run",
]
