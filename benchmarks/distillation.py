"""Does a teacher help at the end? The same searches, with and without one at the finish.

The children are trained once a seed: the bank gives them to the other searches. Killed, it goes on.
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.searching import search
from nasflow.base.errors import NotFound
from nasflow.cli.options import read_file
from nasflow.report.compare.tables import mean_points
from nasflow.search.config import SearchConfig
from nasflow.search.controls import Control
from nasflow.search.rounds import FinishRecord

TEACHERS = {"none": None, "start": {"teacher": "start"}, "best": {"teacher": "best"}}
"""Whom the networks at full size learn from, by what the arm is called."""

Ends = Mapping[tuple[int, str], FinishRecord]
"""By seed and arm."""


def taught(base: SearchConfig, seed: int, arm: str) -> SearchConfig:
    """The search of a seed, its finish taught as the arm says."""
    given: dict[str, Any] = base.model_dump()
    given["finish"]["recipe"]["distil"] = TEACHERS[arm]
    return SearchConfig.model_validate(given | {"name": f"{base.name}-{arm}-{seed}", "seed": seed})


def table(ends: Ends) -> Iterable[str]:
    """Markdown: test accuracies by seed, then the differences to no teacher, paired by seed."""
    yield "| seed | teacher | found network: test | start network: test |"
    yield "|---|---|---|---|"
    for (seed, arm), end in ends.items():
        found, start = (100 * (end.accuracy(control) or 0) for control in (None, Control.START))
        yield f"| {seed} | {arm} | {found:.2f} % | {start:.2f} % |"
    yield ""
    yield "| minus no teacher, test, points (95 % over seeds) | found network | start network |"
    yield "|---|---|---|"
    seeds = sorted({seed for seed, _ in ends})
    for arm in TEACHERS:
        if arm != "none":
            gains = [[_gain(ends, seed, arm, control) for seed in seeds] for control in (None, Control.START)]
            yield f"| {arm} | {' | '.join(map(mean_points, gains))} |"


def _gain(ends: Ends, seed: int, arm: str, control: Control | None) -> float:
    return (ends[seed, arm].accuracy(control) or 0) - (ends[seed, "none"].accuracy(control) or 0)


def main() -> None:
    """Run it all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", default="distillation-store")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    base, ends = read_file(given.config).config(), {}
    for seed in range(1, given.seeds + 1):
        for arm in TEACHERS:
            ledger = search(given.store, taught(base, seed, arm))
            if ledger.finish is None:
                raise NotFound(f"search {ledger.config.name!r} has no test: it has found nothing")
            ends[seed, arm] = ledger.finish
    print("\n".join(table(ends)))


if __name__ == "__main__":
    main()
