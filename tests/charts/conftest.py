"""What the tests of the chart need."""

import pytest

from .rendering import helm


@pytest.fixture(autouse=True)
def needs_helm() -> None:
    """No helm, no chart."""
    if helm() is None:
        pytest.skip("helm is not on PATH")
