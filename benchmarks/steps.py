"""One training step of a child, by layout and precision."""

from collections.abc import Callable, Iterator

import torch
from torch.nn import functional as F

from nasflow.networks import build, initialise
from nasflow.spec.cells import TREE_CELL_B
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts

_HOST = DenseNet(growth=8, blocks=1, groups=2)
_SPEC = NetworkSpec(host=_HOST, parts=Parts(cell=TREE_CELL_B), channels=1, size=28, classes=10)
_BATCH = 64


def child_steps() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """Forward and backward pass of a batch."""
    title = f"a child's step: TreeCell-B, width {_HOST.growth}, {_BATCH} images of 28 x 28"
    yield (
        title,
        {
            "float32": _step(torch.contiguous_format, False),
            "float32, channels_last": _step(torch.channels_last, False),
            "bfloat16, channels_last": _step(torch.channels_last, True),
        },
    )


def _step(layout: torch.memory_format, mixed: bool) -> Callable[[], object]:
    network = build(_SPEC)
    initialise(network, 0)
    network.to(memory_format=layout)
    images = torch.randn(_BATCH, 1, 28, 28).contiguous(memory_format=layout)
    labels = torch.randint(0, 10, (_BATCH,))

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            logits = network(images)
        F.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]

    return run
