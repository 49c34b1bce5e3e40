"""CSV and JSON files, and the summary as HTML."""

import csv
import json
from collections.abc import Iterable
from typing import Any, TextIO

from numpy.typing import NDArray

from sim.experiment import Run
from sim.metrics import attempts_table, events_table, orders_table
from sim.model import NONE, Coded, Table
from sim.output.text import summary

_CHUNK = 50_000


def tables(run: Run) -> dict[str, Table]:
    """Return the tables of a run by the names of their files, without `.csv`."""
    return {
        "orders": orders_table(run.measures.orders, run.workload),
        "attempts": attempts_table(run.measures.attempts, run.workload),
        "events": events_table(run.log, run.scenario.clock),
    }


def write_csv(table: Table, file: TextIO) -> None:
    """Write a table with a header; what is unknown or does not apply is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table)
    rows = max(len(column.codes if isinstance(column, Coded) else column) for column in table.values())
    for start in range(0, rows, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        writer.writerows(zip(*(_cells(column, chunk) for column in table.values()), strict=True))


def _cells(column: NDArray[Any] | Coded | list[str], chunk: slice) -> Iterable[object]:
    if isinstance(column, list):
        return column[chunk]
    if isinstance(column, Coded):
        words = (*column.names, "")  # NONE is -1, the last
        return [words[code] for code in column.codes[chunk].tolist()]
    return ["" if value == NONE else value for value in column[chunk].tolist()]


def metrics_document(run: Run) -> dict[str, Any]:
    """Return the content of `metrics.json`: durations in seconds, shares from 0 to 1, null where nothing was seen."""
    return {
        "scenario": run.scenario.name,
        "seed": run.seed,
        "replication": run.replication,
        "engine": run.engine,
        "fingerprint": run.fingerprint,
        "metrics": run.measures.metrics,
    }


def metrics_json(run: Run) -> str:
    """Return the text of `metrics.json`."""
    return json.dumps(metrics_document(run), indent=2) + "\n"


def run_html(run: Run) -> str:
    """Return the summary of a run as an HTML table, as notebooks show it."""
    from html import escape  # not needed by a command

    rows = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in summary(run)
    )
    return f"<table>{rows}</table>"
