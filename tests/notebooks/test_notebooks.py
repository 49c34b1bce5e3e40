"""Notebooks are committed with their outputs, for who reads them in the repository. A run must give the same."""

import copy
import re

import nbformat
import pytest

from tests.helpers import ROOT
from tests.helpers.campaigns import some
from tests.helpers.notebooks import difference, executed, with_small_pictures

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 300_000  # bytes
OF_A_MACHINE = re.compile(r"/tmp/|/home/|/Users/|/root/|[0-9a-f]{8}-[0-9a-f]{4}-|\bat 0x[0-9a-f]+>")


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def path(request):
    return request.param


@pytest.mark.slow
@pytest.mark.usefixtures("compiled_engine")
@pytest.mark.parametrize("path", some(NOTEBOOKS, 1), ids=lambda path: path.stem)
def test_a_run_of_a_notebook_gives_the_outputs_that_are_committed(path, tmp_path, request):
    import ipykernel.kernelapp  # noqa: F401 - which the fork then has
    import matplotlib.pyplot as plt

    figure = plt.figure()  # as another test may have left one open: the kernel is a fork
    run = executed(path, tmp_path)
    plt.close(figure)
    if request.config.getoption("--update-golden"):
        nbformat.write(with_small_pictures(run), path)
    changes = difference(nbformat.read(path, as_version=4), run)
    assert not changes, f"notebooks/{path.name} is stale; --update-golden writes its outputs anew:\n{changes}"


def test_a_notebook_is_small_and_tells_nothing_of_the_machine_that_ran_it(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < LARGEST
    assert OF_A_MACHINE.findall(text) == []


def test_a_stale_number_a_missing_picture_and_another_cell_are_noticed(path):
    committed = nbformat.read(path, as_version=4)
    assert difference(committed, committed) == ""
    output, picture = (
        next(
            place
            for place, cell in enumerate(committed.cells)
            if any(kind in output.get("data", {}) for output in cell.get("outputs", []))
        )
        for kind in ("text/html", "image/png")
    )
    stale, blind, longer = (copy.deepcopy(committed) for _ in range(3))
    html = stale.cells[output].outputs[0].data["text/html"]
    stale.cells[output].outputs[0].data["text/html"] = re.sub(
        r"\d", lambda digit: str(9 - int(digit[0])), html, count=1
    )
    del blind.cells[picture].outputs[0].data["image/png"]
    longer.cells.append(nbformat.v4.new_markdown_cell("More.", id="more"))
    for changed in (stale, blind, longer):
        assert difference(changed, committed)


def test_other_bytes_of_a_picture_are_no_difference(path):
    committed = nbformat.read(path, as_version=4)
    redrawn = copy.deepcopy(committed)
    for cell in redrawn.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] += "AAAA"
    assert redrawn != committed
    assert difference(redrawn, committed) == ""
