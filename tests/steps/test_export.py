import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.base.errors import NotFound
from nasflow.steps.begin import begin
from nasflow.steps.export import export

GOLDEN = Path(__file__).parents[1] / "golden"
EXPORTED: dict[str, str] = json.loads((GOLDEN / "expected.json").read_text())["export"]
"""Digests of the weights' files by search."""


def test_a_finished_search(tmp_path: Path) -> None:
    """The found network comes as source with its weights, and says what it is worth."""
    files = export(open_archive(copy_of_finished(tmp_path)), "tiny", with_onnx=False)
    assert list(files) == ["network.py", "weights.safetensors"]
    assert all(files.values())
    assert b"% of the test images are right" in files["network.py"]


@pytest.mark.parametrize(("search", "digest"), EXPORTED.items())
def test_a_store_of_an_older_version(tmp_path: Path, search: str, digest: str) -> None:
    """What an older nasflow has found comes with the weights that it exported itself."""
    store = shutil.copytree(GOLDEN / "store", tmp_path / "store")
    files = export(open_archive(store), search, with_onnx=False)
    assert hashlib.sha256(files["weights.safetensors"]).hexdigest() == digest


def test_an_unfinished_search(tmp_path: Path) -> None:
    """A search without a final network has nothing to export."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    with pytest.raises(NotFound, match="nasflow resume tiny"):
        export(archive, "tiny")
