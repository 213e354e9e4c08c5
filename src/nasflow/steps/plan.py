"""The plan of a search, before anything of it is written."""

from nasflow.report.plan import Plan
from nasflow.search.file import SearchFile
from nasflow.search.forecast import Machine, Pace, forecast, pods_of
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import beginning
from nasflow.steps.pace import paces_of
from nasflow.training.batches import count_batches
from nasflow.training.datasets.data import count_test


def make_plan(
    archive: Archive, file: SearchFile, machine: Machine, step_seconds: float | None = None
) -> Plan:
    """What the search of a file takes on a machine: timed here, or scaled from the seconds of a step.

    The store is only read, for a start that is registered beside it. Raise what `beginning` raises, what
    `paces_of` raises, and InvalidSpec where the budget has no end on that machine.
    """
    found = beginning(archive, file.config())
    found.warn()
    tests = count_test(found.config.data)
    paces, state = paces_of(found, step_seconds)
    told = forecast(found.config, paces, machine, state)
    pods = pods_of(found.config, told.children, file.cluster) if file.cluster else None
    step = None if step_seconds else _step(found.start, paces["start"])
    return Plan(found.config.name, told, found.start.data.held_out_images, tests, pods, step)


def _step(start: ChildSpec, pace: Pace) -> float | None:
    """Seconds of one, where any was timed."""
    looks = pace.look if start.recipe.curve else 0.0
    steps = count_batches(start.data.train_images, start.recipe.batch_size)
    return (pace.epoch - looks) / steps if start.recipe.epochs else None
