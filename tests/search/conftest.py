"""The configuration of a small search, as the mapping that a user would write."""

from typing import Any

import pytest
from tests.search.samples import smallest


@pytest.fixture
def search() -> dict[str, Any]:
    """The smallest configuration of a search, as YAML or JSON would give it."""
    return smallest()
