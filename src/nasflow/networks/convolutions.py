"""Which convolutions of somebody's network become cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeGuard

from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.spec.hosts import Adopted

_COMPUTING = ("__call__", "forward", "_conv_forward")
"""The methods of a convolution that say what comes out."""


def convolutions(network: nn.Module, pattern: str | None) -> Iterator[tuple[str, nn.Conv2d]]:
    """The convolutions that become cells, by name.

    Plain ones: what computes its weights (weight_norm) or its output in a way of its own is more than a
    convolution. Without a pattern those of 3x3 that are not depthwise; where none but the first is one, as in
    a network of inverted bottlenecks, all others that are not depthwise, those of squeeze-and-excitation
    apart: they have a bias, because no BatchNorm follows them.
    """
    plain = {name: each for name, each in network.named_modules() if _is_plain(each)}
    if pattern is not None:
        yield from ((name, each) for name, each in plain.items() if fnmatchcase(name, pattern))
        return
    mixing = {name: each for name, each in plain.items() if not _is_depthwise(each)}
    common = {name: each for name, each in mixing.items() if each.kernel_size == (3, 3)}
    first = next(iter(plain), "")
    others = {name: each for name, each in mixing.items() if name != first}
    inner = {name: each for name, each in others.items() if each.bias is None} or others
    yield from (inner if inner and common.keys() <= {first} else common).items()


def _is_plain(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether it does what `nn.Conv2d` does, with its weights and nothing else."""
    if not isinstance(module, nn.Conv2d) or module._forward_pre_hooks:
        return False
    own = {name for name, _ in (*module.named_parameters(), *module.named_buffers())}
    is_usual = all(getattr(type(module), name) is getattr(nn.Conv2d, name) for name in _COMPUTING)
    return is_usual and {"weight"} <= own <= {"weight", "bias"}


def _is_depthwise(convolution: nn.Conv2d) -> bool:
    return 1 < convolution.groups == convolution.in_channels


def check_cells(network: nn.Module, host: Adopted) -> None:
    """Raise InvalidSpec if none of the network's convolutions becomes a cell."""
    if any(True for _ in convolutions(network, host.cells)):
        return
    known = {name: each for name, each in network.named_modules() if isinstance(each, nn.Conv2d)}
    plain = [name for name, each in known.items() if _is_plain(each)]
    raise InvalidSpec(f"{host.network}: {_why_no_cell(list(known), plain, host.cells)}")


def _why_no_cell(known: Sequence[str], plain: Sequence[str], pattern: str | None) -> str:
    """Of the names of all convolutions, and of those that can become cells."""
    if not known:
        return "it has no convolution (torch.nn.Conv2d) that could become a cell"
    if not plain:
        return (
            "its convolutions compute in a way of their own, or have hooks: a cell would lose that, so none "
            f"becomes one: {_some(known)}"
        )
    if pattern is None:
        return f'none of its convolutions becomes a cell by itself: `cells: "*"` takes all: {_some(plain)}'
    return f'cells {pattern!r} fits none of its convolutions, and `cells: "*"` fits all: {_some(plain)}'


def _some(names: Sequence[str]) -> str:
    """The first of them, for people."""
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")


@dataclass(frozen=True)
class Coverage:
    """How much of a network cells stand for."""

    cells: int
    convolutions: int
    share: float
    """Of the weights of its convolutions."""


def coverage(network: nn.Module, host: Adopted) -> Coverage:
    """What the cells of a host are of its network, in which none stands yet."""
    known = [each for each in network.modules() if isinstance(each, nn.Conv2d)]
    chosen = [each for _, each in convolutions(network, host.cells)]
    inside, all_of_them = (sum(each.weight.numel() for each in some) for some in (chosen, known))
    return Coverage(len(chosen), len(known), inside / all_of_them if all_of_them else 0.0)
