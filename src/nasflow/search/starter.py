"""A first configuration, as a commented file: from three answers, as large as the time allows."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nasflow.search.effort import EFFORTS, Effort

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

_NARROW = STARTER_HOSTS["digits"]
"""The same for any of them, where nothing larger fits into the time."""


_LARGE, _SMALL, _SMALLEST = 64, 32, 16
"""Pixels a side to which a folder's images are brought; the last one where nothing larger fits into the
time."""

_FEW = 2048
"""With fewer training images a step takes half a recipe's own batch: an epoch then has more steps, and each
is cheaper. What a network learns within few epochs follows its steps more than the images of each."""

_BATCH, _SMALL_BATCH = 64, 32

_SHARES = (1, 4, 16)
"""All training images, or one in so many."""

_A_CLASS = 50
"""So many training images of a class, on average, are left where fewer are used."""


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
    sizes: tuple[int, ...] = ()
    """Those that `size` may become, the largest first; empty: it stays."""
    pixels: int | None = None
    """Of a folder's images themselves: their median smaller side."""
    is_narrow: bool = False
    """Whether nasflow's own host is smaller than usual."""
    channels_last: bool = False
    """Whether networks are trained with an image's channels side by side in memory."""

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
    def hosts(self) -> tuple[str, str]:
        """See STARTER_HOSTS."""
        return _NARROW if self.is_narrow else STARTER_HOSTS[self.images]

    @property
    def held_out(self) -> int:
        """A quarter, at most 5,000: what two children differ by is seen on many images."""
        return max(self.classes, min(5000, self.train_images // 4))

    @property
    def used(self) -> int:
        """Images that are trained with."""
        return max(self.classes, (self.train_images - self.held_out) // self.share)

    @property
    def batch_size(self) -> int:
        """Images a step; the same ones where fewer are used, so that a step costs the same."""
        return _SMALL_BATCH if self.train_images - self.held_out < _FEW else _BATCH

    @property
    def steps(self) -> int:
        """Of an epoch, in which a single image that is left over makes no step."""
        return max(1, math.ceil((self.used - 1) / self.batch_size))

    @property
    def trained(self) -> Effort:
        """The effort, with epochs enough for each network."""
        return self.effort.raised(self.steps)

    def resorts(self) -> Iterator["Starter"]:
        """What may be timed, from the usual host to where the smallest images go through a smaller one.

        Somebody's own network stays as it is, and may take no small images.
        """
        yield self
        if self.network is not None:
            return
        narrow = replace(self, is_narrow=True)
        if narrow.hosts != self.hosts:
            yield narrow
        if self.sizes and self.sizes[-1] != self.size:
            yield replace(narrow, size=self.sizes[-1])

    def forms(self) -> Iterator[tuple["Starter", float]]:
        """With larger images, as it is, with fewer: each with what an image costs beside this one's."""
        if self.size and self.size >= _SMALL:
            for size in self.sizes:
                if size > self.size:
                    yield replace(self, size=size), (size / self.size) ** 2
        for share in _SHARES:
            found = replace(self, share=share)
            if share == 1 or found.used >= _A_CLASS * self.classes:
                yield found, 1.0

    def _head(self, remark: str) -> Iterator[str]:
        yield f"# Written by `nasflow init`{remark}."
        yield "# `nasflow plan` says what it takes, `nasflow search` runs it."
        yield "# `nasflow reference FOLDER` writes down what else a configuration can say."
        yield _said(f"name: {self.name}", "in the store, in MLflow and in the report")
        yield _said("seed: 1", "the same seed is the same search")

    def _data(self) -> Iterator[str]:
        yield "data:"
        yield f"  name: {self.images}"
        if self.path:
            yield _said(f"  path: {_quoted(self.path)}", "a folder a class, or train/ and test/ with those")
        if self.size:
            yield _said(f"  size: {self.size}", self._about_size())
        yield _said(
            f"  held_out: {self.held_out}",
            "of the training images: children are judged by them, not trained with them",
        )
        if self.share > 1:
            times = f"without this line all are used, at up to {self.share} times the hours"
            yield _said(f"  train_images: {self.used}", times)

    def _about_size(self) -> str:
        if self.pixels is None:
            return "pixels a side"
        fewer = "; fewer are quicker" if self.size and self.size < self.pixels else ""
        return f"pixels a side: your images are about {self.pixels} pixels{fewer}"

    def _networks(self) -> Iterator[str]:
        effort, rate = self.trained, "0.035" if self.network is None else "0.01"
        if self.network is None:
            yield _said(
                f"host: {self.hosts[0]}",
                "the network whose cells grow: growth is its width, blocks its depth",
            )
            yield _said(f"start: {self._recipe(effort.start, '0.1')}", "its own training, before")
        else:
            yield "start:"
            yield _said(
                f"  network: {_quoted(self.network)}", "some of its convolutions become cells, which grow"
            )
            yield from self._weights()
            recipe = f"  recipe: {self._recipe(effort.start, rate)}"
            yield _said(recipe, "on these images, before anything grows")
        many = f"each child's, from its parent's weights: {self.steps * effort.child} steps"
        yield _said(f"child: {self._recipe(effort.child, rate)}", many)

    def _recipe(self, epochs: int, rate: str) -> str:
        batch = "" if self.batch_size == _BATCH else f"batch_size: {self.batch_size}, "
        layout = ", channels_last: true" if self.channels_last else ""
        return f"{{epochs: {epochs}, {batch}learning_rate: {rate}{layout}}}"

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
        yield "# space: {kind: layer}: widths and depth, not a cell; that found more on a small network"
        yield _said(f"children_per_round: {self.effort.per_round}", "the controller learns after each round")
        more = f"later: nasflow resume {self.name} --children {2 * children}"
        yield _said(f"budget: {{children: {children}}}", more)

    def _finish(self) -> Iterator[str]:
        effort, rate = self.trained, "0.1" if self.network is None else "0.01"
        yield "finish:"
        if self.network is None:
            yield _said(f"  host: {self.hosts[1]}", "full size")
        recipe = f"  recipe: {self._recipe(effort.finish, rate)}"
        more = "of the found network and its controls; augmentation: standard crops and flips images"
        yield _said(recipe, more)
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


def starter_sizes(pixels: int, is_own: bool) -> tuple[int, ...]:
    """To how many pixels a side images of so many may be brought, the largest first.

    Never to more than they have: that would cost time, and shows nothing. `is_own`: nasflow's own hosts take
    small ones.
    """
    largest = min(_LARGE, pixels)
    return (largest, *(each for each in (_SMALL, _SMALLEST) if is_own and each < largest))


def usual_size(sizes: tuple[int, ...]) -> int:
    """The one of `starter_sizes` that is timed first."""
    return min((each for each in sizes if each >= _SMALL), default=sizes[0])
