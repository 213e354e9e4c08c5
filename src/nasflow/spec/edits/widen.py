"""Net2Wider (Chen et al., ICLR 2016): a group of channels becomes more, some of them twice."""

from typing import ClassVar, Literal

from nasflow.spec.edits.edit import WidthEdit


class Widen(WidthEdit):
    """The channels of a group are `channels`, more than before; what they come to is what it was."""

    SURGEON: ClassVar[str] = "nasflow.surgery.widen:widen"

    kind: Literal["widen"] = "widen"

    def __str__(self) -> str:
        return f"widen {self.place} to {self.channels}"
