"""The page that says how to add something: its modules are installed as they stand there, and used."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.calling import call

from nasflow.base.plugins import plugged

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"

PLACEHOLDERS = ("KIND.py", "NAME.py")

CONFIG = """
name: extended
seed: 1
data: {name: stripes, held_out: 100}
host: {kind: densenet, growth: 4, blocks: 1, stages: 2}
start: {epochs: 1, learning_rate: 0.1}
child: {epochs: 1}
space: {max_depth: 2}
controller: {kind: climber, tries: 10}
limits: {convolutions: 20}
children_per_round: 2
budget: {children: 4}
finish:
  host: {kind: densenet, growth: 4, blocks: 1, stages: 2}
  recipe: {epochs: 1, learning_rate: 0.1}
  controls: [start]
"""

SWAP = """
import torch
from nasflow.networks import build, initialise
from nasflow.search.record import Birth
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown
from nasflow.surgery import Operated, operate

spec = NetworkSpec(
    host={"kind": "densenet", "growth": 4, "blocks": 1},
    parts="add( 3x3G -> ( ds3 ), 3x3G )", channels=1, size=8, classes=10,
)
edit = Grown.model_validate({"parent": "0", "edits": [{"kind": "swap", "path": []}]}).edits[0]
network = build(spec)
initialise(network, 0)
after = operate(Operated(spec, network), edit, torch.Generator())
births = (Birth(path=(0, 0)),)
moved = operate(Operated(spec, network, births), edit, torch.Generator()).births
assert moved == (Birth(path=(1, 0)),)
images = torch.randn(4, 1, 8, 8)
assert str(after.spec.parts) == "add( 3x3G, 3x3G -> ( ds3 ) )"
assert torch.allclose(network.eval()(images), after.network.eval()(images), rtol=1e-5, atol=1e-6)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the page's modules are an installed package."""
    folder = tmp_path_factory.mktemp("site")
    text = PAGE.read_text()
    for name, code in re.findall(r"```python\n# (\w+\.py): (.*?)```", text, re.DOTALL):
        (folder / name).write_text(f"# {code}")
    toml = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[-1]
    groups = re.sub(r'\[project\.entry-points\."([^"]+)"\]', r"[\1]", toml).replace('"', "")
    info = folder / "example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(groups)
    return os.environ | {"PYTHONPATH": str(folder)}


@pytest.fixture
def installed(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process has that environment."""
    monkeypatch.syspath_prepend(environment["PYTHONPATH"])
    plugged.cache_clear()
    yield
    plugged.cache_clear()


@pytest.mark.long
@pytest.mark.usefixtures("installed")
def test_a_search_with_all_of_them(tmp_path: Path) -> None:
    """A data set, a controller and a measure from elsewhere make a search; its limit is kept."""
    (tmp_path / "extended.yaml").write_text(CONFIG)
    done = call("search", tmp_path / "extended.yaml", "--store", tmp_path / "store", "--json", "--no-track")
    assert done.code == 0, done.err
    shown = done.json
    records = [record for each in shown["ledger"]["rounds"] for record in each["records"]]
    assert len(records) == 4
    assert all(record["measures"]["convolutions"]["value"] <= 20 for record in records)


def test_an_edit(environment: dict[str, str]) -> None:
    """An edit from elsewhere is read from data, changes the spec, and keeps the function."""
    subprocess.run([sys.executable, "-c", SWAP], env=environment, check=True)


def test_the_table_names_what_is_there() -> None:
    """Every file and folder that the table names exists, and every tuple that it names stands in its file."""
    root, source = PAGE.parents[1], PAGE.parents[1] / "src" / "nasflow"
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(("| an ", "| a "))]
    assert len(rows) == 9
    for row in rows:
        named = [path for path in re.findall(r"`([a-z][\w/]*\.py)`", row) if not path.endswith(PLACEHOLDERS)]
        assert [path for path in named if not ((root / path).exists() or (source / path).exists())] == []
        for name, file in re.findall(r"`([A-Z][A-Za-z_]+)` in `([\w/]+\.py)`", row):
            place = root / file if (root / file).exists() else source / file
            assert re.search(rf"^(class )?{name}\b", place.read_text(), re.MULTILINE), (name, file)


CONTRACT = """
import pytest
from climber import Climber
from tests.controllers.test_contract import *

del test_every_controller_is_here


@pytest.fixture
def spec():
    return Climber()
"""


@pytest.mark.long
def test_the_controller_keeps_the_contract(environment: dict[str, str], tmp_path: Path) -> None:
    """The page's controller passes the suite that the page names."""
    (tmp_path / "test_climber.py").write_text(CONTRACT)
    paths = os.pathsep.join([environment["PYTHONPATH"], str(PAGE.parents[1])])
    options = ["-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
