"""The network that a search found, as files that need no nasflow."""

from torch import nn

from nasflow.base.errors import InvalidSpec, NotFound
from nasflow.base.terminal import say
from nasflow.export import what_onnx_lacks, write_code, write_onnx
from nasflow.search.controls import Control
from nasflow.search.record import TrainedRecord
from nasflow.search.rounds import FinishRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.network import load_network
from nasflow.training.weights import weights_to_bytes

SOURCE, WEIGHTS, ONNX = "network.py", "weights.safetensors", "network.onnx"


def export(
    archive: Archive,
    search: str,
    with_onnx: bool | None = None,
    with_source: bool = True,
    control: str | None = None,
) -> dict[str, bytes]:
    """The found network of a finished search, or one of its controls, as files by name: source with weights,
    and ONNX.

    `with_onnx` None: where its packages are installed; if not, that is said. Raise NotFound if the search has
    no such network, InvalidSpec where ONNX's packages are missing and it was asked for, for a network that
    cannot be written as source, and if nothing is wanted.
    """
    if with_onnx is False and not with_source:
        raise InvalidSpec("--no-source and --no-onnx leave nothing to export: leave one of them out")
    network, spec, finish = _final(archive, search, control)
    what = f"its control {control}" if control else "the network that it found"
    # Of the first training, which is the one that is exported.
    right = finish.of(_asked(control))[0].right / finish.test_images
    title = (
        f"Search {search} on {spec.data.spec.name}, {what}: {100 * right:.2f} % of the test images are right."
    )
    files: dict[str, bytes] = {}
    if with_source:
        try:
            code = write_code(network, spec.data, title, WEIGHTS)
        except InvalidSpec as error:
            raise InvalidSpec(f"{error}; with --no-source ONNX is written alone") from None
        files |= {SOURCE: code.source.encode(), WEIGHTS: weights_to_bytes(code.weights)}
    if with_onnx or (with_onnx is None and _can_onnx(with_source)):
        files[ONNX] = write_onnx(network, spec.data)
    return files


def _can_onnx(with_source: bool) -> bool:
    """Whether ONNX is written where nobody has said; a network that is wanted as nothing else is tried."""
    missing = what_onnx_lacks()
    if missing and with_source:
        say(f"{ONNX} is left out: {missing}, then export again")
    return not (missing and with_source)


def final_network(archive: Archive, search: str, control: str | None = None) -> nn.Module:
    """The found network of a finished search, or one of its controls, in evaluation mode; raise NotFound if
    there is none.
    """
    return _final(archive, search, control)[0]


def _final(archive: Archive, search: str, control: str | None) -> tuple[nn.Module, ChildSpec, FinishRecord]:
    ledger = read_ledger(archive, search)
    if ledger.finish is None or not isinstance(ledger.final, TrainedRecord):
        raise NotFound(
            f"search {search!r} has no final network yet: {archive.command('resume', search)} finishes it"
        )
    final = ledger.final_of(_asked(control))
    if not isinstance(final, TrainedRecord):
        trained = [each.value for each in Control if ledger.final_of(each)]
        raise NotFound(f"search {search!r} has trained no control {control}: {', '.join(trained) or 'none'}")
    spec = archive.read(spec_key(final.child), ChildSpec)
    return load_network(archive, spec, final.weights).eval(), spec, ledger.finish


def _asked(control: str | None) -> Control | None:
    try:
        return Control(control) if control else None
    except ValueError:
        raise InvalidSpec(f"no control is called {control!r}: known are {', '.join(Control)}") from None
