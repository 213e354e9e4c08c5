from typing import TYPE_CHECKING

import pytest

from nasflow.search.record import FailedRecord, RungRecord
from nasflow.tracking import links, publish

from .shown import Shown

if TYPE_CHECKING:
    from .searches import Searches

WHEREVER = "sqlite:////data/mlflow.db"


def test_each_child_has_its_page(
    uri: str, name: str, searches: "Searches", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest round's children are listed with their accuracy or failure, each with its own run's page."""
    monkeypatch.setenv("NASFLOW_MLFLOW_UI", "https://someone:hunter2@ml.example.com/base/")
    ledger = searches.running(name)
    text = links(uri, ledger, publish(uri, ledger, {}))
    experiment = "https://ml.example.com/base/#/experiments/"
    assert f"[{name} in MLflow]({experiment}" in text
    assert "hunter2" not in text
    newest = [record for record in ledger.rounds[-1].records if record]
    for record in newest:
        assert not isinstance(record, RungRecord)
        run = Shown(uri, name).run(child_id=record.child)
        (line,) = [line for line in text.splitlines() if f"/runs/{run.info.run_id}?" in line]
        assert (
            record.failure if isinstance(record, FailedRecord) else f"{100 * record.accuracy:.2f} %"
        ) in line
    assert f"/runs?viewStateShareKey=nasflow-{name}&" in text
    assert text.count("/runs/") == len({record.child for record in newest})


def test_a_finished_search(
    uri: str, name: str, searches: "Searches", monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end it is the final network alone."""
    monkeypatch.setenv("NASFLOW_MLFLOW_UI", "http://ml.example.com")
    ledger = searches.finished(name)
    text = links(uri, ledger, publish(uri, ledger, {}))
    assert text.count("/runs/") == 1
    assert Shown(uri, name).run(role="final").info.run_id in text


def test_a_file_has_no_page(name: str, uri: str, searches: "Searches") -> None:
    """What no browser can open is no link."""
    ledger = searches.running(name)
    text = links(WHEREVER, ledger, publish(uri, ledger, {}))
    assert "](" not in text
    assert "nasflow ui" in text
