from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save

from nasflow.base.errors import InvalidSpec
from nasflow.tracking import Story, Winner, publish, register

from .shown import Shown, alike

if TYPE_CHECKING:
    from .searches import Searches

    Look = Callable[[str], Shown]

WEIGHT = np.arange(10, dtype=np.float32)
IMAGES = np.arange(128, dtype=np.uint8).reshape(2, 1, 8, 8)


@pytest.fixture
def winner(searches: "Searches") -> Winner:
    """A final network that is served by a fake."""
    return Winner(
        spec=searches.final_spec(),
        weights=save({"weight": WEIGHT}),
        code=Path(__file__).with_name("served_fake.py"),
        example=IMAGES[:1],
        requirements=("numpy", "safetensors"),
    )


def load(uri: str, model: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The model as its user gets it."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return mlflow.pyfunc.load_model(f"models:/{model}")


def test_registered_model_predicts(
    uri: str, name: str, searches: "Searches", winner: Winner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registered version loads with plain MLflow and predicts logits for uint8 images."""
    registered = register(uri, searches.retrained(name), winner)
    assert registered.model == f"{name}/1"
    served = load(uri, registered.model, monkeypatch)
    expected = IMAGES.sum(axis=(1, 2, 3), dtype=np.float32)[:, None] * WEIGHT
    np.testing.assert_array_equal(served.predict(IMAGES), expected)


def test_alias_tags_and_run(uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look") -> None:
    """The version has the alias challenger, the child's id, and the run of the final network."""
    registered = register(uri, searches.retrained(name), winner)
    look = shown(uri)
    version = look.client.get_model_version_by_alias(name, "challenger")
    assert int(version.version) == 1
    assert version.tags == {
        "nasflow.search_id": name,
        "nasflow.child_id": winner.spec.id,
        "nasflow.cell": str(winner.spec.network.parts),
    }
    run = look.run(role="final")
    assert version.run_id == run.info.run_id == registered.run
    assert run.outputs
    (model,) = run.outputs.model_outputs
    assert version.source == f"models:/{model.model_id}"


def test_the_same_network_by_several_aliases(
    sqlite_uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look"
) -> None:
    """A knee that is an end of its front too is one version, and has both names."""
    ledger = searches.retrained(name)
    assert register(sqlite_uri, ledger, winner, others={"best-held-out-loss": winner}).model == f"{name}/1"
    aliases = shown(sqlite_uri).client.get_registered_model(name).aliases
    assert aliases == {"challenger": 1, "best-held-out-loss": 1}


@alike
def test_signature_and_example(
    uri: str, name: str, searches: "Searches", winner: Winner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model says what it reads and writes, and refuses images of another kind."""
    served = load(uri, register(uri, searches.retrained(name), winner).model, monkeypatch)
    assert served.metadata.signature.inputs.inputs[0].shape == (-1, 1, 8, 8)
    assert served.metadata.signature.outputs.inputs[0].shape == (-1, 10)
    np.testing.assert_array_equal(served.input_example, IMAGES[:1])
    with pytest.raises(Exception, match="schema"):
        served.predict(IMAGES.astype(np.float64))


def test_nothing_is_pickled(
    sqlite_uri: str, name: str, searches: "Searches", winner: Winner, tmp_path: Path
) -> None:
    """The model's files are text and safetensors, its requirements those that were given."""
    register(sqlite_uri, searches.retrained(name), winner)
    (folder,) = (file.parent for file in (tmp_path / "mlflow-artifacts").rglob("MLmodel"))
    files = {file.name for file in folder.rglob("*") if file.is_file()}
    assert files == {
        "MLmodel",
        "conda.yaml",
        "input_example.json",
        "python_env.yaml",
        "requirements.txt",
        "served_fake.py",
        "serving_input_example.json",
        "spec.json",
        "weights.safetensors",
    }
    mlflow, *others = (folder / "requirements.txt").read_text().split()
    assert mlflow.startswith("mlflow==")
    assert others == ["numpy", "safetensors"]
    assert "pkl" not in (folder / "MLmodel").read_text()


@alike
def test_registering_twice_is_once(
    uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look"
) -> None:
    """The same final child stays one version and one LoggedModel."""
    first = register(uri, searches.retrained(name), winner)
    assert register(uri, searches.retrained(name), winner) == first
    look = shown(uri)
    assert len(look.client.search_model_versions(f"name = '{name}'")) == 1
    experiment = look.client.get_experiment_by_name(name)
    assert experiment
    assert len(look.client.search_logged_models([experiment.experiment_id])) == 1


def test_killed_before_the_version(
    sqlite_uri: str,
    name: str,
    searches: "Searches",
    winner: Winner,
    shown: "Look",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call cut off between LoggedModel and version is completed by the next, without a second model."""
    from mlflow import MlflowClient

    ledger = searches.retrained(name)
    for method in ("log_model_artifacts", "create_model_version"):
        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, method, interrupt)
            with pytest.raises(KeyboardInterrupt):
                register(sqlite_uri, ledger, winner)
    assert register(sqlite_uri, ledger, winner).model == f"{name}/1"
    look = shown(sqlite_uri)
    experiment = look.client.get_experiment_by_name(name)
    assert experiment
    assert len(look.client.search_logged_models([experiment.experiment_id])) == 1


def interrupt(*args: object, **kwargs: object) -> None:
    """What Ctrl-C does to a call."""
    raise KeyboardInterrupt


def test_alias_given_away_stays(
    sqlite_uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look"
) -> None:
    """An alias that points to a newer version is not taken back."""
    ledger = searches.retrained(name)
    register(sqlite_uri, ledger, winner)
    client = shown(sqlite_uri).client
    client.create_model_version(name, "s3://elsewhere/model")
    client.set_registered_model_alias(name, "challenger", "2")
    register(sqlite_uri, ledger, winner)
    assert client.get_model_version_by_alias(name, "challenger").source == "s3://elsewhere/model"


def test_finish_after_registering_keeps_the_runs(
    sqlite_uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look"
) -> None:
    """Publishing the finish afterwards adds no run."""
    register(sqlite_uri, searches.retrained(name), winner)
    before = {run.info.run_id for run in shown(sqlite_uri).runs}
    publish(sqlite_uri, searches.finished(name), {})
    assert {run.info.run_id for run in shown(sqlite_uri).runs} == before


@alike
def test_the_version_has_its_test_and_its_card(
    uri: str, name: str, searches: "Searches", winner: Winner, shown: "Look"
) -> None:
    """Also where the test came after it was registered."""
    register(uri, searches.retrained(name), winner)
    register(uri, searches.finished(name), winner, story=Story("What was found."))
    version = shown(uri).client.get_model_version(name, "1")
    assert version.tags["nasflow.test_accuracy"] == "0.8125"
    assert version.description == "What was found."


def test_only_the_final_network(name: str, searches: "Searches", winner: Winner) -> None:
    """A network that is not the search's final one is refused before MLflow is asked."""
    other = replace(winner, spec=winner.spec.model_copy(update={"seed": 2}))
    with pytest.raises(InvalidSpec, match="not the final network"):
        register("http://127.0.0.1:9", searches.retrained(name), other)
