"""What is said of a search before its first training."""

from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import HOST, config, open_archive

from nasflow.base.errors import InvalidSpec
from nasflow.measure.memory import TrainingMemory, training_memory
from nasflow.spec.recipe import Recipe
from nasflow.steps.begin import draw_up
from nasflow.training.memory import UNKNOWN_ROOM, Room

LARGE = HOST | {"growth": 300_000}
"""A trillion parameters: no machine trains them."""


def remarks(folder: Path, room: Room = UNKNOWN_ROOM, **changes: Any) -> tuple[str, ...]:
    """On the tiny search with other values, where trainings have so much room."""
    return draw_up(open_archive(folder / "store"), config(**changes), room).remarks


def everywhere(**recipe: Any) -> dict[str, Any]:
    """One recipe for all trainings."""
    known = {"epochs": 1} | recipe
    return {"start": known, "child": known, "finish": {"host": HOST, "recipe": known}}


@pytest.fixture
def memory(tmp_path: Path) -> TrainingMemory:
    """What the tiny search's start network takes."""
    return training_memory(draw_up(open_archive(tmp_path / "store"), config()).start.network)


def test_nothing_is_said_of_what_fits(tmp_path: Path) -> None:
    """The tiny search has room on this machine, and on its disk; nothing is written to find that out."""
    assert draw_up(open_archive(tmp_path / "store"), config()).remarks == ()
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"host": LARGE}, "start"), ({"finish": {"host": LARGE, "recipe": {"epochs": 1}}}, "finish.recipe")],
    ids=["searched", "at full size"],
)
def test_a_network_that_no_memory_holds(changes: dict[str, Any], name: str, tmp_path: Path) -> None:
    """It is refused by this machine before anything is trained, with what it takes and what there is."""
    with pytest.raises(
        InvalidSpec, match=rf"^{name}: .* TiB for its weights.*cannot be trained here: .* has"
    ):
        draw_up(open_archive(tmp_path / "store"), config(**changes))


def test_a_batch_that_does_not_fit(memory: TrainingMemory, tmp_path: Path) -> None:
    """It is said once of all whom it concerns, with a batch that would; another machine is another matter."""
    small = Room(memory.with_images(Recipe(), 40), "a small machine")
    (told,) = remarks(tmp_path, small)
    assert told.startswith("start, child, finish.recipe: a network as large as the start's takes about ")
    assert "with batches of 64 images, and a small machine has " in told
    assert told.endswith("a batch_size of 40 may fit")
    assert remarks(tmp_path, small, **everywhere(batch_size=40)) == ()
    assert len(remarks(tmp_path, small, **everywhere(batch_size=41))) == 1
    assert remarks(tmp_path) == ()


def test_no_batch_is_larger_than_all_images(memory: TrainingMemory, tmp_path: Path) -> None:
    """A recipe may ask for more images than there are."""
    all_images = Room(memory.with_images(Recipe(), 150), "here")
    assert remarks(tmp_path, all_images, **everywhere(batch_size=10**9)) == ()


def test_weights_alone_are_too_much(memory: TrainingMemory, tmp_path: Path) -> None:
    """That ends a search whose children only grow; where they may be smaller, it is a remark."""
    room = Room(memory.without_images(Recipe()) - 1, "a toy")
    known = everywhere() | {"start": {"epochs": 1, "momentum": 0}}
    with pytest.raises(InvalidSpec, match=r"^child: .* a toy has "):
        remarks(tmp_path, room, **known)
    (told,) = remarks(tmp_path, room, **known, space={"kind": "removal"})
    assert "child, finish.recipe: " in told
    assert told.endswith("a smaller network fits")


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    """What the search will write is held against what is free, whatever its budget is given in."""
    for budget in ({"children": 10**12}, {"rounds": 10**12}):
        (told,) = remarks(tmp_path, budget=budget)
        assert told.startswith(f"store {tmp_path}/store: its disk has ")
        assert told.endswith("free space there, or choose another store")
    assert remarks(tmp_path, budget={"seconds": 10**12}) == ()


def test_a_bucket_has_no_end(s3_url: str) -> None:
    """Nobody knows how much it takes."""
    assert draw_up(open_archive(s3_url), config(budget={"children": 10**12})).remarks == ()


def test_a_search_that_is_known(finished: Path) -> None:
    """It is told nothing again."""
    assert draw_up(open_archive(finished), config(), Room(1, "a toy")).remarks == ()
