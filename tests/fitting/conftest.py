"""Fixtures of the tests on fits."""

import pytest

from sim import Fit, fit


@pytest.fixture
def fitted(tmp_path):
    """Fit a scenario to the text of an export."""

    def fit_to(text: str, **options) -> Fit:
        path = tmp_path / "lunch.csv"
        path.write_text(text, encoding="utf-8")
        return fit(path, **options)

    return fit_to
