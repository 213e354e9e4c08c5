"""Build a child from its parent's trained weights, and prove that it starts where the parent stood."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.base.seeds import derive
from nasflow.networks import initialise
from nasflow.search.record import BirthRecord, ChildRecord, Receipt
from nasflow.spec.child import ChildSpec
from nasflow.spec.growth import plan
from nasflow.steps.adopt import restore
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.images import device, training_data
from nasflow.steps.network import arrange, build_for_training, load_network
from nasflow.store import get_blob, put_blob
from nasflow.surgery import (
    TOLERANCE,
    Gates,
    Grown,
    calibrate,
    gated_logits,
    grow_network,
    relative_difference,
)
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import Images
from nasflow.training.evaluate import evaluate, logits, normalise
from nasflow.training.failures import memory_watched
from nasflow.training.weights import weights_to_bytes

CALIBRATION_IMAGES = 256
"""Training images that set the BatchNorms of new operations."""

RECEIPT_IMAGES = 512
"""Held-out images whose logits are compared between parent and child, at most."""

STEP_IMAGES = 64
"""Held-out images whose logits are compared round each single transform, at most."""


def warm_start(archive: Archive, child: str) -> BirthRecord:
    """The child's initial weights with its preservation receipt, or its failure; from scratch without one."""
    known = archive.find(child_key(child, "birth"), BirthRecord)
    if known and archive.holds(known.weights):
        return known
    spec = archive.read(child_key(child, "spec"), ChildSpec)
    try:
        with memory_watched("at its birth"):
            birth = _birth(archive, spec)
    except ChildFailed as error:
        birth = BirthRecord(child=child, weights=None, failure=str(error))
    birth = archive.create(child_key(child, "birth"), birth)
    archive.require(birth.weights, f"the birth of child {child}")
    return birth


def _birth(archive: Archive, spec: ChildSpec) -> BirthRecord:
    if spec.parent:
        return _from_parent(archive, spec)
    return _brought(archive, spec, spec.weights) if spec.weights else _from_scratch(archive, spec)


def _brought(archive: Archive, spec: ChildSpec, weights: str) -> BirthRecord:
    """The start network as somebody brought it; its receipt tells it from the network without cells."""
    place, data = device(spec.recipe), training_data(archive, spec.data)
    try:
        blob = get_blob(archive.store, weights)
    except NotFound as error:
        raise NotFound(f"{error}; `nasflow search` with its configuration brings the weights back") from None
    network, original = restore(spec.network, blob, f"blob {weights}")
    if original is None:
        return BirthRecord(child=spec.id, weights=_store(archive, network))
    for each in (original, network):
        arrange(each, spec.recipe)
    compared = _logits(data, RECEIPT_IMAGES, place)
    difference = _preserved(relative_difference(compared(original), compared(network)))
    receipt = Receipt(
        difference=difference,
        tolerance=TOLERANCE,
        images=min(RECEIPT_IMAGES, len(data.held_out)),
        parent_accuracy=evaluate(original, data.held_out, data.facts, device=place).accuracy,
        birth_accuracy=evaluate(network, data.held_out, data.facts, device=place).accuracy,
        transforms=(),
    )
    return BirthRecord(child=spec.id, weights=_store(archive, network), receipt=receipt)


def _preserved(difference: float) -> float:
    if difference > TOLERANCE:
        raise ChildFailed(
            f"not preserved: its logits differ from its parent's by {difference:.2g} relative, "
            f"more than {TOLERANCE:.0e}"
        )
    return difference


def _from_scratch(archive: Archive, spec: ChildSpec) -> BirthRecord:
    network = build_for_training(spec)
    initialise(network, spec.seed)
    return BirthRecord(child=spec.id, weights=_store(archive, network))


def _from_parent(archive: Archive, spec: ChildSpec) -> BirthRecord:
    place, data = device(spec.recipe), training_data(archive, spec.data)
    inherited = archive.read(child_key(str(spec.parent), "record"), ChildRecord)
    parent = Grown(_load_parent(archive, inherited))
    transforms = plan(inherited.cell, spec.network.cell)
    generator = torch.Generator().manual_seed(derive(spec.seed, "birth", spec.id))
    grown, receipts = grow_network(parent, transforms, generator, _logits(data, STEP_IMAGES, place))
    calibrated = normalise(_first(data.train, CALIBRATION_IMAGES), data.facts, place)
    calibrate(grown.network, grown.births, calibrated)
    for network in (parent.network, grown.network):
        arrange(network, spec.recipe)
    compared = _logits(data, RECEIPT_IMAGES, place)
    difference = _preserved(relative_difference(compared(parent.network), gated_logits(grown, compared)))
    receipt = Receipt(
        difference=difference,
        tolerance=TOLERANCE,
        images=min(RECEIPT_IMAGES, len(data.held_out)),
        parent_accuracy=inherited.accuracy or 0.0,
        birth_accuracy=_accuracy(grown, data, place),
        transforms=receipts,
    )
    weights = _store(archive, grown.network)
    return BirthRecord(child=spec.id, weights=weights, births=grown.births, receipt=receipt)


def _load_parent(archive: Archive, parent: ChildRecord) -> nn.Module:
    if parent.weights is None:
        raise ChildFailed(f"its parent {parent.child} has no weights: {parent.failure}")
    spec = archive.read(child_key(parent.child, "spec"), ChildSpec)
    return load_network(archive, spec, parent.weights)


def _first(images: Images, count: int) -> Tensor:
    return images.batch(torch.arange(min(count, len(images))))


def _logits(data: TrainingData, count: int, place: torch.device) -> Callable[[nn.Module], Tensor]:
    """What a network says of the first `count` held-out images."""
    indices = torch.arange(min(count, len(data.held_out)))
    return lambda network: logits(network, data.held_out, data.facts, indices, device=place)


def _accuracy(grown: Grown, data: TrainingData, place: torch.device) -> float:
    with Gates(grown.network, grown.births):
        return evaluate(grown.network, data.held_out, data.facts, device=place).accuracy


def _store(archive: Archive, network: nn.Module) -> str:
    return put_blob(archive.store, weights_to_bytes(network.state_dict()))
