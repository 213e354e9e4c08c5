"""What changes from step to step: the learning rate, dropped paths, and how far gates stand open."""

import math

from nasflow.spec.recipe import Recipe


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """The cosine from `recipe.learning_rate` at step 0 to 0 at step `steps`."""
    return recipe.learning_rate * (1 + math.cos(math.pi * step / steps)) / 2


def drop_path(recipe: Recipe, step: int, steps: int) -> float:
    """The probability to drop a branch: evenly from 0 at step 0 to `recipe.drop_path` at step `steps`."""
    return recipe.drop_path * step / steps


def gate_opening(recipe: Recipe, step: int, batches: int) -> float:
    """How far gates are open before step `step`, from 0 on: 0 shut, 1 open and gone.

    They open evenly over `recipe.gate_share` of all steps, and are open before the last of the first
    epoch's `batches` steps at the latest: no checkpoint has to hold a gate.
    """
    last = min(recipe.gate_share * recipe.epochs * batches, batches - 1)
    return 1.0 if step >= last else step / last
