"""How a network is trained: named, frozen, part of a child's identity."""

from typing import Literal, Self

from pydantic import Field, model_validator

from nasflow.base.document import Frozen, is_off


class Distil(Frozen):
    """Learn from what trained networks say of an image, besides its label (Hinton et al., 2015)."""

    teacher: Literal["start", "parent", "best"] = "start"
    """Whom a child learns from: the start network, or its parent; a network at full size: the start network,
    or the best children together."""
    best: int = Field(default=3, ge=1, le=20)
    """How many of the best children say what they say, on average."""
    weight: float = Field(default=0.5, gt=0, le=1)
    """Of what they say in the loss; the rest is the label's."""
    temperature: float = Field(default=2.0, gt=0, le=100)
    """By which logits are divided first: the higher, the more the wrong classes tell."""


class Recipe(Frozen):
    """SGD with Nesterov momentum and a cosine from `learning_rate` to 0 over all steps.

    The defaults are the paper's child recipe (Cai et al., ICML 2018, section 4.1).
    """

    epochs: int = Field(default=20, ge=0)
    """0: not trained at all, as a start network that comes trained."""
    batch_size: int = Field(default=64, ge=1)
    """Images a step."""
    learning_rate: float = Field(default=0.035, gt=0)
    """The highest, at the first step."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Of Nesterov's kind."""
    weight_decay: float = Field(default=1e-4, ge=0)
    """Of every tensor, biases and BatchNorm included."""
    augmentation: Literal["none", "standard", "resized"] = "none"
    """`standard`: a random crop after padding by 4 pixels and a horizontal flip. `resized`, for large
    images: a random part of 8 % to all of the image, brought back to its size, and a flip (Szegedy et al.,
    CVPR 2015)."""
    cutout: int = Field(default=0, ge=0, exclude_if=is_off)
    """Side in pixels of a square blanked in each training image (DeVries and Taylor, 2017); 0: none."""
    drop_path: float = Field(default=0.0, ge=0, lt=1, exclude_if=is_off)
    """Probability, at the end, that a branch of a sum is dropped for an image; it grows evenly from 0."""
    condense: bool = Field(default=False, exclude_if=is_off)
    """Learn which inputs the groups of a CondenseNet's 1x1 convolutions read, from scratch."""
    group_lasso: float = Field(default=0.0, ge=0, exclude_if=is_off)
    """With `condense`: weight of the norms of the groups' weights in the loss."""
    distil: Distil | None = Field(default=None, exclude_if=is_off)
    """Absent: the labels alone teach."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the sums; weights are float32 either way."""
    channels_last: bool = False
    """Images' channels side by side in memory: the same figures but for rounding, faster on most CPUs and
    GPUs."""
    cpu_threads: int = Field(default=1, ge=1, le=1024)
    """Threads of a CPU's kernels. They add in another order when they are more or fewer, so that a
    figure that followed the machine would make the same seed another search."""
    curve: bool = Field(default=False, exclude_if=is_off)
    """Show the held-out images after every epoch. Else they are shown where a result is wanted, at the end or
    at a rung: a short training spends half of its time on them."""
    gate_share: float = Field(default=0.1, gt=0, le=1)
    """Share of the steps over which the gates of new operations open, one epoch at most."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.group_lasso and not self.condense:
            raise ValueError("group_lasso goes with condense: true")
        return self
