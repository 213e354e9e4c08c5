"""A child: one network to be trained, and the digest that names it for ever."""

import hashlib
from typing import Any, ClassVar

from pydantic import Field

from nasflow.base.document import Document, canonical_json, is_off
from nasflow.spec.data import DataFacts
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown, Origin
from nasflow.spec.recipe import Recipe


class ChildSpec(Document):
    """What is trained, from what, on what, and how. The start and the final network are children too."""

    SCHEMA: ClassVar[int] = 2

    network: NetworkSpec
    origin: Origin
    data: DataFacts
    recipe: Recipe
    seed: int
    """Of the initial weights, the order of the images, and the augmentation."""
    teachers: tuple[str, ...] = Field(default=(), exclude_if=is_off)
    """Ids of the records that it learns from, where its recipe distils."""
    measures: tuple[str, ...] = Field(default=(), exclude_if=is_off)
    """Names of those to be taken besides the ordinary ones."""
    first_id: str | None = Field(default=None, exclude=True)
    """The id that an older schema gave it, for one that was read; None: its own."""

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the sha256 over everything above, data paths left out."""
        identity: dict[str, Any] = self.model_dump(mode="json") | {"data": self.data.identity()}
        return self.first_id or _digits(identity)

    @property
    def parent(self) -> str | None:
        """Id of the record whose weights are inherited; None: there is none."""
        return self.origin.parent if isinstance(self.origin, Grown) else None

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 knew a parent without edits, or weights, or neither; its id was over its own fields."""
        known = dict(data)
        parent, weights = known.pop("parent", None), known.pop("weights", None)
        origin = {"kind": "brought", "weights": weights} if weights else {"kind": "scratch"}
        if parent:
            origin = {"kind": "grown", "parent": parent}
        spec = {name: value for name, value in data["data"]["spec"].items() if name != "path"}
        first_id = _digits(data | {"data": data["data"] | {"spec": spec}})
        return known | {"origin": origin, "first_id": first_id}


def _digits(identity: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:16]
