"""What a terminal shows: lines that fit, numbers of one style, verdicts at the start of a line and in colour."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model import STANDARD
from sim.output.layout import aligned, folded
from sim.output.wording import estimate_of, shown
from sim.statistics import Interval
from tests.helpers.commands import BARE, on_terminal, screen, sim
from tests.helpers.crews import KITCHEN, VERDICTS

UNITS = {metric.name: metric.unit for metric in STANDARD}

WORD = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)
CELL = st.lists(WORD, max_size=6).map(" ".join)


@pytest.fixture(autouse=True)
def folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (elsewhere / "kitchen.yaml").write_text(KITCHEN + VERDICTS)
    monkeypatch.setenv("TERM", "xterm")
    return elsewhere


# Lines that fit


@given(st.lists(st.tuples(*[CELL] * 7), min_size=2, max_size=5))
def test_a_table_fits_and_breaks_no_word_whatever_is_in_it(rows):
    lines = list(aligned([tuple("abcdefg"), *rows], 80))
    assert max(map(len, lines), default=0) <= 80
    words = [word for row in rows for cell in row for word in cell.split()]
    told = [word for line in lines for word in line.split()]
    assert not [word for word in words if word not in told]


@given(CELL, st.integers(20, 80))
def test_a_folded_line_fits_and_has_all_words_in_their_order(text, width):
    lines = list(folded(text, width, indent=2, hanging=4))
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == text.split()


def test_a_number_stays_with_its_sign_and_an_interval_in_one_piece_where_there_is_room():
    row = ("metric " * 4, "≥ 1m31.7s (52.1s to 1m30.3s)", "< 0.001")
    assert list(aligned([row], 50)) == [
        "  metric metric        ≥ 1m31.7s           < 0.001",
        "  metric metric        (52.1s to 1m30.3s)",
    ]


def test_columns_that_cannot_fit_become_a_list_below_each_row():
    rows = [("", "candidate", "n", "orders.NORMAL.abandoned.rate"), ("worse", "crew=2", "30", "12.5%"), ("  a note",)]
    assert list(aligned(rows, 44)) == [
        "  worse  crew=2",
        "      n                             30",
        "      orders.NORMAL.abandoned.rate  12.5%",
        "    a note",
    ]


METRICS = [
    f"{family}.{name}.{one}" for family in ("wait", "flow") for name in ("NORMAL", "VIP") for one in ("mean", "p95")
]


@pytest.mark.parametrize("many", [1, 3, len(METRICS)])
@pytest.mark.parametrize("kind", ["sweep", "compare", "select", "replicate", "check", "run", "theory"])
def test_what_commands_print_keeps_to_80_columns(kind, many):
    limits = "".join(f"  {name}: '< 1d'\n" for name in METRICS[:many])
    keys = "sweep: {crew: [3, 4]}\nselect: {minimise: crew}\nreplications: 20\n"
    Path("study.yaml").write_text(f"{KITCHEN}{keys}thresholds:\n{limits}")
    Path("base").mkdir()
    Path("base/study.yaml").write_text(f"{KITCHEN}thresholds:\n{limits}")
    options = {
        "check": ["-v", "--against", "base", "--inconclusive", "pass"],
        "theory": ["--no-save"],
        "select": [*BARE, "-n", "60"],
    }
    said = sim(kind, "study.yaml", *options.get(kind, BARE)).stdout
    assert [line for line in said.splitlines() if len(line) > 80] == []
    assert len(said.splitlines()) > 1


# Numbers


@pytest.mark.parametrize(
    ("value", "count", "duration", "share"),
    [
        (39140.2, "39,140", "10h52m20s", None),
        (1234.5, "1,234", "20m35s", None),
        (124.06, "124.1", "2m4s", None),
        (3.0, "3", "3s", None),
        (0.32149, "0.321", "0.3s", "32.1%"),
        (0.00001, "0", "0s", "0.0%"),
        (-0.00001, "0", "0s", "0.0%"),
        (-0.25, "-0.25", "-0.3s", "-25.0%"),
        (-2000, "-2,000", "-33m20s", None),
    ],
)
def test_numbers_have_one_style_and_no_exponent(value, count, duration, share):
    assert shown("orders.created", value) == count
    assert shown("throughput", value) == f"{count}/h"
    assert shown("wait.mean", value) == duration
    assert share is None or shown("utilisation", value) == share


@given(st.sampled_from(list(UNITS)), st.floats(0, 1e9), st.floats(0, 1e9))
def test_no_interval_reaches_where_a_metric_cannot(metric, mean, half):
    mean = min(mean, 1) if UNITS[metric] == "share" else mean
    text = estimate_of(metric, Interval(mean, mean - half, mean + half, 9))
    assert not re.search(r"-|e[+-]", text)
    assert UNITS[metric] != "share" or all(float(part) <= 100 for part in re.findall(r"([\d.]+)%", text))


# Verdicts


def colours(*args: str, status: int) -> list[tuple[str, str]]:
    """Return what stands in which colour on a terminal of 80 columns."""
    with on_terminal(*args, status=status) as (_, written):
        text = "".join(written)
    assert max(map(len, screen(text))) <= 80
    return re.findall(r"\x1b\[(3[123])m *([A-Z]+(?: \(warn\))?)\x1b\[0m", text)


def test_verdicts_stand_at_the_start_and_in_colour_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    command = ("check", "kitchen.yaml", "-n", "30", "--jobs", "1")
    found = colours(*command, status=1)
    assert found[0] == ("31", "FAIL")
    assert set(found) == {("31", "FAIL"), ("33", "INCONCLUSIVE"), ("31", "FAIL (warn)")}
    monkeypatch.setenv("NO_COLOR", "1")
    assert colours(*command, status=1) == []
    assert "\x1b" not in sim(*command, status=1).stdout


def test_what_is_inconclusive_says_what_to_do_next():
    Path("kitchen.yaml").write_text(KITCHEN + "thresholds: {utilisation: '> 66%'}\nreplications: 30\n")
    *_, first, second, total = sim("check", "kitchen.yaml", status=3).stdout.splitlines()
    assert f"{first} {second}" == (
        "INCONCLUSIVE is too early to say: run more (-n N, or replications: {min, max, until} in the file), "
        "or let it pass (--inconclusive=pass)"
    )
    assert total == "1 scenario: 1 inconclusive"
    assert "run more" not in sim("check", "kitchen.yaml", "--inconclusive", "pass").stdout
