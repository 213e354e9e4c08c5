"""A network that somebody else wrote."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nasflow.base.document import is_off
from nasflow.base.form import Form
from nasflow.spec.hosts.host import Host


class Adopted(Host):
    """A network that somebody else wrote, some of whose convolutions are places for a cell."""

    BUILDER: ClassVar[str] = "nasflow.networks.adopted:build_adopted"

    kind: Literal["adopted"] = "adopted"
    network: Annotated[
        str,
        Form(r"torchvision:\w+|[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", "torchvision:NAME or module:factory is"),
    ]
    """`torchvision:NAME`, or `module:factory`: called without arguments, it gives an `nn.Module` that maps
    images [batch, channels, height, width] to logits [batch, classes]."""
    cells: str | None = None
    """Which convolutions: a shell pattern for their names in the network (`layer[34].*.conv?`). If absent,
    the 3x3 ones, but for depthwise ones; where the first alone is one, the others that are not depthwise."""
    code: str | None = Field(default=None, pattern=r"^([0-9a-f]{16}){1,2}$", exclude_if=is_off)
    """Digests of the source that the network was made by when its search began: of its factory and its
    layers' classes, and of the files beside the factory that this imports, which older searches do not have.
    None: torchvision's."""
