"""How Markdown is written: a sentence a line, short ones, and guides that can be read in one go."""

import re

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import holds
from tests.helpers.sentences import a_sentence_a_line

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").glob("*.md")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("One. Two!\nThree?", "One.\nTwo!\nThree?\n"),
        ("A sentence\nof two lines: here.", "A sentence of two lines: here.\n"),
        ("At least\n72. Then more.", "At least 72.\nThen more.\n"),
        ("1. One\n2. Two", "1. One\n2. Two\n"),
        ("- One. Two.\n- Three.", "- One.\n  Two.\n- Three.\n"),
        ("1. One. Two.\n\n   ```sh\n   a. b\n   ```", "1. One.\n   Two.\n\n   ```sh\n   a. b\n   ```\n"),
        ("Write `a. b`. Then `c`.", "Write `a. b`.\nThen `c`.\n"),
        ("See [which crew?](a.md) for more. Or (so.) this.", "See [which crew?](a.md) for more.\nOr (so.) this.\n"),
        ("**A heading.** One.\nTwo.", "**A heading.** One.\nTwo.\n"),
        ("Cobham, A. (1954), Priority queues. Then more.", "Cobham, A. (1954), Priority queues.\nThen more.\n"),
        ("| A. B. | C |", "| A. B. | C |\n"),
    ],
)
def test_text_is_cut_at_the_ends_of_sentences_alone(text, lines):
    assert a_sentence_a_line(text) == lines
    assert a_sentence_a_line(lines) == lines


def test_each_sentence_has_a_line_of_its_own(pytestconfig):
    for page in PAGES:
        text = page.read_text()
        if pytestconfig.getoption("--update-golden"):
            page.write_text(a_sentence_a_line(text))
        else:
            assert text == a_sentence_a_line(text), f"{page}: cut anew by --update-golden"


def pages_under(caption):
    [names] = re.findall(rf":caption: {caption}\n:hidden:\n(.*?)```", (ROOT / "docs/index.md").read_text(), re.DOTALL)
    return [ROOT / f"docs/{name}.md" for name in names.split()]


def test_a_guide_can_be_read_in_one_go():
    guides = [*pages_under("Tutorial"), *pages_under("Guides")]
    assert len(guides) > 10
    assert [page.name for page in guides if len(page.read_text().split()) > 1_500] == []


def test_sentences_are_short():
    long = []
    for page in PAGES:
        prose = re.sub(r"^```.*?^```$|^\|.*?$|\]\([^)]*\)", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        long += [f"{page.name}: {line}" for line in prose.splitlines() if len(line.split()) > 30]
    assert long == []


@pytest.mark.parametrize(
    ("shown", "came", "anew"),
    [
        ("a 1\nb 2\n", "a 3\nb 4\n", "a 3\nb 4\n"),
        ("a 1\n...\n", "a 3\nb 4\n", "a 3\n...\n"),
        ("...\nwait 2s\n...\n", "head\nwait 7s\nfoot\n", "...\nwait 7s\n...\n"),
        ("...\nwait 2s\nflow 3s\n", "head\nwait 7s\nqueue 1\nflow 8s\n", "...\nwait 7s\nqueue 1\nflow 8s\n"),
    ],
)
def test_update_golden_writes_what_comes_and_leaves_out_what_was_left_out(tmp_path, shown, came, anew):
    page = tmp_path / "page.md"
    page.write_text(f"$ sim\n{shown}```\n")
    assert not holds(page, "$ sim\n", shown, came, update=False)
    assert holds(page, "$ sim\n", shown, came, update=True)
    assert page.read_text() == f"$ sim\n{anew}```\n"
    assert holds(page, "$ sim\n", anew, came, update=False)
