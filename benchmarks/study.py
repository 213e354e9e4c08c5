"""`make study`: does the search find anything? Hours of training, so no test: see docs/results.md.

Searches from several seeds, each with the policy, with evolution and with uniform draws at equal budget; then
children of the policy's searches from scratch, the start network trained on without growing, and one audit.
All is in the store: killed, it goes on where it was.
"""

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.tables import Inheritance, Rivals
from nasflow.backends.inline import run
from nasflow.cli.options import read_file
from nasflow.report.curves import draw_curves
from nasflow.report.yardstick import Yardstick
from nasflow.search.config import SearchConfig
from nasflow.search.controls import Control
from nasflow.search.finalists import full_size
from nasflow.search.ledger import Ledger
from nasflow.search.record import FailedRecord, RoundRecord
from nasflow.spec.child import ChildSpec
from nasflow.spec.origin import Grown, Scratch
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store
from nasflow.studies.audit import Audit, audit, choose, train_apart

_ARMS = ("path", "evolution", "random")
FROM_SCRATCH = 5
"""Children of each seed that are trained again without what they inherited."""
AUDITED = 15
LONGER = 5
"""Times the epochs of a child in the search, to see whether a longer training would make a better reward."""


class Nobody:
    """Looks on and says nothing."""

    def stage(self, title: str, children: int) -> None:
        pass

    def training(self, child: str, share: float) -> None:
        pass

    def child(self, record: RoundRecord) -> None:
        pass


NOBODY = Nobody()


def search(url: str, config: SearchConfig) -> Ledger:
    """One search to its end."""
    archive = Archive(open_store(url))
    run(archive, begin(archive, config), NOBODY, lambda: None)
    return read_ledger(archive, config.name)


def trained(url: str, spec: ChildSpec) -> float:
    """Held-out accuracy of a child, trained now unless the bank has it."""
    record = train_apart(Archive(open_store(url)), spec)
    if isinstance(record, FailedRecord):
        raise SystemExit(f"child {record.child} failed: {record.failure}")
    return record.accuracy


def changed(spec: ChildSpec, **changes: Any) -> ChildSpec:
    """A child on the same images and of the same seed."""
    return ChildSpec.model_validate(spec.model_dump() | changes)


def rivals(start: ChildSpec, child: ChildSpec) -> tuple[ChildSpec, ...]:
    """A child, then the ways to have its network without its parent, as in `tables.Rivals`."""
    epochs = child.recipe.epochs
    fast = start.recipe.model_copy(update={"epochs": epochs})
    long = start.recipe.model_copy(update={"epochs": start.recipe.epochs + epochs})
    return child, *(changed(child, origin=Scratch(), recipe=recipe) for recipe in (child.recipe, fast, long))


def longer(child: ChildSpec) -> ChildSpec:
    """A child that is trained for longer than the search did."""
    return changed(child, recipe=child.recipe.model_copy(update={"epochs": LONGER * child.recipe.epochs}))


class Study:
    """What is trained apart from the searches; all at once, so that no processor waits."""

    def __init__(self, url: str, pool: Executor) -> None:
        self._url = url
        self._archive = Archive(open_store(url))
        self._pool = pool

    def inheritance(self, name: str) -> Callable[[], Inheritance]:
        """Begin to train some children of a search from scratch; the result waits for them."""
        ledger = read_ledger(self._archive, name)
        start = ledger.start_spec
        chosen = [self._spec(each.child) for each in choose(ledger, FROM_SCRATCH)]
        compared = [[self._train(spec) for spec in rivals(start, child)] for child in chosen]
        control = self._train(changed(chosen[0], origin=Grown(parent=start.id), network=start.network))
        first = self._train(start)
        return lambda: Inheritance(
            children=tuple(Rivals(*(each.result() for each in row)) for row in compared),
            start=first.result(),
            trained_on=control.result(),
        )

    def audit(self, name: str) -> Callable[[], tuple[Audit, list[float]]]:
        """Begin to train some children at full size, and again for longer; the result waits for them."""
        ledger = read_ledger(self._archive, name)
        chosen = choose(ledger, AUDITED)
        full = [self._train(full_size(ledger, each.parts)) for each in chosen]
        long = [self._train(longer(self._spec(each.child))) for each in chosen]

        def result() -> tuple[Audit, list[float]]:
            wait(full)
            return audit(self._archive, name, AUDITED), [each.result() for each in long]

        return result

    def _spec(self, child: str) -> ChildSpec:
        return self._archive.read(spec_key(child), ChildSpec)

    def _train(self, spec: ChildSpec) -> Future[float]:
        return self._pool.submit(trained, self._url, spec)


def searches_of(base: SearchConfig, seeds: range) -> dict[tuple[int, str], SearchConfig]:
    """The search of each seed and arm; what uniform draws find is held against the start network alone."""

    def search_of(seed: int, arm: str) -> SearchConfig:
        own = {"name": f"{base.name}-{arm}-{seed}", "seed": seed, "controller": {"kind": arm}}
        finish = base.finish.model_dump() | ({"controls": (Control.START,)} if arm == "random" else {})
        return SearchConfig.model_validate(base.model_dump() | own | {"finish": finish})

    return {(seed, arm): search_of(seed, arm) for seed in seeds for arm in _ARMS}


def main() -> None:
    """Run it all, and print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", default="study-store")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--plot", type=Path, help="an SVG of the arms' rounds")
    given = parser.parse_args()
    seeds = range(1, given.seeds + 1)
    configs = searches_of(read_file(given.config).config(), seeds)
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        searches = {key: pool.submit(search, given.store, config) for key, config in configs.items()}
        ledgers = {key: future.result() for key, future in searches.items()}
        _tell(tables.arms(ledgers))
        _tell(tables.against(ledgers))
        if given.plot:
            what = Yardstick.of(configs[1, "path"]).title
            drawn = draw_curves(tables.rounds(ledgers), "The mean of a round's children", "children", what)
            given.plot.write_text(drawn)
        names = {seed: configs[seed, "path"].name for seed in seeds}
        study = Study(given.store, pool)
        compared = {seed: study.inheritance(name) for seed, name in names.items()}
        audited = study.audit(names[1])
        _tell(tables.inheritance({seed: result() for seed, result in compared.items()}))
        _tell(tables.audited(*audited()))


def _tell(lines: Iterable[str]) -> None:
    """Print what is known already: the rest takes hours."""
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
