"""A namespace with nasflow's chart, as somebody's laptop reaches it."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.charts.installation import Installation
from tests.steps.samples import open_archive, run_search
from tests.tracking.shown import Shown

from nasflow.search.config import SearchConfig
from nasflow.steps.ledger import read_ledger
from nasflow.steps.summary import summary

IMAGE = os.environ.get("NASFLOW_IMAGE", "nasflow:test")
ONE_ROUND = {"budget": {"children": 2}}

_ADDRESSES = ("AWS_ENDPOINT_URL_S3", "MLFLOW_TRACKING_URI")
_PODS_ONLY = ("NASFLOW_KFP_HOST", "NASFLOW_KFP_AUTH")


@contextmanager
def laptop(place: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The store's URL; what its pods are told, this process is told, with port-forwards for addresses."""
    told = json.loads(place.kubectl("get", "configmap", "nasflow", "--output", "json"))["data"]
    with ExitStack() as stack:
        for name in _ADDRESSES:
            told[name] = stack.enter_context(_reachable(place, told[name]))
        for name, value in {**told, **place.secret()}.items():
            if name not in _PODS_ONLY:
                monkeypatch.setenv(name, value)
        yield told["NASFLOW_STORE"]


@contextmanager
def _reachable(place: Installation, address: str) -> Iterator[str]:
    """An address for this machine: a port-forward where a Service of the namespace is meant."""
    host = (urlsplit(address).hostname or "").split(".")[0]
    services = place.kubectl("get", "services", "--output", "name").split()
    if f"service/{host}" in services:
        with place.forwarded(host, urlsplit(address).port or 80) as forwarded:
            yield forwarded
    else:
        yield address


def assert_same_as_inline(url: str, wanted: SearchConfig, folder: Path) -> None:
    """A finished search has the ledger that one process ends in for the same seed."""
    run_search(folder / "inline", wanted)
    theirs, ours = (summary(open_archive(store), wanted.name) for store in (url, folder / "inline"))
    assert theirs["status"] == "finished"
    assert theirs["ledger_digest"] == ours["ledger_digest"]


def assert_shown(url: str, search: str, mlflow: str) -> None:
    """MLflow shows each network of a search, once for each part it has: the start may be a control too."""
    ledger, shown = read_ledger(open_archive(url), search), Shown(mlflow, search).runs
    children = [run for run in shown if run.data.tags.get("nasflow.child_id")]
    assert {run.data.tags["nasflow.child_id"] for run in children} == {each.child for each in ledger.networks}
    names = [run.info.run_name for run in children]
    assert len(set(names)) == len(names)
