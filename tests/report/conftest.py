"""Fixtures of made-up searches."""

from collections.abc import Callable

import pytest

from nasflow.search.ledger import Ledger
from nasflow.search.resolved import ResolvedConfig

from .synthetic import synthetic_config, synthetic_ledger

MakeLedger = Callable[..., Ledger]


@pytest.fixture(scope="session")
def make_ledger() -> MakeLedger:
    """Builds a synthetic ledger: `make_ledger(rounds=3, per_round=10, failed=0.1, finished=True)`."""
    return synthetic_ledger


@pytest.fixture(scope="session")
def config() -> ResolvedConfig:
    """A valid configuration without any results."""
    return synthetic_config()
