"""What a drawing of a cell is made of: shapes with coordinates, and groups of them that can be moved.

Coordinates are in pixels, x to the right and y downwards.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from nasflow.spec.tree import Operation, Path

Point = tuple[float, float]


class Symbol(StrEnum):
    """What happens to a signal at a mark that is no operation."""

    COPY = "copy"
    SPLIT = "split"
    MEAN = "mean"
    CONCAT = "concat"
    CUT = "cut"
    TAP = "tap"
    NORM = "norm"
    SUM = "sum"
    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True)
class Box:
    """An operation: a rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    operation: Operation
    path: Path

    def shifted(self, dx: float, dy: float) -> "Box":
        """The same box elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True)
class Mark:
    """A symbol by its centre and its extent to each side."""

    x: float
    y: float
    half_width: float
    half_height: float
    symbol: Symbol
    parts: int = 1
    """Branches that it feeds or merges."""

    def shifted(self, dx: float, dy: float) -> "Mark":
        """The same mark elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True)
class Wire:
    """A signal's way: horizontal and vertical segments."""

    points: tuple[Point, ...]
    share: float
    """Channels that it carries, of all the cell's."""
    is_shortcut: bool = False

    def shifted(self, dx: float, dy: float) -> "Wire":
        """The same wire elsewhere."""
        return replace(self, points=tuple((x + dx, y + dy) for x, y in self.points))


Shape = Box | Mark | Wire


@dataclass(frozen=True)
class Group:
    """Shapes that a signal enters at (0, 0) and leaves at (0, `height`)."""

    left: float
    """Extent to the left of x = 0."""
    right: float
    height: float
    shapes: tuple[Shape, ...]

    def shifted(self, dx: float, dy: float) -> tuple[Shape, ...]:
        """Its shapes, moved."""
        return tuple(shape.shifted(dx, dy) for shape in self.shapes)
