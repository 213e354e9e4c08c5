"""Processor time of a piece of work over all the processes that did it, whenever they were killed."""

import json
import time
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path


@dataclass(frozen=True)
class Mark:
    """Something that is done and kept, and the seconds since the mark before it."""

    what: str
    seconds: float


class CpuClock:
    """Runs on between marks; what was done after a process's last mark is as lost as its work."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._marks = _read(file)
        self._last = time.process_time()

    def mark(self, what: str) -> None:
        """Keep the seconds until now."""
        now = time.process_time()
        mark = Mark(what, now - self._last)
        self._last = now
        self._marks.append(mark)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            # The line before may have been cut off.
            file.write("\n" + json.dumps([mark.what, mark.seconds]))

    @property
    def total(self) -> float:
        """Seconds of all marks."""
        return sum(mark.seconds for mark in self._marks)

    def whens(self) -> dict[str, float]:
        """The total at the last mark of each thing."""
        totals = accumulate(mark.seconds for mark in self._marks)
        return {mark.what: total for mark, total in zip(self._marks, totals, strict=True)}


def _read(file: Path) -> list[Mark]:
    found = []
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            found.append(Mark(*json.loads(line)))
        except ValueError:
            # Empty, or cut off by a kill.
            continue
    return found
