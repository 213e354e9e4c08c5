"""A plan as people read it: what a search trains, how long it takes, and what its images can show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nasflow.base.quantity import in_bytes
from nasflow.report.controls import least_difference
from nasflow.report.figures import plural
from nasflow.search.forecast import Forecast, ForetoldStage, StageWork
from nasflow.search.outlook import Stage, count_rounds, counted_children, outlook
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.words import time_words

DISAGREEMENT = 0.1
"""Share of the images on which two networks of a search differ, one right and one wrong: about what those of
docs/results.md do. It decides, with the number of images, which differences can be seen."""


@dataclass(frozen=True)
class Plan:
    """A search before it begins."""

    name: str
    forecast: Forecast
    held_out_images: int
    test_images: int
    pods: int | None = None
    """On its cluster; None: it names none."""
    step_seconds: float | None = None
    """Of the start network, timed here; None: it is not trained, or nothing was timed."""

    @property
    def visible(self) -> dict[str, float]:
        """The smallest difference that the held-out and the test images show (95 %), as shares."""
        images = {"held_out": self.held_out_images, "test": self.test_images}
        return {name: least_difference(count, DISAGREEMENT) for name, count in images.items()}


def plan_lines(plan: Plan) -> Iterator[str]:
    """All of it, a line a fact."""
    told = plan.forecast
    yield f"search     {plan.name}: {_searched(told.children, told.rounds)}"
    for stage in told.stages:
        yield f"{stage.stage:<10} {_stage_text(stage)}"
    yield f"in all     {_in_all(told)}"
    if plan.step_seconds is not None:
        yield f"a step     {plan.step_seconds:.2g} s, of the start network: `--step-seconds` elsewhere"
    if told.gpu_hours is not None:
        yield f"gpu        {told.gpu_hours:.2f} GPU-hours"
    yield f"storage    {in_bytes(told.storage)}"
    if plan.pods is not None:
        yield f"pods       {plan.pods}, Kubeflow's own not counted"
    yield f"images     {_images_text(plan)}"


def foretold_line(told: Forecast) -> str:
    """The same of a search that runs, in one line."""
    gpu = "" if told.gpu_hours is None else f", {told.gpu_hours:.2f} GPU-hours"
    return f"{_searched(told.children, told.rounds)}: {_in_all(told)}{gpu}, {in_bytes(told.storage)}"


def outlook_line(config: ResolvedConfig) -> str:
    """What a search that begins is going to train, in one line: without hours, which nobody knows yet."""
    children = counted_children(config)
    if children is None:
        return "children until the budget's seconds are spent"
    rounds, batches = count_rounds(config, children), outlook(config, children)
    is_most = any(batch.is_most for batch in batches)
    epochs = sum(batch.times * each.epochs for batch in batches for each in batch.stretches)
    at_end = sum(len(batch.stretches) for batch in batches if batch.stage in {"shortlist", "finish"})
    return (
        f"{_searched(children, rounds)} and {plural(at_end, 'training')} at full "
        f"size: {_at_most(is_most)}{plural(epochs, 'epoch')}"
    )


def against_lines(told: Forecast, spent: Sequence[StageWork], children: int) -> Iterator[str]:
    """What was foretold, beside what it has come to with so many children, which may be more since a budget
    was made larger; the time of all trainings, side by side or not.
    """
    real: dict[Stage, StageWork] = {each.stage: each for each in spent}
    extended = f" for {plural(told.children, 'child', 'children')}" if children > told.children else ""
    for stage in told.stages:
        if each := real.get(stage.stage):
            yield (
                f"{stage.stage}: {plural(each.epochs, 'epoch')} ({stage.epochs} foretold{extended}), "
                f"{time_words(each.seconds)} of training ({time_words(stage.seconds)})"
            )


def _searched(children: int, rounds: int) -> str:
    return f"{plural(children, 'child', 'children')} in {plural(rounds, 'round')}"


def _stage_text(stage: ForetoldStage) -> str:
    most = _at_most(stage.is_most)
    return (
        f"{most}{plural(stage.networks, 'network')}, {plural(stage.epochs, 'epoch')}: "
        f"{time_words(3600 * stage.hours)}"
    )


def _in_all(told: Forecast) -> str:
    machine = told.machine
    most = _at_most(any(each.is_most for each in told.stages))
    at_once = f", {machine.lanes} networks at the same time" if machine.lanes > 1 else ""
    epochs, hours = plural(told.epochs, "epoch"), time_words(3600 * told.hours)
    return f"{most}{epochs}, about {hours} ({machine.device}{at_once})"


def _images_text(plan: Plan) -> str:
    held_out, test = (f"{100 * plan.visible[name]:.1f}" for name in ("held_out", "test"))
    return (
        f"differences under {held_out} points cannot be seen by {plan.held_out_images} held-out images, "
        f"under {test} by {plan.test_images} test images (95 %, one training each, where two networks "
        f"disagree on {100 * DISAGREEMENT:.0f} % of them)"
    )


def _at_most(is_most: bool) -> str:
    return "at most " if is_most else ""
