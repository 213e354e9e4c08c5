import sys
from pathlib import Path

import pytest
from tests.cli.calling import call
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.search.controls import Control
from nasflow.steps.begin import begin
from nasflow.steps.ledger import read_ledger


def test_files_in_a_new_folder(tmp_path: Path) -> None:
    """The folder is made, and each file that is written is named."""
    store, folder = copy_of_finished(tmp_path), tmp_path / "a" / "found"
    said = call("export", "tiny", "--store", store, "--output", folder, "--no-onnx")
    assert said.code == 0
    assert said.out.split() == [str(folder / name) for name in ("network.py", "weights.safetensors")]
    assert all((folder / name).stat().st_size > 0 for name in ("network.py", "weights.safetensors"))


def test_without_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its packages are missing the Python file is written all the same, unless somebody insists."""
    monkeypatch.setattr("nasflow.export.onnx.find_spec", lambda name: None)
    store, folder = copy_of_finished(tmp_path), tmp_path / "found"
    asked = ("export", "tiny", "--store", store, "--output", folder)
    insisting = call(*asked, "--onnx")
    assert insisting.code == 2
    assert f"{sys.executable} -m pip install onnx onnxscript" in insisting.error
    assert not folder.exists()
    said = call(*asked)
    assert said.code == 0
    assert said.err.startswith("nasflow: network.onnx is left out: ONNX needs what is not installed: ")
    assert sorted(each.name for each in folder.iterdir()) == ["network.py", "weights.safetensors"]


@pytest.mark.long
def test_onnx_alone(tmp_path: Path) -> None:
    """Without the source there is one file; without both there is nothing to do, and one line says so."""
    store, folder = copy_of_finished(tmp_path), tmp_path / "found"
    arguments = ("export", "tiny", "--store", store, "--output", folder, "--no-source")
    said = call(*arguments, "--no-onnx")
    assert said.code == 2
    assert "leave nothing to export" in said.error
    assert not folder.exists()
    pytest.importorskip("onnx")
    assert call(*arguments).code == 0
    assert [file.name for file in folder.iterdir()] == ["network.onnx"]


def test_nothing_to_export(tmp_path: Path) -> None:
    """An unfinished search is refused with the remedy, and no folder is made."""
    begin(open_archive(tmp_path / "store"), config())
    said = call("export", "tiny", "--store", tmp_path / "store", "--output", tmp_path / "found")
    assert said.code == 4
    assert "nasflow resume tiny" in said.error
    assert not (tmp_path / "found").exists()


def test_a_control_instead(tmp_path: Path) -> None:
    """Where the start network did as well, that is to be had: its own weights, by its own name."""
    store = copy_of_finished(tmp_path)
    asked = ("export", "tiny", "--store", store, "--no-onnx", "--output")
    assert call(*asked, tmp_path / "found").code == 0
    assert call(*asked, tmp_path / "start", "--control", "start").code == 0
    found, start = (tmp_path / folder / "weights.safetensors" for folder in ("found", "start"))
    assert found.read_bytes() != start.read_bytes()
    ledger = read_ledger(open_archive(store), "tiny")
    assert ledger.finish
    share = f"{100 * (ledger.finish.accuracy(Control.START) or 0):.2f} % of the test images"
    assert f"its control start: {share}" in (tmp_path / "start/network.py").read_text()
    for control, said in (
        ("longest", "known are start, longer"),
        ("random", "has trained no control random"),
    ):
        refused = call(*asked, tmp_path / "no", "--control", control)
        assert refused.code in {2, 4}
        assert said in refused.error
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_file_in_the_way(below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be is one line, before the network is built and written as ONNX."""
    store, folder = copy_of_finished(tmp_path), tmp_path / "found" / below
    (tmp_path / "found").touch()
    monkeypatch.delattr("nasflow.steps.export.export")
    said = call("export", "tiny", "--store", store, "--output", folder)
    assert said.code == 4
    assert (
        said.error == f"{folder}: cannot be written: {tmp_path / 'found'} is a file, and a folder is wanted"
    )
