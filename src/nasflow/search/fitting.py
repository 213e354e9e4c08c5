"""How large a first search can be in the time that there is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nasflow.search.budget import Budget
from nasflow.search.effort import EFFORTS, Effort
from nasflow.search.forecast import Forecast, Machine, Paces, forecast
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.search.starter import Starter
from nasflow.spec.recipe import Recipe

_Foretold = tuple[Starter, Forecast]


def fitted(
    starter: Starter, config: ResolvedConfig, paces: Paces, machine: Machine, hours: float
) -> tuple[Starter, Forecast]:
    """The largest search that fits into some hours, or the smallest where none does, with what it takes;
    `config` and `paces` are the starter's own.
    """
    best: _Foretold | None = None
    smallest: list[_Foretold] = []
    for form, cost in starter.forms():
        foretold = list(_foretold(form, config, _scaled(paces, cost, form.steps / starter.steps), machine))
        fitting = [each for each in foretold if each[1].hours <= hours]
        # Fewer images that allow no more children are worth nothing.
        if fitting and (best is None or fitting[-1][0].effort.children > best[0].effort.children):
            best = fitting[-1]
        if best and not best[0].effort.is_trial:
            break
        smallest.append(foretold[0])
    return best or min(smallest, key=lambda each: each[1].hours)


def _foretold(form: Starter, config: ResolvedConfig, paces: Paces, machine: Machine) -> Iterator[_Foretold]:
    for effort in EFFORTS:
        found = replace(form, effort=effort)
        yield found, forecast(_trained(config, found.trained), paces, machine)


def _scaled(paces: Paces, cost: float, epoch: float) -> Paces:
    """Where an image costs so much beside that of these paces, and an epoch has so many steps beside theirs.

    The held-out images are the same ones, however many are trained with.
    """
    return {
        body: each.model_copy(
            update={
                "epoch": each.epoch * cost * epoch,
                "look": each.look * cost,
                "birth": each.birth * cost,
            }
        )
        for body, each in paces.items()
    }


def _trained(config: ResolvedConfig, effort: Effort) -> ResolvedConfig:
    """The same search at another effort."""

    def longer(recipe: Recipe, epochs: int) -> Recipe:
        return recipe.model_copy(update={"epochs": epochs})

    start: Any = config.start
    if isinstance(start, BroughtStart):
        start = start.model_copy(update={"recipe": longer(config.start_recipe, effort.start)})
    else:
        start = longer(start, effort.start)
    finish = {"recipe": longer(config.finish.recipe, effort.finish), "shortlist": effort.shortlist}
    return config.model_copy(
        update={
            "start": start,
            "child": longer(config.child, effort.child),
            "children_per_round": effort.per_round,
            "budget": Budget(children=effort.children),
            "finish": config.finish.model_copy(update=finish),
        }
    )
