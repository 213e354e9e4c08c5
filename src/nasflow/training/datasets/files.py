"""The files of a data set whose names are known beforehand."""

from collections.abc import Iterable
from pathlib import Path


def present_files(root: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that are files below `root`, sorted."""
    return tuple(sorted(name for name in names if (root / name).is_file()))
