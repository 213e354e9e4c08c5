"""How far the path space reaches: what its decisions offer."""

from typing import Self

from pydantic import Field, model_validator

from nasflow.base.document import Frozen
from nasflow.spec.tree import CELL_OPERATIONS, Operation


class Reach(Frozen):
    """The bounds of the space; the defaults are the paper's (Cai et al., ICML 2018, section 4.1)."""

    max_depth: int = Field(default=3, ge=1, le=6)
    """Levels of nodes, the root included."""
    add_branches: tuple[int, ...] = (2, 3)
    """Branch numbers offered with merge add."""
    concat_branches: tuple[int, ...] = (2,)
    """Branch numbers offered with merge concat."""
    operations: tuple[Operation, ...] = CELL_OPERATIONS
    """What an identity edge can become; identity leaves it as it is."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("add_branches", "concat_branches", "operations"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names something twice")
        if any(not 2 <= count <= 8 for count in self.add_branches + self.concat_branches):
            raise ValueError("a node can have 2 to 8 branches")
        if not self.operations or Operation.HOST in self.operations:
            raise ValueError("operations is a non-empty choice of " + ", ".join(CELL_OPERATIONS))
        return self
