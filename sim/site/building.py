"""How a site is built: what is run and read, and the folder in which it is written."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sim.checking import ScenarioFiles, load_files
from sim.checking.files import LoadedFile, Paths
from sim.errors import ArgumentError, KitchensimError, ScenarioError
from sim.experiment import Run, run
from sim.output.ci.lines import unique
from sim.output.files import refuse_sources, text_file, write_files
from sim.output.page import kitchen_page, policy_of, run_page, too_large
from sim.scenario import Scenario
from sim.site.index import Entry, facts_of, index_page
from sim.storage import Database, list_runs, open_existing_database, reproduce
from sim.storage.reading import StoredRun
from sim.units import printable

MOST_RUNS = 20
"""Stored runs of a site, the newest ones; `sim runs page ID` writes the page of another."""

_LIST = "site.json"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class _Page(NamedTuple):
    """A row of the index, and its page, '' where it has none."""

    entry: Entry
    html: str


def build_site(folder: str | os.PathLike[str], paths: Paths = "scenarios", database: str | None = None) -> list[Path]:
    """Write a site: an index, a page for each scenario that replays its first replication, pages of the newest stored
    runs of a database, if one is named, a live kitchen, and `vercel.json` with headers for that host. The same
    scenarios and runs make the same bytes. Return the files.

    Files of an earlier site go; a folder that holds anything else is left alone.

    Raises:
        ArgumentError: there are no such files, or the folder holds other things than a site.
        ScenarioError: scenarios are wrong; with the faults of all.
        StorageError: the database cannot be read.
        OSError: a file cannot be written.

    """
    folder = Path(folder)
    earlier = _earlier(folder)
    loaded = load_files(paths)
    _refuse_wrong(loaded)
    scenarios = list(_scenario_pages(loaded.loaded))
    runs = list[_Page]() if database is None else _run_pages(database)
    texts = {page.entry.path: page.html for page in (*scenarios, *runs) if page.html}
    texts["kitchen.html"] = kitchen_page()
    texts["index.html"] = index_page([page.entry for page in scenarios], [page.entry for page in runs])
    texts["vercel.json"] = _vercel(list(texts.values()))
    texts[_LIST] = _json({"files": sorted([*texts, _LIST])})
    files = {folder / name: text_file(_writer(text)) for name, text in texts.items()}
    refuse_sources(files, loaded.sources, "to")
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_files(files, [path for path in earlier if path not in files])
    for parent in {path.parent for path in earlier} - {folder}:
        with suppress(OSError):  # it is not empty
            parent.rmdir()
    return list(files)


def _writer(text: str) -> Callable[..., object]:
    return lambda file: file.write(text)


def _earlier(folder: Path) -> list[Path]:
    """Return the files of the site that is in a folder, none where it is empty or not there yet.

    Hidden files are those of hosts and of git; they stay.

    Raises:
        ArgumentError: there is something else in it.

    """
    try:
        names = set(json.loads((folder / _LIST).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        names = set()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if not name.startswith(".") and path.relative_to(folder).as_posix() not in names:
                problem = f"{printable(str(folder))} holds {printable(str(path))}, which is not part of a site"
                raise ArgumentError("to", f"{problem}; name an empty folder")
    return [path for name in names if (path := folder / str(name)).resolve().is_relative_to(folder.resolve())]


def _refuse_wrong(files: ScenarioFiles) -> None:
    errors = [file.scenario for file in files.loaded if isinstance(file.scenario, ScenarioError)]
    faults = [*files.unreadable, *(fault for error in errors for fault in error.faults)]
    if faults:
        raise ScenarioError(faults)


def _scenario_pages(files: Sequence[LoadedFile]) -> Iterator[_Page]:
    """Yield the page of each scenario; one that is too large for a page is not run."""
    slugs = [re.sub("[^A-Za-z0-9_/-]+", "-", file.below.with_suffix("").as_posix()) for file in files]
    for file, slug in zip(files, unique(slugs), strict=True):
        scenario, title = file.scenario, file.below.as_posix()
        assert isinstance(scenario, Scenario)
        description = scenario.file.description
        try:
            if reason := too_large(scenario.workload()):
                yield _Page(Entry("", title, [], [description, reason]), "")
                continue
            path = f"scenarios/{slug.replace(' (', '-').removesuffix(')')}.html"
            yield _page(path, title, run(scenario), [description])
        except KitchensimError as error:
            yield _Page(Entry("", title, [], [description, str(error)]), "")


def _run_pages(url: str) -> list[_Page]:
    """Return the pages of the newest runs of a database, those of experiments left out, of which there are too many."""
    with open_existing_database(url) as database:
        stored = [stored for stored in list_runs(database) if stored.experiment is None]
        return [_run_page(database, stored_run) for stored_run in stored[:MOST_RUNS]]


def _run_page(database: Database, stored: StoredRun) -> _Page:
    """Return the page of a stored run; one that cannot be made again has none, and its row says why."""
    title = f"{stored.scenario or 'a deleted scenario'}, {stored.started_at[:19].replace('T', ' ')}"
    tags = ", ".join(stored.tags)
    try:
        reproduced = reproduce(database, stored)
        if reproduced.is_same:
            description = reproduced.new_run.scenario.file.description
            return _page(f"runs/{stored.id}.html", title, reproduced.new_run, [description, tags])
        reason = "it cannot be reproduced; sim runs reproduce says why"
    except KitchensimError as error:
        reason = str(error)
    return _Page(Entry("", title, [], [tags, reason]), "")


def _page(path: str, title: str, shown_run: Run, notes: Sequence[str]) -> _Page:
    return _Page(Entry(path, title, list(facts_of(shown_run)), notes), run_page(shown_run))


def _vercel(pages: Sequence[str]) -> str:
    """Return the settings of Vercel: headers that allow what pages allow themselves, and no frame around them."""
    policy = f"{policy_of(pages)}; frame-ancestors 'none'"
    headers = [{"key": key, "value": value} for key, value in {"Content-Security-Policy": policy, **_HEADERS}.items()]
    return _json({"headers": [{"source": "/(.*)", "headers": headers}]})


def _json(document: object) -> str:
    return f"{json.dumps(document, indent=2)}\n"
