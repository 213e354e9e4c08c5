"""A child: one network to be trained, and the digest that names it for ever (DESIGN: the child bank)."""

import hashlib
from typing import Any

from pydantic import Field

from nasflow.base.document import Document, canonical_json, is_off
from nasflow.spec.data import DataFacts
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe


class ChildSpec(Document):
    """What is trained, from what, on what, and how. The start and the final network are children too."""

    network: NetworkSpec
    """Its cell in canonical order, if that order can be grown from the start cell."""
    parent: str | None
    """Id of the child whose trained weights are inherited; None: from scratch."""
    weights: str | None = Field(default=None, exclude_if=is_off)
    """Digest of the weights that somebody brought, in the place of random ones: the start network's."""
    data: DataFacts
    recipe: Recipe
    seed: int
    """Of the initial weights, the order of the images, and the augmentation."""

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the sha256 over everything above, data paths left out."""
        identity: dict[str, Any] = self.model_dump(mode="json") | {"data": self.data.identity()}
        return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:16]
