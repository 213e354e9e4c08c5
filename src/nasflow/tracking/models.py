"""A model that somebody has registered in MLflow: its weights as a file, nothing of it run or unpickled."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from nasflow.base.errors import InvalidSpec, TrackingUnavailable
from nasflow.base.settings import TRACKING_URI
from nasflow.tracking.address import sqlite_file
from nasflow.tracking.connection import connected

_REMEDY = f"{TRACKING_URI} says where it is"


@dataclass(frozen=True)
class RegisteredModel:
    """The files of a model that matter here."""

    weights: bytes
    """A safetensors file."""
    spec: bytes | None
    """The JSON of a ChildSpec, for a network that nasflow has registered."""


def read_model(uri: str, address: str) -> RegisteredModel:
    """The files of the model at `address`, `models:/NAME@ALIAS` or `models:/NAME/VERSION`.

    Raise TrackingUnavailable if there is no such model, InvalidSpec if it has not one safetensors file.
    """
    remedy = f"is {address} registered there? {_REMEDY}"
    file = sqlite_file(uri)
    if file and not file.exists():
        raise TrackingUnavailable(f"{uri} is not there: {remedy}")
    with connected(uri, remedy), TemporaryDirectory() as folder:
        from mlflow.artifacts import download_artifacts

        root = Path(download_artifacts(artifact_uri=address, dst_path=folder))
        files = sorted(root.rglob("*.safetensors"))
        if len(files) != 1:
            raise InvalidSpec(
                f"{address} has {len(files)} safetensors files, and one is wanted: what is pickled is not "
                "read, so save the network's state dict as safetensors"
            )
        spec = files[0].with_name("spec.json")
        return RegisteredModel(files[0].read_bytes(), spec.read_bytes() if spec.exists() else None)
