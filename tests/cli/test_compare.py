"""`nasflow compare`."""

import json
from pathlib import Path

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import open_archive

from nasflow.steps.ledger import read_config, read_ledger, search_ids


@pytest.mark.long
def test_compare(tmp_path: Path) -> None:
    """Each arm and seed is a search of its own; asked again, nothing is trained and all is the same."""
    config, store = write_config(tmp_path, name="base", budget={"children": 2}), tmp_path / "store"
    asked = ("compare", config, "--store", store, "--no-track", "--arms", "eas,random", "--seeds", "2")
    first = call(*asked, "--output", tmp_path / "told")
    assert first.code == 0, first.err
    assert "minus random (95 % over seeds)" in first.out
    archive = open_archive(store)
    names = [f"base-{arm}-{seed}" for seed in (1, 2) for arm in ("eas", "random")]
    ledgers = {name: read_ledger(archive, name) for name in names}
    assert all(ledger.finish for ledger in ledgers.values())
    assert read_config(archive, "base-eas-1").space.kind == "layer"
    assert (tmp_path / "told" / "compare.md").read_text().rstrip() in first.out
    assert (tmp_path / "told" / "compare.svg").read_text().startswith("<?xml")
    trained = sum(len(ledger.attempts) for ledger in ledgers.values())
    again = call(*asked, "--json")
    rows = json.loads(again.out)
    assert [(each["seed"], each["arm"]) for each in rows] == [
        (s, a) for s in (1, 2) for a in ("eas", "random")
    ]
    finish = ledgers["base-eas-1"].finish
    assert finish
    assert rows[0]["test"] == finish.accuracy(None)
    assert sum(len(read_ledger(archive, name).attempts) for name in names) == trained


@pytest.mark.long
def test_on_another_machine(tmp_path: Path) -> None:
    """What --output keeps of finished searches is not run again, and tells the same, without the store."""
    config = write_config(tmp_path, name="base", budget={"children": 2})
    told, elsewhere = tmp_path / "told", tmp_path / "elsewhere"
    asked = ("compare", config, "--no-track", "--arms", "path,random", "--seeds", "1", "--output", told)
    first = call(*asked, "--store", tmp_path / "store")
    assert first.code == 0, first.err
    tables = (told / "compare.md").read_bytes()
    assert sorted(each.name for each in (told / "searches").iterdir()) == [
        "base-path-1.json.gz",
        "base-random-1.json.gz",
    ]
    (told / "searches" / "base-random-1.json.gz").unlink()
    again = call(*asked, "--store", elsewhere)
    assert again.code == 0, again.err
    assert search_ids(open_archive(elsewhere)) == ["base-random-1"]
    hours = tables.decode().splitlines()[2].rsplit("|", 2)[0]
    assert (told / "compare.md").read_text().splitlines()[2].startswith(hours)
    other = write_config(tmp_path, name="base", budget={"children": 3})
    said = call("compare", other, "--arms", "path", "--seeds", "1", "--output", told)
    assert said.code == 2
    assert "base-path-1.json.gz: is of another configuration" in said.error


def test_submitted_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a configuration without `cluster:` nor a Kubeflow that is not named begins anything."""
    monkeypatch.delenv("NASFLOW_KFP_HOST", raising=False)
    store = tmp_path / "store"
    asked = ("--arms", "path,random", "--submit", "--store", store)
    said = call("compare", write_config(tmp_path), *asked)
    assert said.code == 2
    assert "examples/cluster.yaml" in said.error
    said = call("compare", write_config(tmp_path, cluster={"image": "nasflow:1"}), *asked)
    assert said.code == 10
    assert "NASFLOW_KFP_HOST is not set" in said.error
    assert not store.exists()


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    """Is refused before anything is begun."""
    config, store = write_config(tmp_path, name="base"), tmp_path / "store"
    for arms, rival, reason in (
        ("path,nobody", None, "arm nobody"),
        ("path,path", None, "compared with itself"),
        ("path,random", "eas", "--rival eas: it is none of the arms path, random"),
        ("path,layer:paper", None, "arm layer-paper"),
    ):
        asked = ("--rival", rival) if rival else ()
        said = call("compare", config, "--store", store, "--arms", arms, *asked)
        assert said.code == 2
        assert reason in said.error
        assert not store.exists()
