from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save

import nasflow
from nasflow.networks import build, initialise
from nasflow.tracking import Winner, register

if TYPE_CHECKING:
    from .searches import Searches

PACKAGE = Path(nasflow.__file__).parent


def test_served_network_is_the_network(
    sqlite_uri: str, name: str, searches: "Searches", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registered network predicts from uint8 images what the network says of them normalised."""
    import mlflow

    spec = searches.final_spec()
    network = build(spec.network).eval()
    initialise(network, 1)
    images = np.random.default_rng(0).integers(0, 256, (300, 1, 8, 8), dtype=np.uint8)
    winner = Winner(
        spec=spec,
        weights=save(network.state_dict()),
        code=PACKAGE / "steps" / "served_model.py",
        example=images[:1],
        requirements=("torch", "safetensors", "pydantic"),
        packages=(PACKAGE,),
    )
    registered = register(sqlite_uri, searches.retrained(name), winner)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_uri)
    # Loading puts the shipped package on the path for good: not for the tests after this one.
    monkeypatch.syspath_prepend(PACKAGE.parent)
    served = mlflow.pyfunc.load_model(f"models:/{registered.model}")
    with torch.inference_mode():
        expected = network((torch.as_tensor(images).float() / 255 - 0.5) / 0.25)
    np.testing.assert_allclose(served.predict(images), expected.numpy(), rtol=1e-4, atol=1e-5)
