"""CSV and JSON files, and the summary as HTML."""

import csv
import json
from collections.abc import Iterable
from typing import Any, TextIO

from numpy.typing import NDArray

from sim.experiment import Replications, Run
from sim.metrics import attempts_table, events_table, orders_table
from sim.model import NONE, UNITS, Coded, OrderClass, Table
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


def replications_document(done: Replications) -> dict[str, Any]:
    """Return what `sim replicate --json` prints, and `sim check --json` of each scenario, too."""
    return {
        "scenario": done.scenario.name,
        "seed": done.seed,
        "replications": len(done.results),
        "metrics": estimates(done),
    }


def estimates(done: Replications) -> dict[str, Any]:
    """Return mean, low, high and n of each metric, None where nothing was observed."""
    return {name: found._asdict() if (found := done.estimate(name)) else None for name in UNITS}


def threshold_documents(done: Replications) -> list[dict[str, Any]]:
    """Return what became of each threshold."""
    return [
        {
            "metric": one.threshold.metric,
            "condition": one.threshold.condition.text,
            "severity": one.threshold.severity,
            "verdict": str(one.judgement),
            "note": one.note,
        }
        for one in done.thresholds
    ]


def write_values(done: Replications, file: TextIO) -> None:
    """Write a row for each replication and metric: replication, metric, value; empty where nothing was observed."""
    file.write("replication,metric,value\n")
    lines = "".join(f"#,{name},%s\n" for name in UNITS)
    file.writelines(
        lines.replace("#", str(number)) % tuple("" if value is None else value for value in values)
        for number, values in zip(done.columns.numbers, done.columns.rows(), strict=True)
    )


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


_MATTER = (
    *("wait.mean", "wait.p95", "flow.mean", "queue.mean", "orders.created", "orders.abandoned.rate"),
    *("throughput", "utilisation"),
)


def replications_html(done: Replications) -> str:
    """Return what replications say of the metrics that matter, by class, and of thresholds, as notebooks show it."""
    from html import escape  # not needed by a command

    from sim.output.estimates import estimate_lines, estimate_text

    def row(tag: str, *cells: str) -> str:
        return "<tr>" + "".join(f'<{tag} style="text-align:left">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"

    classes = (*(one.name for one in OrderClass), "")
    rows = [row("th", "metric", *(one or "all" for one in classes))]
    for metric in _MATTER:
        family, *rest = metric.split(".")
        names = (".".join(filter(None, (family, one, *rest))) for one in classes)
        rows.append(row("td", metric, *(estimate_text(done, name) if name in UNITS else "" for name in names)))
    html = "".join(f"<div>{escape(line)}</div>" for line in estimate_lines(done) if not line.startswith(" "))
    html += f"<table>{''.join(rows)}</table>"
    verdicts = [(str(one.judgement), str(one.threshold), one.note) for one in done.thresholds]
    return html + f"<table>{''.join(row('td', *cells) for cells in verdicts)}</table>" * bool(verdicts)
