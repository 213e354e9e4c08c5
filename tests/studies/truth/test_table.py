from pathlib import Path

import pytest
from tests.steps.samples import config

from nasflow.base.errors import InvalidSpec
from nasflow.base.packed import packed
from nasflow.spec.tree import START_CELL
from nasflow.studies.truth import Curve, TrueCell, TruthTable, question, read_table

CURVE = Curve(
    train_loss=(1.0, 0.5), train_accuracy=(0.5, 0.8), held_out_loss=(1.1, 0.7), held_out_accuracy=(0.4, 0.7)
)


def table() -> TruthTable:
    """Of one cell."""
    cell = TrueCell(
        cell=START_CELL,
        parameters=7,
        mult_adds=9,
        full_parameters=8,
        full_mult_adds=10,
        scratch=(CURVE, None),
        inherited=CURVE,
    )
    return TruthTable(asked=config(), seeds=2, versions={"torch": "2"}, start=CURVE, cells=(cell,))


def test_written_and_read(tmp_path: Path) -> None:
    """The file holds the table; the same table gives the same bytes."""
    file = tmp_path / "table.json.gz"
    file.write_bytes(packed(table()))
    assert read_table(file) == table()
    assert packed(read_table(file)) == file.read_bytes()


@pytest.mark.parametrize("data", [b"", b"text", packed(table())[:-9], b"\x1f\x8b"])
def test_what_is_no_table(data: bytes, tmp_path: Path) -> None:
    """A broken file is one line."""
    file = tmp_path / "table.json.gz"
    file.write_bytes(data)
    with pytest.raises(InvalidSpec, match=r"table\.json\.gz: (no table of|not JSON)") as raised:
        read_table(file)
    assert str(raised.value).isprintable()


def test_a_cell_with_a_gap_is_not_complete() -> None:
    """Every seed counts."""
    assert table().complete == ()


def test_who_searches_is_no_part_of_the_question() -> None:
    """A cell is worth what it is worth, whoever looks for it and for how long; not so with other images."""
    asked = config()
    searched = config(controller={"kind": "random"}, budget={"children": 7}, children_per_round=7)
    assert question(searched) == question(asked)
    assert question(config(seed=asked.seed + 1)) != question(asked)
