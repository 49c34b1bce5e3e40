"""What the tests of this folder share."""

from functools import partial

import pytest

from tests.helpers.pages import holds


@pytest.fixture(scope="module", autouse=True)
def _quickly(compiled_from_the_first_replication_on: None) -> None:
    """Make numbers with the compiled engine."""


@pytest.fixture
def shows(pytestconfig):
    """Tell whether a page shows what comes; with `--update-golden`, let it."""
    return partial(holds, update=pytestconfig.getoption("--update-golden"))
