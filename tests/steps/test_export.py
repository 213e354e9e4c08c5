from pathlib import Path

import pytest
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.errors import NotFound, StoreError
from nasflow.steps.begin import begin
from nasflow.steps.export import export


def test_a_finished_search(tmp_path: Path) -> None:
    """The found network comes as source with weights and as ONNX, and says what it is worth."""
    archive = open_archive(copy_of_finished(tmp_path))
    files = export(archive, "tiny", tmp_path / "out")
    assert [path.name for path in files] == ["network.py", "weights.safetensors", "network.onnx"]
    assert all(path.stat().st_size > 0 for path in files)
    assert "% of the test images are right" in files[0].read_text()


def test_an_unfinished_search(tmp_path: Path) -> None:
    """A search without a final network has nothing to export, and no folder is made."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    with pytest.raises(NotFound, match="nasflow resume tiny"):
        export(archive, "tiny", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """A folder that cannot be is one line."""
    archive = open_archive(copy_of_finished(tmp_path))
    (tmp_path / "out").touch()
    with pytest.raises(StoreError, match="out: cannot be written"):
        export(archive, "tiny", tmp_path / "out", with_onnx=False)
