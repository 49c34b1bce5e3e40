"""The guides to the page and to the site: what they show is what comes when it is typed."""

from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import consoles, typed


@pytest.fixture(autouse=True)
def _in_a_checkout(elsewhere, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda _: None)
    (elsewhere / "scenarios").symlink_to(ROOT / "scenarios")


@pytest.mark.parametrize(("name", "count"), [("page", 4), ("site", 3)])
def test_what_the_guide_shows_is_what_comes(elsewhere, shows, name, count):
    page = ROOT / f"docs/{name}.md"
    for line, shown in consoles(page):
        if line.startswith("ls "):
            said = "".join(f"{file.name}\n" for file in sorted(Path(line.removeprefix("ls ")).iterdir()))
        else:
            _, said = typed(line, elsewhere)
        assert shows(page, f"$ {line}\n", shown, said), said
    assert len(consoles(page)) == count
