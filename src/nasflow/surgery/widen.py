"""Net2Wider on trained weights (Chen et al., ICLR 2016)."""

import torch

from nasflow.base.errors import InvalidSpec
from nasflow.networks.layout import ChannelGroup
from nasflow.spec.edits.widen import Widen
from nasflow.surgery.channels import Regrouping, find_group, regrouped
from nasflow.surgery.operated import Operated


def widen(operated: Operated, edit: Widen, generator: torch.Generator) -> Operated:
    """New channels are copies of some that are drawn; who reads them shares the weight out among copies.

    The shares are drawn too: copies that nobody tells apart would be trained alike for ever.
    """
    group, width = find_group(operated, edit.place)
    if edit.channels <= width:
        raise InvalidSpec(f"{edit}: it has {width} channels already")
    change = copied(group, width, edit.channels, generator)
    return regrouped(operated, edit.apply(operated.spec), change)


def copied(group: ChannelGroup, old: int, new: int, generator: torch.Generator) -> Regrouping:
    """From `old` to `new` channels of a group."""
    sources = [_sources(old // group.blocks, new // group.blocks, generator) for _ in range(group.blocks)]
    return Regrouping(group, sources, [_shares(each, generator) for each in sources])


def _sources(old: int, new: int, generator: torch.Generator) -> list[int]:
    copies: list[int] = torch.randint(old, (new - old,), generator=generator).tolist()
    return [*range(old), *copies]


def _shares(sources: list[int], generator: torch.Generator) -> list[float]:
    drawn = 0.5 + torch.rand(len(sources), generator=generator, dtype=torch.float64)
    numbers = torch.tensor(sources)
    totals = torch.zeros(max(sources) + 1, dtype=torch.float64).index_add_(0, numbers, drawn)
    shares: list[float] = (drawn / totals[numbers]).tolist()
    return shares
