"""The Python of the guides: it is pasted from top to bottom, and prints what is shown."""

import re

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import consoles, pasted

BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\nprints[^`]*```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
"""A block of Python, and the one that shows what it prints, if there is one."""


@pytest.fixture
def checkout(elsewhere):
    """A folder with the scenarios, and with the wrong file of the tutorial."""
    (elsewhere / "scenarios").symlink_to(ROOT / "scenarios")
    [wrong] = [shown for line, shown in consoles(ROOT / "docs/tutorial.md") if line == "cat wrong.yaml"]
    (elsewhere / "wrong.yaml").write_text(wrong)
    return elsewhere


@pytest.mark.parametrize(("name", "count"), [("python", 14), ("volume", 1)])
def test_the_code_of_a_guide_prints_what_is_shown(checkout, shows, name, count):
    page = ROOT / f"docs/{name}.md"
    blocks = BLOCK.findall(page.read_text())
    assert len(blocks) == count
    names = {}
    for code, shown in blocks:
        printed = pasted(code.replace("jobs=2", "jobs=1"), checkout, names)  # programs of their own would take longer
        if shown:
            without_blanks = re.sub(" +$", "", printed, flags=re.MULTILINE)  # at the ends of lines, where pandas pads
            assert shows(page, "```text\n", shown, without_blanks), printed
