"""Which networks can be adopted, widened, narrowed, grown, trained and exported: each is tried, untrained."""

import importlib.util
from collections.abc import Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pydantic import Field
from safetensors.torch import save_file
from torch import nn

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec, NasflowError
from nasflow.export import write_code
from nasflow.networks import cells, initialise
from nasflow.networks.adopted import TORCHVISION, build_original, put_cells
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.edits import Edit, Insert, Narrow, Replace, Replicate, Widen
from nasflow.spec.hosts import Adopted
from nasflow.spec.network import NetworkSpec
from nasflow.spec.places import Place
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import Operation
from nasflow.steps.adopt import check_runs
from nasflow.surgery import Gates, Operated, gated_logits, operate_all, relative_difference
from nasflow.surgery.places import width_places
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.evaluate import normalise
from nasflow.training.loop import train_network
from nasflow.training.session import Training

SIZES = (64, 128, 224, 299)
"""Images that are tried, in pixels: the smallest that a network takes."""

_CLASSES = 10
_SAME = 1e-9
"""In double precision."""
_SAME_EXPORTED = 1e-5
"""In single precision, which the source has."""
_ONE_STEP = Recipe(epochs=1, batch_size=2, learning_rate=1e-3)
_GROWTH = (Replicate(path=(), count=2), Insert(path=(1,)), Replace(path=(1, 0), operation=Operation.DS3))
_AGAIN = (Insert(path=(0,)), Replace(path=(0, 0), operation=Operation.AVG3))

STEPS = ("adopted", "widened", "narrowed", "grown", "trained", "grown again", "exported")
"""What is done to a network, one after the other; without the first there is nothing to be tried."""


_SOURCE, _WEIGHTS = "network.py", "weights.safetensors"
"""Names of an export's files."""


class Adoption(Frozen):
    """What became of one network."""

    network: str
    size: int | None = None
    """Of the images, in pixels."""
    cells: int = 0
    """Convolutions that become cells, and grow."""
    groups: int = 0
    """Channel groups that were widened, and the network did what it did."""
    narrowed: int = 0
    """Of them, those that were narrowed."""
    exported: bool = False
    refused: dict[str, str] = Field(default_factory=dict)
    """What did not go, each with its reason."""


class Adoptions(Document):
    """All that were tried."""

    networks: tuple[Adoption, ...] = ()


def classifiers() -> list[str]:
    """The names of torchvision's."""
    from torchvision import models

    return list(models.list_models(module=models))


def try_apart(name: str, wanted: Collection[str] = STEPS) -> Adoption:
    """As `try_network`, in a process of its own: what is large leaves nothing behind, or is too large."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(try_network, name, wanted).result()
        except BrokenProcessPool:
            return Adoption(
                network=name, refused={"adopted": "its process was killed: too large for this machine"}
            )


def try_network(name: str, wanted: Collection[str] = STEPS) -> Adoption:
    """Adopt one of torchvision's networks, or `module:factory`, and do to it what is `wanted` of STEPS."""
    trial = _Trial(name)
    does = (
        trial.adopt,
        trial.widen,
        trial.narrow,
        trial.grow,
        trial.train,
        trial.grow_again,
        trial.export,
    )
    for what, step in zip(STEPS, does, strict=True):
        if what not in wanted:
            continue
        try:
            step()
        except (NasflowError, _NotSame) as error:
            trial.refused[what] = str(error)
        except Exception as error:
            # Whatever somebody else's code raises: the table tells it.
            trial.refused[what] = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        if "adopted" in trial.refused:
            break
    return trial.told


class _NotSame(Exception):
    """The network does something else afterwards."""


class _Trial:
    """One network on its way."""

    def __init__(self, name: str) -> None:
        self.refused: dict[str, str] = {}
        address = name if ":" in name else f"{TORCHVISION}{name}"
        self._name, self._host = name, Adopted(network=address)
        self._known: dict[str, object] = {}
        self._places: tuple[Place, ...] = ()

    @property
    def told(self) -> Adoption:
        """What is known by now."""
        return Adoption.model_validate({"network": self._name, "refused": self.refused} | self._known)

    def adopt(self) -> None:
        """With cells of one branch it does what it did; in images of the smallest size that it takes."""
        for size in SIZES:
            spec = NetworkSpec(host=self._host, channels=3, size=size, classes=_CLASSES)
            original = build_original(spec, self._host)
            initialise(original, 0)
            original.double().eval()
            generator = torch.Generator().manual_seed(0)
            self._images = torch.randn(2, 3, size, size, generator=generator, dtype=torch.float64)
            try:
                check_runs(spec, self._host)
                with torch.no_grad():
                    self._before: torch.Tensor = original(self._images)
                break
            except Exception:
                # Too small for it, most likely.
                if size == SIZES[-1]:
                    raise
        put_cells(original.network, self._host)
        original.double()
        self._operated = Operated(spec, original)
        self._compare(self._operated)
        self._known["size"] = size

    def grow(self) -> None:
        """Each cell gets a branch, and an operation in it."""
        self._known["cells"] = self._grown(_GROWTH)

    def train(self) -> None:
        """One step, as a child makes it; from then on it is to do what it does now."""
        network, spec = self._operated.network.float(), self._operated.spec
        before = [each.detach().clone() for each in network.parameters()]
        images = MemoryImages(self._pixels, torch.arange(len(self._pixels)), spec.classes)
        with Gates(self._operated) as gates:
            data = TrainingData(_facts(spec), images, images)
            train_network(Training(network, data, _ONE_STEP, 0, gates=gates))
        if all(torch.equal(*each) for each in zip(before, network.parameters(), strict=True)):
            raise _NotSame("no weight was changed by a step")
        self._operated = Operated(spec, network.double())
        self._before = self._logits(network)

    def grow_again(self) -> None:
        """What was trained gets more operations."""
        self._grown(_AGAIN)

    def widen(self) -> None:
        """The channel groups: each was tried to be a place, the first is so once more with real edits."""
        self._places = width_places(self._operated.spec)
        if not self._places:
            raise InvalidSpec("no channel group was found whose width can change")
        first = self._places[:1]
        self._apply(Widen(place=each.name, channels=each.channels + each.groups) for each in first)
        self._known["groups"] = len(self._places)

    def narrow(self) -> None:
        """Some of the channel groups that can be widened, by one channel a block."""
        some = [each for each in self._places[::3] if each.channels > each.groups]
        if not some:
            raise InvalidSpec("no channel group can be narrower")
        edits = [Narrow(place=each.name, channels=each.channels - each.groups) for each in some[:8]]
        after = operate_all(self._operated, edits, torch.Generator().manual_seed(0))
        self._logits(after.network)
        self._known["narrowed"] = len(edits)

    @torch.no_grad()
    def export(self) -> None:
        """As source that needs no nasflow: from its files it does the same."""
        network, facts = self._operated.network.float().eval(), _facts(self._operated.spec)
        code = write_code(network, facts, "A network.", _WEIGHTS)
        with TemporaryDirectory() as folder:
            save_file(code.weights, Path(folder) / _WEIGHTS)
            (Path(folder) / _SOURCE).write_text(code.source)
            loaded = _module(Path(folder) / _SOURCE).load()
        told = network(normalise(self._pixels, facts, torch.device("cpu")))
        difference = relative_difference(told, loaded(self._pixels))
        if difference > _SAME_EXPORTED:
            raise _NotSame(f"the exported network's logits differ by {difference:.2g} relative")
        self._known["exported"] = True

    @property
    def _pixels(self) -> torch.Tensor:
        """Two images as files have them: uint8 [2, channels, size, size]."""
        return (self._images.clamp(-2, 2) * 63 + 128).to(torch.uint8)

    def _grown(self, edits: Iterable[Edit]) -> int:
        """Have all cells edited; how many there are. Raise InvalidSpec where there is none."""
        count = sum(1 for _ in cells(self._operated.network))
        if not count:
            raise InvalidSpec("no convolution becomes a cell without a pattern that names it")
        self._operated = self._apply(edits)
        return count

    def _apply(self, edits: Iterable[Edit]) -> Operated:
        after = operate_all(self._operated, tuple(edits), torch.Generator().manual_seed(0))
        self._compare(after)
        return after

    def _compare(self, after: Operated) -> None:
        difference = relative_difference(self._before, gated_logits(after, self._logits))
        if difference > _SAME:
            raise _NotSame(f"its logits differ by {difference:.2g} relative")

    @torch.no_grad()
    def _logits(self, network: nn.Module) -> torch.Tensor:
        logits: torch.Tensor = network.eval()(self._images)
        return logits


def _module(file: Path) -> Any:
    """What a Python file defines."""
    spec = importlib.util.spec_from_file_location("exported", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _facts(spec: NetworkSpec) -> DataFacts:
    return DataFacts(
        spec=DataSpec(name="digits", held_out=1),
        fingerprint="0" * 64,
        channels=spec.channels,
        size=spec.size,
        classes=spec.classes,
        train_images=1,
        held_out_images=1,
        mean=(0.5,) * spec.channels,
        std=(0.25,) * spec.channels,
    )


def adoption_table(found: Iterable[Adoption]) -> str:
    """Markdown: a row a network."""
    rows = [
        f"| {each.network} | {each.size or ''} | {each.cells} | {each.groups} | "
        f"{each.narrowed} | {'yes' if each.exported else 'no'} | {_reasons(each)} |"
        for each in found
    ]
    head = "| network | pixels | cells | groups widened | narrowed | exported | what does not go |"
    return "\n".join((head, "|" + "---|" * 7, *rows))


def _reasons(each: Adoption) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in each.refused.items()).replace("|", "/")
