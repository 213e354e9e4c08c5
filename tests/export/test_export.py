import importlib.util
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from nasflow.base.errors import InvalidSpec
from nasflow.export import write_code, write_onnx
from nasflow.networks import build, initialise
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.hosts import Adopted, Chain, CondenseNet, DenseNet, Host, PyramidNet, Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Parts, Width, WrittenLayer
from nasflow.studies.nasnet import NasNet, NasNetwork
from nasflow.training.datasets.decode import decode

STRANGERS = "tests.networks.strangers"
NETWORKS: dict[str, tuple[Host, Parts]] = {
    "densenet": (DenseNet(growth=8, blocks=1, groups=2), Parts(cell=TREE_CELL_A)),
    "densenet, cells of their own": (
        DenseNet(growth=8, blocks=1),
        Parts().put("stages.2.cell", CellPart(tree="concat( 3x3G, 3x3G -> ( ds3 ) )")),
    ),
    "pyramidnet": (
        PyramidNet(widening=6, blocks=1, groups=2),
        Parts(cell="concat( 3x3G, 3x3G -> ( avg3 ) )"),
    ),
    "condensenet": (CondenseNet(layers=(1, 2), growth=(8, 8), cells=(0, 1), first_stride=1), Parts()),
    "chain": (Chain(widths=(4, 6, 8), pools=(1, 2)), Parts().put("layers.1.weight", Width(channels=5))),
    "written": (
        Written(layers=3, filters=5),
        Parts()
        .put("layers.1", WrittenLayer(filters=6, stride=2, reads=(0,)))
        .put("layers.2", WrittenLayer(filters=4, height=1, reads=(0, 1))),
    ),
    "adopted": (Adopted(network=f"{STRANGERS}:PostActivation"), Parts(cell="( 3x3G -> ( ds3 ) )")),
}
BASELINE = "nasnet"
"""Nothing of ours: a network can be exported whatever made it."""
FACTS = DataFacts(
    spec=DataSpec(name="digits", held_out=20),
    fingerprint="made up",
    channels=3,
    size=9,
    classes=5,
    train_images=98,
    held_out_images=20,
    mean=(0.3, 0.4, 0.5),
    std=(0.25, 0.2, 0.3),
)
PIXELS = torch.randint(256, (4, 3, 9, 9), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


ALONE = ("densenet", "condensenet", "chain", "adopted")
"""Those whose file is run without nasflow."""


@pytest.fixture(params=[*NETWORKS, BASELINE])
def network(request: pytest.FixtureRequest) -> nn.Module:
    """A network of each host."""
    return drawn(str(request.param))


def drawn(name: str) -> nn.Module:
    """One of the networks above, or the baseline, every tensor of it drawn, its statistics too."""
    made = made_of(name)
    initialise(made, 1)
    with torch.no_grad():
        for _ in range(3):
            made.train()(torch.randn(16, 3, 9, 9, generator=torch.Generator().manual_seed(2)))
    return made.eval()


def made_of(name: str) -> nn.Module:
    """One of the networks above, or the baseline."""
    if name == BASELINE:
        return NasNetwork(NasNet(cells=1, channels=4, size=9, classes=5))
    host, parts = NETWORKS[name]
    return build(NetworkSpec(host=host, parts=parts, channels=3, size=9, classes=5))


def logits(network: nn.Module) -> Tensor:
    """Of PIXELS, as the training sees them."""
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in (FACTS.mean, FACTS.std))
    with torch.no_grad():
        out: Tensor = network((PIXELS.float() / 255 - mean) / std)
    return out


WITHOUT_NASFLOW = """
import sys
sys.modules["nasflow"] = sys.modules["safetensors"] = None
import importlib, numpy, torch
pixels = torch.from_numpy(numpy.load("pixels.npy"))
for name in sys.argv[1:]:
    network = importlib.import_module(name).load()
    with torch.no_grad():
        numpy.save(f"{name}.npy", network(pixels).numpy())
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ALONE say in a process that can import no nasflow: in one for all, as torch takes seconds."""
    folder = tmp_path_factory.mktemp("elsewhere")
    np.save(folder / "pixels.npy", PIXELS.numpy())
    for name in ALONE:
        code = write_code(drawn(name), FACTS, "A network.", f"{name}.safetensors")
        (folder / f"{name}.py").write_text(code.source)
        save_file(code.weights, folder / f"{name}.safetensors")
    subprocess.run([sys.executable, "-c", WITHOUT_NASFLOW, *ALONE], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("name", ALONE)
def test_one_file_that_needs_torch_alone(elsewhere: Path, name: str) -> None:
    """In a process that can import no nasflow, the file gives the same logits."""
    # Another process may use more threads, and so add in another order.
    assert np.allclose(np.load(elsewhere / f"{name}.npy"), logits(drawn(name)).numpy(), rtol=1e-4, atol=1e-5)


def test_the_source_can_be_trained(network: nn.Module, tmp_path: Path) -> None:
    """It is an ordinary module: every parameter gets a gradient."""
    (tmp_path / "trained_network.py").write_text(write_code(network, FACTS, "A network.", "w").source)
    spec = importlib.util.spec_from_file_location("trained_network", tmp_path / "trained_network.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.Network()
    made(PIXELS).sum().backward()
    assert all(parameter.grad is not None for parameter in made.parameters())


def files_of_all_kinds(folder: Path) -> Iterator[Path]:
    """Images as people have them, none of them square."""
    noise = Image.effect_noise((40, 28), 90)
    colours = Image.merge("RGB", [noise, noise.rotate(180), noise.point(lambda value: value // 2)])
    deep = Image.fromarray((np.asarray(noise).astype(np.uint16) << 8) + 77)
    turned = Image.Exif()
    turned[0x0112] = 6
    see_through = colours.copy()
    see_through.putalpha(noise)
    for name, image, given in (
        ("colours.png", colours, {}),
        ("grey.png", noise, {}),
        ("deep.png", deep, {}),
        ("see-through.png", see_through, {}),
        ("palette.gif", see_through.convert("P"), {"transparency": 3}),
        ("turned.jpg", colours.resize((400, 280)), {"exif": turned}),
    ):
        image.save(folder / name, **given)
        yield folder / name


def test_a_file_and_its_class(tmp_path: Path) -> None:
    """The source reads a file as those of the training were read, and knows how the classes are called."""
    spec = DataSpec(name="image-folder", path="/images", size=9, held_out=20)
    names = ("cats", "dogs", 'a "quoted" one', "vögel", "\\")
    facts = FACTS.model_copy(update={"spec": spec, "class_names": names})
    network = build(NetworkSpec(host=Chain(widths=(4,)), channels=3, size=9, classes=5)).eval()
    code = write_code(network, facts, "A title.", "weights.safetensors")
    made: dict[str, Any] = {"__name__": "network", "__file__": str(tmp_path / "network.py")}
    exec(code.source, made)
    assert made["CLASSES"] == list(names)
    for file in files_of_all_kinds(tmp_path):
        trained_on = torch.from_numpy(decode(file, 9).copy()).permute(2, 0, 1)[None]
        assert torch.equal(made["read"](str(file)), trained_on), file.name
    assert 'print(CLASSES[network(read("photo.jpg")).argmax()])' in made["__doc__"]
    # Of images that came in one file nothing of the kind is said.
    other = write_code(network, FACTS, "A title.", "weights.safetensors").source
    assert "CLASSES" not in other
    assert "def read(" not in other


def test_weights_that_lie_elsewhere(tmp_path: Path) -> None:
    """Any path is taken, in a notebook too; without one they are looked for beside the file."""
    network = build(NetworkSpec(host=Chain(widths=(4,)), channels=3, size=9, classes=5)).eval()
    code = write_code(network, FACTS, "A network.", "weights.safetensors")
    made: dict[str, Any] = {"__name__": "network", "__file__": str(tmp_path / "network.py")}
    exec(code.source, made)
    for folder in (tmp_path, tmp_path / "deep"):
        folder.mkdir(exist_ok=True)
        save_file(code.weights, folder / "weights.safetensors")
    loaded = [made["load"](), made["load"](str(tmp_path / "deep/weights.safetensors"))]
    assert torch.equal(loaded[0](PIXELS), loaded[1](PIXELS))
    pasted: dict[str, Any] = {"__name__": "notebook"}
    exec(code.source, pasted)
    assert torch.equal(pasted["load"](tmp_path / "weights.safetensors")(PIXELS), loaded[0](PIXELS))


@pytest.mark.long
@pytest.mark.parametrize("network", ["densenet", "condensenet", "pyramidnet"], indirect=True)
def test_onnx(network: nn.Module) -> None:
    """onnxruntime gives the same logits to 1e-5, for a batch of another size than the traced one."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(write_onnx(network, FACTS), providers=["CPUExecutionProvider"])
    (found,) = session.run(["logits"], {"pixels": PIXELS.float().numpy()})
    assert np.allclose(found, logits(network).numpy(), rtol=1e-4, atol=1e-5)


def test_an_unknown_layer() -> None:
    """A layer that cannot be written is refused by its name."""
    with pytest.raises(InvalidSpec, match="layer 0 is a Softplus"):
        write_code(nn.Sequential(nn.Softplus()), FACTS, "A network.", "weights.safetensors")


def test_a_function_of_somebody_elses() -> None:
    """Source that needs torch alone cannot call it."""
    host = Adopted(network="torchvision:swin_t", cells="features.0.0")
    made = build(NetworkSpec(host=host, channels=3, size=32, classes=5))
    with pytest.raises(InvalidSpec, match=r"_get_relative_position_bias is neither torch's nor Python's"):
        write_code(made, FACTS, "A network.", "weights.safetensors")


def test_names_that_collide() -> None:
    """`a.b_c` and `a_b.c` are two layers in the source too: it is run before it is given."""
    host = Adopted(network=f"{STRANGERS}:Colliding", cells="a.b_c")
    made = build(NetworkSpec(host=host, channels=3, size=9, classes=5))
    code = write_code(made.eval(), FACTS, "A network.", "weights.safetensors")
    assert len(code.weights) == len(made.state_dict())


def test_layers_and_tensors_of_other_kinds() -> None:
    """Norms over groups, and a mask of booleans, come back as they were."""
    made = build(NetworkSpec(host=Adopted(network=f"{STRANGERS}:Masked"), channels=3, size=9, classes=5))
    code = write_code(made.eval(), FACTS, "A network.", "weights.safetensors")
    assert "nn.GroupNorm(num_groups=2" in code.source
    assert torch.bool in {tensor.dtype for tensor in code.weights.values()}


def test_what_cannot_be_traced() -> None:
    """A network that decides by its values has no source; one line says so."""
    made = build(NetworkSpec(host=Adopted(network=f"{STRANGERS}:Deciding"), channels=3, size=9, classes=5))
    with pytest.raises(InvalidSpec, match="cannot be traced, so no source can be written"):
        write_code(made, FACTS, "A network.", "weights.safetensors")


class Attentive(nn.Module):
    """A layer of an odd name, one that is left out at times in training, and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(OrderedDict({"block-0": nn.Conv2d(3, 8, 3, 3), "act": nn.ReLU()}))
        self.depth = StochasticDepth(0.5, "row")
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Sequential(nn.BatchNorm1d(8), nn.Linear(8, 5))

    def forward(self, images: Tensor) -> Tensor:
        """[batch, 3, 9, 9] -> [batch, 5]."""
        words = self.depth(self.blocks(images)).flatten(2).transpose(1, 2)
        heard, _ = self.attention(words, words, words, need_weights=False)
        logits: Tensor = self.head(heard.mean(1))
        return logits


def test_what_transformers_are_made_of() -> None:
    """All of it comes out as torch's own layers; what rests in evaluation mode is left out."""
    code = write_code(Attentive(), FACTS, "Attentive.", "weights")
    assert "block_0" in code.source
    assert "MultiheadAttention(embed_dim=8, num_heads=2" in code.source
    assert "stochastic" not in code.source
