"""`make study`: does the search find anything? Hours of training, so no test: see docs/results.md.

Searches from several seeds, each with the controller and with the random arm at equal budget; then children
of the controller's searches from scratch with their own recipe, the start network trained on without growing,
and one audit. All is in the store: killed, it goes on where it was.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

from scipy.stats import t

from nasflow.backends.inline import run
from nasflow.cli.options import read_file
from nasflow.report.analysis import best
from nasflow.spec.child import ChildSpec
from nasflow.spec.ledger import Ledger
from nasflow.spec.record import ChildRecord
from nasflow.spec.search import SearchConfig
from nasflow.steps.archive import Archive, child_key, search_key
from nasflow.steps.audit import audit, choose
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store

ARMS = ("path", "random")
LAST = 16
"""Children at the end of a search, where a controller that learns should be better than at the beginning."""
FROM_SCRATCH = 5
"""Children of each seed that are trained again without what they inherited."""
AUDITED = 8


class _Nobody:
    def stage(self, name: str, children: int) -> None:
        pass

    def training(self, share: float) -> None:
        pass

    def child(self, record: ChildRecord) -> None:
        print(f"{record.child}  {record.accuracy}  {record.cell}", flush=True)


def search(url: str, config: SearchConfig) -> Ledger:
    """One search to its end."""
    archive = Archive(open_store(url))
    run(archive, begin(archive, config), _Nobody(), lambda: None)
    return read_ledger(archive, config.name)


def retrained(url: str, child: str, changes: dict[str, Any]) -> ChildRecord:
    """A child's spec with other values, trained."""
    archive = Archive(open_store(url))
    known = archive.read(child_key(child, "spec"), ChildSpec)
    spec = ChildSpec.model_validate(known.model_dump() | changes)
    return run_child(archive, archive.create(child_key(spec.id, "spec"), spec).id)


def warm_and_scratch(url: str, name: str) -> tuple[list[tuple[float, float]], float, float]:
    """Accuracies of some children as the search trained them and from scratch; the start network's, and its
    accuracy when it is trained on for as long as a child, without growing.
    """
    archive = Archive(open_store(url))
    start = archive.read(search_key(name, "start"), ChildSpec)
    chosen = choose(read_ledger(archive, name), FROM_SCRATCH)
    pairs = [(_accuracy(each), _accuracy(retrained(url, each.child, {"parent": None}))) for each in chosen]
    control = {"parent": start.id, "network": start.network.model_dump()}
    trained_on = retrained(url, chosen[0].child, control)
    return pairs, _accuracy(archive.read(child_key(start.id, "record"), ChildRecord)), _accuracy(trained_on)


def _accuracy(record: ChildRecord) -> float:
    if record.accuracy is None:
        raise SystemExit(f"child {record.child} failed: {record.failure}")
    return record.accuracy


def interval(values: Sequence[float]) -> str:
    """Mean and 95 % interval (Student's t), in points."""
    if len(values) < 2:
        return f"{100 * fmean(values):+.2f}"
    mean, error = fmean(values), _standard_error(values)
    half = error * float(t.ppf(0.975, len(values) - 1))
    low, high = mean - half, mean + half
    return f"{100 * mean:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"


def _standard_error(values: Sequence[float]) -> float:
    mean = fmean(values)
    return float((sum((each - mean) ** 2 for each in values) / (len(values) - 1) / len(values)) ** 0.5)


def arms_table(ledgers: dict[tuple[int, str], Ledger]) -> Iterable[str]:
    """A row a search, then the paired differences."""
    yield f"| seed | arm | all children | last {LAST} | best | the best's cell at full size: test |"
    yield "|---|---|---|---|---|---|"
    figures = {key: _figures(ledger) for key, ledger in ledgers.items()}
    for (seed, arm), row in figures.items():
        yield f"| {seed} | {arm} | " + " | ".join(f"{100 * each:.2f} %" for each in row) + " |"
    seeds = sorted({seed for seed, _ in figures})
    for place, title in enumerate(("all children", f"last {LAST}", "best", "test")):
        differences = [figures[seed, "path"][place] - figures[seed, "random"][place] for seed in seeds]
        yield f"path minus random, {title}: {interval(differences)} points"
    for seed in seeds:
        start = ledgers[seed, "path"].finish
        yield f"seed {seed}, start cell from scratch at full size: test {start and start.start_test_accuracy}"


def _figures(ledger: Ledger) -> tuple[float, float, float, float]:
    accuracies = [each.accuracy for each in ledger.children if each.accuracy is not None]
    finish, winner = ledger.finish, best(ledger.children)
    assert finish is not None
    assert winner is not None
    return fmean(accuracies), fmean(accuracies[-LAST:]), _accuracy(winner), finish.test_accuracy


def main() -> None:
    """Run it all, and print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", default="study-store")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    base = read_file(given.config).config()
    seeds = range(1, given.seeds + 1)
    configs = {
        (seed, arm): SearchConfig.model_validate(
            base.model_dump()
            | {"name": f"{base.name}-{arm}-{seed}", "seed": seed, "controller": {"kind": arm}}
        )
        for seed in seeds
        for arm in ARMS
    }
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        searches = {key: pool.submit(search, given.store, config) for key, config in configs.items()}
        ledgers = {key: future.result() for key, future in searches.items()}
        names = [configs[seed, "path"].name for seed in seeds]
        audited = pool.submit(_audit, given.store, names[0])
        warm = [pool.submit(warm_and_scratch, given.store, name) for name in names]
        print("\n".join(arms_table(ledgers)))
        for seed, future in zip(seeds, warm, strict=True):
            pairs, start, trained_on = future.result()
            gain = interval([one - other for one, other in pairs])
            shown = ", ".join(f"{100 * one:.2f}/{100 * other:.2f}" for one, other in pairs)
            print(f"seed {seed}: inherited/from scratch {shown}: {gain} points")
            print(f"seed {seed}: start network {100 * start:.2f} %, trained on {100 * trained_on:.2f} %")
        print(audited.result())


def _audit(url: str, name: str) -> str:
    archive = Archive(open_store(url))
    found = audit(archive, name, AUDITED)
    rows = [f"{each.searched:.4f} {each.full} {each.cell}" for each in found.children]
    return "\n".join([*rows, json.dumps({"tau": found.tau, "interval": found.interval})])


if __name__ == "__main__":
    main()
