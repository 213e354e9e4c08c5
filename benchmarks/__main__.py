"""`make bench`: each figure is a ratio to a baseline of the same run, the machine being noisy.

Alternating repeats, best of each side: what is left when the noise is not.
"""

import time
from collections.abc import Callable

import torch

from benchmarks.births import births
from benchmarks.steps import child_steps
from benchmarks.trees import controllers

REPEATS = 3


def best_seconds(sides: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The fastest of `REPEATS` runs of each side, the sides taking turns."""
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(REPEATS):
        for name, run in sides.items():
            begun = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def show(title: str, sides: dict[str, Callable[[], object]]) -> None:
    """One table; the first side is the baseline."""
    seconds = best_seconds(sides)
    baseline = next(iter(seconds.values()))
    print(f"\n{title}")
    for name, spent in seconds.items():
        print(f"  {name:<44} {1000 * spent:9.1f} ms   {baseline / spent:6.2f} x the baseline's speed")


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, best of {REPEATS}; the first row is the baseline")
    for title, sides in (*child_steps(), *controllers(), *births()):
        show(title, sides)
