"""The report of a check: one HTML file with all scenarios, the worst first, to be opened from a disk or a CI server."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from html import escape
from importlib.resources import files as package_files
from pathlib import Path

from sim.errors import Fault, KitchensimError
from sim.experiment import CheckedFile, run
from sim.output.ci.intervals import interval_svg, queue_svg
from sim.output.ci.lines import counts_text, notes, total_line
from sim.output.files import write_text
from sim.output.layout import Report
from sim.output.page import html_page, run_page, too_large
from sim.units import printable
from sim.verdicts import Finding, Judgement, Outcome, ThresholdVerdict

MOST_REPLAYS = 10
"""As many of those that fail, from the worst, have their page in the report; each takes about 100 KB."""

_OPEN = (Outcome.WRONG, Outcome.FAIL, Outcome.INCONCLUSIVE)
_REPLAYED = (Outcome.FAIL, Outcome.INCONCLUSIVE)


def check_report(
    files: Sequence[CheckedFile],
    unchecked: Sequence[Fault] = (),
    differences: Report | None = None,
    replays: bool = True,
) -> str:
    """Return the HTML of a report on scenario files. It runs no script of its own, asks for nothing, and is the same
    whenever the files are.

    Each of the first ten files that do not pass brings the page that replays its replication 1, with `replays`; it is
    simulated once more for that. Nothing that a file says becomes markup.
    """
    worst_first = sorted(files, key=lambda checked: list(Outcome).index(checked.outcome))
    to_replay = [checked for checked in worst_first if checked.outcome in _REPLAYED][:MOST_REPLAYS]
    pages = {checked.file: _replay(checked) for checked in to_replay} if replays else {}
    total = total_line(files, unchecked=unchecked)
    body = [
        f"<header><h1>Scenarios</h1><p>{_text(total)}</p>{_tally(files)}</header>",
        "<main>",
        *_remarks(notes(files, unchecked)),
        *(_file_section(checked, pages.get(checked.file, "")) for checked in worst_first),
        *(_table(differences) if differences is not None else ()),
        "</main>",
    ]
    style = package_files("sim.output.ci").joinpath("report.css").read_text(encoding="utf-8")
    return html_page(f"Scenarios: {total}", "\n".join(body), style, frames=[page for page in pages.values() if page])


def write_report(
    files: Sequence[CheckedFile], unchecked: Sequence[Fault], differences: Report | None, path: Path
) -> None:
    """Write the report on scenario files.

    Raises:
        OSError: the file cannot be written.

    """
    text = check_report(files, unchecked, differences)
    write_text(path, text)


def _replay(checked: CheckedFile) -> str:
    """Return the page of replication 1 of a file, '' where there is none."""
    replications = checked.replications
    if replications is None:
        return ""
    scenario, seed = replications.scenario, replications.seed
    try:
        return "" if too_large(scenario.workload(seed)) else run_page(run(scenario, seed))
    except KitchensimError:  # it has more customers behind its horizon
        return ""


def _tally(files: Sequence[CheckedFile]) -> str:
    """Return how many files came to which end, as a bar of as many parts."""
    outcomes = [checked.outcome for checked in files]
    parts = [(outcome, outcomes.count(outcome)) for outcome in Outcome if outcome in outcomes]
    items = (f'<li class="{_class(outcome)}"><b>{number}</b> {outcome}</li>' for outcome, number in parts)
    return f'<ul class="tally" aria-label="Outcomes">{"".join(items)}</ul>'


def _remarks(lines: Iterable[str]) -> Iterator[str]:
    text = "\n".join(map(_text, lines))
    if text:
        yield f'<pre tabindex="0">{text}</pre>'


def _file_section(checked: CheckedFile, page: str) -> str:
    """Return what became of a file; one that does not pass is unfolded."""
    unfolded = " open" if checked.outcome in _OPEN else ""
    held = "" if checked.faults else counts_text(checked)
    queue = "" if checked.look is None else queue_svg(checked.look.queue)
    parts = [
        f'<details class="file"{unfolded}><summary>{_verdict(checked.outcome, checked.outcome)}'
        f"<h2>{_text(checked.file)}</h2><span>{_text(held)}</span>{queue}</summary>",
        *_description(checked),
        *_findings(checked),
    ]
    if page:
        parts.append(
            '<details class="replay"><summary>Replay replication 1</summary>'
            f'<iframe title="Replay of {_text(checked.file)}" loading="lazy" srcdoc="{escape(page)}"></iframe>'
            "</details>"
        )
    return "".join([*parts, "</details>"])


def _description(checked: CheckedFile) -> Iterator[str]:
    if checked.replications is not None and checked.replications.scenario.file.description:
        yield f"<p>{_text(checked.replications.scenario.file.description)}</p>"


def _findings(checked: CheckedFile) -> Iterator[str]:
    """Yield the faults of a file, or all that it asks, what does not hold first."""
    verdicts = iter(checked.replications.verdicts if checked.replications is not None else ())
    rows = [(finding, next(verdicts) if finding.kind == "threshold" else None) for finding in checked.findings]
    rows.sort(key=lambda row: (list(Outcome).index(row[0].outcome), row[0].judgement is Judgement.PASS))
    items = [*map(_fault_item, checked.faults), *(_item(finding, verdict) for finding, verdict in rows)]
    if items:
        yield f"<ul>{''.join(items)}</ul>"


def _fault_item(fault: Fault) -> str:
    return f'<li>{_verdict("WRONG", Outcome.WRONG)}<div class="wide"><code>{_text(str(fault))}</code></div></li>'


def _item(finding: Finding, verdict: ThresholdVerdict | None) -> str:
    """Return one thing that a file asks: the verdict, what is asked and what came, and its interval."""
    got = f"got {finding.got}" if finding.got else ""
    texts = [f"<b>{_text(finding.requirement)}</b>"]
    texts += [f"<span>{_text(text)}</span>" for text in (got, finding.note) if text]
    texts.append(f"<small>{_text(finding.place.file)}:{finding.place.line}</small>")
    if finding.diff:
        texts.append(f'<pre tabindex="0">{_text(chr(10).join(map(printable, finding.diff)), lines=True)}</pre>')
    picture = "" if verdict is None else interval_svg(verdict)
    outcome = Outcome.INCONCLUSIVE if finding.is_warning else finding.outcome  # whose colour says: look at this
    return f"<li>{_verdict(finding.verdict, outcome)}<div>{''.join(texts)}</div>{picture}</li>"


def _verdict(word: str, outcome: Outcome) -> str:
    return f'<em class="{_class(outcome)}">{_text(word)}</em>'


def _class(outcome: Outcome) -> str:
    return outcome.value.lower()


def _table(report: Report) -> Iterator[str]:
    """Yield the differences to what files are compared with."""
    head, *rows = report.rows
    cells = partial(map, _text)
    width = len(head)
    yield "<section><h2>Compared</h2>"
    yield from (f"<p>{_text(line)}</p>" for line in report.head)
    yield '<div class="table" tabindex="0" role="region" aria-label="Differences"><table>'
    yield f"<tr>{''.join(f'<th>{text}</th>' if text else '<td></td>' for text in cells(head))}</tr>"
    for row in rows:
        is_title = len(row) == 1
        yield f'<tr><th colspan="{width}">' if is_title else "<tr><td>"
        yield "</td><td>".join(cells(row))
        yield "</th></tr>" if is_title else "</td></tr>"
    yield "</table></div>"
    yield from (f"<p>{_text(line)}</p>" for line in report.notes)
    yield "</section>"


def _text(text: str, lines: bool = False) -> str:
    """Return a text as it can stand in markup; `lines` keeps its breaks."""
    return escape(text if lines else printable(text))
