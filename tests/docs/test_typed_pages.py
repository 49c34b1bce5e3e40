"""Pages with lines to type in a checkout: what they show is what comes."""

from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import consoles, typed


@pytest.fixture(autouse=True)
def _in_a_checkout(elsewhere, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda _: None)
    (elsewhere / "scenarios").symlink_to(ROOT / "scenarios")
    assert typed("sim new lunch", elsewhere)[0] == 0


@pytest.mark.parametrize(("name", "count"), [("page", 4), ("site", 3), ("outputs", 3)])
def test_what_the_page_shows_is_what_comes(elsewhere, shows, name, count):
    page = ROOT / f"docs/{name}.md"
    for line, shown in consoles(page):
        if line.startswith("ls "):
            said = "".join(f"{file.name}\n" for file in sorted(Path(line.removeprefix("ls ")).iterdir()))
        elif line.startswith("cat "):
            said = Path(line.removeprefix("cat ")).read_text()
        else:
            _, said = typed(line, elsewhere, *(["--no-charts"] if "lunch.yaml" in line else []))
        assert shows(page, f"$ {line}\n", shown, said), said
    assert len(consoles(page)) == count
