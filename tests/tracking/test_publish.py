import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nasflow.base.errors import TrackingUnavailable
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord
from nasflow.tracking import Story, publish

from .shown import Shown, alike, assert_complete

if TYPE_CHECKING:
    from .searches import Searches

    Look = Callable[[str], Shown]


def test_one_parent_with_one_level_of_children(
    uri: str, name: str, searches: "Searches", shown: "Look"
) -> None:
    """A search is one experiment with one parent run, and one run below it for each network."""
    publish(uri, searches.finished(name), {})
    look = shown(uri)
    parent = look.run(role="search")
    others = [run for run in look.runs if run.info.run_id != parent.info.run_id]
    assert len(others) == 8
    assert {run.data.tags["mlflow.parentRunId"] for run in others} == {parent.info.run_id}
    assert {run.data.tags["nasflow.search_id"] for run in look.runs} == {name}
    roles = sorted(run.data.tags["nasflow.role"] for run in others)
    assert roles == ["child"] * 6 + ["final", "start"]


@alike
def test_child_shows_its_record(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A child's run has its record's tags, params, curve, results and files."""
    ledger = searches.running(name)
    record = ledger.children[1]
    assert isinstance(record, TrainedRecord)
    publish(uri, ledger, {record.child: "<svg/>"})
    look = shown(uri)
    run = look.run(child_id=record.child)
    assert run.info.run_name == "round-001-child-02"
    assert run.info.status == "FINISHED"
    tags = {key: value for key, value in run.data.tags.items() if key.startswith("nasflow.")}
    assert tags == {
        "nasflow.search_id": name,
        "nasflow.child_id": record.child,
        "nasflow.digest": record.digest(),
        "nasflow.role": "child",
        "nasflow.parent": ledger.start_spec.id,
        "nasflow.arm": "random",
        "nasflow.round": "1",
        "nasflow.status": "trained",
        "nasflow.cell": str(record.parts),
    }
    assert run.data.params["edges"] == "3"
    assert run.data.params["epochs"] == "2"
    assert run.data.params["generation"] == "1"
    assert "batch_size" not in run.data.params
    assert "parameters" not in run.data.params
    assert run.data.metrics["parameters"] == record.parameters
    assert run.data.metrics["latency"] == 0.004
    assert run.data.metrics["preservation_difference"] == 1e-8
    assert look.history(run, "training_loss") == [(1, 2.0), (2, 1.0)]
    assert look.history(run, "accuracy") == [(1, 0.25), (2, 0.5)]
    assert look.history(run, "held_out_loss") == [(1, 3.0), (2, 1.5)]
    assert look.files(run) == {"cell.json", "cell.txt", "cell.svg", "receipt.json"}


def test_files_hold_the_cell(
    sqlite_uri: str, name: str, searches: "Searches", shown: "Look", tmp_path: Path
) -> None:
    """The artifacts lie beside the database, and the cell's file is its canonical JSON."""
    ledger = searches.running(name)
    record = ledger.children[0]
    publish(sqlite_uri, ledger, {})
    look = shown(sqlite_uri)
    run = look.run(child_id=record.child)
    (file,) = (tmp_path / "mlflow-artifacts").rglob(f"{run.info.run_id}/artifacts/cell.json")
    assert file.read_text() == record.parts.cell.canonical_json()
    assert "cell.svg" not in look.files(run)


@alike
def test_failed_child_is_a_failed_run(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A failed child's run is FAILED and says why."""
    ledger = searches.running(name)
    publish(uri, ledger, {})
    run = shown(uri).run(child_id=ledger.children[2].child)
    assert run.info.status == "FAILED"
    assert run.data.tags["nasflow.failure"] == "loss is NaN in epoch 1"
    assert "accuracy" not in run.data.metrics


@alike
def test_parent_shows_the_rounds(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """The parent run has one row a round of each figure, and is RUNNING until the finish."""
    publish(uri, searches.running(name, 2), {})
    look = shown(uri)
    parent = look.run(role="search")
    assert parent.info.status == "RUNNING"
    assert look.history(parent, "best_accuracy") == [(1, 0.51), (2, 0.52)]
    assert look.history(parent, "mean_accuracy_controller") == [(1, 0.51), (2, 0.52)]
    assert look.history(parent, "mean_accuracy_random") == [(1, 0.51), (2, 0.52)]
    assert look.history(parent, "children") == [(1, 3), (2, 6)]
    assert look.history(parent, "failures") == [(1, 1), (2, 2)]
    assert look.history(parent, "controller_entropy") == [(1, 1.5), (2, 1.5)]
    assert look.files(parent) == {"config.json"}


@alike
def test_parent_finishes(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A finished search is FINISHED, with its test accuracy and its best child."""
    publish(uri, searches.finished(name), {})
    parent = shown(uri).run(role="search")
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["test_accuracy"] == 0.8125
    assert parent.data.tags["nasflow.best"] == "0000000200000000"


@alike
def test_the_story_is_told(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A finished search shows what it found in words, by its lift and as its page; the cell is a column."""
    ledger = searches.finished(name)
    publish(uri, ledger, {}, Story("What was found.", lift=0.01, report="<!doctype html>"))
    look = shown(uri)
    parent = look.run(role="search")
    assert parent.data.tags["mlflow.note.content"] == "What was found."
    assert ledger.chosen
    assert parent.data.tags["nasflow.cell"] == str(ledger.chosen.parts)
    assert look.history(parent, "lift") == [(2, 0.01)]
    assert look.files(parent) == {"config.json", "report.html"}


@alike
def test_the_experiment_is_furnished(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """MLflow opens it as machine learning, and has the table of its networks, the best first; a kind that
    its user has chosen stays.
    """
    publish(uri, searches.running(name), {})
    client = shown(uri).client
    experiment = client.get_experiment_by_name(name)
    assert experiment
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    table = json.loads(experiment.tags[f"mlflow.sharedViewState.nasflow-{name}"])
    assert (table["orderByKey"], table["orderByAsc"]) == ("metrics.`accuracy`", False)
    assert {"tags.`nasflow.arm`", "tags.`nasflow.cell`"} <= set(table["selectedColumns"])
    found = client.search_runs([experiment.experiment_id], table["searchFilter"])
    assert len(found) == 4
    client.set_experiment_tag(experiment.experiment_id, "mlflow.experimentKind", "finetuning")
    publish(uri, searches.running(name), {})
    furnished = client.get_experiment_by_name(name)
    assert furnished
    assert furnished.tags["mlflow.experimentKind"] == "finetuning"


def test_extended_search_runs_again(sqlite_uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A finished search whose budget was raised is RUNNING again."""
    publish(sqlite_uri, searches.finished(name), {})
    publish(sqlite_uri, searches.running(name, 3), {})
    assert shown(sqlite_uri).run(role="search").info.status == "RUNNING"


def test_publishing_twice_changes_nothing(uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """Publishing the same records again adds no run and no row."""
    ledger = searches.finished(name)
    publish(uri, ledger, {})
    before = snapshot(shown(uri))
    publish(uri, ledger, {})
    assert snapshot(shown(uri)) == before


def test_growing_search_is_shown_as_if_at_once(
    sqlite_uri: str, name: str, searches: "Searches", shown: "Look"
) -> None:
    """Published after each child, a search looks as if it had been published once at its end."""
    for ledger in growing(searches.finished(name)):
        publish(sqlite_uri, ledger, {})
    assert_complete(shown(sqlite_uri), searches.finished(name))


def test_a_child_of_two_rounds_has_one_run(
    sqlite_uri: str, name: str, searches: "Searches", shown: "Look"
) -> None:
    """A child that is proposed again keeps the one run of its first round."""
    ledger = searches.running(name)
    again = ledger.rounds[0].model_copy(
        update={"proposal": ledger.rounds[0].proposal.model_copy(update={"round": 2})}
    )
    publish(sqlite_uri, ledger.model_copy(update={"rounds": (*ledger.rounds, again)}), {})
    assert shown(sqlite_uri).run(child_id=ledger.children[0].child).data.tags["nasflow.round"] == "1"


def test_searches_of_one_name_keep_apart(
    sqlite_uri: str, name: str, searches: "Searches", shown: "Look"
) -> None:
    """Another search under the same name, say of another user, gets a parent run of its own."""
    publish(sqlite_uri, searches.running(name), {})
    other = searches.running(name).model_copy(update={"config": searches.config(name, seed=1)})
    publish(sqlite_uri, other, {})
    look = shown(sqlite_uri)
    parents = [run.info.run_id for run in look.runs if run.data.tags["nasflow.role"] == "search"]
    below = [run.data.tags.get("mlflow.parentRunId") for run in look.runs]
    assert [below.count(parent) for parent in parents] == [4, 4]


def test_double_run_is_healed(sqlite_uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """A second run for one child, made by two processes at once, is gone after the next call."""
    ledger = searches.running(name)
    publish(sqlite_uri, ledger, {})
    look = shown(sqlite_uri)
    first = look.run(child_id=ledger.children[0].child)
    tags = {key: value for key, value in first.data.tags.items() if key != "nasflow.digest"}
    look.client.create_run(first.info.experiment_id, tags=tags)
    publish(sqlite_uri, ledger, {})
    assert look.run(child_id=ledger.children[0].child).info.run_id == first.info.run_id


def test_deleted_experiment_stays_deleted(sqlite_uri: str, name: str, searches: "Searches") -> None:
    """An experiment that its user has deleted is not brought back; the message says how to."""
    from mlflow import MlflowClient

    client = MlflowClient(sqlite_uri)
    client.delete_experiment(client.create_experiment(name))
    with pytest.raises(TrackingUnavailable, match="mlflow experiments restore"):
        publish(sqlite_uri, searches.running(name), {})


def growing(ledger: Ledger) -> list[Ledger]:
    """The moments of a search, one more document each time."""
    steps: list[dict[str, Any]] = [{"start": ledger.start}]
    for number, each in enumerate(ledger.rounds):
        for done in range(len(each.records) + 1):
            records = tuple(record if place < done else None for place, record in enumerate(each.records))
            part = each.model_copy(update={"records": records, "update": None})
            steps.append({"rounds": (*ledger.rounds[:number], part)})
        steps.append({"rounds": ledger.rounds[: number + 1]})
    steps += [{"stop": ledger.stop}, {"finals": ledger.finals}, {"finish": ledger.finish}]
    moments = [Ledger(config=ledger.config, start_spec=ledger.start_spec, attempts=ledger.attempts)]
    for step in steps:
        moments.append(moments[-1].model_copy(update=step))
    return moments


def snapshot(look: Shown) -> dict[str, Any]:
    """Each run with all its rows."""
    return {
        run.info.run_id: (
            run.info.status,
            run.data.params,
            run.data.tags,
            {key: look.history(run, key) for key in run.data.metrics},
        )
        for run in look.runs
    }
