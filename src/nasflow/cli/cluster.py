"""Commands for a cluster: compile, submit, stop, status, logs, doctor."""

import json
from dataclasses import asdict, replace
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.base.terminal import say
from nasflow.cli.options import (
    JsonOption,
    SearchArgument,
    StoreOption,
    open_archive,
    open_existing,
    read_file,
    write_folder,
)

if TYPE_CHECKING:
    from nasflow.kubeflow.client import KfpClient
    from nasflow.search.cluster import Run
    from nasflow.steps.archive import Archive

cluster_commands = typer.Typer()

ConfigArgument = Annotated[
    Path, typer.Argument(help="A search's configuration, YAML, with `cluster:`.", show_default=False)
]


@cluster_commands.command("compile")
def _compile(
    config: ConfigArgument,
    output: Annotated[Path, typer.Option(help="Folder that gets search.yaml and finish.yaml.")] = Path(),
) -> None:
    """Compile the Kubeflow pipelines of CONFIG, for those who submit them in their own way."""
    from nasflow.base.errors import InvalidSpec
    from nasflow.pipelines import compile_pipelines

    file = read_file(config)
    if realpath(config) in {realpath(output / f"{name}.yaml") for name in ("search", "finish")}:
        raise InvalidSpec(f"{config} would be overwritten: give --output another folder")
    compiled = compile_pipelines(file.name, file.required_cluster())
    write_folder(output, {f"{name}.yaml": data for name, data in compiled.items()})


@cluster_commands.command("submit")
def _submit(
    config: ConfigArgument,
    store: StoreOption = DEFAULT_STORE,
    force: Annotated[bool, typer.Option("--force", help="Even if pods could not begin now.")] = False,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="All but the first run: you submit `compile`'s search.yaml.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hand the search of CONFIG to Kubeflow; the same configuration again is the same search."""
    from nasflow.backends import cluster
    from nasflow.backends.readiness import check_ready
    from nasflow.base.errors import KubeflowUnavailable

    file = read_file(config)
    wanted = file.required_cluster()
    archive = open_archive(store)
    if prepare:
        name = cluster.leave_first_run(archive, cluster.prepare(archive, file))
        run = {"name": name, "arguments": {"search": file.name, "number": 1}}
        typer.echo(json.dumps(run, indent=2) if as_json else _by_hand(file.name, name))
        return
    from nasflow.kubeflow.client import connect

    kubeflow = connect(wanted.namespace, wanted.service_account)
    if not force:
        try:
            check_ready(wanted, archive.store.url)
        except KubeflowUnavailable as error:
            say(f"warning: not checked whether pods can begin: {error}")
    tell(archive, file.name, cluster.submit(archive, file, kubeflow), as_json)


@cluster_commands.command("stop")
def _stop(search: SearchArgument, store: StoreOption = DEFAULT_STORE) -> None:
    """End the run of a search, or of a whole comparison, on the cluster; what is trained is kept."""
    from nasflow.backends import cluster, comparison
    from nasflow.report.figures import plural
    from nasflow.steps.compare import is_comparison

    archive = open_existing(store)
    if is_comparison(archive, search):
        left = comparison.stop_comparison(archive, search, connect_for(archive, search))
        typer.echo(
            f"comparison {search} is stopped, {plural(len(left), 'search', 'searches')} of it unfinished: "
            "the same `nasflow compare --submit` goes on with it"
        )
        return
    cluster.stop(archive, search, connect_for(archive, search))
    typer.echo(f"search {search} is stopped: {archive.command('resume', search)} goes on with it")


@cluster_commands.command("status")
def _status(search: SearchArgument, store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """How does a search, or a comparison, stand on its cluster: what runs, what waits, what went wrong?"""
    from nasflow.base.credentials import masked
    from nasflow.cli.status import status_facts, status_text

    archive = open_existing(store)
    kubeflow = connect_for(archive, search)
    if as_json:
        typer.echo(masked(json.dumps(status_facts(archive, search, kubeflow), indent=2)))
    else:
        typer.echo(masked(status_text(archive, search, kubeflow)))


@cluster_commands.command("logs")
def _logs(
    search: SearchArgument,
    store: StoreOption = DEFAULT_STORE,
    task: Annotated[str | None, typer.Option(help="Only this component's pods, as in train.")] = None,
    lines: Annotated[int, typer.Option(min=1, help="Last lines of each pod.")] = 20,
) -> None:
    """Print what the pods of a search's newest run have printed."""
    from nasflow.base.credentials import masked
    from nasflow.base.errors import KubeflowUnavailable, NotFound
    from nasflow.kubeflow.pods import pod_log, step_pods
    from nasflow.steps.succession import last_run, newest_run, read_submission

    archive = open_existing(store)
    namespace = read_submission(archive, search)[0].cluster.namespace
    run = last_run(archive, search)
    if run and not run.id:
        run, _ = newest_run(archive, search, connect_for(archive, search))
    if run is None or run.id is None:
        raise NotFound(
            f"search {search!r} has no run yet: {archive.command('status', search)} says how it stands"
        )
    pods = step_pods(namespace, run.id)
    wanted = [pod for pod in pods if task is None or pod.task == task.replace("_", "-")]
    if not wanted:
        tasks = ", ".join(sorted({pod.task for pod in pods}))
        raise NotFound(
            f"no such pod of run {run.number} of search {search!r} is left (Kubeflow deletes them after a "
            f"while); there are: {tasks or 'none'}"
        )
    for pod in wanted:
        typer.echo(f"== {pod.task} {pod.child or ''}  {pod.name}  {pod.phase}")
        try:
            typer.echo(masked(pod_log(namespace, pod.name, lines)).rstrip())
        except KubeflowUnavailable as error:
            say(f"warning: {error}")


@cluster_commands.command("doctor")
def _doctor(
    config: Annotated[
        Path | None, typer.Argument(help="A search's configuration, YAML: check it too.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    on_cluster: Annotated[bool, typer.Option("--cluster", help="Check CONFIG's cluster too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the store and MLflow, the search of CONFIG, and with --cluster all that it needs there."""
    from nasflow.backends.doctor import cluster_checks, own_checks, search_checks
    from nasflow.base.credentials import masked
    from nasflow.base.errors import InvalidSpec, NotReady

    file = read_file(config) if config else None
    if on_cluster and file is None:
        raise InvalidSpec("doctor --cluster needs CONFIG: its `cluster:` says what to check")
    checks = list(own_checks(store))
    if file and all(check.state != "bad" for check in checks if check.name == "store"):
        checks += search_checks(file, store, on_cluster)
    if on_cluster and file:
        checks += cluster_checks(file.required_cluster(), open_archive(store).store.url)
    checks = [replace(check, said=masked(check.said)) for check in checks]
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            typer.echo(f"{check.state:<5} {check.name}: {check.said}")
    failed = [check for check in checks if check.state == "bad"]
    if failed:
        raise NotReady(
            f"{len(failed)} of {len(checks)} checks failed: {', '.join(each.name for each in failed)}"
        )


def connect_for(archive: "Archive", search: str) -> "KfpClient":
    """The Kubeflow that a search, or a comparison, was submitted to."""
    from nasflow.kubeflow.client import connect
    from nasflow.steps.compare import is_comparison, read_comparison
    from nasflow.steps.succession import read_submission

    if is_comparison(archive, search):
        search = read_comparison(archive, search).searches[0].search
    cluster = read_submission(archive, search)[0].cluster
    return connect(cluster.namespace, cluster.service_account)


def tell(archive: "Archive", search: str, run: "Run | None", as_json: bool) -> None:
    """Say which run is going on; raise SearchFailed if the search is over and has chosen nothing."""
    from nasflow.backends.outcome import outcome

    if run is None:
        outcome(archive, search)
    if as_json:
        typer.echo(json.dumps({"search": search, "run": run and run.model_dump(mode="json")}, indent=2))
    elif run is None:
        commands = (archive.command(verb, search) for verb in ("show", "report"))
        typer.echo(f"search {search} is finished: {', '.join(commands)}")
    else:
        typer.echo(
            f"search {search}: run {run.number} ({run.pipeline}) is {run.id}; "
            f"{archive.command('status', search)}"
        )


def _by_hand(search: str, run: str) -> str:
    return f"search {search} is in the store: submit search.yaml as run {run} with search={search}, number=1"
