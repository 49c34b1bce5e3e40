"""What the tests of commands share."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _quickly(compiled_from_the_first_replication_on: None) -> None:
    """Make numbers with the compiled engine."""
