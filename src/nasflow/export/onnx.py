"""A network as ONNX, for runtimes without torch."""

import io
import sys
import warnings
from contextlib import redirect_stdout
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataFacts


def what_onnx_lacks() -> str | None:
    """What is to be installed before a network can be written as ONNX; None: nothing."""
    missing = [each for each in ("onnx", "onnxscript") if find_spec(each) is None]
    if not missing:
        return None
    names = " ".join(missing)
    return f"ONNX needs what is not installed: `{sys.executable} -m pip install {names}`"


def write_onnx(network: nn.Module, facts: DataFacts) -> bytes:
    """The network with its weights: `pixels` float32 0..255 [batch, channels, size, size] -> `logits`.

    Raise InvalidSpec where the packages for it are not installed.
    """
    if missing := what_onnx_lacks():
        raise InvalidSpec(missing)
    reader = _Reader(network, facts).eval()
    example = torch.zeros(2, facts.channels, facts.size, facts.size)
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            reader,
            (example,),
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_shapes={"pixels": {0: batch}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())


class _Reader(nn.Module):
    """The network with the normalisation of its pixels before it."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, facts: DataFacts) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(facts.mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(facts.std).view(-1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """[batch, channels, size, size] -> [batch, classes]."""
        logits: Tensor = self.network((pixels / 255 - self.mean) / self.std)
        return logits
