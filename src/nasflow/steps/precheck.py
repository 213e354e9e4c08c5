"""What can be known of a search before its first training: told when it begins, and by `nasflow doctor`.

Only what is sure to fail is refused; what an estimate says is a remark.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil

from nasflow.base.errors import InvalidSpec
from nasflow.base.quantity import in_bytes
from nasflow.measure.memory import TrainingMemory, training_memory, weight_bytes
from nasflow.networks.adopted import make
from nasflow.networks.convolutions import coverage
from nasflow.search.outlook import counted_children, outlook
from nasflow.search.resolved import ResolvedConfig
from nasflow.spec.data import DataFacts
from nasflow.spec.hosts import Adopted
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe
from nasflow.steps.network import trained_form
from nasflow.store import Store, free_bytes
from nasflow.training.memory import Room
from nasflow.training.team import this_team

_LITTLE = 0.1
"""Of the weights of a network's convolutions: a search of less of them changes little."""

_FILES = 2
"""Of weights that a network leaves in the store: as it was born, and as it was trained."""


@dataclass(frozen=True)
class Precheck:
    """What is known of a search before its first training."""

    config: ResolvedConfig
    facts: DataFacts
    searched: NetworkSpec
    """The start network."""
    last: NetworkSpec
    """The same at full size."""

    def remarks(self, store: Store, room: Room) -> Iterator[str]:
        """A line each, on what may well go wrong where trainings have so much `room`.

        Raise InvalidSpec for what is sure to.
        """
        yield from self._on_cells()
        yield from self._on_memory(room)
        yield from self._on_space(store)

    def _on_cells(self) -> Iterator[str]:
        """Where the cells are next to nothing of somebody's network."""
        host = self.config.host
        if not isinstance(host, Adopted) or self.config.space.changes != "cell":
            return
        found = coverage(make(host, self.facts.classes), host)
        if found.share < _LITTLE:
            yield (
                f"{host.network}: cells stand for {found.cells} of {found.convolutions} convolutions, "
                f"{found.share:.1%} of their weights: a pattern in `cells` can name others"
            )

    def _on_memory(self, room: Room) -> Iterator[str]:
        """Where a batch does not fit; each remark once, with all whom it concerns."""
        concerned: dict[str, list[str]] = {}
        known: dict[tuple[NetworkSpec, bool], TrainingMemory] = {}
        for training in self._trainings():
            form = training.network, training.recipe.condense
            if form not in known:
                known[form] = training_memory(form[0], partial(trained_form, recipe=training.recipe))
            training.check(known[form], room)
            if remark := training.remark(known[form], room, self.facts.train_images):
                concerned.setdefault(remark, []).append(training.name)
        for remark, names in concerned.items():
            yield f"{', '.join(names)}: {remark}"

    def _trainings(self) -> "Iterator[_Training]":
        """Those whose networks are known by now, or how small they are at least."""
        config = self.config
        start = config.start_training
        if start and start.epochs:
            yield _Training("start", self.searched, start, is_least=True)
        if config.budget.children != 0:
            yield _Training("child", self.searched, config.child, config.space.only_grows)
        is_least = config.space.only_grows or config.budget.children == 0
        yield _Training("finish.recipe", self.last, config.finish.recipe, is_least)

    def _on_space(self, store: Store) -> Iterator[str]:
        """Where the disk of the store is too full for the weights that the search will write."""
        free = free_bytes(store)
        if free is None:
            return
        small, large = weight_bytes(self.searched), weight_bytes(self.last)
        children, finalists = self._children(), self._finalists()
        # Beside them one checkpoint in flight: weights and momentum.
        needed = _FILES * (small * (1 + children) + large * finalists) + 2 * max(small, large)
        if needed > free:
            yield (
                f"store {store.url}: its disk has {in_bytes(free)} free, and the search writes about "
                f"{in_bytes(needed)} (the weights of {children:,} children, {in_bytes(small)} each or more, "
                f"and of {finalists} networks at full size, {in_bytes(large)}, as born and as trained): "
                "free space there, or choose another store"
            )

    def _children(self) -> int:
        """How many children the budget allows; one round at least where it is a time."""
        counted = counted_children(self.config)
        return self.config.children_per_round if counted is None else counted

    def _finalists(self) -> int:
        """How many networks are trained at full size, at most."""
        batches = outlook(self.config, self._children())
        return sum(len(each.stretches) for each in batches if each.stage in {"shortlist", "finish"})


@dataclass(frozen=True)
class _Training:
    """A training that will come."""

    name: str
    """Of its recipe in the configuration."""
    network: NetworkSpec
    recipe: Recipe
    is_least: bool
    """Whether no network that is trained so can be smaller than this one."""

    def check(self, memory: TrainingMemory, room: Room) -> None:
        """Raise InvalidSpec if its network cannot be trained, whatever the batch."""
        needed = memory.without_images(self.recipe)
        if self.is_least and needed > room.bytes:
            raise InvalidSpec(
                f"{self.name}: a network of {self.network.host.kind} that takes {in_bytes(needed)} for its "
                f"weights, their gradients and momentum alone cannot be trained here: {room.owner} has "
                f"{in_bytes(room.bytes)}: take a smaller host, or more memory"
            )

    def remark(self, memory: TrainingMemory, room: Room, images: int) -> str | None:
        """What is to be said where its batches do not fit; None: they may."""
        batch = ceil(min(self.recipe.batch_size, images) / this_team().size)
        needed = memory.with_images(self.recipe, batch)
        if needed <= room.bytes:
            return None
        left = room.bytes - memory.without_images(self.recipe)
        fits = int(left / memory.of_image(self.recipe)) if left > 0 and memory.image else 0
        remedy = f"a batch_size of {fits} may fit" if fits else "a smaller network fits"
        return (
            f"a network as large as the start's takes about {in_bytes(needed)} to be trained with batches of "
            f"{batch:,} images, and {room.owner} has {in_bytes(room.bytes)}: {remedy}"
        )
