"""Trainings by name: a configuration may say `child: paper-child` instead of all its figures.

A name stands for its figures and is gone once it is read: what counts in a child's identity is the figures.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from nasflow.spec.recipe import Recipe

DROP_PATH = 0.2
"""Our choice: no published figure is known to us."""

_FULL = Recipe(epochs=300, learning_rate=0.1, augmentation="standard")

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "paper-child": Recipe(augmentation="standard"),
        "cifar-300": _FULL,
        "cifar-600": _FULL.model_copy(update={"epochs": 600}),
        "cifar-600-drop-path": _FULL.model_copy(update={"epochs": 600, "drop_path": DROP_PATH}),
        "cifar-600-drop-path-cutout": _FULL.model_copy(
            update={"epochs": 600, "drop_path": DROP_PATH, "cutout": 16}
        ),
        "imagenet-120": Recipe(
            epochs=120, batch_size=256, learning_rate=0.1, augmentation="resized", channels_last=True
        ),
        "imagenet-120-condense": Recipe(
            epochs=120,
            batch_size=256,
            learning_rate=0.1,
            augmentation="resized",
            channels_last=True,
            condense=True,
            group_lasso=1e-5,
        ),
    }
)
"""As published (Cai et al., ICML 2018, section 4.1) but for DROP_PATH, without label smoothing. That children
are augmented as in the full training is our reading."""


def _by_name(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if given not in RECIPES:
        raise ValueError(f"no recipe has this name: known are {', '.join(RECIPES)}, or give its figures")
    return RECIPES[given]


def _trains(recipe: Recipe) -> Recipe:
    if recipe.epochs < 1:
        raise ValueError("epochs: at least 1 is wanted")
    return recipe


NamedRecipe = Annotated[
    Recipe, BeforeValidator(_by_name, json_schema_input_type=Recipe | str), AfterValidator(_trains)
]
"""A recipe, or the name of one."""
