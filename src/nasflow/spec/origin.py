"""Where the weights of a network come from, before its training."""

from typing import Annotated, Literal

from pydantic import Field

from nasflow.base.document import Frozen
from nasflow.spec.edits import AnyEdit


class Scratch(Frozen):
    """Drawn at random, from the child's seed."""

    kind: Literal["scratch"] = "scratch"


class Brought(Frozen):
    """Brought by somebody: the start network's, where there was one."""

    kind: Literal["brought"] = "brought"
    weights: str
    """Digest of the blob."""


class Grown(Frozen):
    """Inherited from any trained record, through edits of its network."""

    kind: Literal["grown"] = "grown"
    parent: str
    """Id of the record."""
    edits: tuple[AnyEdit, ...] = ()
    """None: the parent's network is trained on."""


Origin = Annotated[Scratch | Brought | Grown, Field(discriminator="kind")]
