"""A search as plain data."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.report.synthetic import synthetic_ledger
from tests.steps.samples import open_archive

from nasflow.search.ledger import Ledger
from nasflow.search.measures import Measured
from nasflow.steps.summary import summary, summary_of

GOLDEN = Path(__file__).parents[1] / "golden"


def with_latency(ledger: Ledger, change: Callable[[float], float]) -> Ledger:
    """The same search, measured on another day."""

    def again(record: Any) -> Any:
        measures = dict(record.measures)
        taken = measures["latency"]
        measures["latency"] = Measured(value=change(taken.value), unit="seconds", device=taken.device)
        return record.model_copy(update={"measures": measures})

    rounds = tuple(
        each.model_copy(update={"records": tuple(map(again, each.records))}) for each in ledger.rounds
    )
    return ledger.model_copy(update={"rounds": rounds, "start": again(ledger.start)})


def test_the_digest_knows_no_durations() -> None:
    """Measured times differ from run to run: they stand beside the ledger, and its digest is the same."""
    ledger = synthetic_ledger(rounds=1)
    one, other = summary_of(ledger), summary_of(with_latency(ledger, lambda value: 2 * value))
    assert one["ledger_digest"] == other["ledger_digest"]
    assert one["ledger"] == other["ledger"]
    assert one["durations"] != other["durations"]
    child = ledger.children[0]
    assert one["durations"][child.child]["latency"]["value"] == child.measures["latency"].value
    slower = ledger.model_copy(update={"rounds": ()})
    assert summary_of(slower)["ledger_digest"] != one["ledger_digest"]


def test_an_older_store_is_told_as_before() -> None:
    """Each search of the golden store has the figures that the version which wrote it told."""
    archive = open_archive(str(GOLDEN / "store"))
    for old in json.loads((GOLDEN / "expected.json").read_text())["list"]:
        facts = summary(archive, old["search"])
        for key in ("search", "status", "children", "failed", "test_accuracy"):
            assert facts[key] == old[key]
        for key in ("child", "cell", "accuracy", "parameters", "mult_adds", "weights", "status"):
            assert facts["best"][key] == old["best"][key]
