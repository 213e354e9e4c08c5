"""Named tensors to bytes and back: safetensors, nothing pickled."""

import json
from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line

_LENGTH_BYTES = 8
"""A safetensors file starts with the length of its JSON header."""

_OF_A_HEADER = (KeyError, OverflowError, RuntimeError, TypeError, ValueError)
"""What torch says to a type or a shape that no tensor has."""

_REASON = 200
"""Characters."""


def snapshot(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU that training on will not change, in the default memory format."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def to_bytes(tensors: Mapping[str, Tensor], metadata: str | None = None) -> bytes:
    """A safetensors file of `tensors`; the same tensors give the same bytes."""
    return save(snapshot(tensors), {"nasflow": metadata} if metadata is not None else None)


def from_bytes(data: bytes, where: str) -> tuple[dict[str, Tensor], str | None]:
    """The tensors and the metadata of a file from `where`; raise InvalidSpec if it is broken or cut off."""
    try:
        tensors = load(data)
    except (SafetensorError, *_OF_A_HEADER) as error:
        reason = one_line(str(error), _REASON)
        raise InvalidSpec(f"{where}: no safetensors file, or broken or cut off ({reason})") from None
    # Loading has checked the header already; it only does not hand out the metadata, which may be null.
    end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES:end])
    return tensors, (header.get("__metadata__") or {}).get("nasflow")


class Misfit(InvalidSpec):
    """A tensor of another shape or type than the network's of that name."""


def check_like(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str) -> None:
    """Raise InvalidSpec unless `tensors` have the names of `wanted`, Misfit unless shapes and types too."""
    for name in sorted(wanted.keys() ^ tensors.keys()):
        raise InvalidSpec(
            f"{where}: {name!r} is missing" if name in wanted else f"{where}: {name!r} is not in the network"
        )
    for name, tensor in wanted.items():
        if tensors[name].shape != tensor.shape or tensors[name].dtype != tensor.dtype:
            raise Misfit(f"{where}: {name!r} is {_show(tensors[name])}, and the network has {_show(tensor)}")


def _show(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def is_counter(name: str, tensor: Tensor) -> bool:
    """Whether this is a BatchNorm's count of batches, which no function of the network depends on."""
    return name.endswith("num_batches_tracked") and tensor.shape == torch.Size([])
