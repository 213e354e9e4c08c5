import re
from pathlib import Path

import pytest
from tests.cli.calling import call
from tests.steps.samples import copy_of_finished, documents, ledger_of, open_archive, trained

from nasflow.steps.ledger import read_ledger
from nasflow.steps.publish import track

HOST = "{kind: pyramidnet, widening: 4, blocks: 1, stages: 2, start: 8}"
DATA = "{name: digits, held_out: 100, train_images: 150}"
RECIPE = "{epochs: 2, learning_rate: 0.05}"
PLACE = ("--host", HOST, "--dataset", DATA, "--recipe", RECIPE, "--no-track")


def test_a_found_cell_elsewhere(tmp_path: Path) -> None:
    """The best cell of a search, in another host: trained from scratch, tested once; again, it is there."""
    store = copy_of_finished(tmp_path)
    said = call("transfer", "tiny", *PLACE, "--store", store, "--json")
    assert said.code == 0, said.err
    facts, archive = said.json, open_archive(store)
    ledger = read_ledger(archive, facts["search"])
    assert ledger.finish
    found = ledger_of(store).chosen
    assert found
    assert ledger.config.start_parts == found.parts
    assert ledger.start_spec.network.host.kind == "pyramidnet"
    # One network, trained once: what is trained is what is tested.
    assert ledger.finish.final == ledger.start_spec.id
    assert len(trained(ledger.final).history) == 2
    assert facts["status"] == "finished"
    assert facts["test_accuracy"] == ledger.finish.test_accuracy
    before = documents(archive)
    assert call("transfer", "tiny", *PLACE, "--store", store, "--json").json == facts
    assert documents(open_archive(store), [".html"]) == {
        key: value for key, value in before.items() if not key.endswith(".html")
    }


@pytest.mark.long
def test_it_is_shown(tmp_path: Path) -> None:
    """Like the winner of a search: registered under its own name, with a report of its own."""
    from mlflow import MlflowClient

    arguments = ("TreeCell-B", *PLACE, "--store", tmp_path / "store", "--name", "b-pyramid")
    said = call("transfer", *arguments)
    assert said.code == 0
    assert "start network" not in said.out
    page = (tmp_path / "store/searches/b-pyramid/report.html").read_text()
    assert "add( 3x3G -&gt; add( 1x1 -&gt; ( ds5 )" in page
    assert "Trained from scratch, the cell reaches" in page
    head = page.split("<main>")[0]
    assert "start network" not in re.sub(r"<dl.*?</dl>", "", head, flags=re.DOTALL)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    track(open_archive(tmp_path / "store"), "b-pyramid", uri)
    version = MlflowClient(uri).get_model_version_by_alias("b-pyramid", "challenger")
    assert version.name == "b-pyramid"


@pytest.mark.parametrize(
    ("cell", "changes", "code", "message"),
    [
        ("nobody", {}, 4, "no search 'nobody'"),
        ("( 3x3G", {}, 2, "expected ',' or ')'"),
        ("start", {"--host": "densenet"}, 2, "no host 'densenet': give its kind and sizes"),
        ("start", {"--host": "models:/tiny@champion"}, 2, "no host 'models:/tiny@champion'"),
        ("start", {"--dataset": "[1, 2]"}, 2, "no data set [1, 2]"),
        ("start", {"--host": "{kind: densenet"}, 2, "--host, line 1, column 16: expected"),
        ("start", {"--recipe": "cifar-1"}, 2, "no recipe has this name"),
        ("start", {"--dataset": "mnist"}, 2, "data.name"),
        ("start", {"--host": "torchvision:resnet1"}, 2, "torchvision has no classifier 'resnet1'"),
    ],
)
def test_what_cannot_be(cell: str, changes: dict[str, str], code: int, message: str, tmp_path: Path) -> None:
    """One line each."""
    options = {"--host": HOST, "--dataset": DATA, "--recipe": RECIPE} | changes
    pairs = [word for option in options.items() for word in option]
    said = call("transfer", cell, *pairs, "--store", tmp_path / "store")
    assert said.code == code
    assert message in said.error
