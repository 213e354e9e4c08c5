"""A trained network at a fraction of its size: found by a search, cut evenly, or by Torch-Pruning.

The configuration's limit says how small, its finish trains on what was inherited. Torch-Pruning's own pruner
(global, by magnitude) cuts the same start network to the same limit, which is trained on by the same recipe
for as long. All is in the store: killed, it goes on.
"""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from benchmarks.searching import search
from nasflow.base.errors import NotFound
from nasflow.cli.options import read_file
from nasflow.networks import layout_of
from nasflow.networks.layers import place_names
from nasflow.report.compare.tables import mean_points
from nasflow.report.controls import control_title
from nasflow.search.contenders import contenders, searches
from nasflow.search.controls import Control
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord
from nasflow.spec.child import ChildSpec
from nasflow.spec.origin import Brought
from nasflow.spec.parts import Parts, Width
from nasflow.steps.archive import Archive
from nasflow.steps.images import load_test_images
from nasflow.steps.network import load_network
from nasflow.store import open_store, put_blob
from nasflow.studies.audit import train_apart
from nasflow.training.evaluate import are_right

TEACHER, PRUNED = "start network, as it is", "Torch-Pruning, by magnitude"

_STEPS = 12
"""Halvings of the share that is pruned, until the limit is met as nearly as can be."""


@dataclass(frozen=True)
class Small:
    """One network at the end."""

    parameters: int
    test: float
    """Share of the test images that it tells right."""


def pruned(archive: Archive, ledger: Ledger, limit: float) -> ChildSpec:
    """The start network, cut by Torch-Pruning to the limit, with its weights."""
    start = ledger.start_spec
    if not isinstance(ledger.start, TrainedRecord):
        raise NotFound(f"search {ledger.config.name!r} has no start network")
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        share = (low + high) / 2
        network = load_network(archive, start, ledger.start.weights)
        _prune(network, start, share)
        size = sum(each.numel() for each in network.parameters())
        low, high = (share, high) if size > limit else (low, share)
    network = load_network(archive, start, ledger.start.weights)
    _prune(network, start, high)
    weights = put_blob(
        archive.store, save({name: each.contiguous() for name, each in network.state_dict().items()})
    )
    spec = start.network.with_parts(_widths(network, start))
    longer = next((each.spec for each in ledger.finals if each.finalist.control is Control.LONGER), None)
    if longer is None:
        raise NotFound(
            f"search {ledger.config.name!r} has not trained its start network longer: add this control"
        )
    return ledger.child(spec, Brought(weights=weights), longer.recipe)


def _prune(network: nn.Module, start: ChildSpec, share: float) -> None:
    """In place: so large a share of all channels, those of the least magnitude."""
    from torch_pruning.pruner import MagnitudePruner
    from torch_pruning.pruner.importance import MagnitudeImportance

    size, channels = start.network.size, start.network.channels
    logits = [each for each in network.modules() if isinstance(each, nn.Linear)][-1:]
    MagnitudePruner(
        network.eval(),
        torch.zeros(1, channels, size, size),
        importance=MagnitudeImportance(p=2),
        global_pruning=True,
        pruning_ratio=share,
        max_pruning_ratio=0.95,
        ignored_layers=logits,
    ).step()


def _widths(network: nn.Module, start: ChildSpec) -> Parts:
    """What is left of each channel group."""
    names, parts = {place: name for name, place in place_names(network).items()}, start.network.parts
    for group in layout_of(start.network).groups.values():
        layer = network.get_submodule(names[group.name])
        left = layer.out_channels if isinstance(layer, nn.Conv2d) else group.channels
        if left != group.channels:
            parts = parts.put(group.name, Width(channels=left))
    return parts


def smalls(archive: Archive, ledger: Ledger, arm: str, limit: float) -> Mapping[str, Small]:
    """The networks at the end of a search, and the pruned one, by what they are."""
    if ledger.finish is None or not isinstance(ledger.start, TrainedRecord):
        raise NotFound(f"search {ledger.config.name!r} found nothing")
    found = {TEACHER: _tested(archive, ledger.start_spec, ledger.start)}
    for control in (Control.LONGER, Control.PARAMETERS, Control.SCRATCH, None):
        record, test = ledger.final_of(control), ledger.finish.accuracy(control)
        if record and test is not None:
            title = f"found by {arm}" if control is None else control_title(control, f"network ({arm})")
            found[title] = Small(record.parameters, test)
    cut = pruned(archive, ledger, limit)
    record = train_apart(archive, cut)
    if isinstance(record, TrainedRecord):
        found[PRUNED] = _tested(archive, cut, record)
    return found


def _tested(archive: Archive, spec: ChildSpec, record: TrainedRecord) -> Small:
    images = load_test_images(archive, spec.data)
    network = load_network(archive, spec, record.weights)
    right = are_right(network, images, spec.data, device="cpu")
    return Small(record.parameters, float(right.float().mean()))


def table(seeds: Mapping[int, Mapping[str, Small]]) -> Iterable[str]:
    """Markdown: a row a network, its size and accuracy by seed, and what it is below the teacher."""
    yield f"| network | {' | '.join(f'seed {seed}' for seed in seeds)} | minus the start network (95 %) |"
    yield "|" + "---|" * (2 + len(seeds))
    for title in next(iter(seeds.values())):
        cells = [each.get(title) for each in seeds.values()]
        shown = [f"{each.parameters:,}: {100 * each.test:.2f} %" if each else "none" for each in cells]
        gaps = [
            each.test - known[TEACHER].test for each, known in zip(cells, seeds.values(), strict=True) if each
        ]
        yield f"| {title} | {' | '.join(shown)} | {mean_points(gaps)} points |"


def main() -> None:
    """Run it all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--store", default="compression-store")
    parser.add_argument("--arms", default="n2n,joint")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    base, archive = read_file(given.config).config(), Archive(open_store(given.store))
    found: dict[int, dict[str, Small]] = {}
    wanted = searches(base, contenders(given.arms.split(",")), range(1, given.seeds + 1))
    for (seed, arm), config in wanted.items():
        ledger = search(given.store, config)
        found.setdefault(seed, {}).update(smalls(archive, ledger, arm, base.limits["parameters"]))
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
