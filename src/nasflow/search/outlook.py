"""What a search is going to train, stage by stage: a pure function of its configuration.

As the schedule has it (`search/schedule.py`) when no child fails, none is in the bank already, and the space
has as many networks as the budget asks for. What only the search can know is taken at its most.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from nasflow.search.controls import ENDS, Control, final_seeds
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.spec.hosts import Host
from nasflow.spec.recipe import Recipe

Stage = Literal["start", "children", "shortlist", "finish"]

Body = Literal["start", "child", "last_start", "last"]
"""Which network is trained: the start network or a child in the search's host, or either at full size."""


@dataclass(frozen=True)
class Stretch:
    """A network that is trained for some epochs."""

    body: Body
    epochs: int
    is_born: bool = True
    """False: it goes on from its last rung."""


@dataclass(frozen=True)
class Batch:
    """What may be trained at the same time."""

    stage: Stage
    stretches: tuple[Stretch, ...]
    is_most: bool = False
    """Whether it may come to less: different controls can turn out to be one network, which is trained once,
    and a control may not exist."""
    times: int = 1
    """So many such, one after the other: a budget may be a number of rounds that no list could hold."""


def counted_children(config: ResolvedConfig) -> int | None:
    """Children that the budget counts; None: it counts seconds alone."""
    budget = config.budget
    by_rounds = None if budget.rounds is None else budget.rounds * config.children_per_round
    return min((each for each in (budget.children, by_rounds) if each is not None), default=None)


def count_rounds(config: ResolvedConfig, children: int) -> int:
    """How many rounds so many children take."""
    return sum(times for _, times in _sizes(config, children))


def _sizes(config: ResolvedConfig, children: int) -> list[tuple[int, int]]:
    """The sizes of rounds, each with how many there are of it."""
    whole, rest = divmod(children, config.children_per_round)
    return [
        (size, times) for size, times in ((config.children_per_round, whole), (rest, 1)) if size and times
    ]


def outlook(config: ResolvedConfig, children: int) -> tuple[Batch, ...]:
    """All that a search of so many children trains; equal rounds are told once."""
    batches = [Batch("start", (Stretch("start", config.start_recipe.epochs),))]
    for size, times in _sizes(config, children):
        batches += (replace(each, times=times) for each in round_batches(config, size))
    listed = min(config.finish.shortlist, trained_to_end(config, children))
    if listed > 1:
        each = Stretch("last", config.finish.recipe.epochs)
        batches.append(Batch("shortlist", (each,) * listed))
    return (*batches, _End(config, children).batch())


def round_batches(config: ResolvedConfig, count: int) -> tuple[Batch, ...]:
    """A round of so many children: one batch, or one to each rung and one to the end."""
    found = list[Batch]()
    before = 0
    for epoch, alive in _rungs(config, count):
        each = Stretch("child", epoch - before, is_born=not before)
        found.append(Batch("children", (each,) * alive))
        before = epoch
    return tuple(found)


def _rungs(config: ResolvedConfig, count: int) -> Iterator[tuple[int, int]]:
    """Up to which epoch how many children are trained."""
    for epoch in config.halving.rungs if config.halving else ():
        yield epoch, count
        count = config.halving.kept(count) if config.halving else count
    yield config.child.epochs, count


def trained_to_end(config: ResolvedConfig, children: int) -> int:
    """Of so many children; the others stop at a rung."""
    return sum(times * list(_rungs(config, size))[-1][1] for size, times in _sizes(config, children))


@dataclass(frozen=True)
class _Network:
    """Two that are equal are one child, which is trained once."""

    who: str
    host: Host
    recipe: Recipe
    seed: int
    inherits: bool = False


@dataclass(frozen=True)
class _End:
    """The finish of a search, see `search/finalists.py`."""

    config: ResolvedConfig
    children: int

    @property
    def rounds(self) -> int:
        """How many there are before it."""
        return count_rounds(self.config, self.children)

    def batch(self) -> Batch:
        known, trained = list(self._before()), list[_Network]()
        for each in self._finalists():
            if each not in known and each not in trained:
                trained.append(each)
        stretches = (
            Stretch("last_start" if each.who == "start" else "last", each.recipe.epochs) for each in trained
        )
        return Batch("finish", tuple(stretches), self._is_open())

    def _before(self) -> Iterator[_Network]:
        """Trainings of the search itself that one of the finish can be equal to."""
        config = self.config
        if not isinstance(config.start, BroughtStart):
            yield _Network("start", config.host, config.start, config.seed)
        if config.parents == "none":
            for who in ("found", Control.RANDOM.value, *map(str, ENDS)):
                yield _Network(who, config.host, config.child, config.seed)

    def _finalists(self) -> Iterator[_Network]:
        asked = (None, *(each for each in Control if each in (*ENDS, *self.config.finish.controls)))
        for network in filter(None, map(self._network, asked)):
            for seed in final_seeds(self.config.seed, self.config.finish.seeds):
                yield replace(network, seed=seed)

    def _network(self, control: Control | None) -> _Network | None:
        """The network of a control, or the found one; None: there is none."""
        finish, found = self.config.finish, "found" if self.rounds else "start"
        match control:
            case None:
                return self._at_end(found, finish.recipe.epochs)
            case Control.START:
                return self._at_end("start", finish.recipe.epochs)
            case Control.LONGER:
                return self._at_end("start", self._as_long(has_start=finish.inherit))
            case Control.SCRATCH:
                return self._from_scratch(found) if finish.inherit else None
            case Control.PARAMETERS | Control.MULT_ADDS:
                return self._from_scratch(control.value) if self.rounds else None
            case _:
                return self._at_end(control.value, finish.recipe.epochs) if self._is_child(control) else None

    def _is_child(self, control: Control) -> bool:
        """Whether there is a child for this control: one drawn at random, or the end of a front."""
        if control is Control.RANDOM:
            return self._draws()
        return bool(self.rounds) and ENDS.index(control) < len(self.config.objective.pareto)

    def _at_end(self, who: str, epochs: int) -> _Network:
        return self._trained(who, epochs, self.config.finish.inherit)

    def _from_scratch(self, who: str) -> _Network:
        """With as much training in all as the found network."""
        inherit = self.config.finish.inherit
        own = self.config.finish.recipe.epochs
        return self._trained(who, self._as_long(has_start=False) if inherit else own, inherits=False)

    def _trained(self, who: str, epochs: int, inherits: bool) -> _Network:
        finish = self.config.finish
        recipe = finish.recipe.model_copy(update={"epochs": epochs})
        return _Network(who, finish.host, recipe, self.config.seed, inherits)

    def _as_long(self, has_start: bool) -> int:
        """Epochs for which the last recipe is as long as the found network's whole line."""
        had = self.config.start_recipe.epochs if has_start else 0
        return max(1, self.config.finish.recipe.epochs + self._searched_epochs() - had)

    def _searched_epochs(self) -> int:
        """Of the chosen network's line: at most, where it may have grown from any child before it."""
        own, start = self.config.child.epochs, self.config.start_recipe.epochs
        if not self.rounds:
            return start
        return {"none": own, "start": start + own, "found": start + own * self.rounds}[self.config.parents]

    def _draws(self) -> bool:
        """Whether a child is drawn at random, and others are not."""
        config = self.config
        sizes = (size for size, _ in _sizes(config, self.children))
        return config.controller.kind != "random" and any(map(config.random_children, sizes))

    def _is_open(self) -> bool:
        """Whether what the search finds can make it less."""
        if not self.rounds:
            return False
        config, controls = self.config, self.config.finish.controls
        lines = config.parents == "found" and (Control.LONGER in controls or config.finish.inherit)
        sizes = {Control.PARAMETERS, Control.MULT_ADDS} & set(controls)
        return bool(
            lines or sizes or config.objective.pareto or (Control.RANDOM in controls and self._draws())
        )
