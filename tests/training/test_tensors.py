import json
from typing import Any

import pytest
import torch

from nasflow.base.errors import InvalidSpec
from nasflow.training.tensors import from_bytes

FLOATS = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}

REFUSED: dict[str, dict[str, Any]] = {
    "a negative offset": {"a": FLOATS | {"data_offsets": [-8, 0]}},
    "an offset beyond the end": {"a": FLOATS | {"data_offsets": [0, 2**62]}},
    "an offset beyond all": {"a": FLOATS | {"data_offsets": [2**64, 2**64 + 8]}},
    "backwards": {"a": FLOATS | {"data_offsets": [8, 0]}},
    "two in one place": {"a": FLOATS, "b": FLOATS},
    "two that overlap": {"a": FLOATS, "b": FLOATS | {"data_offsets": [4, 12]}},
    "a hole": {"a": FLOATS, "b": FLOATS | {"data_offsets": [12, 20]}},
    "a shape of other bytes": {"a": FLOATS | {"shape": [3]}},
    "a shape beyond all": {"a": FLOATS | {"shape": [2**62, 2**62]}},
    "a shape of nothing beyond all": {
        "a": {"dtype": "F32", "shape": [2**62, 2**62, 0], "data_offsets": [0, 0]}
    },
    "a negative shape": {"a": FLOATS | {"shape": [-2]}},
    "an unknown type": {"a": FLOATS | {"dtype": "F99"}},
    "no offsets": {"a": {"dtype": "F32", "shape": [2]}},
    "no entry": {"a": None},
    "metadata that is a list": {"__metadata__": [], "a": FLOATS},
    "metadata with a number": {"__metadata__": {"nasflow": 1}, "a": FLOATS},
}


def file_of(header: object, data: bytes = bytes(8)) -> bytes:
    """A safetensors file with any header."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED)
def test_a_header_that_cannot_be(header: dict[str, Any]) -> None:
    """Whatever a header promises, what the file does not hold is one line."""
    with pytest.raises(InvalidSpec, match=r"^here: no safetensors file, or broken or cut off \(") as refused:
        from_bytes(file_of(header), "here")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**63, 2**64 - 1])
def test_a_length_that_cannot_be(length: int) -> None:
    """The header's own length is not believed either."""
    with pytest.raises(InvalidSpec, match="no safetensors file"):
        from_bytes(length.to_bytes(8, "little") + b"{", "here")


@pytest.mark.parametrize("metadata", [None, {}, {"other": "x"}])
def test_no_metadata(metadata: object) -> None:
    """A file of somebody else's has none of ours, in whatever way it says so."""
    tensors, found = from_bytes(file_of({"__metadata__": metadata, "a": FLOATS}), "here")
    assert torch.equal(tensors["a"], torch.zeros(2))
    assert found is None
