"""Fixtures of made-up searches."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugin import install_plugin

from nasflow.base.plugins import plugged
from nasflow.search.ledger import Ledger
from nasflow.search.resolved import ResolvedConfig

from .chains import WIDTHS, chain_ledger
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


@pytest.fixture
def widths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ledger]:
    """A search in a space without cells, which an installed package offers."""
    install_plugin(
        monkeypatch, tmp_path, "nasflow.spaces", "widths", "their_widths:Widths", their_widths=WIDTHS
    )
    yield chain_ledger()
    plugged.cache_clear()
