"""The index of a site: what there is, each with what matters of it and its page a click away."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files as package_files
from typing import NamedTuple
from urllib.parse import quote

from sim.experiment import Run
from sim.output.page import html_page
from sim.output.wording import at_least, shown
from sim.units import printable

_WAITS = ("wait.VIP.p95", "wait.NORMAL.p95")


class Entry(NamedTuple):
    """A row of the index: the page, '' where there is none, a title, what matters of the run by name, and notes, such
    as why there is no page.
    """

    path: str
    title: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]


def index_page(scenarios: Sequence[Entry], runs: Sequence[Entry]) -> str:
    """Return the HTML of the index. It runs no script, and no text in it becomes markup."""
    body = [
        "<header><h1>Kitchens</h1>",
        "<p>Each page replays a run of an order kitchen and answers what if there were a bot more, or one less.</p>",
        '<p><a class="live" href="kitchen.html">Open a live kitchen</a></p></header>',
        "<main>",
        *_section("Scenarios", scenarios),
        *_section("Stored runs", runs),
        "</main>",
    ]
    style = package_files("sim.site").joinpath("index.css").read_text(encoding="utf-8")
    return html_page("Kitchens", "\n".join(body), style)


def _section(title: str, entries: Iterable[Entry]) -> Iterator[str]:
    items = "".join(map(_item, entries))
    if items:
        yield f"<section><h2>{title}</h2><ul>{items}</ul></section>"


def _item(entry: Entry) -> str:
    """Return a row: the title with its page, notes, and the run in short."""
    title = _text(entry.title)
    parts = [f'<h3><a href="{escape(quote(entry.path))}">{title}</a></h3>' if entry.path else f"<h3>{title}</h3>"]
    parts += [f"<p>{_text(note)}</p>" for note in entry.notes if note]
    if entry.facts:
        parts.append(f"<dl>{''.join(_fact(name, text) for name, text in entry.facts)}</dl>")
    return f"<li>{''.join(parts)}</li>"


def facts_of(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what matters of a run: orders, bots, waits, what became of `expect`, and the fingerprint."""
    values, bounds = run.measures.values, run.measures.bounds
    yield "orders", f"{values['orders.created']:,}"
    yield "bots at most", f"{values['bots.max']:,}"
    for name in _WAITS:
        value = values[name]
        if value is not None:
            yield f"{name.split('.')[1]} wait p95", at_least(shown(name, value), name in bounds)
    if run.verdicts:
        held = sum(verdict.held for verdict in run.verdicts)
        yield "expectations", f"{held} of {len(run.verdicts)} held"
    yield "fingerprint", run.fingerprint


def _fact(name: str, text: str) -> str:
    return f"<div><dt>{_text(name)}</dt><dd>{_text(text)}</dd></div>"


def _text(text: str) -> str:
    return escape(printable(text))
