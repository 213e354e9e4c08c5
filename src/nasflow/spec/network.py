"""What a whole network is: a host, the cell embedded in each of its layers, and its input and output."""

from typing import Self

from pydantic import Field, model_validator

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.spec.host import Host, check_cell, places
from nasflow.spec.tree import START_CELL, TreeText


class NetworkSpec(Document):
    """Everything needed to build a network: nothing about its weights."""

    host: Host
    cell: TreeText = START_CELL
    channels: int = Field(ge=1)
    """Channels of an image."""
    size: int = Field(ge=1)
    """Height and width of an image, in pixels."""
    classes: int = Field(ge=2)

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            check_cell(self.cell, places(self.host))
        except InvalidSpec as error:
            raise ValueError(str(error)) from None
        least = self.host.least_size
        if self.size < least:
            raise ValueError(f"a {self.host.kind} like this needs images of {least} pixels at least")
        return self
