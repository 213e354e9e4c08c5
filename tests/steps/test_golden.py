"""What may still be done with a store of the version before the general bones (tests/golden/README.md)."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.calling import call
from tests.steps.samples import documents, ledger_of, open_archive, trained

from nasflow.base.errors import Conflict
from nasflow.search.budget import Budget
from nasflow.search.config import SearchConfig
from nasflow.steps.begin import begin, reopen
from nasflow.steps.export import export
from nasflow.steps.keys import report_key
from nasflow.steps.ledger import search_ids

GOLDEN = Path(__file__).parents[1] / "golden"
EXPECTED: dict[str, Any] = json.loads((GOLDEN / "expected.json").read_text())

a_search = pytest.mark.parametrize("told", EXPECTED["list"], ids=lambda told: str(told["search"]))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the old store."""
    return Path(shutil.copytree(GOLDEN / "store", tmp_path / "old"))


def golden_config(**changes: Any) -> SearchConfig:
    """The search that the old version ran."""
    given = yaml.safe_load((GOLDEN / "search.yaml").read_text())
    return SearchConfig.from_data(given | changes, "tests/golden/search.yaml")


@a_search
def test_what_it_found_is_read(told: dict[str, Any], old: Path) -> None:
    """Each search says of itself what the old version said of it."""
    ledger = ledger_of(old, told["search"])
    best = trained(ledger.chosen)
    assert {
        "child": best.child,
        "cell": str(best.parts),
        "status": best.status,
        "accuracy": best.accuracy,
        "parameters": best.parameters,
        "mult_adds": best.mult_adds,
        "weights": best.weights,
    } == {name: value for name, value in told["best"].items() if name not in {"schema_version", "failure"}}
    assert len(ledger.children) == told["children"]
    assert (ledger.finish and ledger.finish.test_accuracy) == told["test_accuracy"]
    assert all(record.receipt for record in ledger.children)
    assert ledger.standing == told["status"]


def test_it_is_listed_and_shown(old: Path) -> None:
    """By the commands, too, and nothing is written."""
    before = documents(open_archive(old))
    rows = call("list", "--store", old, "--json").json
    keys = ("search", "status", "children", "failed", "test_accuracy")
    assert [{key: row[key] for key in keys} for row in rows] == [
        {key: row[key] for key in keys} for row in EXPECTED["list"]
    ]
    assert "old" in call("list", "--store", old).out
    assert search_ids(open_archive(old)) == [row["search"] for row in EXPECTED["list"]]
    for told in EXPECTED["list"]:
        said = call("show", told["search"], "--store", old)
        assert said.code == 0, said.err
        assert told["best"]["child"] in said.out
        assert call("show", told["search"], "--store", old, "--json").json["status"] == told["status"]
    assert documents(open_archive(old)) == before


@a_search
def test_it_is_reported(told: dict[str, Any], old: Path) -> None:
    """Its page can be written again."""
    assert call("report", told["search"], "--store", old).code == 0
    page = open_archive(old).store.read(report_key(told["search"])).decode()
    assert told["best"]["child"] in page


@pytest.mark.parametrize("search", EXPECTED["export"])
def test_it_is_exported(search: str, old: Path) -> None:
    """The network that it found comes with the very weights that the old version wrote."""
    files = export(open_archive(old), search, with_onnx=False)
    assert hashlib.sha256(files["weights.safetensors"]).hexdigest() == EXPECTED["export"][search]


def test_it_is_not_gone_on_with(old: Path, tmp_path: Path) -> None:
    """Its children had other ids: to begin it again or to go on with it is refused in one line (exit code 5),
    whatever the budget, and writes nothing."""
    before = documents(open_archive(old))
    for budget in (Budget(children=6), Budget(children=12)):
        with pytest.raises(Conflict, match=r"'old' in .* was begun by an older nasflow: .* name") as caught:
            begin(open_archive(old), golden_config(budget=budget))
        assert "\n" not in str(caught.value)
    with pytest.raises(Conflict, match="older nasflow"):
        reopen(open_archive(old), "open")
    file = tmp_path / "search.yaml"
    shutil.copyfile(GOLDEN / "search.yaml", file)
    for arguments in (["search", file], ["resume", "open"], ["resume", "old", "--children", "12"]):
        said = call(*arguments, "--store", old, "--no-track")
        assert said.code == 5
        assert "older nasflow" in said.error
    assert documents(open_archive(old)) == before


def test_a_new_search_beside_it(old: Path) -> None:
    """Under another name the same configuration begins in the same store."""
    assert begin(open_archive(old), golden_config(name="new")) == "new"
    assert search_ids(open_archive(old)) == ["moved", "new", "old", "open"]
