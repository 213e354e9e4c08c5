"""What MLflow runs to serve a found network: shipped with the model as a file, never imported by us.

It gets two artifacts: `spec`, the JSON of a ChildSpec, and `weights`, safetensors.
"""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from numpy.typing import NDArray

BATCH = 256


class ServedNetwork(PythonModel):
    """Images as they are in files -> logits."""

    def load_context(self, context: PythonModelContext) -> None:
        """Build the network of the spec and give it its weights."""
        import torch
        from safetensors.torch import load_file

        from nasflow.networks import build
        from nasflow.networks.state import load_state
        from nasflow.spec.child import ChildSpec

        spec = ChildSpec.from_json(Path(context.artifacts["spec"]).read_bytes(), "spec.json")
        self.network = build(spec.network).eval()
        load_state(self.network, load_file(context.artifacts["weights"]))
        self.mean = torch.tensor(spec.data.mean).view(-1, 1, 1)
        self.std = torch.tensor(spec.data.std).view(-1, 1, 1)

    # `np.ndarray`, as MLflow knows no other name of a tensor: the signature says its type and shape.
    def predict(
        self, context: PythonModelContext, model_input: np.ndarray, params: dict[str, Any] | None = None
    ) -> NDArray[np.float32]:
        """uint8 images [batch, channels, height, width] -> float32 logits [batch, classes]."""
        import torch

        with torch.inference_mode():
            batches = torch.split(torch.as_tensor(model_input), BATCH)
            pixels = ((batch.float() / 255 - self.mean) / self.std for batch in batches)
            logits: NDArray[np.float32] = torch.cat([self.network(batch) for batch in pixels]).numpy()
        return logits


set_model(ServedNetwork())
