import pytest

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataSpec


class Holder(Document):
    """A document round a data set, to see its messages."""

    data: DataSpec


@pytest.mark.parametrize("missing", ["path", "size"])
def test_image_folder(missing: str) -> None:
    """An image folder needs its place and the size of its images."""
    data = {"name": "image-folder", "held_out": 10, "path": "/images", "size": 32}
    assert Holder.from_data({"data": data}, "here").data.size == 32
    del data[missing]
    with pytest.raises(InvalidSpec, match="needs `path`"):
        Holder.from_data({"data": data}, "here")


def test_identity(child: ChildSpec) -> None:
    """The identity of data holds all facts but the path."""
    identity = child.data.identity()
    assert "path" not in str(identity)
    assert identity["fingerprint"] == child.data.fingerprint
