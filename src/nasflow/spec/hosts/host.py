"""What every host says of itself: the networks that parts are put into."""

from typing import Annotated, ClassVar

from pydantic import Field

from nasflow.base.document import Frozen
from nasflow.spec.places import Place

Channels = Annotated[int, Field(ge=1, le=10_000_000)]
Layers = Annotated[int, Field(ge=1, le=1000)]


class Host(Frozen):
    """The skeleton of a network. A new kind is a class like this and the module that `BUILDER` names."""

    BUILDER: ClassVar[str]
    """Address of what makes the network: called with a NetworkSpec and its host, it gives an nn.Module."""

    kind: str

    @property
    def places(self) -> tuple[Place, ...] | None:
        """Where parts can stand; None: only the network itself knows (`nasflow.networks.all_places`)."""
        return None

    @property
    def takes_cells(self) -> bool:
        """Whether a cell can stand somewhere in it, as far as it knows its places."""
        return self.places is None or any(place.kind == "cell" for place in self.places)

    def wider(self, steps: int) -> "Host | None":
        """The same host, wider by so many of its smallest steps; None: nobody knows how."""
        return None

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels; 1 where that is not known."""
        return 1
