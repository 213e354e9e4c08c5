from pathlib import Path

import pytest
import yaml

from nasflow.cli.options import read_file
from nasflow.search.file import SearchFile
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import PyramidNet
from nasflow.spec.recipes import RECIPES
from nasflow.studies.truth import question, read_table

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("name", [path.name for path in sorted(EXAMPLES.glob("*.yaml"))])
def test_every_example_can_be_read(name: str) -> None:
    """What a user starts from is a whole configuration."""
    assert read_file(EXAMPLES / name).config().name


def test_the_schema_takes_every_example() -> None:
    """What may be left out is not demanded by the schema that editors read."""
    wanted = set(SearchFile.model_json_schema()["required"])
    for path in EXAMPLES.glob("*.yaml"):
        assert wanted <= set(yaml.safe_load(path.read_text())), path.name


def test_the_papers_search() -> None:
    """examples/cifar10-paper.yaml says what was published: the child's recipe, the space, the budget."""
    config = read_file(EXAMPLES / "cifar10-paper.yaml").config()
    assert config.child == RECIPES["paper-child"]
    assert config.start == RECIPES["cifar-300"]
    assert (config.data.held_out, config.budget.children, config.children_per_round) == (5000, 500, 10)
    assert isinstance(config.space, PathSpace)
    assert (config.space.max_depth, len(config.space.operations)) == (3, 7)
    assert config.finish.host == PyramidNet(widening=84, blocks=18, groups=2)


def test_the_kept_table_is_of_the_example() -> None:
    """Whoever runs the example goes on with the table of the docs, instead of training for hours again."""
    kept = read_table(ROOT / "docs/truth-fashion.json.gz")
    assert question(kept.asked) == question(read_file(EXAMPLES / "truth-fashion.yaml").config())
