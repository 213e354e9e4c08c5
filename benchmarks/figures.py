"""Figures in one JSON file, each written as soon as it is known."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A result; its baseline is in the same unit, and of the same run."""

    value: float
    unit: str
    baseline: float | None = None


class Figures:
    """Name to figure; programs that run one after the other add to the same file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, name: str, figure: Figure) -> None:
        """Write a figure down, whole or not at all, and tell it."""
        known = json.loads(self._file.read_text()) if self._file.exists() else {}
        known[name] = asdict(figure)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(known, indent=2) + "\n")
        os.replace(part, self._file)
        against = "" if figure.baseline is None else f" (baseline {figure.baseline:.6g})"
        print(f"{name}: {figure.value:.6g} {figure.unit}{against}", flush=True)
