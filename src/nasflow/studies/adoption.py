"""Which networks can be adopted, grown, widened, narrowed and exported: each is tried, untrained."""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import torch
from pydantic import Field
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
from nasflow.spec.tree import Operation
from nasflow.steps.adopt import check_runs
from nasflow.surgery import Operated, gated_logits, operate_all, relative_difference
from nasflow.surgery.places import width_places

SIZES = (64, 128, 224, 299)
"""Images that are tried, in pixels: the smallest that a network takes."""

_CLASSES = 10
_SAME = 1e-9
"""In double precision."""
_GROWTH = (Replicate(path=(), count=2), Insert(path=(1,)), Replace(path=(1, 0), operation=Operation.DS3))


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


def try_apart(name: str) -> Adoption:
    """As `try_network`, in a process of its own: what is large leaves nothing behind, or is too large."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(try_network, name).result()
        except BrokenProcessPool:
            return Adoption(
                network=name, refused={"adopted": "its process was killed: too large for this machine"}
            )


def try_network(name: str) -> Adoption:
    """Adopt one of torchvision's networks, or `module:factory`, and do to it what can be done."""
    trial = _Trial(name)
    for what, step in (
        ("adopted", trial.adopt),
        ("grown", trial.grow),
        ("widened", trial.widen),
        ("narrowed", trial.narrow),
        ("exported", trial.export),
    ):
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
        self._apply(_GROWTH)
        self._known["cells"] = sum(1 for _ in cells(self._operated.network))

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

    def export(self) -> None:
        """As source that needs no nasflow."""
        write_code(self._operated.network.float(), _facts(self._operated.spec), "A network.", "weights")
        self._known["exported"] = True

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
