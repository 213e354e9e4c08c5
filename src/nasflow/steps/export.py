"""The network that a search found, as files that need no nasflow."""

from pathlib import Path

from nasflow.errors import NotFound, StoreError
from nasflow.export import write_code, write_onnx
from nasflow.spec.child import ChildSpec
from nasflow.spec.record import ChildRecord
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.network import load_network
from nasflow.training.weights import weights_to_bytes

SOURCE, WEIGHTS, ONNX = "network.py", "weights.safetensors", "network.onnx"


def export(archive: Archive, search: str, folder: Path, with_onnx: bool = True) -> tuple[Path, ...]:
    """Write the final network of a finished search into `folder`: source with weights, and ONNX.

    All is made before anything is written. Raise NotFound if the search has no final network, InvalidSpec
    where ONNX's packages are missing, StoreError if the folder cannot be written.
    """
    ledger = read_ledger(archive, search)
    if ledger.finish is None:
        raise NotFound(f"search {search!r} has no final network yet: `nasflow resume {search}` finishes it")
    spec = archive.read(child_key(ledger.finish.final, "spec"), ChildSpec)
    record = archive.read(child_key(ledger.finish.final, "record"), ChildRecord)
    network = load_network(archive, spec, str(record.weights)).eval()
    accuracy = f"{100 * ledger.finish.test_accuracy:.2f} % of the test images are right"
    title = f"The network that search {search} found for {spec.data.spec.name}: {accuracy}."
    code = write_code(network, spec.data, title, WEIGHTS)
    files = {SOURCE: code.source.encode(), WEIGHTS: weights_to_bytes(code.weights)}
    if with_onnx:
        files[ONNX] = write_onnx(network, spec.data)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror})") from None
    return tuple(folder / name for name in files)
