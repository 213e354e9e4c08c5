"""Layer shrinkage (Ashok et al., ICLR 2018): the channels of a group that matter least go."""

from typing import ClassVar, Literal

from nasflow.spec.edits.edit import WidthEdit


class Narrow(WidthEdit):
    """The channels of a group are `channels`, fewer than before."""

    SURGEON: ClassVar[str] = "nasflow.surgery.narrow:narrow"
    preserves: ClassVar[bool] = False

    kind: Literal["narrow"] = "narrow"

    def __str__(self) -> str:
        return f"narrow {self.place} to {self.channels}"
