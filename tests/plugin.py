"""A package that adds something to nasflow, installed for one test."""

import sys
from pathlib import Path

import pytest

from nasflow.base.plugins import plugged


def install_plugin(
    monkeypatch: pytest.MonkeyPatch, folder: Path, group: str, name: str, address: str, **modules: str
) -> None:
    """Offer what stands at `address` as `name` in a group of entry points, and put its modules' code there.

    `plugged.cache_clear()` once the test is over: an address is looked up once a process.
    """
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{name} = {address}\n")
    for module, code in modules.items():
        (folder / f"{module}.py").write_text(code)
        sys.modules.pop(module, None)
    monkeypatch.syspath_prepend(folder)
    plugged.cache_clear()
