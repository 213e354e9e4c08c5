"""The idx format of the MNIST family: a header of big-endian numbers, then unsigned bytes."""

import gzip
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec


def read_idx(file: Path, shape: tuple[int, ...], most: int) -> Tensor:
    """The items of a gzipped idx file: uint8 [items, *shape], at most `most` of them.

    Raise InvalidSpec, naming the file, if it is broken, cut off, longer than its header says, or
    holds items of another shape.
    """
    header_bytes = 4 * (2 + len(shape))
    item_bytes = int(np.prod(shape, dtype=int))
    content = _unzip(file, header_bytes + most * item_bytes)
    if len(content) < header_bytes:
        raise InvalidSpec(f"{file}: {len(content)} bytes are no idx file: fetch it again")
    magic, items, *found = np.frombuffer(content, dtype=">u4", count=2 + len(shape)).tolist()
    if magic != 0x800 + 1 + len(shape) or tuple(found) != shape:
        raise InvalidSpec(f"{file}: not an idx file of unsigned bytes [items, {_show(shape)}]")
    if len(content) != header_bytes + items * item_bytes:
        raise InvalidSpec(
            f"{file}: its header says {items} items, {header_bytes + items * item_bytes} bytes, and it has "
            f"{len(content)}: fetch it again"
        )
    values = np.frombuffer(content, dtype=np.uint8, offset=header_bytes)
    return torch.from_numpy(values.reshape(items, *shape).copy())


def _unzip(file: Path, most: int) -> bytes:
    """The unpacked bytes; never more than `most`, whatever the file unpacks to."""
    try:
        with gzip.open(file) as stream:
            content = stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidSpec(f"{file}: cannot be unpacked ({error}): fetch it again") from None
    if len(content) > most:
        raise InvalidSpec(f"{file}: unpacks to more than {most} bytes, which this data set never has")
    return content


def _show(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape)) or "no further dimension"
