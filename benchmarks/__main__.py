"""`make bench`: how fast nasflow is, as ratios to baselines of the same run wherever there is one.

The machine is noisy: ratios of two runs differ by some 5 %, at worst by 30 %, seconds by more.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import torch

from benchmarks.births import births
from benchmarks.controller import controllers
from benchmarks.doors import doors
from benchmarks.lanes import lanes
from benchmarks.race import REPEATS, Race
from benchmarks.steps import child_steps

LATEST = Path(__file__).parent / "results" / "latest.json"


def races() -> Iterator[Race]:
    """All of them; what keeps both cores busy last."""
    return chain(doors(), child_steps(), births(), controllers(), lanes())


def main() -> None:
    """Run everything, a line a figure as it comes, and write all of them down."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread; sides take turns, best of {REPEATS} runs each")
    found: dict[str, dict[str, object]] = {}
    for race in races():
        for name, figure in race.run().items():
            found[name] = figure
            verdict = {True: "met", False: "NOT MET"}.get(bool(figure["met"])) if "met" in figure else ""
            shown = f"{figure['value']:>9} {figure['unit']:<14} {figure.get('bar', ''):<8} {verdict:<8}"
            print(f"{name:<42}{shown} against {figure['baseline']}", flush=True)
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {LATEST}")


if __name__ == "__main__":
    main()
