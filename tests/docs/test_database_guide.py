"""The database's guide and reference, followed in their order: what they show is what comes."""

import re
import shutil
import sqlite3
from functools import partial

import pytest

from tests.helpers import ROOT
from tests.helpers.calendars import Calendar
from tests.helpers.pages import consoles, typed

GUIDE, REFERENCE = ROOT / "docs/database.md", ROOT / "docs/database-reference.md"


@pytest.fixture
def follow(elsewhere, shows, server, monkeypatch):
    """Type what a page has typed, after what is to happen before some of the lines; what comes is what it shows."""
    calendar = Calendar(monkeypatch)
    assert typed("sim new lunch", elsewhere)[0] == 0

    def follow(page, before):
        for line, shown in consoles(page):
            before.pop(line, lambda: None)()
            calendar.turn()
            draws = line.startswith(("sim run ", "sim replicate "))
            _, said = typed(line, elsewhere, *(["--no-charts"] if draws else []))
            said = said.replace(server.url, "http://127.0.0.1:8080")
            assert shows(page, f"$ {line}\n", shown, said), said
        assert before == {}

    return follow


def changed(file, number):
    """Copy a database, and have an event of the pilot run come a second later in the copy."""
    shutil.copy("sim.db", file)
    with sqlite3.connect(file) as connection:
        connection.execute(
            """UPDATE events SET time_us = time_us + 1000000 WHERE seq = ? AND run_id IN (
            SELECT id FROM runs WHERE tags LIKE '%pilot%')""",
            (number,),
        )


def answer(query):
    """Answer a query as SQLite's own shell does."""
    with sqlite3.connect("sim.db") as connection:
        return "".join("|".join(map(str, row)) + "\n" for row in connection.execute(query))


def test_what_the_guide_and_the_reference_show_is_what_comes(follow, shows, server, monkeypatch):
    monkeypatch.setenv("TURSO_DATABASE_URL", server.url)
    guide = {
        "sim run lunch.yaml": server.kill,
        "sim push": server.start,
        "sim run lunch.yaml --set peak_bots=7 --tag pilot --tag june": partial(
            monkeypatch.delenv, "TURSO_DATABASE_URL"
        ),
    }
    follow(GUIDE, guide)
    [damaged] = [line for line, _ in consoles(REFERENCE) if "changed.db" in line]
    follow(REFERENCE, {damaged: partial(changed, "changed.db", 169)})
    [(query, shown)] = re.findall(r"^```sql\n([^`]*)```\n\n```text\n([^`]*)```", REFERENCE.read_text(), re.MULTILINE)
    assert shows(REFERENCE, f"{query}```\n\n```text\n", shown, answer(query))
