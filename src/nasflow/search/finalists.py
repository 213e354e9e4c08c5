"""The networks of the end: the chosen one at full size, and what it is measured against."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nasflow.search.controls import ENDS, Control, Finalist, final_seeds
from nasflow.search.family import family
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord
from nasflow.search.rounds import Arm
from nasflow.search.spaces.layered import layer_edits
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Origin, Scratch
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe

Widening = Callable[[NetworkSpec, str, NetworkSpec], NetworkSpec | None]
"""Takes a network, the name of a measure and another network: gives the first one so wide or narrow that it
has the measure of the other, as nearly as can be; None: nobody knows how."""


@dataclass(frozen=True)
class Finals:
    """What is trained at full size."""

    specs: Mapping[Finalist, ChildSpec] = field(default_factory=dict)
    """The found network first, once a seed; different finalists may be one network."""
    missing: Mapping[Control, str] = field(default_factory=dict)
    """The controls that cannot be, each with its reason."""


def finals(ledger: Ledger, widen: Widening) -> Finals:
    """The networks of the end of a search that has stopped; nothing where no network was chosen."""
    best = ledger.stop.best if ledger.stop else None
    chosen = next((each for each in (ledger.start, *ledger.children) if each and each.child == best), None)
    if chosen is None:
        return Finals()
    end = _End(ledger, chosen, widen)
    asked = (*ENDS, *ledger.config.finish.controls)
    made = {control: end.network(control) for control in Control if control in asked and end.has(control)}
    specs = {None: end.found} | {name: each for name, each in made.items() if isinstance(each, ChildSpec)}
    missing = {name: each for name, each in made.items() if isinstance(each, str)}
    return Finals(dict(_with_seeds(ledger, specs)), missing)


def full_size(ledger: Ledger, parts: Parts, parent: str | None = None) -> ChildSpec:
    """Some parts at full size, to be trained as the finish trains.

    From scratch, or, where the finish inherits, from the weights of `parent`, which has the same network.
    """
    finish = ledger.config.finish
    origin: Origin = Grown(parent=parent) if finish.inherit and parent else Scratch()
    # Inherited weights have the order of their branches; from scratch the same network is one network.
    ordered = parts if isinstance(origin, Grown) else parts.canonical()
    return ledger.child(_last_network(ledger, ordered), origin, finish.recipe)


@dataclass(frozen=True)
class _End:
    """A search of which one network was chosen."""

    ledger: Ledger
    chosen: ChildRecord
    widen: Widening

    @property
    def found(self) -> ChildSpec:
        return full_size(self.ledger, self.chosen.parts, self.chosen.child)

    @property
    def start(self) -> ChildSpec:
        return full_size(self.ledger, self.ledger.config.start_parts, self.ledger.start_spec.id)

    def has(self, control: Control) -> bool:
        """Whether a control says anything here."""
        finish, pareto = self.ledger.config.finish, self.ledger.config.objective.pareto
        return control not in {*ENDS[len(pareto) :], *([] if finish.inherit else [Control.SCRATCH])}

    def network(self, control: Control) -> ChildSpec | str:
        """The network of a control; or why there is none."""
        match control:
            case Control.START:
                return self.start
            case Control.LONGER:
                return self._longer()
            case Control.PARAMETERS | Control.MULT_ADDS:
                return self._as_large(control.value)
            case Control.SCRATCH:
                return self._from_scratch(_last_network(self.ledger, self.chosen.parts.canonical()))
            case Control.FIRST_END | Control.SECOND_END | Control.THIRD_END:
                end = self.ledger.config.judge.ends(self.ledger.children)[ENDS.index(control)]
                return full_size(self.ledger, end.parts, end.child)
            case Control.RANDOM:
                return self._random()

    def _longer(self) -> ChildSpec:
        start = self.start
        return start.model_copy(update={"recipe": self._as_long(has_start=start.parent is not None)})

    def _as_long(self, has_start: bool) -> Recipe:
        """The last recipe for as long as the found network's whole line; without the start network's share,
        where that is in the weights already.
        """
        recipe, had = self.ledger.config.finish.recipe, 0
        if has_start and self.ledger.start:
            had = len(self.ledger.start.history)
        epochs = max(1, recipe.epochs + self._searched_epochs() - had)
        return recipe.model_copy(update={"epochs": epochs})

    def _as_large(self, measure: str) -> ChildSpec | str:
        start = _last_network(self.ledger, self.ledger.config.start_parts.canonical())
        wide = self.widen(start, measure, _last_network(self.ledger, self.chosen.parts))
        if wide is None:
            return f"nobody knows how to make a host of kind {start.host.kind} wider or narrower"
        if wide == start:
            return "no other width comes nearer to the found network's size than the start network's own"
        return self._cut(wide) or self._from_scratch(wide)

    def _cut(self, narrow: NetworkSpec) -> ChildSpec | None:
        """Where the found network has inherited weights, so does the start network that is only narrower:
        trained on for as long.
        """
        start = self.ledger.start_spec
        edits = layer_edits(start.network, narrow) if self.ledger.config.finish.inherit else None
        if not edits or any(each.preserves for each in edits):
            return None
        return self.ledger.child(narrow, Grown(parent=start.id, edits=edits), self._as_long(has_start=True))

    def _from_scratch(self, network: NetworkSpec) -> ChildSpec:
        """Without weights of anybody: with as much training in all as the found network, at the rate that
        suits new weights.
        """
        recipe, own = self.ledger.config.finish.recipe, self.ledger.start_spec
        if self.ledger.config.finish.inherit:
            rate = own.recipe.learning_rate if isinstance(own.origin, Scratch) else recipe.learning_rate
            epochs = recipe.epochs + self._searched_epochs()
            recipe = recipe.model_copy(update={"epochs": epochs, "learning_rate": rate})
        return self.ledger.child(network, Scratch(), recipe)

    def _random(self) -> ChildSpec | str:
        if self.ledger.config.controller.kind == "random":
            return "every child was drawn at random"
        episodes = self.ledger.episodes
        drawn = [each for each in self.ledger.children if episodes[each.child].arm is Arm.RANDOM]
        if not drawn:
            return "no child was drawn at random"
        best = self.ledger.config.judge.best(drawn)
        if best is None:
            return "no child of the random arm may win"
        return full_size(self.ledger, best.parts, best.child)

    def _searched_epochs(self) -> int:
        """Of the chosen network's whole line, the start network's own among them."""
        line = family(self.ledger)[self.chosen.child]
        return line.own_epochs + line.ancestors_epochs


def _last_network(ledger: Ledger, parts: Parts) -> NetworkSpec:
    given = ledger.start_spec.network.model_dump() | {"parts": parts, "host": ledger.config.finish.host}
    return NetworkSpec.model_validate(given)


def _with_seeds(
    ledger: Ledger, specs: Mapping[Control | None, ChildSpec]
) -> Iterator[tuple[Finalist, ChildSpec]]:
    for control, each in specs.items():
        for seed in final_seeds(ledger.config.seed, ledger.config.finish.seeds):
            spec = each.model_copy(update={"seed": seed})
            yield Finalist(control=control, seed=seed, child=spec.id), spec
