"""The winner in MLflow's model registry: weights, spec and code as files, nothing pickled."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nasflow.base.errors import InvalidSpec
from nasflow.search.ledger import Ledger
from nasflow.spec.child import ChildSpec
from nasflow.tracking.connection import catch_up, connected
from nasflow.tracking.content import CELL, CHILD_ID, SEARCH_ID, Role, Story, present
from nasflow.tracking.publish import Published, publish_through

if TYPE_CHECKING:
    import numpy as np
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.models import ModelSignature
    from numpy.typing import NDArray

ALIAS = "challenger"
_TEST = "nasflow.test_accuracy"


@dataclass(frozen=True)
class Winner:
    """The final network with all that is needed to serve it."""

    spec: ChildSpec
    weights: bytes
    """safetensors, named as in the network built from the spec."""
    code: Path
    """The file that MLflow runs to serve it; it gets the artifacts `spec` (JSON) and `weights`."""
    example: "NDArray[np.uint8]"
    """Images [batch, channels, height, width], shown as the input example."""
    requirements: tuple[str, ...]
    """What `code` needs from pip."""
    packages: tuple[Path, ...] = ()
    """Folders of Python packages shipped with the model, because pip cannot get them."""


@dataclass(frozen=True)
class Registered:
    """Where the winner is."""

    model: str
    """Name and version: `digits/1`."""
    run: str
    """Id of the final network's run."""
    published: Published
    """Where the search is shown."""


def register(
    uri: str,
    ledger: Ledger,
    winner: Winner,
    drawings: Mapping[str, str] | None = None,
    others: Mapping[str, Winner] | None = None,
    story: Story | None = None,
) -> Registered:
    """Register the final network under the search's name, with the alias `challenger`; publish first.

    `others` are finalists that are registered besides, each by the alias that it is to have. A child that is
    registered already stays the version that it is. Raise TrackingUnavailable if MLflow or its registry
    cannot be used.
    """
    name, child = ledger.config.name, winner.spec.id
    if ledger.final is None or ledger.final.child != child:
        raise InvalidSpec(
            f"child {child} is not the final network of search {name!r}: only that is registered"
        )
    with connected(uri, catch_up(name)) as client:
        published = publish_through(client, uri, ledger, drawings or {}, story)
        # Last the one that was chosen: it is the newest version.
        for alias, other in (others or {}).items():
            _register(client, published, name, other, alias)
        version = _register(client, published, name, winner, ALIAS)
        _describe(client, ledger, version, story)
        return Registered(f"{name}/{version}", published.runs[Role.FINAL.value, child], published)


def _register(client: "MlflowClient", published: Published, name: str, winner: Winner, alias: str) -> str:
    """The version that the network has from now on, and by this alias."""
    child = winner.spec.id
    roles = (Role.FINAL.value, Role.CONTROL.value)
    run = next(published.runs[role, child] for role in roles if (role, child) in published.runs)
    version = _find_version(client, name, child)
    if version is None:
        model = _logged_model(client, published.experiment, run, name, winner)
        version = _create_version(client, model, run, name, winner)
    _set_alias(client, name, version, alias)
    return version


def _describe(client: "MlflowClient", ledger: Ledger, version: str, story: Story | None) -> None:
    """Cell and test figure of the winner's version, and its card; both may come after it was registered."""
    name, known = ledger.config.name, client.get_model_version(ledger.config.name, version)
    test = f"{ledger.finish.test_accuracy:.4f}" if ledger.finish else None
    tags = present({CELL: ledger.final and ledger.final.parts, _TEST: test})
    for key, value in tags.items():
        if known.tags.get(key) != value:
            client.set_model_version_tag(name, version, key, value)
    if story and known.description != story.description:
        client.update_model_version(name, version, story.description)


def _find_version(client: "MlflowClient", name: str, child: str) -> str | None:
    """The version that holds the child; None: not registered yet."""
    versions = client.search_model_versions(f"name = '{name}' and tags.`{CHILD_ID}` = '{child}'")
    return min((str(version.version) for version in versions), key=int, default=None)


def _create_version(client: "MlflowClient", model: "LoggedModel", run: str, name: str, winner: Winner) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source, tags = f"models:/{model.model_id}", _tags(name, winner)
    version = client.create_model_version(name, source, run, tags=tags, model_id=model.model_id)
    return str(version.version)


def _set_alias(client: "MlflowClient", name: str, version: str, alias: str) -> None:
    """Point the alias at this version, unless someone has given it to a newer one."""
    current = client.get_registered_model(name).aliases.get(alias)
    if current is None or int(current) < int(version):
        client.set_registered_model_alias(name, alias, version)


def _logged_model(
    client: "MlflowClient", experiment: str, run: str, name: str, winner: Winner
) -> "LoggedModel":
    """The child's LoggedModel, complete; remnants of a call that was killed are deleted."""
    from mlflow.entities import LoggedModelOutput

    for known in client.search_logged_models([experiment], f"tags.`{CHILD_ID}` = '{winner.spec.id}'"):
        if known.status == "READY":
            return known
        client.delete_logged_model(known.model_id)
    model = client.create_logged_model(
        experiment, name, run, tags=_tags(name, winner), model_type="classifier"
    )
    with TemporaryDirectory() as folder:
        files = _save(Path(folder), model, winner)
        client.log_model_artifacts(model.model_id, str(files))
    client.log_outputs(run, [LoggedModelOutput(model.model_id, step=0)])
    return client.finalize_logged_model(model.model_id, "READY")


def _tags(name: str, winner: Winner) -> dict[str, str]:
    return {SEARCH_ID: name, CHILD_ID: winner.spec.id} | present({CELL: winner.spec.network.parts})


def _save(folder: Path, model: "LoggedModel", winner: Winner) -> Path:
    """The folder, inside `folder`, of the model's files."""
    import mlflow.pyfunc
    from mlflow.models import Model

    (folder / "spec.json").write_bytes(winner.spec.to_bytes())
    (folder / "weights.safetensors").write_bytes(winner.weights)
    mlflow.pyfunc.save_model(
        folder / "model",
        python_model=winner.code,
        artifacts={
            "spec": str(folder / "spec.json"),
            "weights": str(folder / "weights.safetensors"),
        },
        code_paths=[str(path) for path in winner.packages] or None,
        pip_requirements=list(winner.requirements),
        signature=_signature(winner.spec),
        input_example=winner.example,
        mlflow_model=Model(
            artifact_path=model.artifact_location, run_id=model.source_run_id, model_id=model.model_id
        ),
    )
    return folder / "model"


def _signature(spec: ChildSpec) -> "ModelSignature":
    """uint8 images [batch, channels, size, size] -> float32 logits [batch, classes]."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    network = spec.network
    images = TensorSpec(np.dtype(np.uint8), (-1, network.channels, network.size, network.size))
    logits = TensorSpec(np.dtype(np.float32), (-1, network.classes))
    return ModelSignature(inputs=Schema([images]), outputs=Schema([logits]))
