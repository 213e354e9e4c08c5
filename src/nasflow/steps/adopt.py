"""A network that somebody has already as the start of a search: its weights are read once, into the store."""

from copy import deepcopy
from fnmatch import fnmatchcase
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.base.files import read_at_most
from nasflow.base.lines import one_line
from nasflow.measure import counted
from nasflow.networks import build, check_fit, initialise
from nasflow.networks.adopted import (
    TORCHVISION,
    build_adopted,
    build_original,
    explained,
    put_cells,
)
from nasflow.networks.convolutions import check_cells
from nasflow.networks.state import load_state
from nasflow.search.config import SearchConfig
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import PUBLISHED, REGISTRY, UNTRAINED, BroughtStart, TrainedStart
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts
from nasflow.spec.hosts import Adopted
from nasflow.spec.network import NetworkSpec
from nasflow.store import digest_of
from nasflow.tracking import read_model
from nasflow.training.tensors import Misfit, check_like, from_bytes, is_counter, to_bytes
from nasflow.training.weights import load_weights

_SPARE_BYTES = 1 << 20


def adopt_network(
    asked: SearchConfig, start: TrainedStart, facts: DataFacts, tracking: str
) -> tuple[ResolvedConfig, bytes]:
    """Read the network that `start` names: the configuration with its host and parts, and its weights.

    They are safetensors, of the network as its authors have it, or of one that nasflow has registered.
    `tracking` is the address of MLflow, for what is registered there. Raise InvalidSpec, or
    TrackingUnavailable, with one line that says what is missing or does not fit.
    """
    if start.network.startswith(REGISTRY):
        return _registered(asked, start, facts, tracking)
    host = Adopted(network=start.network, cells=start.cells)
    spec = NetworkSpec(host=host, channels=facts.channels, size=facts.size, classes=facts.classes)
    with explained(start.network):
        original = build_original(spec, host)
        if asked.space.changes == "cell":
            check_cells(original.network, host)
        initialise(original, asked.seed)
        weights = _read(start, original.network, tracking)
        if weights is not None:
            _load(original.network, weights, start)
        data = to_bytes(original.network.state_dict())
    return ResolvedConfig.of(asked, _brought(start, data), host=host), data


def _registered(
    asked: SearchConfig, start: TrainedStart, facts: DataFacts, tracking: str
) -> tuple[ResolvedConfig, bytes]:
    model = read_model(tracking, start.network)
    if model.spec is None:
        raise InvalidSpec(
            f"{start.network} was not registered by nasflow: give `network: module:factory`, which makes the "
            f"network, and `weights: {start.network}`"
        )
    network = ChildSpec.from_json(model.spec, start.network).network
    if (network.channels, network.classes) != (facts.channels, facts.classes):
        raise InvalidSpec(
            f"{start.network} tells {network.classes} classes by images of {network.channels} channels, and "
            f"{asked.data.name} has {facts.classes} and {facts.channels}"
        )
    brought = _brought(start, model.weights)
    config = ResolvedConfig.of(asked, brought, host=network.host, start_parts=network.parts)
    return config, model.weights


class NoPublishedWeights(InvalidSpec):
    """A network's weights are published, as far as is known, and cannot be had from here."""


def _brought(start: TrainedStart, weights: bytes) -> BroughtStart:
    return BroughtStart.model_validate(start.model_dump() | {"digest": digest_of(weights)})


def _read(start: TrainedStart, network: nn.Module, tracking: str) -> dict[str, Tensor] | None:
    """The state dict that the start names; None: the network keeps its own random weights."""
    weights = start.weights
    if weights is None and start.network.startswith(TORCHVISION):
        weights = PUBLISHED
    if weights is None:
        raise InvalidSpec(
            f"start: where are the weights of {start.network}? `weights: FILE.safetensors` with its state "
            "dict, or `weights: untrained` and a recipe"
        )
    if weights == UNTRAINED:
        return None
    if weights == PUBLISHED:
        return _published(start.network)
    if weights.startswith(REGISTRY):
        return from_bytes(read_model(tracking, weights).weights, weights)[0]
    return from_bytes(_read_file(Path(weights), network), weights)[0]


def _published(name: str) -> dict[str, Tensor]:
    """The state dict that torchvision publishes with one of its networks; it is downloaded once.

    Raise InvalidSpec if it holds more than weights, NoPublishedWeights if it cannot be had.
    """
    from torchvision import models

    try:
        weights = models.get_model_weights(name.removeprefix(TORCHVISION)).DEFAULT
        state: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except UnpicklingError:
        raise InvalidSpec(
            f"{name}: the downloaded file holds more than weights: delete it from TORCH_HOME"
        ) from None
    except (AttributeError, ValueError, OSError, RuntimeError) as error:
        raise NoPublishedWeights(
            f"{name}: the published weights cannot be had ({one_line(str(error), 200)}): "
            "fetch them elsewhere and give their safetensors file as start.weights, or begin without any, by "
            "`weights: untrained` and a recipe"
        ) from None
    return state


def _read_file(file: Path, network: nn.Module) -> bytes:
    """A file that is not much larger than what can fit."""
    expected = sum(tensor.nbytes for tensor in network.state_dict().values())
    return read_at_most(file, 2 * expected + _SPARE_BYTES, f"start.weights, which take {expected} here")


def _load(network: nn.Module, tensors: dict[str, Tensor], start: TrainedStart) -> None:
    """Put the tensors into the network; those that are `fresh`, and counters, may be missing or not fit."""
    wanted = network.state_dict()
    if start.fresh is not None:
        for name in [name for name in tensors if name not in wanted and fnmatchcase(name, start.fresh)]:
            del tensors[name]
    for name, tensor in wanted.items():
        if start.fresh is not None and fnmatchcase(name, start.fresh):
            tensors[name] = tensor
        elif is_counter(name, tensor):
            tensors.setdefault(name, tensor)
        elif name in tensors and tensors[name].is_floating_point() and tensor.is_floating_point():
            tensors[name] = tensors[name].to(tensor.dtype)
    try:
        check_like(tensors, wanted, str(start.weights or PUBLISHED))
    except Misfit as error:
        raise InvalidSpec(
            f"{error}; a classifier for other classes: name its tensors in start.fresh, and give start.recipe"
        ) from None
    load_state(network, tensors)


def check_runs(spec: NetworkSpec, host: Adopted) -> None:
    """Try the network with its cells on two black images, as in training and as in evaluation.

    Raise InvalidSpec if it, or the cell, does not fit.
    """
    images = torch.zeros(2, spec.channels, spec.size, spec.size)
    for is_training in (False, True):
        with explained(f"{host.network} with images {list(images.shape)}"):
            logits = build_adopted(spec, host).train(is_training)(images)
        if not isinstance(logits, Tensor) or logits.shape != (2, spec.classes):
            shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise InvalidSpec(
                f"{host.network} gives {shape} for two images of {spec.classes} classes: "
                f"[2, {spec.classes}] is wanted, in training too: let the factory wrap it in a "
                "module that gives these logits alone"
            )
        if not logits.requires_grad:
            raise InvalidSpec(
                f"{host.network} gives what cannot be trained by: logits with a gradient are wanted"
            )
    with explained(f"{host.network}, which has to be copied"):
        deepcopy(build_adopted(spec, host))
    with explained(host.network):
        check_fit(spec.parts, host)
        counted(spec)


def restore_start(spec: NetworkSpec, weights: bytes, where: str) -> tuple[nn.Module, nn.Module | None]:
    """The start network with its weights; and the original that cells were put into, if there is one.

    Raise InvalidSpec if the weights from `where` do not fit.
    """
    if isinstance(spec.host, Adopted) and not _has_cells(weights, where):
        original = build_original(spec, spec.host)
        load_weights(original.network, weights, where)
        start = deepcopy(original)
        put_cells(start.network, spec.host)
        return start, original
    network = build(spec)
    load_weights(network, weights, where)
    return network, None


def _has_cells(weights: bytes, where: str) -> bool:
    """Whether these are the weights of a network of nasflow's: a search may start from one as well."""
    return any(".root.branches.0." in name for name in from_bytes(weights, where)[0])
