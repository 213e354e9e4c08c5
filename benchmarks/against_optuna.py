"""`make against-optuna`: nasflow against what a user would pick instead, on equal processor time.

From several seeds each: a search of the configuration; then Optuna (TPE, with a pruner) on the same space,
images, start size and CPU-seconds, its networks from scratch. What either would have chosen after parts of
the budget is trained and tested as the search's finish does it. Hours of training; all is in the store:
killed, the same command goes on. A seed that is over is kept beside the tables, and is not run again.
"""

import argparse
import math
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from benchmarks.clock import CpuClock
from benchmarks.contest import (
    METHODS,
    OWN,
    RIVAL,
    Campaign,
    Duel,
    KeptSeed,
    Outcome,
    Outcomes,
    Seen,
    cells,
    outcome,
    signals,
    table,
    worths,
)
from benchmarks.rival import PRUNERS, Rival
from benchmarks.searching import NOBODY
from nasflow.backends.inline import run
from nasflow.base.errors import InvalidSpec
from nasflow.base.packed import packed, unpacked
from nasflow.cli.options import read_file, write_bytes
from nasflow.report.curves import draw_curves
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger
from nasflow.search.record import RoundRecord, TrainedRecord
from nasflow.search.transfer import transfer
from nasflow.spec.parts import Parts
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.lanes import end_with_opener
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store

_HEAVY = (
    "nasflow.steps.child",
    "nasflow.steps.propose",
    "nasflow.steps.learn",
    "optuna.samplers._tpe.sampler",
    "torch._dynamo",
)
"""What trainings import; it belongs to neither side's time."""


def prepare() -> None:
    """What every process of the contest does first: it ends with its opener, and has imported all."""
    end_with_opener()
    for module in _HEAVY:
        import_module(module)


class Timed:
    """Watches a search, and keeps what its trainings, births and proposals cost; not so its finish."""

    def __init__(self, clock: CpuClock, config: SearchConfig) -> None:
        self._clock, self._config = clock, config
        self._stage, self._epochs, self._done = "", 1, 0

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""
        self._clock.mark(title)
        recipe = self._config.start if title == "start network" else self._config.child
        self._stage, self._epochs, self._done = title, getattr(recipe, "epochs", 1), 0

    def training(self, child: str, share: float) -> None:
        """See Watcher. An epoch is kept by the time that the next one is told of."""
        done = math.ceil(share * self._epochs - 1e-6) - 1
        if done > self._done:
            self._mark(child)
        self._done = done

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""
        self._mark(record.child)

    def _mark(self, child: str) -> None:
        if self._stage != "finish":
            self._clock.mark(child)


@dataclass(frozen=True)
class Contest:
    """What every process of it knows."""

    store: Path
    output: Path
    """Gets each seed as soon as it is over."""
    config: SearchConfig
    pruner: str

    def outcomes(self, seed: int) -> Mapping[str, Outcome]:
        """What both methods came to from one seed, tested; one that is kept is read."""
        file = self.output / f"seed-{seed}.json.gz"
        if file.exists():
            kept = unpacked(KeptSeed, file, "a seed of this contest")
            if (kept.config, kept.pruner) != (self.config, self.pruner):
                raise InvalidSpec(f"{file}: is of another contest: give --output another folder")
            return kept.outcomes
        duel = self.duel(seed)
        tests = {name: self.test(seed, parts) for name, parts in cells(duel).items()}
        found = {method: outcome(duel, method, tests) for method in METHODS}
        kept = KeptSeed(config=self.config, pruner=self.pruner, outcomes=found)
        write_bytes(file, packed(kept))
        return found

    def duel(self, seed: int) -> Duel:
        """Both methods from one seed, one after the other; what is done is read."""
        asked = self.config.model_copy(update={"name": f"{self.config.name}-{seed}", "seed": seed})
        archive = self._archive(OWN)
        id = begin(archive, asked)
        clock = CpuClock(self.store / f"{id}.clock")
        run(archive, id, Timed(clock, asked), lambda: None)
        # A store of its own: what the other side has trained is not to be had for nothing.
        rivals = self._archive(RIVAL)
        rival = Rival(rivals, begin(rivals, asked), self.pruner, self.store)
        rival.run(clock.total)
        ledger = read_ledger(archive, id)
        return Duel(
            seconds=clock.total,
            start=ledger.config.start_parts,
            campaigns={OWN: _campaign(ledger, clock), RIVAL: rival.campaign()},
        )

    def test(self, seed: int, parts: Parts) -> float:
        """Test accuracy of a cell, trained as the search's finish trains: one look, kept in the store."""
        finish, archive = self.config.finish, self._archive(OWN)
        assert finish.host is not None
        host, data, recipe = (each.model_dump() for each in (finish.host, self.config.data, finish.recipe))
        id = begin(archive, transfer(parts, host, data, recipe, seed, None))
        run(archive, id, NOBODY, lambda: None)
        finished = read_ledger(archive, id).finish
        assert finished is not None
        return finished.test_accuracy

    def _archive(self, method: str) -> Archive:
        return Archive(open_store(str(self.store / method)))


def _campaign(ledger: Ledger, clock: CpuClock) -> Campaign:
    whens = clock.whens()
    seen = [Seen(whens[each.child], each) for each in ledger.children if isinstance(each, TrainedRecord)]
    assert isinstance(ledger.start, TrainedRecord)
    start = Seen(whens[ledger.start.child], ledger.start)
    networks = f"{len(ledger.children)} children, {len(seen)} trained"
    return Campaign(judge=ledger.config.judge, seen=tuple(seen), networks=networks, start=start)


def compete(contest: Contest, seeds: range, pool: Executor) -> Outcomes:
    """All seeds, each in a process."""
    found = zip(seeds, pool.map(contest.outcomes, seeds), strict=True)
    return {(seed, method): own[method] for seed, own in found for method in METHODS}


def main() -> None:
    """Run it all; print the tables in Markdown, and leave them with the plots beside the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", type=Path, default=Path("optuna-store"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pruner", choices=PRUNERS, default=PRUNERS[0])
    parser.add_argument("--output", type=Path, required=True, help="a folder for seeds, tables and plots")
    given = parser.parse_args()
    contest = Contest(given.store, given.output, read_file(given.config).config(), given.pruner)
    context = get_context("spawn")
    with ProcessPoolExecutor(given.processes, mp_context=context, initializer=prepare) as pool:
        outcomes = compete(contest, range(1, given.seeds + 1), pool)
    told = "\n".join(table(outcomes))
    print(told)
    (given.output / "contest.md").write_text(f"{told}\n")
    draw(given.output, outcomes)


def draw(folder: Path, outcomes: Outcomes) -> None:
    """What each method saw of its own networks over time, and what its choice was worth."""
    for kind, title, bands in (
        ("signal", "Best held-out accuracy so far, each by its own training", signals(outcomes)),
        ("test", "The network chosen so far, trained and tested by one recipe", worths(outcomes)),
    ):
        unit = "held-out accuracy, %" if kind == "signal" else "test accuracy, %"
        (folder / f"{kind}.svg").write_text(draw_curves(bands, title, "CPU minutes", unit))


if __name__ == "__main__":
    main()
