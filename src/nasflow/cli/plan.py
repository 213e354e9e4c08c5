"""Commands before a search: plan."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasflow.base import settings
from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.options import JsonOption, StoreOption, open_archive, read_file
from nasflow.cli.run import LanesOption

if TYPE_CHECKING:
    from nasflow.report.plan import Plan
    from nasflow.search.file import SearchFile
    from nasflow.search.forecast import Machine

plan_commands = typer.Typer()

StepSecondsOption = Annotated[
    float | None,
    typer.Option(
        help="Time nothing: a training step of the start network takes so long there.", min=1e-9, max=1e6
    ),
]


@plan_commands.command("plan")
def _plan(
    config: Annotated[Path, typer.Argument(help="A search's configuration, YAML.", show_default=False)],
    step_seconds: StepSecondsOption = None,
    lanes: LanesOption = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Say what CONFIG's search will train, how long it takes, and what its images can show; runs nothing.

    A few training steps and one birth are timed here. Where CONFIG has a cluster, as many children are
    trained at the same time as there.
    """
    from nasflow.report.plan import plan_lines
    from nasflow.steps.plan import make_plan

    file, archive = read_file(config), open_archive(store)
    machine = machine_of(file, step_seconds, lanes)
    made = make_plan(archive, file, machine, step_seconds)
    if as_json:
        typer.echo(json.dumps(_as_json(made), indent=2))
    for line in [] if as_json else plan_lines(made):
        typer.echo(line)


def machine_of(file: "SearchFile | None", step_seconds: float | None, lanes: int | None = None) -> "Machine":
    """This one; or the one whose pace was given, which has a GPU where the pods of the file's cluster do."""
    from nasflow.search.forecast import Machine
    from nasflow.steps.images import device_name
    from nasflow.steps.lanes import count_lanes

    cluster, threads = (file.cluster, file.child.cpu_threads) if file else (None, 1)
    device = device_name()
    is_gpu = device != "cpu"
    at_once = lanes or (cluster.parallelism if cluster else count_lanes(settings.LANES.get(), threads))
    if step_seconds is not None:
        device = f"{step_seconds:g} s a step"
        is_gpu = bool(cluster.train.accelerator) if cluster else is_gpu
    return Machine(device=device, kind="gpu" if is_gpu else "cpu", lanes=at_once)


def _as_json(plan: "Plan") -> dict[str, Any]:
    from nasflow.report.plan import DISAGREEMENT

    told = plan.forecast
    return {
        "search": plan.name,
        **told.model_dump(mode="json", exclude={"schema_version"}),
        "epochs": told.epochs,
        "hours": told.hours,
        "gpu_hours": told.gpu_hours,
        "step_seconds": plan.step_seconds,
        "pods": plan.pods,
        "images": {"held_out": plan.held_out_images, "test": plan.test_images},
        "smallest_difference": plan.visible | {"disagreement": DISAGREEMENT},
    }
