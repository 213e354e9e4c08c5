import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.steps.samples import HOST, config, documents, open_archive

from nasflow.base.document import Document
from nasflow.base.errors import Conflict, DataSetMissing, InvalidSpec
from nasflow.measure import counted
from nasflow.search.budget import Budget, BudgetRecord
from nasflow.search.schedule import Propose
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin, set_budget
from nasflow.steps.execute import tasks_of
from nasflow.steps.keys import start_key
from nasflow.steps.ledger import read_config, search_ids


def test_the_same_search_again(finished: Path) -> None:
    """The same configuration is the same search: its id, and nothing new in the store."""
    before = documents(open_archive(finished))
    assert begin(open_archive(finished), config()) == "tiny"
    assert documents(open_archive(finished)) == before


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"child": {"epochs": 2}}, {"controller": {"kind": "random"}}, {"children_per_round": 3}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_search_of_the_same_name(changes: dict[str, object], finished: Path) -> None:
    """Another configuration of the same name is refused, and the changed part is named."""
    before = documents(open_archive(finished))
    with pytest.raises(Conflict, match=f"'tiny' exists in {finished} with another {next(iter(changes))}:"):
        begin(open_archive(finished), config(**changes))
    assert documents(open_archive(finished)) == before


def test_another_budget_extends(finished: Path) -> None:
    """A larger budget is the same search, which then goes on."""
    begin(open_archive(finished), config(budget={"rounds": 3}))
    assert read_config(open_archive(finished), "tiny").budget == Budget(rounds=3)
    assert tasks_of(open_archive(finished), "tiny") == (Propose(3),)


def test_another_budget_at_the_same_moment(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes last wins, and nobody's budget is lost without a word."""
    archive, replace = open_archive(finished), Archive.replace
    others = [BudgetRecord(budget=Budget(rounds=9))]

    def late(self: Archive, key: str, document: Document, version: str | None) -> str | None:
        if others:
            assert replace(self, key, others.pop(), version)
        return replace(self, key, document, version)

    monkeypatch.setattr(Archive, "replace", late)
    set_budget(archive, "tiny", Budget(rounds=3))
    assert read_config(archive, "tiny").budget == Budget(rounds=3)


def test_nothing_is_written_for_what_cannot_begin(tmp_path: Path) -> None:
    """Missing images and a host that they do not fit are found out before the store is touched."""
    for wrong, error in (
        (config(data={"name": "cifar10", "held_out": 100, "path": "/nowhere"}), DataSetMissing),
        (config(host=HOST | {"stages": 5}), InvalidSpec),
        (config(finish={"host": HOST | {"stages": 5}, "recipe": {}}), InvalidSpec),
    ):
        with pytest.raises(error):
            begin(open_archive(tmp_path / "store"), wrong)
    assert not (tmp_path / "store").exists()


def folder_of_images(folder: Path, *parts: str) -> dict[str, object]:
    """Noise in two classes, as a search's `data`."""
    draws = np.random.default_rng(0)
    for part in parts:
        for name in ("ant", "bee"):
            (folder / part / name).mkdir(parents=True)
            for index in range(30):
                pixels = draws.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{index}.png")
    return {"name": "image-folder", "path": str(folder), "size": 8, "held_out": 20}


def test_a_test_part_is_looked_for(tmp_path: Path) -> None:
    """What the finish will need is there before the first training, or nothing begins."""
    data = folder_of_images(tmp_path / "images", "train")
    with pytest.raises(DataSetMissing, match="test/<class>/"):
        begin(open_archive(tmp_path / "store"), config(data=data))
    assert not (tmp_path / "store").exists()


def test_remarks_on_the_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was passed over is told once, when a search begins."""
    data = folder_of_images(tmp_path / "images", "train", "test")
    (tmp_path / "images/train/ant/x.heic").touch()
    for said in (1, 0):
        begin(open_archive(tmp_path / "store"), config(data=data))
        assert capsys.readouterr().err.count("1 file is passed over (1 of .heic)") == said


def test_several_searches_in_a_store(finished: Path) -> None:
    """Searches of other names live beside each other."""
    begin(open_archive(finished), config(name="another", seed=2))
    assert search_ids(open_archive(finished)) == ["another", "tiny"]


def test_images_stay_where_they_were(finished: Path) -> None:
    """A search whose images have moved is told where they must be: its children's specs hold the path."""
    moved = config(data={"name": "digits", "held_out": 100, "train_images": 150, "path": "/elsewhere"})
    with pytest.raises(Conflict, match="began with its images of digits in their usual place"):
        begin(open_archive(finished), moved)


def test_one_folder_in_two_spellings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that leads to the same images goes on with the search; one that leads elsewhere is another."""
    data = folder_of_images(tmp_path / "images", "train", "test")
    begin(open_archive(tmp_path / "store"), config(data=data))
    monkeypatch.chdir(tmp_path)
    for same in ("images", "./images/../images", str(tmp_path / "images" / ".")):
        begin(open_archive(tmp_path / "store"), config(data=data | {"path": same}))
    shutil.copytree(tmp_path / "images", tmp_path / "copy")
    with pytest.raises(Conflict, match="began with its images"):
        begin(open_archive(tmp_path / "store"), config(data=data | {"path": "copy"}))


def test_what_is_compressed_is_counted(tmp_path: Path) -> None:
    """Where a search compresses its start network, what that one has is written down at the beginning."""
    archive = open_archive(tmp_path / "store")
    compressed = {"maximise": "held_out_accuracy", "compress": {"parameters": "start"}}
    asked = config(objective=compressed)
    begin(archive, asked)
    written = read_config(archive, asked.name).objective.compress
    assert written == {
        "parameters": counted(archive.read(start_key(asked.name), ChildSpec).network)["parameters"].value
    }
    assert begin(archive, asked) == asked.name
    with pytest.raises(InvalidSpec, match=r"compress\.latency: .*give an amount"):
        begin(archive, config(name="other", objective=compressed | {"compress": {"latency": "start"}}))
