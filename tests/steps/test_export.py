from pathlib import Path

import pytest
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.base.errors import NotFound
from nasflow.steps.begin import begin
from nasflow.steps.export import export


def test_a_finished_search(tmp_path: Path) -> None:
    """The found network comes as source with weights and as ONNX, and says what it is worth."""
    files = export(open_archive(copy_of_finished(tmp_path)), "tiny")
    assert list(files) == ["network.py", "weights.safetensors", "network.onnx"]
    assert all(files.values())
    assert b"% of the test images are right" in files["network.py"]


def test_an_unfinished_search(tmp_path: Path) -> None:
    """A search without a final network has nothing to export."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    with pytest.raises(NotFound, match="nasflow resume tiny"):
        export(archive, "tiny")
