"""A search with its start network trained and its first round proposed."""

import shutil
from pathlib import Path

import pytest
from tests.steps.samples import LONGER, config, copy_of_finished, open_archive

from nasflow.search.record import RoundRecord
from nasflow.search.rounds import Proposal
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.keys import proposal_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.propose import propose


@pytest.fixture(scope="session")
def _proposed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proposed") / "store"
    archive = open_archive(folder)
    begin(archive, config(child=LONGER))
    run_child(archive, read_ledger(archive, "tiny").start_spec.id)
    propose(archive, "tiny", 1)
    return folder


@pytest.fixture
def proposed(_proposed: Path, tmp_path: Path) -> Path:
    """A store of this test alone: the start network is trained, two children are proposed, none is born."""
    return Path(shutil.copytree(_proposed, tmp_path / "proposed"))


@pytest.fixture
def archive(proposed: Path) -> Archive:
    """The documents of `proposed`."""
    return open_archive(proposed)


@pytest.fixture
def child(archive: Archive) -> str:
    """The first of the proposed children."""
    return archive.read(proposal_key("tiny", 1), Proposal).children[0]


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A store of this test alone with the tiny search, finished."""
    return copy_of_finished(tmp_path)


@pytest.fixture(scope="session")
def whole(_proposed: Path, tmp_path_factory: pytest.TempPathFactory) -> RoundRecord:
    """The record of `child`, born, trained and evaluated by one process that nothing has interrupted."""
    store = Path(shutil.copytree(_proposed, tmp_path_factory.mktemp("whole") / "store"))
    return run_child(
        open_archive(store), open_archive(store).read(proposal_key("tiny", 1), Proposal).children[0]
    )
