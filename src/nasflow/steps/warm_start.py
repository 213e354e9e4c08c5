"""Build a child from where its weights come from, and prove that it starts where its parent stood."""

from collections.abc import Callable
from copy import deepcopy
from math import isfinite

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.base.seeds import derive
from nasflow.networks import initialise
from nasflow.search.record import AnyRecord, BirthRecord, EditReceipt, FailedRecord, Receipt, TrainedRecord
from nasflow.spec.child import ChildSpec
from nasflow.spec.origin import Brought, Grown, Scratch
from nasflow.steps.adopt import restore_start
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.images import device, device_name, training_data
from nasflow.steps.keys import birth_key, spec_key
from nasflow.steps.network import arrange, build_for_training, load_network
from nasflow.steps.records import find_birth, read_record, settle_failure
from nasflow.store import get_blob, put_blob
from nasflow.surgery import (
    TOLERANCE,
    Operated,
    calibrate,
    gated_logits,
    most_allowed,
    operate_all,
    relative_difference,
    tolerance_of,
)
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import Images
from nasflow.training.evaluate import logits, normalise
from nasflow.training.failures import watched
from nasflow.training.weights import weights_to_bytes

CALIBRATION_IMAGES = 256
"""Training images that set the BatchNorms of new operations."""

RECEIPT_IMAGES = 500
"""Held-out images whose logits are compared between parent and child, at most: one batch of an evaluation,
because batches of another size may be added up in another order."""


def bear(archive: Archive, child: str, attempt: AttemptLog) -> BirthRecord | FailedRecord:
    """As `child.warm_start`, by whoever has claimed the child."""
    if known := find_birth(archive, child):
        return known
    attempt.on(device_name())
    spec = archive.read(spec_key(child), ChildSpec)
    try:
        with watched("at its birth"):
            birth = _birth(archive, spec)
    except ChildFailed as error:
        attempt.fail()
        return settle_failure(archive, child, error) or archive.read(birth_key(child), BirthRecord)
    birth = archive.create(birth_key(child), birth)
    archive.require(birth.weights, f"the birth of child {child}")
    return birth


def _birth(archive: Archive, spec: ChildSpec) -> BirthRecord:
    match spec.origin:
        case Scratch():
            return _from_scratch(archive, spec)
        case Brought(weights=weights):
            return _brought(archive, spec, weights)
        case Grown() as origin:
            return _grown(archive, spec, origin)


def _brought(archive: Archive, spec: ChildSpec, weights: str) -> BirthRecord:
    """The start network as somebody brought it; its receipt tells it from the network without cells."""
    place, data = device(spec.recipe), training_data(archive, spec.data)
    try:
        blob = get_blob(archive.store, weights)
    except NotFound as error:
        raise NotFound(f"{error}; `nasflow search` with its configuration brings the weights back") from None
    network, original = restore_start(spec.network, blob, f"blob {weights}")
    if original is None:
        return BirthRecord(child=spec.id, weights=_store(archive, network))
    for each in (original, network):
        arrange(each, spec.recipe)
    told = _logits(data, place)
    before, after = told(original), told(network)
    compared = before[:RECEIPT_IMAGES]
    difference = _difference(compared, after[:RECEIPT_IMAGES])
    rounding = _preserved(difference, compared, original, data, place)
    receipt = Receipt(
        difference=difference,
        tolerance=most_allowed(rounding or 0),
        rounding=rounding,
        images=min(RECEIPT_IMAGES, len(data.held_out)),
        parent_accuracy=_accuracy(before, data.held_out),
        birth_accuracy=_accuracy(after, data.held_out),
        edits=(),
    )
    return BirthRecord(child=spec.id, weights=_store(archive, network), receipt=receipt)


def _difference(parent: Tensor, child: Tensor) -> float:
    """Of what the two say, relative. Raise ChildFailed where they say what is no number."""
    found = relative_difference(parent, child)
    if not isfinite(found):
        raise ChildFailed("the network's logits are not finite, so nothing can be compared")
    return found


def _preserved(
    difference: float, told: Tensor, parent: nn.Module, data: TrainingData, place: torch.device
) -> float | None:
    """How far the logits `told` by the parent are off by themselves, asked only where that can matter.

    Raise ChildFailed if the child differs by more than that explains.
    """
    if difference <= TOLERANCE:
        return None
    rounding = relative_difference(_exactly(parent, data, place, len(told)), told)
    if difference > most_allowed(rounding):
        raise ChildFailed(
            f"not preserved: its logits differ from its parent's by {difference:.2g} relative, more than "
            f"{most_allowed(rounding):.2g} (rounding alone makes {rounding:.2g} of the parent's)"
        )
    return rounding


def _exactly(parent: nn.Module, data: TrainingData, place: torch.device, count: int) -> Tensor:
    """What the parent says of the first held-out images in float64; in float32 if it cannot be asked so."""
    try:
        return _logits(data, place, count, torch.float64)(deepcopy(parent).double())
    except (RuntimeError, TypeError):
        # Somebody's network that makes float32 tensors on its way, or that cannot be copied.
        return _logits(data, place, count)(parent)


def _from_scratch(archive: Archive, spec: ChildSpec) -> BirthRecord:
    network = build_for_training(spec)
    initialise(network, spec.seed)
    return BirthRecord(child=spec.id, weights=_store(archive, network))


def _grown(archive: Archive, spec: ChildSpec, origin: Grown) -> BirthRecord:
    place, data = device(spec.recipe), training_data(archive, spec.data)
    inherited = _parent(read_record(archive, origin.parent))
    parent = archive.read(spec_key(inherited.child), ChildSpec)
    before = Operated(parent.network, load_network(archive, parent, inherited.weights).to(place))
    generator = torch.Generator().manual_seed(derive(spec.seed, "birth", spec.id))
    after = operate_all(before, origin.edits, generator)
    if after.spec.parts != spec.network.parts:
        raise ChildFailed(
            f"the edits of {parent.network.name} lead to {after.spec.parts}, not to its network"
        )
    calibrated = normalise(_first(data.train, CALIBRATION_IMAGES), data.facts, place)
    calibrate(after, calibrated)
    for network in (before.network, after.network):
        arrange(network, spec.recipe)
    compared = _logits(data, place, RECEIPT_IMAGES)(before.network)
    told = gated_logits(after, _logits(data, place))
    difference = _difference(compared, told[:RECEIPT_IMAGES])
    is_exact = tolerance_of(origin.edits) is not None
    rounding = _preserved(difference, compared, before.network, data, place) if is_exact else None
    receipt = Receipt(
        difference=difference,
        tolerance=most_allowed(rounding or 0) if is_exact else None,
        rounding=rounding,
        images=min(RECEIPT_IMAGES, len(data.held_out)),
        parent_accuracy=inherited.accuracy,
        birth_accuracy=_accuracy(told, data.held_out),
        edits=tuple(EditReceipt(edit=each) for each in origin.edits),
    )
    weights = _store(archive, after.network)
    return BirthRecord(child=spec.id, weights=weights, births=after.births, receipt=receipt)


def _parent(record: AnyRecord) -> TrainedRecord:
    if isinstance(record, FailedRecord):
        raise ChildFailed(f"its parent {record.child} has no weights: {record.failure}")
    return record


def _first(images: Images, count: int) -> Tensor:
    return images.batch(torch.arange(min(count, len(images))))


def _logits(
    data: TrainingData, place: torch.device, count: int | None = None, dtype: torch.dtype = torch.float32
) -> Callable[[nn.Module], Tensor]:
    """What a network says of the held-out images, or of the first `count` at most."""
    indices = torch.arange(len(data.held_out))[:count]
    return lambda network: logits(network, data.held_out, data.facts, indices, device=place, dtype=dtype)


def _accuracy(told: Tensor, images: Images) -> float:
    return int((told.argmax(1) == images.labels).sum()) / len(images)


def _store(archive: Archive, network: nn.Module) -> str:
    return put_blob(archive.store, weights_to_bytes(network.state_dict()))
