"""What every backend owes: the same search ends in the same documents, whoever runs it.

In containers and on clusters: tests/cluster.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.backends import processes
from tests.steps.samples import TINY, Nobody, config, documents, finished_once, open_archive

from nasflow.backends.inline import run
from nasflow.backends.local import run_components
from nasflow.search.cluster import Cluster, Layout
from nasflow.steps.begin import begin
from nasflow.steps.summary import summary

pytestmark = pytest.mark.usefixtures("quick_pipelines")

ONE_ROUND: dict[str, Any] = {"children_per_round": 3, "budget": {"children": 3}}
SAVED = {"parameters": "start"}
NO_ROUND: dict[str, Any] = {"budget": {"children": 0}}

OTHER_SPACES: dict[str, dict[str, Any]] = {
    "removal": {
        "space": {"kind": "removal"},
        "objective": {"maximise": "held_out_accuracy", "compress": SAVED},
    },
    "joint": {"space": {"kind": "joint"}, "objective": {"pareto": ["held_out_loss", "parameters"]}},
    "chain": {
        "space": {"kind": "chain"},
        "host": {"kind": "written", "layers": 3, "filters": 4},
        "parents": "none",
        "finish": TINY["finish"] | {"host": {"kind": "written", "layers": 3, "filters": 4}},
    },
}
"""Each with its own controller."""

ITS_OWN = ("attempts/", "report.html")
"""What a backend may write in its own way: how long it took, and a page that says so."""


@pytest.mark.long
def test_three_lanes(tmp_path: Path) -> None:
    """In more lanes than one a search writes what it writes in one, to the last bit of its weights."""
    run_in_lanes(str(tmp_path), 3)
    assert_same(str(tmp_path))


@pytest.mark.long
def test_two_lanes_on_s3(s3_url: str) -> None:
    """As in a folder, so on a real S3."""
    run_in_lanes(s3_url, 2)
    assert_same(s3_url)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each task of kfp.local begins at once."""
    with processes.quick_python() as python:
        monkeypatch.setattr("sys.executable", str(python))
        yield


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "layout", ["steps", *(pytest.param(each, marks=pytest.mark.long) for each in ("fused", "workers"))]
)
def test_components(layout: Layout, tmp_path: Path) -> None:
    """Run by Kubeflow's own SDK, each task a process, it writes the same too."""
    store = str(tmp_path / "store")
    run_as_components(store, layout)
    assert_same(store)


@pytest.mark.usefixtures("quick")
@pytest.mark.long
@pytest.mark.parametrize("space", ["removal", "joint", "chain"])
def test_components_of_any_space(space: str, tmp_path: Path) -> None:
    """Whatever a search looks for: widths, layers, networks from nothing."""
    store, changes = str(tmp_path / "store"), ONE_ROUND | OTHER_SPACES[space]
    run_as_components(store, "fused", changes)
    assert_same(store, changes)


@pytest.mark.long
def test_components_in_full(s3_url: str) -> None:
    """On a real S3, with a python that begins anew for each task, it does too: here for no children."""
    run_as_components(s3_url, "fused", NO_ROUND)
    assert_same(s3_url, NO_ROUND)


def run_in_lanes(url: str, lanes: int) -> None:
    """Inline, by processes that begin at once."""
    processes.begin()
    archive = open_archive(url)
    run(archive, begin(archive, config(**ONE_ROUND)), Nobody(), lambda: None, lanes)


def run_as_components(url: str, layout: Layout, changes: dict[str, Any] = ONE_ROUND) -> None:
    """A run of the rounds, and one of the finish, by kfp.local."""
    archive, said = open_archive(url), list[str]()
    begin(archive, config(**changes))
    cluster = Cluster(image="python", layout=layout, rounds_per_run=2)
    run_components(archive, "tiny", cluster, "subprocess", None, said.append)
    first = "work" if layout == "workers" else "propose"
    # Of several at a time, lines may be in one another.
    assert f"nasflow: {first} tiny" in "\n".join(said)


def assert_same(url: str, changes: dict[str, Any] = ONE_ROUND) -> None:
    """A store holds what that of the search in one lane does."""
    theirs, ours = (open_archive(each) for each in (url, finished_once(**changes)))
    assert documents(theirs, ITS_OWN) == documents(ours, ITS_OWN)
    digests = {summary(each, "tiny")["ledger_digest"] for each in (theirs, ours)}
    assert len(digests) == 1
