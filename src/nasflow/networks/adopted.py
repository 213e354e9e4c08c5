"""A network that somebody else wrote, with cells in the place of some of its convolutions.

The bare convolution becomes the root operation of a cell that has nothing else yet, so that the network
computes what it computed, whatever stands before and behind it: BatchNorm and ReLU of a network that has
them after its convolutions stay where they are.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec, NasflowError
from nasflow.networks.cell import FIRST_CONVOLUTION, Cell
from nasflow.networks.code import CODE_DIGITS, check_allowed, is_found, run_code, written_code
from nasflow.networks.convolutions import check_cells, convolutions
from nasflow.spec.hosts import Adopted
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.places import Place, check_parts
from nasflow.spec.tree import START_CELL, Tree

TORCHVISION = "torchvision:"

_ARGUMENTS = ("kernel_size", "stride", "padding", "dilation", "padding_mode")

_WITHIN = "network."
"""What the name of a layer has before it once somebody's network is an `AdoptedNetwork`."""

_UNCHANGED = Parts()

_SEED = 0
"""Of the weights that a network gives itself: the same in each process, before any others are loaded."""


class BareConvolution(nn.Module):
    """A convolution without BatchNorm and ReLU of its own; `arguments` are the others of torch's."""

    def __init__(
        self, arguments: Mapping[str, Any], in_channels: int, out_channels: int, groups: int
    ) -> None:
        super().__init__()
        self.weight = nn.Conv2d(in_channels, out_channels, groups=groups, **arguments)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height, width], by what it is like."""
        out: Tensor = self.weight(x)
        return out


class AdoptedNetwork(nn.Module):
    """Somebody's network; images of one channel are shown to one that reads three as grey ones."""

    def __init__(self, network: nn.Module, channels: int) -> None:
        super().__init__()
        self.network = network
        self.is_grey = channels == 1 and _reads(network) == 3

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        said = self.network(images.expand(-1, 3, -1, -1) if self.is_grey else images)
        # In training GoogLeNet and Inception give what their auxiliary classifiers say, too.
        logits: Tensor = getattr(said, "logits", said) if isinstance(said, tuple) else said  # type: ignore[arg-type]
        return logits


def build_adopted(spec: NetworkSpec, host: Adopted) -> AdoptedNetwork:
    """The network with the cells of the spec; raise InvalidSpec if they do not fit, or as `make` does."""
    return AdoptedNetwork(put_cells(make(host, spec.classes), host, spec.parts), spec.channels)


def build_original(spec: NetworkSpec, host: Adopted) -> AdoptedNetwork:
    """The network as its authors have it, without a cell."""
    return AdoptedNetwork(make(host, spec.classes), spec.channels)


def make(host: Adopted, classes: int) -> nn.Module:
    """The network as its authors make it, with weights of its own; the same in each process.

    Raise InvalidSpec if there is no such network, if making it fails, or if its code has changed since its
    search began: weights that were trained by the old code may fit, and mean something else.
    """
    known = host.code or ""
    # First what can be seen without running it: older searches do not have that. Of what is not to be found
    # at all, its import tells.
    if known[CODE_DIGITS:] and is_found(host.network) and known[CODE_DIGITS:] != written_code(host.network):
        raise _changed(host)
    network = _made(host, classes)
    if known and known[:CODE_DIGITS] != _code(host, network):
        raise _changed(host)
    return network


def _changed(host: Adopted) -> InvalidSpec:
    return InvalidSpec(
        f"{host.network}: its code is not what it was when its search began: bring that back, or begin a "
        "search of another name"
    )


def identified(host: Adopted, classes: int) -> Adopted:
    """The host with the digests of its code as it is here and now; none for torchvision's networks."""
    if host.network.startswith(TORCHVISION):
        return host
    return host.model_copy(update={"code": _code(host, _made(host, classes)) + written_code(host.network)})


def _code(host: Adopted, network: nn.Module) -> str:
    return run_code(host.network.partition(":")[0], _factory(host.network, 0), network)


def _made(host: Adopted, classes: int) -> nn.Module:
    factory = _factory(host.network, classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        with explained(host.network):
            network = factory()
    if not isinstance(network, nn.Module):
        raise InvalidSpec(f"{host.network} gives a {type(network).__name__}: a torch.nn.Module is wanted")
    odd = [name for name, each in network.named_parameters() if each.dtype != torch.float32]
    if odd:
        raise InvalidSpec(
            f"{host.network}: {odd[0]!r} is not float32: let its factory return `network.float()`"
        )
    return network


@contextmanager
def explained(network: str) -> Iterator[None]:
    """Turn whatever somebody else's code raises, or ends with, into an InvalidSpec of one line."""
    try:
        yield
    except NasflowError:
        raise
    except (Exception, SystemExit) as error:
        raise InvalidSpec(f"{network}: {type(error).__name__}: {' '.join(str(error).split())}") from None


def _factory(name: str, classes: int) -> Callable[[], object]:
    if name.startswith(TORCHVISION):
        return lambda: _torchvision(name.removeprefix(TORCHVISION), classes)
    check_allowed(name)
    module, _, attribute = name.partition(":")
    try:
        with explained(name):
            found = importlib.import_module(module)
    except InvalidSpec as error:
        raise InvalidSpec(f"{error}: {_import_remedy(module, error.__context__)}") from None
    for part in attribute.split("."):
        found = getattr(found, part, None)  # type: ignore[assignment]
    if not callable(found):
        raise InvalidSpec(f"{name}: {module} has no function {attribute!r}")
    return found


def _import_remedy(module: str, cause: object) -> str:
    """What is missing: the module itself, or one that it asks for."""
    missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
    if missing and f"{module}.".startswith(f"{missing}."):
        return f"is {missing} installed, or on PYTHONPATH?"
    return f"{module} is there and asks for {missing}: install that" if missing else f"mend {module} first"


def _torchvision(name: str, classes: int) -> nn.Module:
    from torchvision import models

    known = models.list_models(module=models)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        remedy = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidSpec(
            f"torchvision has no classifier {name!r}: {remedy}`torchvision.models.list_models()` names all"
        )
    network: nn.Module = models.get_model(name, weights=None, num_classes=classes)
    return network


def put_cells(network: nn.Module, host: Adopted, parts: Parts = _UNCHANGED) -> nn.Module:
    """Put cells into `network`, in place, and return it; start cells hold the convolutions' weights.

    Raise InvalidSpec if a pattern fits no convolution, or if the parts do not fit those that it fits.
    """
    if host.cells is not None:
        check_cells(network, host)
    chosen = list(convolutions(network, host.cells))
    _refuse_shared(network, dict(chosen), host)
    check_parts(
        parts, (Place(_WITHIN + name, "cell", each.out_channels, each.groups) for name, each in chosen)
    )
    for name, convolution in chosen:
        network.set_submodule(name, _cell(convolution, parts.cell_at(_WITHIN + name)), strict=True)
    return network


def _refuse_shared(network: nn.Module, chosen: Mapping[str, nn.Conv2d], host: Adopted) -> None:
    """A layer under two names, or weights in two layers, would be torn apart."""
    names: dict[int, str] = {}
    for name, parameter in network.named_parameters(remove_duplicate=False):
        layer = name.rpartition(".")[0]
        other = names.setdefault(id(parameter), layer)
        if other != layer and not chosen.keys().isdisjoint({layer, other}):
            raise InvalidSpec(f"{host.network}: {other} and {layer} share weights: leave them out of `cells`")


def _cell(convolution: nn.Conv2d, tree: Tree) -> Cell:
    arguments = {name: getattr(convolution, name) for name in _ARGUMENTS}
    edge = partial(BareConvolution, arguments | {"bias": convolution.bias is not None})
    cell = Cell(tree, convolution.in_channels, convolution.out_channels, convolution.groups, edge=edge)
    for layer in cell.modules():
        if isinstance(layer, BareConvolution):
            _freeze_alike(layer.weight, convolution)
    if tree == START_CELL:
        cell.get_submodule(FIRST_CONVOLUTION).load_state_dict(convolution.state_dict())
    return cell.train(convolution.training)


def _freeze_alike(layer: nn.Module, model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        layer.get_parameter(name).requires_grad_(parameter.requires_grad)


def _reads(network: nn.Module) -> int | None:
    """Channels of the images: those of its first convolution, where there is one."""
    first = next((each for each in network.modules() if isinstance(each, nn.Conv2d)), None)
    return first.in_channels if first else None
