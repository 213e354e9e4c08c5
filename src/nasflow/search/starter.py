"""A first configuration, as a commented file: from three answers, as large as the time allows."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nasflow.base.errors import InvalidSpec
from nasflow.search.budget import Budget
from nasflow.search.forecast import Forecast, Machine, Paces, forecast
from nasflow.search.outlook import start_recipe
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.search.words import time_words
from nasflow.spec.recipe import Recipe

STARTER_HOSTS: Mapping[str, tuple[str, str]] = {
    "digits": (
        "{kind: densenet, growth: 8, blocks: 1, groups: 2}",
        "{kind: densenet, growth: 12, blocks: 1, groups: 2}",
    ),
    "fashion-mnist": (
        "{kind: densenet, growth: 8, blocks: 1, groups: 2}",
        "{kind: densenet, growth: 16, blocks: 1, groups: 2}",
    ),
    "image-folder": (
        "{kind: densenet, growth: 12, blocks: 2, groups: 2}",
        "{kind: densenet, growth: 24, blocks: 2, groups: 2}",
    ),
}
"""By data set: in which host children grow, and in which the found network is trained in the end."""


@dataclass(frozen=True)
class Effort:
    """How much is trained."""

    start: int
    """Epochs of the start network."""
    child: int
    """Epochs of each child."""
    children: int
    finish: int
    """Epochs of each network at full size."""
    shortlist: int

    @property
    def per_round(self) -> int:
        """Children of a round."""
        return min(8, max(4, self.children // 4))


EFFORTS = (
    Effort(2, 1, 4, 2, 1),
    Effort(4, 1, 8, 4, 2),
    Effort(6, 2, 16, 8, 3),
    Effort(6, 3, 24, 12, 3),
    Effort(10, 4, 32, 20, 3),
    Effort(20, 5, 64, 40, 4),
    Effort(40, 8, 128, 80, 4),
    Effort(100, 12, 256, 160, 5),
    Effort(300, 20, 512, 300, 5),
)
"""The last one trains as long as the paper's search."""

SMALL_IMAGES, LARGE_IMAGES = 32, 64
"""Pixels a side of images that have no size of their own; somebody's network may take no small ones."""

_SHARES = (1, 4, 16)
"""All training images, or one in so many."""

_A_CLASS = 50
"""So many training images of a class, on average, are left where fewer are used."""

_ENOUGH = 2
"""Below this place in EFFORTS a search only shows how one works."""


@dataclass(frozen=True)
class Starter:
    """What somebody wants, and what is known of the images."""

    images: str
    """The name of a data set."""
    path: str | None
    """Of a folder of images."""
    network: str | None
    """`torchvision:NAME` or `module:factory`; None: nasflow's own."""
    fresh: str | None
    """Tensors of that network which its weights need not fit."""
    train_images: int
    """Of the training part, the held-out ones among them."""
    classes: int
    effort: Effort = EFFORTS[0]
    size: int | None = None
    """Pixels a side to which images are brought; None: as they are."""
    share: int = 1
    """One in so many training images is used."""
    is_untrained: bool = False
    """Whether that network begins without weights, though torchvision publishes some."""
    number: int = 1
    """Which of the searches of these images it is."""

    def text(self, remark: str = "") -> str:
        """The file."""
        lines = [*self._head(remark), *self._data(), *self._networks(), *self._search(), *self._finish()]
        return "\n".join(lines) + "\n"

    @property
    def name(self) -> str:
        """Of the search."""
        given = self.path.rstrip("/").rpartition("/")[2] if self.path else self.images
        end = "" if self.number == 1 else f"-{self.number}"
        text = re.sub("[^a-z0-9]+", "-", given.lower()).strip("-")[: 53 - len(end)].strip("-") or "images"
        return text + end

    @property
    def is_trial(self) -> bool:
        """Whether so little is trained that the search can only show how one works."""
        return self.effort in EFFORTS[:_ENOUGH]

    @property
    def held_out(self) -> int:
        """A quarter, at most 5,000: what two children differ by is seen on many images."""
        return max(self.classes, min(5000, self.train_images // 4))

    @property
    def used(self) -> int:
        """Images that are trained with."""
        return max(self.classes, (self.train_images - self.held_out) // self.share)

    def forms(self) -> Iterator[tuple["Starter", float]]:
        """With larger images, as it is, with fewer of them: each with how much is computed beside this."""
        if self.size == SMALL_IMAGES:
            yield replace(self, size=LARGE_IMAGES), (LARGE_IMAGES / SMALL_IMAGES) ** 2
        for share in _SHARES:
            found = replace(self, share=share)
            if share == 1 or found.used >= _A_CLASS * self.classes:
                yield found, 1 / share

    def _head(self, remark: str) -> Iterator[str]:
        yield f"# Written by `nasflow init`{remark}."
        yield "# `nasflow plan` says what it takes, `nasflow search` runs it."
        yield "# `nasflow schema SearchFile` lists all that a configuration can say."
        yield _said(f"name: {self.name}", "in the store, in MLflow and in the report")
        yield _said("seed: 1", "the same seed is the same search")

    def _data(self) -> Iterator[str]:
        yield "data:"
        yield f"  name: {self.images}"
        if self.path:
            yield _said(f"  path: {_quoted(self.path)}", "a folder a class, or train/ and test/ with those")
            yield _said(f"  size: {self.size}", "pixels a side: fewer are quicker")
        yield _said(
            f"  held_out: {self.held_out}",
            "training images that children are judged by, not trained with",
        )
        if self.share > 1:
            times = f"without this line all are used, at {self.share} times the hours"
            yield _said(f"  train_images: {self.used}", times)

    def _networks(self) -> Iterator[str]:
        effort, rate = self.effort, "0.035" if self.network is None else "0.01"
        if self.network is None:
            yield _said(
                f"host: {STARTER_HOSTS[self.images][0]}",
                "the network whose cells grow: growth is its width, blocks its depth",
            )
            yield _said(f"start: {{epochs: {effort.start}, learning_rate: 0.1}}", "its own training, before")
        else:
            yield "start:"
            yield _said(
                f"  network: {_quoted(self.network)}", "some of its convolutions become cells, which grow"
            )
            yield from self._weights()
            recipe = f"  recipe: {{epochs: {effort.start}, learning_rate: {rate}}}"
            yield _said(recipe, "on these images, before anything grows")
        yield _said(
            f"child: {{epochs: {effort.child}, learning_rate: {rate}}}",
            "each child's, from its parent's weights",
        )

    def _weights(self) -> Iterator[str]:
        if self.is_untrained or not str(self.network).startswith("torchvision:"):
            yield _said("  weights: untrained", "or a safetensors file with its state dict")
        elif self.fresh:
            yield _said(
                f"  fresh: {_quoted(self.fresh)}",
                "made anew: the weights are for other classes",
            )

    def _search(self) -> Iterator[str]:
        children = self.effort.children
        yield _said(f"children_per_round: {self.effort.per_round}", "the controller learns after each round")
        more = f"later: nasflow resume {self.name} --children {2 * children}"
        yield _said(f"budget: {{children: {children}}}", more)

    def _finish(self) -> Iterator[str]:
        effort, rate = self.effort, "0.1" if self.network is None else "0.01"
        yield "finish:"
        if self.network is None:
            yield _said(f"  host: {STARTER_HOSTS[self.images][1]}", "full size")
        recipe = f"  recipe: {{epochs: {effort.finish}, learning_rate: {rate}}}"
        yield _said(recipe, "of the found network and of each of its controls")
        yield _said("  seeds: 1", "3 trains each three times: only then is luck told from better")
        if self.network is not None:
            yield _said("  inherit: true", "trained on from what was found; false: from scratch")
        if effort.shortlist > 1:
            yield _said(
                f"  shortlist: {effort.shortlist}",
                "children tried at full size before one is chosen",
            )


def _said(line: str, remark: str) -> str:
    return f"{line:<46}  # {remark}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def fitted(
    starter: Starter, config: ResolvedConfig, paces: Paces, machine: Machine, hours: float
) -> tuple[Starter, Forecast]:
    """As large as fits into some hours, with what it takes; `config` and `paces` are the starter's own.

    Raise InvalidSpec if even the smallest does not fit.
    """
    best: tuple[Starter, Forecast] | None = None
    told = forecast(config, paces, machine)
    for form, cost in starter.forms():
        scaled = {body: each.model_copy(update={"epoch": each.epoch * cost}) for body, each in paces.items()}
        foretold = {effort: forecast(_scaled(config, effort), scaled, machine) for effort in EFFORTS}
        told = foretold[EFFORTS[0]]
        fitting = [effort for effort, each in foretold.items() if each.hours <= hours]
        if fitting:
            best = replace(form, effort=fitting[-1]), foretold[fitting[-1]]
        if len(fitting) > _ENOUGH:
            break
    if best is None:
        least = math.ceil(100 * told.hours) / 100
        raise InvalidSpec(
            f"--hours {hours:g}: the smallest search of these images takes about "
            f"{time_words(3600 * told.hours)} here: --hours {least:g} does it"
        )
    return best


def _scaled(config: ResolvedConfig, effort: Effort) -> ResolvedConfig:
    """The same search at another effort."""

    def trained(recipe: Recipe, epochs: int) -> Recipe:
        return recipe.model_copy(update={"epochs": epochs})

    start: Any = config.start
    if isinstance(start, BroughtStart):
        start = start.model_copy(update={"recipe": trained(start_recipe(config), effort.start)})
    else:
        start = trained(start, effort.start)
    finish = {"recipe": trained(config.finish.recipe, effort.finish), "shortlist": effort.shortlist}
    return config.model_copy(
        update={
            "start": start,
            "child": trained(config.child, effort.child),
            "children_per_round": effort.per_round,
            "budget": Budget(children=effort.children),
            "finish": config.finish.model_copy(update=finish),
        }
    )
