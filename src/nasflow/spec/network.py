"""What a whole network is: a host, what stands in its places, and its input and output."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from nasflow.base.document import Document
from nasflow.spec.hosts import AnyHost, Host
from nasflow.spec.parts import Parts, Width
from nasflow.spec.places import check_parts


class NetworkSpec(Document):
    """Everything needed to build a network: nothing about its weights."""

    SCHEMA: ClassVar[int] = 2

    host: AnyHost
    parts: Parts = Parts()
    channels: int = Field(ge=1)
    """Channels of an image."""
    size: int = Field(ge=1)
    """Height and width of an image, in pixels."""
    classes: int = Field(ge=2)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.host.places is not None:
            check_parts(self.parts, self.host.places)
        least = self.host.least_size
        if self.size < least:
            raise ValueError(f"a {self.host.kind} like this needs images of {least} pixels at least")
        return self

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Schema 1 knew one cell."""
        return {("parts" if name == "cell" else name): value for name, value in data.items()}

    def with_parts(self, parts: Parts) -> Self:
        """The same network with other parts, which are not checked against the places."""
        return self.model_copy(update={"parts": parts})

    def canonical(self) -> Self:
        """The same network with its parts in canonical order, those left out that are as in the host."""
        parts = self.parts.canonical()
        widths = {each.name: each.channels for each in self.host.places or () if each.kind == "width"}
        own = tuple(
            (place, part)
            for place, part in parts.own
            if not (isinstance(part, Width) and part.channels == widths.get(place))
        )
        return self.with_parts(parts.model_copy(update={"own": own}))

    @property
    def name(self) -> str:
        """A text that equal networks of one host share, and no others."""
        return str(self.canonical().parts)


def is_one_cell(parts: Parts, host: Host) -> bool:
    """Whether a network is told by one cell, which stands everywhere."""
    return not parts.own and host.takes_cells
