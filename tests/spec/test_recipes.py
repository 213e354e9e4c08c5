from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.spec.recipe import Recipe
from nasflow.spec.recipes import RECIPES


def test_a_name_stands_for_its_figures(search: dict[str, Any]) -> None:
    """A configuration that names a recipe is the one that gives its figures, to the digest."""
    by_name = SearchConfig.from_data(search | {"child": "cifar-600-drop-path-cutout"}, "here")
    figures = RECIPES["cifar-600-drop-path-cutout"].model_dump(mode="json")
    assert by_name.digest() == SearchConfig.from_data(search | {"child": figures}, "here").digest()
    assert (by_name.child.epochs, by_name.child.cutout) == (600, 16)


def test_an_unknown_name(search: dict[str, Any]) -> None:
    """Another name is refused, and the known ones are listed."""
    with pytest.raises(InvalidSpec, match="child: no recipe has this name: known are paper-child"):
        SearchConfig.from_data(search | {"child": "paper-chlid"}, "here")


def test_a_switch_that_is_off_leaves_no_trace() -> None:
    """Children from before a switch existed keep their ids: off, it is not in the JSON."""
    assert "cutout" not in Recipe().model_dump(mode="json")
    assert Recipe(cutout=8).model_dump(mode="json")["cutout"] == 8


@pytest.mark.parametrize("name", [name for name in RECIPES if not name.startswith("imagenet")])
def test_as_published(name: str) -> None:
    """Batches of 64, Nesterov momentum 0.9, weight decay 1e-4, the standard augmentation."""
    recipe = RECIPES[name]
    assert (recipe.batch_size, recipe.momentum, recipe.weight_decay) == (64, 0.9, 1e-4)
    assert recipe.augmentation == "standard"


def test_for_imagenet() -> None:
    """120 epochs with a cosine; CondenseNet's groups are learned under its group lasso."""
    plain, condensing = RECIPES["imagenet-120"], RECIPES["imagenet-120-condense"]
    assert (plain.epochs, plain.augmentation, plain.condense) == (120, "resized", False)
    assert condensing == plain.model_copy(update={"condense": True, "group_lasso": 1e-5})
